// Puts an editor into an element; `model` is anywidget's, or a LocalModel where there is no kernel.
import { h, render as paint } from "preact";
import { Editor } from "./editor.js";
import { Session } from "./session.js";

/** Returns the session, and what takes the editor away again. */
export function mount(el, model) {
  performance.mark("deft-editor"); // where tools/widget_speed.py begins to count
  const session = new Session(model);
  paint(h(Editor, { session }), el);
  const remove = () => {
    session.close();
    paint(null, el);
  };
  return { session, remove };
}

/** A model without a kernel: keeps values, calls listeners, sends nothing. */
export class LocalModel {
  #listeners = new Map();

  constructor(values) {
    this.values = {
      document: "",
      start: "",
      commands: [],
      undone: [],
      selection: [],
      folded: [],
      focused: null,
      plans: {},
      views: [],
      presets: [],
      source: {},
      theme: "auto",
      path: "",
      ...values,
    };
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
  }

  save_changes() {}

  send() {}

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.#listeners.set(
      event,
      (this.#listeners.get(event) ?? []).filter((other) => other !== listener),
    );
  }

  /** Set from outside, as a kernel would. */
  push(values) {
    Object.assign(this.values, values);
    for (const name of Object.keys(values))
      this.#listeners.get(`change:${name}`)?.forEach((listener) => listener());
  }
}

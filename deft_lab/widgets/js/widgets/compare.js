// The anywidget entry of compare().
import { h, render as paint } from "preact";
import { Tree } from "../core/tree.js";
import { Compare } from "../views/compare.js";

const TRAITS = ["document", "plans", "method", "hardware", "account", "menus", "selection", "theme"];

function render({ model, el }) {
  let hover = null;
  let document = null;
  let tree = null;
  const setHover = (next) => {
    hover = next;
    draw();
  };
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
    draw();
  };
  function draw() {
    const now = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    if (now.document !== document) [document, tree] = [now.document, Tree.fromJSON(now.document)];
    const { plans, method, hardware, account, menus, selection, theme } = now;
    const choice = { method, hardware, account };
    const select = (labels) => set("selection", labels);
    paint(h(Compare, { tree, plans, choice, setChoice: set, menus, hover, setHover, selection, select, theme }), el);
  }
  const watched = TRAITS.map((name) => `change:${name}`);
  watched.forEach((event) => model.on(event, draw));
  draw();
  return () => {
    watched.forEach((event) => model.off(event, draw));
    paint(null, el);
  };
}

export default { render };

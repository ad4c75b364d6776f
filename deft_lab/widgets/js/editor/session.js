// What one editor knows: a history, a selection, what is folded, and what the hand is doing. The page owns
// an edit: it is applied at once, then told to Python as the log and the document that came of it.
import { apply, begin, redo, restore, undo } from "../core/history.js";
import { MOST_NODES, autoFold, visible } from "../core/layout.js";
import { describe, unpack } from "../core/plans.js";
import { Tree, TreeError, grouped } from "../core/tree.js";
import { treeInWords } from "../core/words.js";
import { edited } from "./edited.js";

const SHARED = ["document", "commands", "undone", "start"]; // of the history, with Python
const OWN = ["selection", "folded", "focused"];
const SHOWN = ["plans", "views", "theme", "presets", "path", "method", "hardware", "account", "menus"];

export class Session {
  constructor(model) {
    this.model = model;
    this.listeners = new Set();
    this.hover = null;
    this.gesture = null; // a drag under way
    this.mode = null; // keys that wait for more keys
    this.message = this.line = { words: "", refused: false };
    this.row = null; // px of a leaf's row; null: as many as fit
    this.#adopt();
    this.folded = new Set(model.get("folded") ?? []);
    if (!this.folded.size) this.folded = new Set(autoFold(this.tree));
    this.focused = model.get("focused") ?? null;
    this.selection = this.#existing(model.get("selection") ?? []);
    this.cursor = this.selection[this.selection.length - 1] ?? this.tree.label[0];
    this.#watch();
  }

  get tree() {
    return this.history.tree;
  }

  get tooLarge() {
    return visible(this.tree, this.folded, this.focused).length > MOST_NODES;
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed() {
    this.listeners.forEach((listener) => listener());
  }

  close() {
    this.watched.forEach(([event, listener]) => this.model.off(event, listener));
    this.listeners.clear();
  }

  // --- with Python

  #watch() {
    const adopt = () => this.#adopted();
    const shown = () => this.changed();
    const refused = () => this.refuse(this.model.get("refused")?.message ?? "");
    const told = (content) => this.#told(content);
    const own = () => this.#mirror();
    this.watched = [
      ...SHARED.map((name) => [`change:${name}`, adopt]),
      ...SHOWN.map((name) => [`change:${name}`, shown]),
      ...OWN.map((name) => [`change:${name}`, own]),
      ["change:refused", refused],
      ["msg:custom", told],
    ];
    this.watched.forEach(([event, listener]) => this.model.on(event, listener));
  }

  /** Take over the log of the model; what both already have is not done again. */
  #adopt() {
    const [document, commands, undone, start] = SHARED.map((name) => this.model.get(name));
    this.start = start || document;
    try {
      this.history = restore({ start: this.start, commands: commands ?? [], undone: undone ?? [] });
    } catch (bad) {
      if (!(bad instanceof TreeError)) throw bad;
      this.history = begin(Tree.fromJSON(document)); // a log of another version
    }
    this.known = this.tree.toJSON();
  }

  #adopted() {
    if (this.sending) return;
    const [document, commands, undone, start] = SHARED.map((name) => this.model.get(name));
    const same = document === this.known && (start || document) === this.start;
    if (same && commands.length === this.history.done.length && undone.length === this.history.undone.length)
      return;
    this.#adopt();
    this.gesture = this.mode = null;
    this.#settle();
    this.say(treeInWords(this.tree));
  }

  #mirror() {
    if (this.sending) return;
    const [selection, folded, focused] = OWN.map((name) => this.model.get(name));
    this.selection = this.#existing(selection ?? []);
    if (this.selection.length && !this.selection.includes(this.cursor)) {
      this.cursor = this.selection[this.selection.length - 1];
    }
    this.folded = new Set(folded ?? []);
    this.focused = focused ?? null;
    this.changed();
  }

  #told(content) {
    if (content?.kind === "refused") this.refuse(content.message);
    if (content?.kind === "said") this.say(content.message);
    this.answer?.(content);
  }

  #sync() {
    const { history } = this;
    this.known = this.tree.toJSON();
    this.#send({
      commands: history.done.map((entry) => entry.command),
      undone: history.undone.map((entry) => entry.command),
      document: this.known,
      ...this.#own(),
    });
  }

  #own() {
    const { selection, folded, focused } = this;
    return { selection, folded: [...folded], focused };
  }

  // setting a trait calls our own listeners, too, which have nothing to learn from it
  #send(traits) {
    this.sending = true;
    for (const [name, value] of Object.entries(traits)) this.model.set(name, value);
    this.sending = false;
    this.model.save_changes();
  }

  // --- edits

  /** Do a command and say what it did; refuse it in words. True if it was done. */
  do(command, { cursor } = {}) {
    return this.#attempt(() => {
      const before = this.tree;
      this.history = apply(this.history, command);
      if (command.node !== undefined && ["add", "fork"].includes(command.op))
        this.folded.delete(command.node);
      if (command.op === "load") this.folded = new Set(autoFold(this.tree));
      if (cursor !== undefined) this.cursor = cursor;
      return edited(command, before, this.tree);
    });
  }

  undo() {
    return this.#attempt(() => {
      const { command } = this.history.done[this.history.done.length - 1] ?? {};
      this.history = undo(this.history);
      return `undone: ${edited(command, this.history.tree, null)}`;
    });
  }

  redo() {
    return this.#attempt(() => {
      const { command } = this.history.undone[this.history.undone.length - 1] ?? {};
      this.history = redo(this.history);
      return `done again: ${edited(command, this.history.tree, null)}`;
    });
  }

  #attempt(edit) {
    this.mode = null;
    this.gesture = null;
    try {
      this.say(edit());
    } catch (bad) {
      if (!(bad instanceof TreeError)) throw bad;
      this.refuse(bad.message);
      return false;
    }
    this.#settle();
    this.#sync();
    this.changed();
    return true;
  }

  /** Keep cursor, selection and folds on nodes that exist. */
  #settle() {
    const alive = new Set(this.tree.label);
    if (!alive.has(this.focused)) this.focused = null;
    this.folded = new Set([...this.folded].filter((label) => alive.has(label)));
    if (!alive.has(this.cursor)) this.cursor = this.tree.label[0];
    this.selection = this.#existing(this.selection);
    if (!this.selection.includes(this.cursor)) this.selection = [this.cursor];
    if (this.hover && ![...this.hover.labels].every((label) => alive.has(label))) this.hover = null;
  }

  #existing(labels) {
    const alive = new Set(this.tree.label);
    return labels.filter((label) => alive.has(label));
  }

  /** The selected nodes without those below another selected one, in preorder. */
  topmost() {
    const chosen = new Set(this.selection.length ? this.selection : [this.cursor]);
    const { tree } = this;
    return tree.label.filter(
      (label, i) =>
        chosen.has(label) &&
        !tree
          .path(i)
          .slice(0, -1)
          .some((above) => chosen.has(tree.label[above])),
    );
  }

  /** One command for several nodes; `make` gives that of one. */
  doAll(labels, make, options) {
    const commands = labels.map(make);
    return this.do(commands.length === 1 ? commands[0] : { op: "all", commands }, options);
  }

  // --- what is looked at

  select(labels, { cursor } = {}) {
    this.selection = this.#existing(labels);
    this.cursor = cursor ?? this.selection[this.selection.length - 1] ?? this.cursor;
    this.#reveal(this.cursor);
    this.#send(this.#own());
    this.changed();
  }

  /** Unfold what hides a node. */
  #reveal(label) {
    const path = this.tree.path(this.tree.index(label)).map((i) => this.tree.label[i]);
    path.slice(0, -1).forEach((above) => this.folded.delete(above));
    if (this.focused !== null && !path.includes(this.focused)) this.focused = null;
  }

  toggleSelected(label) {
    const without = this.selection.filter((other) => other !== label);
    const now = without.length < this.selection.length ? without : [...this.selection, label];
    this.select(now.length ? now : [label], { cursor: label });
  }

  fold(label) {
    const i = this.tree.index(label);
    if (!this.tree.children[i].length) return this.refuse(`node ${label} has no children to fold`);
    const hidden = this.tree.subtreeStop[i] - i - 1;
    const was = this.folded.delete(label);
    if (!was) this.folded.add(label);
    this.cursor = label;
    this.selection = [label];
    this.#send(this.#own());
    this.say(was ? `node ${label} unfolded` : `${grouped(hidden)} nodes below node ${label} folded`);
  }

  focusOn(label) {
    this.focused = this.focused === label || label === this.tree.label[0] ? null : label;
    if (this.focused !== null) this.folded.delete(label);
    this.#send(this.#own());
    this.say(this.focused === null ? "the whole tree" : `only node ${label} and what is below it`);
  }

  /** A node in numbers: with its groups, SMs and bytes where plans are there. */
  nodeInWords(label) {
    return describe(this.tree, label, unpack(this.model.get("plans")), this.model.get("method"));
  }

  /** The line below the tree says what came last: of what the hand is over, or what was done. */
  setHover(hover) {
    this.hover = hover;
    this.line = hover ?? this.message;
    this.changed();
  }

  say(words) {
    this.message = this.line = { words, refused: false };
    this.changed();
  }

  refuse(words) {
    this.message = this.line = { words, refused: true };
    this.changed();
  }

  set(parts) {
    Object.assign(this, parts);
    this.changed();
  }
}

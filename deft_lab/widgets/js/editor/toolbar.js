// Buttons and numbers: everything that the keys do, for the hand.
import { Component, createRef, h } from "preact";
import { CTRL, addChild, addSibling, beginMove, prune } from "./keys.js";

function Button({ name, title, onClick, off = "", pressed, children }) {
  const state = pressed === undefined ? {} : { "aria-pressed": String(pressed) };
  const words = off ? `${title}: ${off}` : title;
  return h(
    "button",
    {
      type: "button",
      class: `deft-button ${name}`,
      title: words,
      "aria-label": words,
      "aria-disabled": off ? "true" : undefined,
      ...state,
      onClick,
    },
    children,
  );
}

/** A number with a name; Enter takes it, Esc gives the focus back to the tree. */
class NumberField extends Component {
  input = createRef();

  take = (event) => {
    const { onTake, ui } = this.props;
    if (event.key === "Enter") {
      event.preventDefault();
      const value = this.input.current.value;
      onTake(value === "" ? NaN : Number(value));
      ui.toTree();
    } else if (event.key === "Escape") {
      this.input.current.value = this.props.value;
      ui.toTree();
    } else return;
    event.stopPropagation();
  };

  // a number that is not taken is put back, so that the field always says what is
  leave = () => {
    this.input.current.value = this.props.value;
  };

  render({ name, label, value, min, title }) {
    return h(
      "label",
      { class: `deft-number ${name}`, title },
      label,
      h("input", {
        ref: this.input,
        type: "number",
        min,
        step: 1,
        value,
        "data-field": name,
        onKeyDown: this.take,
        onBlur: this.leave,
      }),
    );
  }
}

/** With the mouse a choice loads at once; with keys, arrows and letters choose, and Enter loads. */
class PresetMenu extends Component {
  byKey = false;

  change = ({ target }) => !this.byKey && this.props.ui.preset(target);

  key = (event) => {
    const { ui } = this.props;
    this.byKey = true;
    if (event.key === "Escape") ui.toTree();
    else if (event.key === "Enter" && event.target.value) ui.preset(event.target);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  render({ presets }) {
    const events = { onChange: this.change, onKeyDown: this.key, onPointerDown: () => (this.byKey = false) };
    const title = "load a tree (P; then choose with letters or arrows, Enter)";
    return h(
      "label",
      { class: "deft-select", title },
      "Preset",
      h(
        "select",
        { "data-field": "preset", ...events },
        h("option", { value: "" }, "choose ..."),
        families(presets).map(([family, members]) =>
          h("optgroup", { key: family, label: family },
            members.map(({ name, title: words }) => h("option", { key: name, value: name }, words)))),
      ),
    );
  }
}

/** [family, its presets], in the order of the menu. */
function families(presets) {
  const found = new Map();
  for (const preset of presets) found.set(preset.family, [...(found.get(preset.family) ?? []), preset]);
  return [...found];
}

export function FileRow({ session, ui, presets, numbers }) {
  const { history } = session;
  return h(
    "div",
    { class: "deft-bar", role: "toolbar", "aria-label": "document" },
    h(PresetMenu, { ui, presets }),
    h(
      Button,
      { name: "numbers", title: "the numbers of the preset (N)", pressed: numbers, onClick: () => ui.numbers() },
      "Numbers",
    ),
    h(
      Button,
      {
        name: "undo",
        title: `undo (${CTRL}-Z)`,
        off: history.done.length ? "" : "nothing to undo",
        onClick: () => session.undo(),
      },
      "↶ Undo",
    ),
    h(
      Button,
      {
        name: "redo",
        title: `redo (Shift-${CTRL}-Z)`,
        off: history.undone.length ? "" : "nothing to redo",
        onClick: () => session.redo(),
      },
      "↷ Redo",
    ),
    h(Button, { name: "save", title: `save as JSON (${CTRL}-S)`, onClick: () => ui.save() }, "Save"),
    h(
      Button,
      { name: "open", title: `open a link or a file (${CTRL}-O); or drop it on the tree`, onClick: () => ui.open(true) },
      "Open",
    ),
    h(
      Button,
      { name: "link", title: "copy a link that holds the tree", onClick: () => ui.copyLink() },
      "Copy link",
    ),
    h("span", { class: "deft-space" }),
    h(
      "span",
      { class: "deft-bar-end" },
      h(Button, { name: "smaller", title: "smaller rows (-)", onClick: () => ui.zoom(-1) }, "−"),
      h(Button, { name: "larger", title: "larger rows (+)", onClick: () => ui.zoom(1) }, "+"),
      h(Button, { name: "help", title: "all keys (?)", onClick: () => ui.help(true) }, "?"),
    ),
  );
}

/** What can be done with the node at the cursor. */
export function NodeRow({ session, ui }) {
  const { tree, cursor, selection, folded, focused } = session;
  const i = tree.index(cursor);
  const length = tree.length[i];
  const isRoot = i === 0;
  const many = selection.length > 1;
  const noMerge = whyNotMerge(tree, i);
  const set = (what) => (value) =>
    session.do(
      {
        set_length: { op: "set_length", node: cursor, length: value },
        split: { op: "split", node: cursor, k: value },
        fork: { op: "fork", node: cursor, k: value, length: 1 },
      }[what],
    );
  return h(
    "div",
    { class: "deft-bar", role: "toolbar", "aria-label": "selected node" },
    h("strong", { class: "deft-selected" }, many ? `${selection.length} nodes` : `Node ${cursor}`),
    h(NumberField, {
      key: `length${cursor}`,
      name: "length",
      label: "tokens",
      value: length,
      min: 0,
      title: "tokens of the node (L)",
      ui,
      onTake: set("set_length"),
    }),
    h(Button, { name: "add", title: "add a child (Enter)", onClick: () => addChild(session) }, "Add child"),
    h(
      Button,
      {
        name: "sibling",
        title: "add a sibling (Shift-Enter)",
        off: isRoot ? "the root has no siblings" : "",
        onClick: () => addSibling(session),
      },
      "Sibling",
    ),
    h(NumberField, {
      key: `fork${cursor}`,
      name: "fork",
      label: "fork into",
      value: 2,
      min: 1,
      title: "fork into so many children (F, digit)",
      ui,
      onTake: set("fork"),
    }),
    h(NumberField, {
      key: `split${cursor}${length}`,
      name: "split",
      label: "split after",
      value: Math.max(1, Math.floor(length / 2)),
      min: 1,
      title: "split after so many tokens (S)",
      ui,
      onTake: set("split"),
    }),
    h(
      Button,
      {
        name: "merge",
        title: "merge with the only child (J)",
        off: noMerge,
        onClick: () => session.do({ op: "merge", node: cursor }),
      },
      "Merge",
    ),
    h(
      Button,
      {
        name: "move",
        title: "move below another node (M, arrows, Enter)",
        off: isRoot ? "the root has no place to move to" : "",
        pressed: session.mode?.kind === "move",
        onClick: () => (beginMove(session), ui.toTree()),
      },
      "Move",
    ),
    h(
      Button,
      {
        name: "prune",
        title: "prune the subtree (Delete)",
        off: isRoot ? "pruning the root would leave no tree" : "",
        onClick: () => (prune(session), ui.toTree()),
      },
      "Prune",
    ),
    h(
      Button,
      {
        name: "fold",
        title: "fold or unfold (Space)",
        off: tree.children[i].length ? "" : "no children",
        pressed: folded.has(cursor),
        onClick: () => session.fold(cursor),
      },
      folded.has(cursor) ? "Unfold" : "Fold",
    ),
    h(
      Button,
      {
        name: "focus",
        title: "show only this subtree (O)",
        pressed: focused === cursor,
        onClick: () => session.focusOn(cursor),
      },
      focused === null ? "Focus" : "Show all",
    ),
    h(
      Button,
      {
        name: "grow",
        title: "every query gets a token (G)",
        onClick: () => session.do({ op: "grow", n: 1 }),
      },
      "Grow",
    ),
  );
}

/** Why the node cannot take its child in; "" if it can. */
export function whyNotMerge(tree, i) {
  if (tree.children[i].length !== 1) return "it has no only child";
  return tree.queriesAt(i).length ? "a query sits between" : "";
}

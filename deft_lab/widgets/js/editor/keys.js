// Every key of the editor: what it is called, what it says in the help, and what it does.
import { visible } from "../core/layout.js";

const mac = () => typeof navigator !== "undefined" && /mac/i.test(navigator.platform);
export const CTRL = mac() ? "⌘" : "Ctrl";

/** [keys, what they do, the same with the mouse] for the help. */
export const HELP = [
  [
    "← → ↑ ↓",
    "to the parent, the first child, the siblings; Shift extends the selection",
    "click, Shift-click; drag over the background for a lasso",
  ],
  ["Home, End", "to the first and the last node", ""],
  ["M, arrows, Enter", "move the selected subtree below another node", "drag it onto the node"],
  ["Enter", "add a child; Shift-Enter: a sibling", "the + at the node"],
  ["F, digit", "fork into so many children", "the fork at the node: click for two, drag for more"],
  ["Delete", "prune: remove the subtree", "the × at the node"],
  ["S, digits, Enter", "split the node after so many tokens", "drag the cut mark along the bar"],
  ["J", "merge with the only child", "the button Merge"],
  [
    "L, digits, Enter",
    "set the length in tokens",
    "drag the end of the bar; Shift 10 times coarser, Alt 10 times finer",
  ],
  ["G", "grow: every query gets a token", "the button Grow"],
  ["Space", "fold or unfold what is below", "double-click"],
  ["O", "show only this subtree, or all again", "the button Focus"],
  ["+ -", "larger and smaller rows", "the buttons + and −"],
  [`${CTRL}-Z, Shift-${CTRL}-Z`, "undo, redo", "the buttons"],
  [`${CTRL}-S`, "save as JSON", "the button Save"],
  [`${CTRL}-O`, "open a link, JSON or a file", "the button Open; or drop it, paste it"],
  ["P", "presets", "the menu"],
  ["N", "numbers of the preset", "the button Numbers"],
  ["Esc", "stop what was begun", ""],
  ["?", "this help", "the button ?"],
];

const ARROWS = { ArrowLeft: "parent", ArrowRight: "child", ArrowUp: "before", ArrowDown: "after" };

/** The label that an arrow leads to from `label`, among the nodes that show. */
export function step(session, label, direction) {
  const { tree, folded, focused } = session;
  const shown = visible(tree, folded, focused);
  const i = tree.index(label);
  if (direction === "first") return tree.label[shown[0]];
  if (direction === "last") return tree.label[shown[shown.length - 1]];
  if (direction === "parent")
    return i === shown[0] || tree.parent[i] < 0 ? label : tree.label[tree.parent[i]];
  if (direction === "child")
    return folded.has(label) || !tree.children[i].length ? label : tree.label[tree.children[i][0]];
  const level = shown.filter((j) => tree.depth[j] === tree.depth[i]);
  const next = level[level.indexOf(i) + (direction === "after" ? 1 : -1)];
  return next === undefined ? label : tree.label[next];
}

/** Handle a key of the tree; true if it was one of ours. */
export function onKey(session, event, ui) {
  if (event.altKey && !ARROWS[event.key]) return false;
  if (event.ctrlKey || event.metaKey) return onCommand(session, event, ui);
  if (session.mode?.kind === "move") return onMoveKey(session, event);
  if (session.mode?.kind === "fork") return onForkKey(session, event, ui);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const direction = ARROWS[key] ?? { Home: "first", End: "last" }[key];
  if (direction) return travel(session, direction, event.shiftKey);
  const action = ACTIONS[key];
  if (!action) return false;
  action(session, ui, event);
  return true;
}

function onCommand(session, event, ui) {
  const key = event.key.toLowerCase();
  if (key === "z") event.shiftKey ? session.redo() : session.undo();
  else if (key === "y") session.redo();
  else if (key === "s" && !event.shiftKey) ui.save();
  else if (key === "o" && !event.shiftKey) ui.open(true);
  else return false;
  return true;
}

function travel(session, direction, extend) {
  const to = step(session, session.cursor, direction);
  if (extend) {
    const back = session.selection[session.selection.length - 2] === to;
    const kept = back ? session.selection.slice(0, -1) : session.selection.filter((label) => label !== to);
    session.select(back ? kept : [...kept, to], { cursor: to });
  } else session.select([to]);
  return true;
}

const ACTIONS = {
  Enter: (session, _ui, { shiftKey }) => (shiftKey ? addSibling(session) : addChild(session)),
  Delete: (session) => prune(session),
  Backspace: (session) => prune(session),
  m: (session) => beginMove(session),
  f: (session) => {
    session.set({ mode: { kind: "fork" } });
    session.say(`fork node ${session.cursor}: how many children? press 1 to 9, or Esc`);
  },
  s: (_, ui) => ui.ask("split"),
  l: (_, ui) => ui.ask("length"),
  j: (session) => session.do({ op: "merge", node: session.cursor }),
  g: (session) => session.do({ op: "grow", n: 1 }),
  " ": (session) => session.fold(session.cursor),
  o: (session) => session.focusOn(session.cursor),
  p: (_, ui) => ui.ask("preset"),
  n: (_, ui) => ui.numbers(),
  "?": (_, ui) => ui.help(true),
  "+": (_, ui) => ui.zoom(1),
  "=": (_, ui) => ui.zoom(1),
  "-": (_, ui) => ui.zoom(-1),
  Escape: (session) => {
    session.set({ mode: null, gesture: null });
    session.select([session.cursor]);
  },
};

export function addChild(session, node = session.cursor) {
  return session.do({ op: "add", node, length: 1 }, { cursor: session.tree.nextLabel });
}

export function addSibling(session, node = session.cursor) {
  const { tree } = session;
  const parent = tree.parent[tree.index(node)];
  if (parent < 0) return session.refuse(`node ${node} is the root; it has no siblings`);
  return session.do({ op: "add", node: tree.label[parent], length: 1 }, { cursor: tree.nextLabel });
}

export function prune(session) {
  const { tree } = session;
  const labels = session.topmost();
  const above = tree.parent[tree.index(labels[0])];
  const cursor = above < 0 ? undefined : tree.label[above];
  return session.doAll(labels, (node) => ({ op: "prune", node }), { cursor });
}

export function beginMove(session) {
  const nodes = session.topmost();
  const { tree } = session;
  const parent = tree.parent[tree.index(nodes[0])];
  if (parent < 0) return session.do({ op: "move", node: nodes[0], parent: nodes[0] }); // refused in words
  const target = tree.label[parent];
  session.set({ mode: { kind: "move", nodes, target } });
  return session.say(`moving node ${nodes.join(", ")}: arrows choose the new parent, Enter moves, Esc stops`);
}

function onMoveKey(session, event) {
  const { nodes, target } = session.mode;
  const direction = ARROWS[event.key] ?? { Home: "first", End: "last" }[event.key];
  if (direction) {
    const next = step(session, target, direction);
    session.set({ mode: { ...session.mode, target: next } });
    const reason = illegalTarget(session.tree, nodes, next);
    if (reason) session.refuse(reason);
    else session.say(`Enter moves node ${nodes.join(", ")} under node ${next}`);
  } else if (event.key === "Enter") {
    session.doAll(nodes, (node) => ({ op: "move", node, parent: target }), { cursor: nodes[0] });
  } else if (event.key === "Escape") {
    session.set({ mode: null });
    session.say("nothing was moved");
  } else return event.key.length === 1;
  return true;
}

/** Why these nodes cannot hang below `target`, in the words of the library; null if they can. */
export function illegalTarget(tree, nodes, target) {
  const above = tree.index(target);
  for (const node of nodes) {
    const i = tree.index(node);
    if (i === 0) return `node ${node} is the root; it has no place to move to`;
    if (i <= above && above < tree.subtreeStop[i]) {
      return `node ${target} lies in the subtree of node ${node}; moving it there would make a cycle`;
    }
  }
  return null;
}

function onForkKey(session, event) {
  if (/^[1-9]$/.test(event.key))
    session.do({ op: "fork", node: session.cursor, k: Number(event.key), length: 1 });
  else if (event.key === "Shift") return true;
  else {
    session.set({ mode: null });
    session.say("nothing was forked");
  }
  return true;
}

/** Give JupyterLab a key of its own that is not ours; the editor hides all keys from it. */
export function passOn(event) {
  if (!(event.ctrlKey || event.metaKey) || !event.isTrusted) return;
  const { target } = event;
  target.removeAttribute("data-lm-suppress-shortcuts");
  const again = new KeyboardEvent(event.type, event);
  const free = target.dispatchEvent(again);
  target.setAttribute("data-lm-suppress-shortcuts", "true");
  if (!free) event.preventDefault();
}

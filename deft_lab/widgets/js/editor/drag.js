// Gestures of the pointer on the tree. The SVG captures the pointer; while a subtree is dragged only its
// transform changes. Nothing is edited before the pointer is let go.
import { addChild, illegalTarget, prune } from "./keys.js";

const NEAR = 4; // px that a hand trembles
const SPAN = 160; // px along which a short bar is cut

/** The node whose row holds the point, if it is near its bar or name; else null. */
export function nodeAt(placed, { x, y }) {
  let best = null;
  let least = Infinity;
  for (const node of placed.nodes) {
    const off = Math.abs(node.y - y);
    const right = node.x + node.width + (node.kids.length ? 12 : 90);
    if (off > Math.max(placed.row, node.thickness) / 2 + 2 || x < node.x - 8 || x > right) continue;
    if (off < least) [best, least] = [node, off];
  }
  return best;
}

/** The point of an event in the units of the SVG. */
export function pointOf(event, svg, placed) {
  const frame = svg.getBoundingClientRect();
  const scale = placed.width / (frame.width || placed.width);
  return { x: (event.clientX - frame.left) * scale, y: (event.clientY - frame.top) * scale };
}

export function pointerDown(session, event, { svg, placed }) {
  if (event.button !== 0 || session.gesture) return;
  const point = pointOf(event, svg, placed);
  const handle = event.target.closest("[data-handle]")?.dataset.handle ?? null;
  const mark = event.target.closest("[data-node]");
  const label = mark ? Number(mark.dataset.node) : handle ? session.cursor : null;
  if (event.pointerType === "touch" && label === null) return; // the page scrolls
  svg.setPointerCapture(event.pointerId);
  const gesture = {
    kind: "press",
    handle,
    label,
    start: point,
    at: point,
    shift: event.shiftKey || event.ctrlKey || event.metaKey,
  };
  if (label !== null && ["length", "cut", "fork"].includes(handle))
    Object.assign(gesture, began(session, handle, label, placed));
  session.gesture = gesture;
  if (gesture.kind !== "press") session.changed();
}

function began({ tree }, handle, label, placed) {
  const length = tree.length[tree.index(label)];
  if (handle === "length") return { kind: "length", length, reach: placed.perRoot * Math.sqrt(length) };
  if (handle === "cut")
    return { kind: "cut", k: Math.max(1, Math.round(length / 2)), span: SPAN, begun: false };
  return { kind: "fork", k: 2 };
}

export function pointerMove(session, event, { svg, placed, ghost }) {
  const { gesture, tree } = session;
  if (!gesture) return;
  const point = pointOf(event, svg, placed);
  const dx = point.x - gesture.at.x;
  const from = { x: point.x - gesture.start.x, y: point.y - gesture.start.y };
  gesture.at = point;
  if (gesture.kind === "press") {
    if (Math.hypot(from.x, from.y) < NEAR || gesture.handle) return;
    beginDrag(session, gesture);
  }
  if (gesture.kind === "move") return drag(session, gesture, from, point, { placed, ghost });
  if (gesture.kind === "length") {
    const factor = event.shiftKey ? 10 : event.altKey ? 0.1 : 1;
    gesture.reach = Math.max(0, gesture.reach + dx * factor);
    gesture.moved = gesture.moved || dx !== 0;
    gesture.length = gesture.moved ? Math.round((gesture.reach / placed.perRoot) ** 2) : gesture.length;
  } else if (gesture.kind === "cut") {
    const node = placed.byIndex.get(tree.index(gesture.label));
    const length = tree.length[node.index];
    const k = Math.round(((point.x - node.x) / Math.max(node.width, SPAN)) * length);
    Object.assign(gesture, {
      k: Math.min(length - 1, Math.max(1, k)),
      begun: true,
      away: Math.abs(point.y - node.y) > 60,
    });
  } else if (gesture.kind === "fork") gesture.k = Math.min(64, Math.max(1, 2 + Math.round(from.x / 14)));
  else if (gesture.kind === "lasso") gesture.box = boxOf(gesture.start, point);
  session.changed();
}

function beginDrag(session, gesture) {
  if (gesture.label === null) {
    gesture.kind = "lasso";
    gesture.box = boxOf(gesture.start, gesture.at);
    return;
  }
  if (!session.selection.includes(gesture.label)) session.select([gesture.label]);
  const { tree } = session;
  const nodes = session.topmost();
  const labels = new Set();
  for (const node of nodes) {
    const i = tree.index(node);
    for (let j = i; j < tree.subtreeStop[i]; j++) labels.add(tree.label[j]);
  }
  Object.assign(gesture, { kind: "move", nodes, labels, target: null });
  session.changed();
}

function drag(session, gesture, from, point, { placed, ghost }) {
  gesture.offset = from;
  ghost?.setAttribute("transform", `translate(${from.x.toFixed(1)},${from.y.toFixed(1)})`);
  const target = nodeAt(placed, point)?.label ?? null;
  if (target === gesture.target) return;
  gesture.target = target;
  const reason = target === null ? null : illegalTarget(session.tree, gesture.nodes, target);
  if (reason && !gesture.labels.has(target)) session.refuse(reason);
  else if (target !== null && !reason)
    session.say(`let go to move node ${gesture.nodes.join(", ")} under node ${target}`);
  else session.changed();
}

export function pointerUp(session, event, { placed }) {
  const { gesture } = session;
  if (!gesture) return;
  session.gesture = null;
  const { label } = gesture;
  if (gesture.kind === "press") click(session, gesture);
  else if (gesture.kind === "move") drop(session, gesture);
  else if (gesture.kind === "length" && gesture.moved)
    session.do({ op: "set_length", node: label, length: gesture.length });
  else if (gesture.kind === "cut" && gesture.begun && !gesture.away)
    session.do({ op: "split", node: label, k: gesture.k });
  else if (gesture.kind === "fork") session.do({ op: "fork", node: label, k: gesture.k, length: 1 });
  else if (gesture.kind === "lasso") lasso(session, gesture, placed);
  else session.changed();
}

export function pointerCancel(session) {
  if (session.gesture) session.set({ gesture: null });
}

function click(session, { handle, label, shift }) {
  if (handle === "add") addChild(session, label);
  else if (handle === "prune") prune(session);
  else if (handle === "merge") session.do({ op: "merge", node: label });
  else if (handle === "fold") session.fold(label);
  else if (label === null) session.select([session.cursor]);
  else if (session.mode?.kind === "move") {
    const { nodes } = session.mode;
    session.doAll(nodes, (node) => ({ op: "move", node, parent: label }));
  } else if (shift) session.toggleSelected(label);
  else session.select([label]);
}

function drop(session, { nodes, labels, target, label }) {
  if (target === null) return session.say("let go beside the tree: nothing was moved");
  if (labels.has(target) && target === label) return session.say("nothing was moved");
  return session.doAll(nodes, (node) => ({ op: "move", node, parent: target }), { cursor: nodes[0] });
}

function lasso(session, { box, shift }, placed) {
  const inside = placed.nodes
    .filter(
      ({ x, y, width }) => x < box.x + box.width && x + width > box.x && y > box.y && y < box.y + box.height,
    )
    .map((node) => node.label);
  const labels = shift
    ? [...session.selection.filter((label) => !inside.includes(label)), ...inside]
    : inside;
  if (labels.length) session.select(labels);
  session.say(`${labels.length} nodes selected`);
}

function boxOf(a, b) {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  };
}

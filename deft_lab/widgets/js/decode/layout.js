// Where the nodes of a film lie at a step; the twin of deft_lab/widgets/decoding/layout.py.
import { aliveAt, newAt, textAt } from "./film.js";

export const CHAR = 6.65; // px of a letter of the typewriter font at 11 px
export const [HEAD, LINE, PAD] = [15, 14, 6];
export const [GAP, LINK, MARGIN, SIDES] = [7, 26, 14, 14];
const [LEAST, MOST] = [10, 420];
const ROOM_FOR_LINES = [[6, 5], [10, 3], [16, 2]]; // [queries at most, lines of a box]
const MOST_GHOSTS = 8;
const MOST_BOXES = 240;

const letters = (text) => Array.from(text);

/** Lines of at most so many letters, broken after blanks; a blank at the end hangs over. Joined: the text. */
export function wrap(text, room) {
  const lines = [];
  let rest = letters(text);
  while (rest.length > room) {
    const at = rest.slice(0, room + 1).lastIndexOf(" ");
    const cut = at > 0 ? at + 1 : room;
    lines.push(rest.slice(0, cut).join(""));
    rest = rest.slice(cut);
  }
  return rest.length ? [...lines, rest.join("")] : lines;
}

/** [node] links from the root. */
export function depthsOf(film) {
  const depth = new Map();
  for (const { label, parent } of film.nodes) depth.set(label, parent === null ? 0 : depth.get(parent) + 1);
  return film.nodes.map(({ label }) => depth.get(label));
}

/** [depth] letters that a column has room for. */
export function columns(film, width) {
  const depth = depthsOf(film);
  const asked = new Array(Math.max(...depth) + 1).fill(LEAST);
  film.nodes.forEach((node, x) => {
    const wants = node.pieces.reduce((sum, piece) => sum + letters(piece).length, 0);
    asked[depth[x]] = Math.max(asked[depth[x]], Math.min(MOST, wants));
  });
  const free = Math.trunc((width - 2 * MARGIN - LINK * (asked.length - 1) - SIDES * asked.length) / CHAR);
  const room = new Array(asked.length).fill(LEAST);
  let open = asked.map((_, d) => d);
  while (open.length) {
    const rest = free - room.reduce((sum, n, d) => sum + (open.includes(d) ? 0 : n), 0);
    const total = open.reduce((sum, d) => sum + Math.sqrt(asked[d]), 0);
    const share = new Map(open.map((d) => [d, Math.trunc((rest * Math.sqrt(asked[d])) / total)]));
    const small = open.filter((d) => asked[d] <= share.get(d));
    for (const d of small.length ? small : open) room[d] = Math.max(LEAST, small.length ? asked[d] : share.get(d));
    open = small.length ? open.filter((d) => !small.includes(d)) : [];
  }
  return room;
}

/** Numbers of the nodes to draw at a step: those that live, and few that have just been pruned. */
export function shown(film, step) {
  const ghosts = film.nodes.filter((node) => node.died === step && node.born < step);
  const kept = new Set(ghosts.length <= MOST_GHOSTS ? ghosts : []);
  return film.nodes.flatMap((node, x) => (aliveAt(node, step) || kept.has(node) ? [x] : [])).slice(0, MOST_BOXES);
}

/** Lines that a box of this film has room for. */
function mostLines(film) {
  const widest = film.queries.reduce((most, n) => Math.max(most, n), 0);
  return ROOM_FOR_LINES.find(([queries]) => widest <= queries)?.[1] ?? 1;
}

function linesOf(node, step, room, most) {
  const lines = wrap(textAt(node, step).replaceAll("\n", "↵"), room);
  if (lines.length <= most) return lines;
  const [first, ...rest] = lines.slice(-most);
  return [`…${letters(first).slice(1).join("")}`, ...rest];
}

/** {boxes, width, height}: the boxes of a step, in preorder. */
export function place(film, step, room, depth = depthsOf(film)) {
  const nodes = shown(film, step);
  const most = mostLines(film);
  const xOf = room.map((_, d) => MARGIN + room.slice(0, d).reduce((sum, n) => sum + CHAR * n + SIDES + LINK, 0));
  const number = new Map(film.nodes.map(({ label }, x) => [label, x]));
  const boxes = new Map();
  for (const x of nodes) {
    const node = film.nodes[x];
    const lines = linesOf(node, step, room[depth[x]], most);
    const height = HEAD + LINE * lines.length + PAD;
    const ghost = !aliveAt(node, step);
    const parent = node.parent === null ? null : (boxes.get(number.get(node.parent)) ?? null);
    const box = { node: x, x: xOf[depth[x]], y: 0, width: CHAR * room[depth[x]] + SIDES, height, lines, new: newAt(node, step), ghost, parent, kids: [] };
    parent?.kids.push(box);
    boxes.set(x, box);
  }
  const all = [...boxes.values()];
  for (const box of [...all].reverse()) {
    box.below = box.kids.length ? box.kids.reduce((sum, kid) => sum + kid.whole + GAP, -GAP) : 0;
    box.whole = Math.max(box.height, box.below);
  }
  all[0].top = MARGIN;
  for (const box of all) {
    box.y = box.top + (box.whole - box.height) / 2;
    let y = box.top + (box.whole - box.below) / 2;
    for (const kid of box.kids) {
      kid.top = y;
      y += kid.whole + GAP;
    }
  }
  const right = Math.max(...all.map((box) => box.x + box.width));
  const bottom = Math.max(...all.map((box) => box.y + box.height));
  return { boxes: all, width: right + MARGIN, height: bottom + MARGIN };
}

const tallest = new WeakMap();
/** The height that the film needs at most, of some 60 of its steps. */
export function heightOf(film, width) {
  const known = tallest.get(film);
  if (known?.width === width) return known.height;
  const [room, depth] = [columns(film, width), depthsOf(film)];
  const stride = Math.max(1, Math.ceil(film.n_steps / 60));
  let height = 0;
  for (let step = 0; step <= film.n_steps; step += stride) height = Math.max(height, place(film, step, room, depth).height);
  tallest.set(film, { width, height });
  return height;
}

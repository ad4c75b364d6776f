// The KV in memory, both ways to one scale: each node once, on pages of its own, and a copy of its path for
// each query.
import { h } from "preact";
import { useRef, useState } from "preact/hooks";
import { onRows, PAGE_SIZES, pagesByNode } from "../core/pages.js";
import { describe, describeQuery, unpack } from "../core/plans.js";
import { nodePaint, PALETTE, SMALL, textOn, textWidth } from "../core/theme.js";
import { count, number, times } from "../core/words.js";
import { axis, DEFAULTS, Figure, Menu } from "./figure.js";

const LEFT = 40;
const [STRIP, GAP, MOST_ROWS] = [15, 3, 10];
const COPIES = 150; // height of all copies, px

/** `only`: "unique" or "duplicated" leaves the other one out. */
export function Memory({ tree, plans, choice = DEFAULTS, only, title = "KV in memory", ...hand }) {
  const [pageSize, setPageSize] = useState(16);
  const info = unpack(plans);
  const paged = pagesByNode(tree, pageSize);
  const options = PAGE_SIZES.map((size) => [String(size), count(size, "token")]);
  const now = useRef(); // only words need the plans: the drawing stays when they arrive
  now.current = { info, method: choice.method };
  const say = (label) => describe(tree, label, now.current.info, now.current.method);
  return h(Figure, {
    ...hand,
    name: "memory",
    title,
    sentence: sentences(tree, paged, pageSize, only),
    controls: h(Menu, { label: "page", value: String(pageSize), options, onChange: (size) => setPageSize(Number(size)) }),
    make: (width) => memoryScene(tree, { paged, pageSize, width, say, only }),
    by: [tree, pageSize, only],
    table: () => memoryTable(tree, paged, pageSize),
  });
}

function sentences(tree, { nPages, nFree }, pageSize, only) {
  const unique =
    `Unique: ${count(tree.nTokens, "token")} on ${count(nPages, "page")} of ${pageSize}, ` +
    `${count(nFree, "slot")} left empty.`;
  const copies =
    `Duplicated: a copy of the path for each of ${count(tree.nQueries, "query", "queries")}, ` +
    `${count(tree.nPathTokens, "token")}, ${times(tree.sharing)} times as many.`;
  return { unique, duplicated: copies }[only] ?? `${unique} ${copies}`;
}

/** The drawing of both strips. */
export function memoryScene(tree, { paged, pageSize, width, say, only }) {
  const longest = tree.nPathTokensOfQuery.reduce((most, n) => Math.max(most, n), 1);
  const slots = paged.nPages * pageSize;
  const least = Math.max(longest, Math.ceil(slots / MOST_ROWS));
  const perRow = Math.ceil(least / pageSize) * pageSize;
  const scale = (width - LEFT - 4) / perRow;
  const scene = { width, height: 0, marks: [], texts: [], lines: [] };
  let y = 2;
  if (only !== "duplicated") y = drawPages(scene, tree, { paged, pageSize, perRow, scale, y, say });
  if (only !== "unique") y = drawCopies(scene, tree, { scale, y, say });
  const ticks = axis({ left: LEFT, right: LEFT + perRow * scale, y, most: perRow, words: (n) => number(n) });
  scene.lines.push(...ticks.lines);
  scene.texts.push(...ticks.texts);
  scene.height = y + 20;
  return scene;
}

function drawPages(scene, tree, { paged, pageSize, perRow, scale, y, say }) {
  const box = (part) => ({
    x: LEFT + scale * part.start,
    y: y + part.row * (STRIP + GAP),
    w: scale * (part.stop - part.start),
    h: STRIP,
  });
  const slots = paged.nPages * pageSize;
  onRows(0, slots, perRow).forEach((part) => scene.marks.push({ ...box(part), kind: "track" }));
  for (const { label, start, stop, end } of paged.nodes) {
    const first = start / pageSize;
    const pages = (end - start) / pageSize;
    const where = pages === 1 ? `page ${number(first)}` : `pages ${number(first)} to ${number(first + pages - 1)}`;
    const words = () => `${say(label)}; on ${where}${end > stop ? `, ${count(end - stop, "slot")} empty` : ""}`;
    onRows(start, stop, perRow).forEach((part) => pushNode(scene, tree, label, { ...box(part), words }));
  }
  if (scale * pageSize >= 6) scene.lines.push({ d: borders(slots, { pageSize, perRow, scale, y }), kind: "gap" });
  const rows = Math.ceil(slots / perRow);
  scene.texts.push({ x: LEFT - 6, y: y + STRIP - 4, text: "pages", kind: "muted", anchor: "end" });
  return y + rows * (STRIP + GAP) + 8;
}

function borders(slots, { pageSize, perRow, scale, y }) {
  let d = "";
  for (let at = pageSize; at < slots; at += pageSize) {
    if (at % perRow) d += `M${(LEFT + scale * (at % perRow)).toFixed(1)},${y + Math.floor(at / perRow) * (STRIP + GAP)}v${STRIP}`;
  }
  return d;
}

/** Copies of a node lie below each other, since they start at the same token: one mark a node. */
function drawCopies(scene, tree, { scale, y, say }) {
  const row = Math.min(13, COPIES / tree.nQueries);
  for (let q = 0; q < tree.nQueries; q++) {
    const w = scale * tree.nPathTokensOfQuery[q];
    const labels = tree.path(tree.seat[q]).map((node) => tree.label[node]);
    scene.marks.push({ x: LEFT, y: y + row * q, w, h: row, kind: "row", query: q, labels, words: () => describeQuery(tree, q) });
  }
  tree.label.forEach((label, i) => {
    const seenBy = tree.qStop[i] - tree.qFirst[i];
    if (!seenBy || !tree.length[i]) return;
    const words = () => `${say(label)}; ${count(seenBy, "copy", "copies")}`;
    const x = LEFT + scale * (tree.pathTokens[i] - tree.length[i]);
    const room = row > 3 ? row : undefined; // lines between rows would cross the name
    pushNode(scene, tree, label, { x, y: y + row * tree.qFirst[i], w: scale * tree.length[i], h: row * seenBy, room, words });
  });
  if (row > 3) {
    const right = scene.width;
    const d = tree.seat.map((_, q) => (q ? `M${LEFT},${(y + row * q).toFixed(2)}H${right}` : "")).join("");
    scene.lines.push({ d, kind: "gap" });
  }
  const step = Math.max(1, Math.ceil((SMALL + 1) / row));
  for (let q = 0; q < tree.nQueries; q += step) {
    scene.texts.push({ x: LEFT - 6, y: y + row * (q + 0.5) + 4, text: `q${tree.queryOrder[q]}`, kind: "muted", anchor: "end" });
  }
  return y + row * tree.nQueries + 6;
}

/** A mark of a node, with its name where there is room: in its first `room` px, or all of it. */
export function pushNode(scene, tree, label, { room, ...mark }) {
  const paint = nodePaint(tree, label);
  scene.marks.push({ kind: "node", label, labels: [label], paint, ...mark });
  const name = `n${label}`;
  const high = Math.min(mark.h, room ?? 26);
  if (!mark.nameless && high >= SMALL + 2 && mark.w >= textWidth(name, SMALL) + 6 && !paint.hatch) {
    const fill = textOn(PALETTE[paint.color]);
    scene.texts.push({ x: mark.x + 4, y: mark.y + high / 2 + 4, text: name, fill });
  }
}

function memoryTable(tree, paged, pageSize) {
  const columns = ["node", "tokens", "first page", "pages", "copies", "tokens of all copies"];
  const rows = paged.nodes.map(({ label, start, end }) => {
    const i = tree.index(label);
    const copies = tree.qStop[i] - tree.qFirst[i];
    return [`n${label}`, tree.length[i], start / pageSize, (end - start) / pageSize, copies, copies * tree.length[i]];
  });
  return { columns, rows };
}

// Who sees what: queries and KV as a matrix. What a query sees of a node is one rectangle, since queries and
// nodes are both depth first; a node is as wide as the square root of its tokens.
import { h } from "preact";
import { describe, describeQuery, isStale, percent, unpack } from "../core/plans.js";
import { SMALL, textWidth } from "../core/theme.js";
import { count, number } from "../core/words.js";
import { DEFAULTS, Figure } from "./figure.js";
import { pushNode } from "./memory.js";

const LEFT = 40;
const [ROW, ROOM, TOP] = [15, 230, 16];

export function Mask({ tree, plans, choice = DEFAULTS, title = "Who sees what", ...hand }) {
  const found = unpack(plans);
  const info = isStale(found, tree) ? null : found; // what a method computes is shown for this tree or not at all
  const method = info?.methods[choice.method];
  return h(Figure, {
    ...hand,
    name: "mask",
    title,
    sentence: sentence(tree, method),
    make: (width) => maskScene(tree, { width, info, method }),
    by: [tree, info, choice.method],
    table: () => maskTable(tree),
  });
}

function sentence(tree, method) {
  const pairs = tree.nQueries * tree.nTokens;
  const visible = `${number(tree.nPathTokens)} of ${count(pairs, "pair")} visible (${percent(tree.nPathTokens / pairs)}).`;
  if (!method) return visible;
  const wasted = 1 - tree.nPathTokens / method.computed;
  const rest = wasted > 0 ? `${percent(wasted)} of them masked away (dashed)` : "none of them masked away";
  return `${visible} ${method.title} computes ${number(method.computed)}, ${rest}.`;
}

/** The matrix; with a method, also what it computes for nothing. */
export function maskScene(tree, { width, info, method }) {
  const roots = tree.length.map(Math.sqrt);
  const scale = (width - LEFT - 4) / roots.reduce((sum, n) => sum + n, 0);
  const row = Math.min(ROW, ROOM / tree.nQueries);
  const x = [];
  roots.reduce((at, n, i) => ((x[i] = at), at + scale * n), LEFT);
  const scene = { width, height: TOP + row * tree.nQueries + 4, marks: [], texts: [], lines: [] };
  for (let q = 0; q < tree.nQueries; q++) {
    const labels = tree.path(tree.seat[q]).map((node) => tree.label[node]);
    const place = { x: LEFT, y: TOP + row * q, w: width - LEFT - 4, h: row };
    scene.marks.push({ ...place, kind: "row", query: q, labels, words: () => describeQuery(tree, q) });
  }
  if (method) drawWaste(scene, tree, method, { x, scale, roots, row });
  let free = 0;
  tree.label.forEach((label, i) => {
    const [w, seenBy] = [scale * roots[i], tree.qStop[i] - tree.qFirst[i]];
    if (textWidth(`n${label}`, SMALL) + 5 <= w && x[i] >= free - 0.01) {
      scene.texts.push({ x: x[i] + w / 2, y: TOP - 4, text: `n${label}`, kind: "muted", anchor: "middle" });
      free = x[i] + w;
    }
    if (!w || !seenBy) return;
    const words = () => describe(tree, label, info, method?.name);
    pushNode(scene, tree, label, { x: x[i], y: TOP + row * tree.qFirst[i], w, h: row * seenBy, words, nameless: true });
  });
  drawRows(scene, tree, row, width);
  return scene;
}

function drawRows(scene, tree, row, width) {
  if (row > 3) {
    const d = tree.seat.map((_, q) => (q ? `M${LEFT},${(TOP + row * q).toFixed(2)}H${width - 4}` : "")).join("");
    scene.lines.push({ d, kind: "gap" });
  }
  const step = Math.max(1, Math.ceil((SMALL + 1) / row));
  for (let q = 0; q < tree.nQueries; q += step) {
    scene.texts.push({ x: LEFT - 6, y: TOP + row * (q + 0.5) + 4, text: `q${tree.queryOrder[q]}`, kind: "muted", anchor: "end" });
  }
}

/** What a group computes and masks away; neighbouring chunks are one rectangle. */
function drawWaste(scene, tree, method, { x, scale, roots, row }) {
  for (let g = 0; g < method.n_groups; g++) {
    const [, first, stop] = method.groups.subarray(3 * g, 3 * g + 3);
    let last = null;
    for (let c = method.groupStart[g]; c < method.groupStart[g + 1]; c++) {
      const [label, start, end] = method.chunks.subarray(3 * c, 3 * c + 3);
      const i = tree.index(label);
      if (first >= tree.qFirst[i] && stop <= tree.qStop[i]) continue;
      const perToken = (scale * roots[i]) / tree.length[i];
      const place = { x: x[i] + perToken * start, y: TOP + row * first, w: perToken * (end - start), h: row * (stop - first) };
      if (last && Math.abs(last.x + last.w - place.x) < 0.01) last.w += place.w;
      else scene.marks.push((last = { ...place, kind: "waste" }));
    }
  }
}

function maskTable(tree) {
  const columns = ["node", "first column", "tokens", "queries that see it", "visible pairs"];
  const rows = tree.label.map((label, i) => {
    const seenBy = tree.qStop[i] - tree.qFirst[i];
    return [`n${label}`, tree.start[i], tree.length[i], seenBy, seenBy * tree.length[i]];
  });
  return { columns, rows };
}

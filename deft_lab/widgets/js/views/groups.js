// Who reads what: a row for each group, on the left its chunks where they lie in the flattened tree, on the
// right its queries. A column that is painted in many rows is read many times.
import { h } from "preact";
import { describe, whyOld, runs, unpack } from "../core/plans.js";
import { SMALL } from "../core/theme.js";
import { count, number } from "../core/words.js";
import { DEFAULTS, Figure, Menu } from "./figure.js";
import { pushNode } from "./memory.js";

const [LEFT, GAP, TOP] = [40, 10, 16];
const [ROW, ROOM] = [14, 260];

export function Groups({ tree, plans, choice = DEFAULTS, setChoice, menus, title, ...hand }) {
  const info = unpack(plans);
  const method = info?.methods[choice.method];
  const options = menus?.method.filter(([name]) => info?.methods[name]);
  const controls = setChoice && options && h(Menu, {
    label: "method", value: choice.method, options, onChange: (value) => setChoice("method", value),
  });
  return h(Figure, {
    ...hand,
    name: "groups",
    title: title ?? "Groups: who reads what",
    sentence: method ? sentence(info.tree, method) : "No plans yet: they come from Python.",
    old: whyOld(info, tree, choice, menus),
    controls,
    make: (width) => method && groupsScene(info, method, width),
    by: [info, choice.method],
    table: () => groupsTable(info, method),
  });
}

function sentence(tree, method) {
  const read = method.chunks.reduce((sum, n, i) => sum + (i % 3 === 2 ? n : i % 3 === 1 ? -n : 0), 0);
  return (
    `${method.title}: ${count(method.n_groups, "group")} read ${count(read, "token")}, of ${number(tree.nTokens)} ` +
    `in the tree, and leave ${count(method.n_partials, "partial")}.`
  );
}

/** The drawing. */
export function groupsScene(info, method, width) {
  const { tree } = info;
  const row = Math.min(ROW, ROOM / method.n_groups);
  const queries = { x: width - 4 - 0.22 * (width - LEFT), w: 0.22 * (width - LEFT) };
  const kv = { x: LEFT, w: queries.x - GAP - LEFT };
  const scene = { width, height: TOP + row * method.n_groups + 4, marks: [], texts: [], lines: [] };
  const all = { y: TOP, h: row * method.n_groups, kind: "track" };
  scene.marks.push({ x: kv.x, w: kv.w, ...all }, { x: queries.x, w: queries.w, ...all });
  scene.texts.push(
    { x: kv.x, y: TOP - 4, text: count(tree.nTokens, "token"), kind: "muted" },
    { x: queries.x, y: TOP - 4, text: count(tree.nQueries, "query", "queries"), kind: "muted" },
  );
  const [perToken, perQuery] = [kv.w / tree.nTokens, queries.w / tree.nQueries];
  for (let g = 0; g < method.n_groups; g++) {
    const [, first, stop] = method.groups.subarray(3 * g, 3 * g + 3);
    const y = TOP + row * g;
    const labels = [];
    for (let c = method.groupStart[g]; c < method.groupStart[g + 1]; c++) {
      const [label, start, end] = method.chunks.subarray(3 * c, 3 * c + 3);
      labels.push(label);
      const words = () => `group ${g} reads ${tokens(start, end)} of ${describe(tree, label, info, method.name)}`;
      const w = Math.max(perToken * (end - start), 0.7);
      const x = Math.min(kv.x + perToken * (tree.start[tree.index(label)] + start), kv.x + kv.w - w);
      pushNode(scene, tree, label, { x, y: y + row * 0.08, w, h: row * 0.84, words });
    }
    const words = () => `group ${g}: ${count(stop - first, "query", "queries")}, ${count(labels.length, "chunk")}`;
    const place = { x: queries.x + perQuery * first, y: y + row * 0.08, w: perQuery * (stop - first), h: row * 0.84 };
    scene.marks.push({ ...place, kind: "queries", labels, words });
  }
  const step = Math.max(1, Math.ceil((SMALL + 1) / row));
  for (let g = 0; g < method.n_groups; g += step) {
    scene.texts.push({ x: LEFT - 6, y: TOP + row * (g + 0.5) + 4, text: `g${g}`, kind: "muted", anchor: "end" });
  }
  return scene;
}

const tokens = (start, end) => (end - start === 1 ? `token ${number(start)}` : `tokens ${number(start)} to ${number(end - 1)}`);

function groupsTable(info, method) {
  const columns = ["group", "tokens", "nodes", "queries"];
  const rows = Array.from({ length: method.n_groups }, (_, g) => {
    const chunks = Array.from(method.chunks.subarray(3 * method.groupStart[g], 3 * method.groupStart[g + 1]));
    const labels = chunks.filter((_, i) => i % 3 === 0);
    const read = chunks.reduce((sum, n, i) => sum + (i % 3 === 2 ? n : i % 3 === 1 ? -n : 0), 0);
    return [g, read, runs(labels, 6), method.groups[3 * g + 2] - method.groups[3 * g + 1]];
  });
  return { columns, rows };
}

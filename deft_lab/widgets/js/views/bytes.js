// Bytes of one decode step, method by method, sequential baselines first: a bar for each, a piece of it for
// each role. The accounts paper and unique follow from the tree; the others come from Python with the plans.
import { h } from "preact";
import { ACCOUNTS, METHODS, traffic } from "../core/accounts.js";
import { inSeconds, isStale, percent, readersOf, tokensRead, unpack, whyOld } from "../core/plans.js";
import { nodePaint, SMALL, TEXT, textWidth } from "../core/theme.js";
import { count, inBytes, times } from "../core/words.js";
import { axis, DEFAULTS, Figure, Menu } from "./figure.js";

// as ROLE_PAINTS of deft_lab/viz/io_bars.py
export const ROLE_PAINTS = {
  kv: { color: 4, hatch: 0 },
  q: { color: 1, hatch: 0 },
  o: { color: 0, hatch: 1 },
  partials: { color: 5, hatch: 1 },
  lse: { color: 3, hatch: 2 },
  mask: { color: 6, hatch: 2 },
  index: { color: 2, hatch: 0 },
};
const ROLE_WORDS = { kv: "KV", q: "Q", o: "O", partials: "partials", lse: "LSE", mask: "mask", index: "index" };
const LLAMA3_8B_LAYER = { n_q_heads: 32, n_kv_heads: 8, head_dim: 128, n_layers: 1, dtype_bytes: 2 };
const [ROW, BAR] = [22, 14];

export function Bytes({ tree, plans, choice = DEFAULTS, setChoice, menus, title, hover, ...hand }) {
  const info = unpack(plans);
  const inPage = ACCOUNTS.includes(choice.account);
  const rows = bars(tree, info, choice.account);
  const lit = hover ? [...hover.labels].filter((label) => tree.has(label)) : [];
  const controls = setChoice && menus && h(Menu, {
    label: "account", value: choice.account, options: menus.account, onChange: (value) => setChoice("account", value),
  });
  const pick = setChoice && ((method) => setChoice("method", method));
  return h(Figure, {
    ...hand,
    name: "bytes",
    title: title ?? "Bytes of one decode step",
    sentence: rows.length ? sentence(rows, choice.account) : "No plans yet: they come from Python.",
    old: inPage ? null : whyOld(info, tree, choice),
    controls,
    make: (width) => (rows.length ? bytesScene(tree, rows, { width, info, choice, lit, pick }) : null),
    by: [inPage || lit.length ? tree : null, info, choice.account, choice.method, lit.join()],
    table: () => bytesTable(rows, choice.account),
    hover,
  });
}

/** [{name, title, sequential, roles, total, seconds}] of all methods in an account. */
export function bars(tree, info, account) {
  const inPage = ACCOUNTS.includes(account);
  const names = info ? Object.keys(info.methods) : inPage ? Object.keys(METHODS) : [];
  const found = names.map((name) => {
    const roles = { ...(inPage ? traffic(tree, name, info?.geometry ?? LLAMA3_8B_LAYER, account) : info.methods[name].bytes[account]) };
    for (const role of Object.keys(roles)) if (!(role in ROLE_PAINTS)) delete roles[role];
    const total = Object.values(roles).reduce((sum, bytes) => sum + (bytes ?? 0), 0);
    const { title = name, seconds = null } = info?.methods[name] ?? {};
    return { name, title, sequential: METHODS[name].guided === "query", roles, total, seconds };
  });
  return [...found.filter((row) => row.sequential), ...found.filter((row) => !row.sequential)];
}

function sentence(rows, account) {
  const least = rows.reduce((a, b) => (b.total < a.total ? b : a));
  const baseline = rows.find((row) => row.sequential);
  const against = baseline && baseline !== least
    ? ` ${baseline.title} moves ${times(baseline.total / least.total)} times as many.` : "";
  return `Account “${account}”. Least: ${least.title}, ${inBytes(least.total)}.${against}`;
}

/** The drawing; of lit nodes their share of each method's KV is outlined. */
export function bytesScene(tree, rows, { width, info, choice, lit, pick }) {
  const narrow = width < 520;
  const left = narrow ? 4 : 158;
  const right = narrow ? 70 : 190;
  const most = Math.max(...rows.map((row) => row.total));
  const least = Math.min(...rows.map((row) => row.total));
  const scale = (width - left - right) / most;
  const scene = { width, height: 0, marks: [], texts: [], lines: [] };
  let y = drawLegend(scene, rows, narrow ? 4 : left);
  if (!narrow) drawHeads(scene, width, y);
  const text = (x, text_, kind, anchor) => scene.texts.push({ x, y: y + ROW / 2 + 4, text: text_, kind, anchor });
  rows.forEach((row, i) => {
    if (i && rows[i - 1].sequential && !row.sequential) {
      scene.lines.push({ d: `M4,${y + 3}H${width - 4}`, kind: "tick faint" });
      y += 6;
    }
    const strong = row.name === choice.method ? "strong" : "";
    if (narrow) {
      scene.texts.push({ x: 4, y: y + 12, text: row.title, kind: strong });
      y += 14;
    } else text(left - 8, row.title, strong, "end");
    const words = () => rowInWords(row, least, info);
    const act = pick && (() => pick(row.name));
    scene.marks.push({ x: 0, y, w: width, h: ROW, kind: "row", words, act });
    drawRoles(scene, row, { x: left, y: y + (ROW - BAR) / 2, scale, act });
    for (const label of lit) drawShare(scene, tree, row, { label, info, account: choice.account, x: left, y: y + (ROW - BAR) / 2, scale });
    text(narrow ? width - 4 : width - 112, inBytes(row.total), "", "end");
    if (!narrow) {
      text(width - 66, times(row.total / least), "", "end");
      text(width - 4, row.seconds === null ? "" : inSeconds(row.seconds), "", "end");
    }
    y += ROW;
  });
  const ticks = axis({ left, right: width - right, y: y + 2, most, words: (n) => inBytes(n).replace(/\.0+ /, " ") });
  scene.lines.push(...ticks.lines);
  scene.texts.push(...ticks.texts);
  scene.height = y + 22;
  return scene;
}

function drawLegend(scene, rows, left) {
  let [x, y] = [left, 3];
  for (const [role, paint] of Object.entries(ROLE_PAINTS)) {
    if (!rows.some((row) => row.roles[role])) continue;
    const needs = 17 + textWidth(ROLE_WORDS[role], SMALL) + 10;
    if (x + needs > scene.width) [x, y] = [left, y + 16];
    scene.marks.push({ x, y, w: 12, h: 10, kind: "node", paint });
    scene.texts.push({ x: x + 17, y: y + 9, text: ROLE_WORDS[role] });
    x += needs;
  }
  return y + 28;
}

function drawHeads(scene, width, y) {
  for (const [x, text] of [[width - 112, "total"], [width - 66, "× least"], [width - 4, "time"]]) {
    scene.texts.push({ x, y: y - 3, text, kind: "muted", anchor: "end" });
  }
}

function drawRoles(scene, row, { x, y, scale, act }) {
  let at = x;
  for (const [role, paint] of Object.entries(ROLE_PAINTS)) {
    const bytes = row.roles[role];
    if (!bytes) continue;
    scene.marks.push({ x: at, y, w: scale * bytes, h: BAR, kind: "node", paint, act, words: () => roleInWords(row, role) });
    at += scale * bytes;
  }
}

/** The part of the KV's bytes that a node's tokens make up. */
export function shareOfNode(tree, info, row, label, account) {
  const i = tree.index(label);
  if (account === "paper" || !info || isStale(info, tree)) {
    const copies = row.sequential && account !== "unique" ? tree.qStop[i] - tree.qFirst[i] : 1;
    return (tree.length[i] * copies) / (row.sequential && account !== "unique" ? tree.nPathTokens : tree.nTokens);
  }
  if (account === "unique") return tree.length[i] / tree.nTokens;
  return readersOf(info, row.name, label).tokens / tokensRead(info, row.name);
}

function drawShare(scene, tree, row, { label, info, account, x, y, scale }) {
  const w = scale * (row.roles.kv ?? 0) * shareOfNode(tree, info, row, label, account);
  const paint = nodePaint(tree, label);
  if (w > 0) scene.marks.push({ x, y: y + 2, w: Math.max(w, 1.5), h: BAR - 4, kind: `share c${paint.color}`, label });
}

function roleInWords({ title, roles, total }, role) {
  return `${title}: ${ROLE_WORDS[role]} ${inBytes(roles[role])} of ${inBytes(total)}, ${percent(roles[role] / total)}`;
}

function rowInWords(row, least, info) {
  const groups = info ? `${count(info.methods[row.name].n_groups, "group")}, ` : "";
  const time = row.seconds === null ? "" : `; ${inSeconds(row.seconds)} a layer, modelled`;
  return (
    `${row.title}: ${groups}${inBytes(row.roles.kv ?? 0)} of KV, ${inBytes(row.total)} in all, ` +
    `${times(row.total / least)} times the least${time}`
  );
}

function bytesTable(rows, account) {
  const roles = Object.keys(ROLE_PAINTS);
  const columns = ["method", ...roles.map((role) => `${ROLE_WORDS[role]} bytes`), `bytes in account ${account}`, "µs"];
  const cells = rows.map((row) => [
    row.title,
    ...roles.map((role) => row.roles[role] ?? null),
    row.total,
    row.seconds === null ? null : (1e6 * row.seconds).toFixed(2),
  ]);
  return { columns, rows: cells };
}

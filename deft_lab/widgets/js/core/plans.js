// What Python says of plans (deft_lab/widgets/payload.py), unpacked; and what follows from it for a node.
import { Tree } from "./tree.js";
import { count, fixed, number } from "./words.js";

const unpacked = new WeakMap();
const documents = new WeakMap();

/** The plans by method, or null where there are none. */
export function unpack(plans) {
  if (!plans?.methods) return null;
  if (!unpacked.has(plans)) unpacked.set(plans, unpackAll(plans));
  return unpacked.get(plans);
}

function unpackAll(plans) {
  const methods = {};
  for (const [name, part] of Object.entries(plans.methods)) methods[name] = unpackMethod(name, part);
  return {
    document: plans.document,
    tree: Tree.fromJSON(plans.document),
    geometry: plans.geometry,
    kvBytes: plans.kv_bytes,
    hardware: plans.hardware,
    nSms: plans.n_sms,
    methods,
  };
}

// the long lists only when a view asks for them: most are of methods that no view shows
function unpackMethod(name, part) {
  const method = { ...part, name, byLabel: new Map() };
  once(method, "chunks", () => new Int32Array(bufferOf(part.chunks)));
  once(method, "groups", () => new Int32Array(bufferOf(part.groups)));
  once(method, "groupStart", () => {
    const start = [0];
    for (let g = 0; g < part.n_groups; g++) start.push(start[g] + method.groups[3 * g]);
    return start;
  });
  if (!hasTimeline(part)) return method;
  once(method, "pieces", () => new Int32Array(bufferOf(part.pieces)));
  once(method, "times", () => new Float32Array(bufferOf(part.times)));
  return method;
}

/** Whether Python sent who runs where and when; after an edit it does so of the chosen method only. */
export const hasTimeline = (method) => "pieces" in method;

function once(object, name, make) {
  const define = (property) => Object.defineProperty(object, name, { configurable: true, enumerable: true, ...property });
  define({
    get() {
      const value = make();
      define({ value });
      return value;
    },
  });
}

function bufferOf(bytes) {
  if (typeof bytes === "string") {
    const text = atob(bytes);
    const found = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
    return found.buffer;
  }
  if (bytes instanceof ArrayBuffer) return bytes;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/** Whether the plans are of another tree than the one that is shown. */
export function isStale(info, tree) {
  if (!info) return false;
  if (!documents.has(tree)) documents.set(tree, tree.toJSON());
  return documents.get(tree) !== info.document;
}

/** What a reader is told of plans that are not of this tree; a page without a kernel says it in its own way. */
export const words = { stale: "Of the tree before the last edit: Python has not answered yet." };

/** Why the plans are not those asked for, in words; null if they are. `menus` has the machines' names. */
export function whyOld(info, tree, choice, menus) {
  if (isStale(info, tree)) return words.stale;
  const asked = menus?.hardware?.find(([key]) => key === choice.hardware)?.[1];
  return info && asked && asked !== info.hardware ? `Of ${info.hardware}, not of the machine chosen: Python has not answered yet.` : null;
}

/** {groups, sms, tokens} of a node in a method: which groups read it, on which SMs, how many tokens in all. */
export function readersOf(info, method, label) {
  const of = info.methods[method];
  if (!of.byLabel.size) findReaders(info, of);
  return of.byLabel.get(label) ?? { groups: [], sms: [], tokens: 0 };
}

/** Tokens that all groups of a method read together, tile by tile. */
export function tokensRead(info, method) {
  const of = info.methods[method];
  if (!of.byLabel.size) findReaders(info, of);
  return of.tokensRead;
}

// all nodes at once, in one walk through the chunks and one through the pieces
function findReaders(info, of) {
  of.tokensRead = 0;
  for (let g = 0; g < of.n_groups; g++) {
    const queries = of.groups[3 * g + 2] - of.groups[3 * g + 1];
    const times = of.query_tile ? Math.ceil(queries / of.query_tile) : 1;
    for (let c = of.groupStart[g]; c < of.groupStart[g + 1]; c++) {
      const [label, start, stop] = of.chunks.subarray(3 * c, 3 * c + 3);
      if (!of.byLabel.has(label)) of.byLabel.set(label, { groups: [], sms: new Set(), tokens: 0 });
      const found = of.byLabel.get(label);
      if (found.groups[found.groups.length - 1] !== g) found.groups.push(g);
      found.tokens += times * (stop - start);
      of.tokensRead += times * (stop - start);
    }
  }
  for (let p = 0; hasTimeline(of) && p < of.pieces.length; p += 5) {
    const sms = of.byLabel.get(of.pieces[p + 2])?.sms;
    if (!sms || sms.size === info.nSms) continue;
    for (let s = 0; s < Math.min(of.pieces[p + 4], info.nSms); s++) sms.add((of.pieces[p + 3] + s) % info.nSms);
  }
  for (const found of of.byLabel.values()) found.sms = [...found.sms].sort((a, b) => a - b);
}

/** Numbers as runs: [0, 1, 2, 5] -> "0 to 2, 5". */
export function runs(numbers, most = 3) {
  const found = [];
  for (const n of numbers) {
    const last = found[found.length - 1];
    if (last && last[1] === n - 1) last[1] = n;
    else found.push([n, n]);
  }
  const words = found.map(([a, b]) => (a === b ? number(a) : `${number(a)} to ${number(b)}`));
  return words.length <= most ? words.join(", ") : `${words.slice(0, most).join(", ")}, ...`;
}

/** A node in numbers: "node 7: 20 tokens, read by 1 query, group 33, SM 12, 81,920 B". */
export function describe(tree, label, info, method) {
  if (!tree.has(label)) return `node ${label} is gone`;
  const node = tree.index(label);
  const said = [
    `node ${label}: ${count(tree.length[node], "token")}`,
    `read by ${count(tree.qStop[node] - tree.qFirst[node], "query", "queries")}`,
  ];
  if (info?.methods[method] && !isStale(info, tree)) {
    const { groups, sms } = readersOf(info, method, label);
    if (groups.length) said.push(`${groups.length === 1 ? "group" : "groups"} ${runs(groups)}`);
    if (sms.length) said.push(`${sms.length === 1 ? "SM" : "SMs"} ${runs(sms)}`);
  }
  if (info) said.push(`${number(tree.length[node] * info.kvBytes)} B`);
  return said.join(", ");
}

/** A query in numbers. */
export function describeQuery(tree, query) {
  const path = tree.path(tree.seat[query]);
  const tokens = tree.nPathTokensOfQuery[query];
  return `query q${tree.queryOrder[query]}: sees ${count(tokens, "token")} on ${count(path.length, "node")}`;
}

/** A time with three figures: 0.0000712 -> 71.2 µs; as in_seconds of deft_lab/viz/words.py. */
export function inSeconds(value, short = false) {
  const [unit, scale] = [["s", 1], ["ms", 1e-3], ["µs", 1e-6]].find(([, size]) => value >= 0.9995 * size) ?? ["ns", 1e-9];
  const scaled = value / scale;
  const shown = fixed(scaled, scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2);
  return `${short && shown.includes(".") ? shown.replace(/\.?0+$/, "") : shown} ${unit}`;
}

/** A share of 1 in percent. */
export const percent = (share) => `${fixed(100 * share, 1)} %`;

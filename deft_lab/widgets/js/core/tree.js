// A decoding tree, immutable, and what follows from it alone; the twin of deft_lab/tree/core.py.
// Nodes are in depth-first preorder; an index is a place, a label is a name for life.

export const SCHEMA = "deft_lab.tree/1";
export const MAX_TOKENS = 2 ** 31 - 1;
const FIELDS = ["label", "length", "next_label", "parent", "seat"];

export class TreeError extends Error {}

/** 4400 -> 4,400. For integers without toLocaleString, which takes longer than all else in a large view. */
export function grouped(value) {
  if (!Number.isInteger(value)) return value.toLocaleString("en-US");
  return Math.abs(value) < 1000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function some(values) {
  const shown = values.slice(0, 6).join(", ");
  return values.length <= 6 ? shown : `${shown}, ... (${values.length} in all)`;
}

export function checkCounts(least, counts) {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < least) {
      const shown = typeof value === "string" ? `'${value}'` : String(value);
      throw new TreeError(`${name}=${shown}; it must be an integer of at least ${least}`);
    }
  }
}

export class Tree {
  #derived = {};

  /** `seat` is by the caller's query order; default: the leaves. */
  constructor({ parent, length, seat, label, nextLabel }) {
    const n = parent.length;
    if (length.length !== n) {
      throw new TreeError(`${n} parents but ${length.length} lengths; give one of each for every node`);
    }
    checkLinks(parent);
    this.parent = parent;
    this.label = label ?? parent.map((_, i) => i);
    checkLabels(this.label, n);
    const least = this.label.reduce((most, name) => Math.max(most, name), 0) + 1;
    if (nextLabel !== undefined) checkCounts(0, { next_label: nextLabel });
    if (nextLabel < least) {
      throw new TreeError(
        `next_label=${nextLabel} but label ${least - 1} is taken; it must be at least ${least}`,
      );
    }
    this.nextLabel = nextLabel ?? least;
    this.callersSeat = seat ?? leavesOf(parent);
    checkSeats(this.callersSeat, n);
    this.queryOrder = this.callersSeat.map((_, q) => q);
    this.queryOrder.sort((a, b) => this.callersSeat[a] - this.callersSeat[b] || a - b);
    this.seat = this.queryOrder.map((q) => this.callersSeat[q]);
    this.length = length;
    this.#checkLengths();
    Object.freeze(this);
  }

  #checkLengths() {
    const total = this.length.reduce((sum, n) => sum + n, 0);
    const wrong = this.length.findIndex((n) => n < 0);
    if (wrong >= 0) {
      const node = this.length.indexOf(Math.min(...this.length));
      throw new TreeError(`node ${node} has length ${this.length[node]}; a length is 0 tokens or more`);
    }
    if (total > MAX_TOKENS) {
      throw new TreeError(
        `the tree holds ${grouped(total)} tokens; at most ${grouped(MAX_TOKENS)} fit (slots are 32-bit)`,
      );
    }
    const empty = this.nPathTokensOfQuery.indexOf(0);
    if (empty >= 0) {
      throw new TreeError(
        `the path of the seat on node ${this.seat[empty]} holds no token; ` +
          "a query needs at least its own token to attend to",
      );
    }
  }

  #once(name, make) {
    return (this.#derived[name] ??= make());
  }

  get nNodes() {
    return this.parent.length;
  }

  get nQueries() {
    return this.seat.length;
  }

  /** [node] links from the root. */
  get depth() {
    return this.#once("depth", () => {
      const depth = new Array(this.nNodes).fill(0);
      for (let i = 1; i < depth.length; i++) depth[i] = depth[this.parent[i]] + 1;
      return depth;
    });
  }

  /** [node] one past the last node of its subtree. */
  get subtreeStop() {
    return this.#once("subtreeStop", () => {
      const stop = this.parent.map((_, i) => i + 1);
      for (let i = stop.length - 1; i > 0; i--) {
        stop[this.parent[i]] = Math.max(stop[this.parent[i]], stop[i]);
      }
      return stop;
    });
  }

  /** [node] indices of its children. */
  get children() {
    return this.#once("children", () => {
      const children = this.parent.map(() => []);
      for (let i = 1; i < children.length; i++) children[this.parent[i]].push(i);
      return children;
    });
  }

  get leaves() {
    return this.#once("leaves", () => leavesOf(this.parent));
  }

  /** [node] the first preorder query that sees it. */
  get qFirst() {
    return this.#once("qFirst", () => this.#queriesBefore(this.parent.map((_, i) => i)));
  }

  /** [node] one past the last preorder query that sees it. */
  get qStop() {
    return this.#once("qStop", () => this.#queriesBefore(this.subtreeStop));
  }

  #queriesBefore(nodes) {
    const before = new Array(this.nNodes + 1).fill(0);
    for (const node of this.seat) before[node + 1] += 1;
    for (let i = 0; i < this.nNodes; i++) before[i + 1] += before[i];
    return nodes.map((node) => before[node]);
  }

  /** [node + 1] node i owns tokens start[i] .. start[i + 1] - 1 of the flattened tree. */
  get start() {
    return this.#once("start", () => {
      const start = [0];
      for (const n of this.length) start.push(start[start.length - 1] + n);
      return start;
    });
  }

  get nTokens() {
    return this.start[this.nNodes];
  }

  /** [node] tokens from the root down to its end. */
  get pathTokens() {
    return this.#once("pathTokens", () => {
      const total = this.length.slice();
      for (let i = 1; i < total.length; i++) total[i] += total[this.parent[i]];
      return total;
    });
  }

  /** [query] tokens that the preorder query sees. */
  get nPathTokensOfQuery() {
    return this.#once("nPathTokensOfQuery", () => this.seat.map((node) => this.pathTokens[node]));
  }

  get nPathTokens() {
    return this.nPathTokensOfQuery.reduce((sum, n) => sum + n, 0);
  }

  get sharing() {
    return this.nPathTokens / this.nTokens;
  }

  /** Plain decoding: one query on each leaf, none elsewhere. */
  get seatsAreTheLeaves() {
    const { leaves, seat } = this;
    return seat.length === leaves.length && seat.every((node, q) => node === leaves[q]);
  }

  get #indexOf() {
    return this.#once("indexOf", () => new Map(this.label.map((name, i) => [name, i])));
  }

  /** Index of the node with this label. */
  index(label) {
    const index = this.#indexOf.get(label);
    if (index === undefined) {
      throw new TreeError(`no node has the label ${label}; the labels are ${some(this.label)}`);
    }
    return index;
  }

  has(label) {
    return this.#indexOf.has(label);
  }

  /** Indices from the root down to the node with this index. */
  path(node) {
    const path = [node];
    for (let above = this.parent[node]; above >= 0; above = this.parent[above]) path.push(above);
    return path.reverse();
  }

  /** Preorder queries that sit at the end of the node with this index. */
  queriesAt(node) {
    const at = this.#once("queriesAt", () => {
      const found = this.parent.map(() => []);
      this.seat.forEach((place, q) => found[place].push(q));
      return found;
    });
    return at[node];
  }

  withLength(length) {
    const { parent, callersSeat: seat, label, nextLabel } = this;
    return new Tree({ parent, length, seat, label, nextLabel });
  }

  /** One line of JSON, the same characters as Python's to_json. */
  toJSON() {
    const { parent, length, callersSeat: seat, label, nextLabel } = this;
    const fields = { schema: SCHEMA, parent, length, seat, label, next_label: nextLabel };
    const parts = Object.entries(fields).map(
      ([name, value]) =>
        `"${name}": ${Array.isArray(value) ? `[${value.join(", ")}]` : JSON.stringify(value)}`,
    );
    return `{${parts.join(", ")}}`;
  }

  static fromJSON(text) {
    const data = readObject(text);
    if (!Number.isInteger(data.next_label)) {
      throw new TreeError(`next_label is ${JSON.stringify(data.next_label)}; it must be an integer`);
    }
    const { parent, length, seat, label, next_label: nextLabel } = data;
    Object.entries({ parent, length, label, seat }).forEach(([name, values]) => checkIntegers(name, values));
    return new Tree({ parent, length, seat, label, nextLabel });
  }
}

function readObject(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch (bad) {
    throw new TreeError(`not valid JSON (${bad.message}); the file may be cut short, fetch it again`);
  }
  if (data === null || typeof data !== "object" || Array.isArray(data)) {
    throw new TreeError(`a JSON value where an object with schema '${SCHEMA}' is expected`);
  }
  if (data.schema !== SCHEMA) {
    const given = data.schema === undefined ? "None" : `'${data.schema}'`;
    throw new TreeError(
      `schema ${given} where '${SCHEMA}' is expected; write the file again with this version of deft_lab`,
    );
  }
  const quoted = (names) => (names.length ? `[${names.map((name) => `'${name}'`).join(", ")}]` : "none");
  const missing = FIELDS.filter((name) => !(name in data));
  const unknown = Object.keys(data).filter((name) => name !== "schema" && !FIELDS.includes(name));
  if (missing.length || unknown.length) {
    const fields = `fields missing: ${quoted(missing)}, unknown: ${quoted(unknown.sort())}`;
    throw new TreeError(`schema '${SCHEMA}': ${fields}`);
  }
  return data;
}

// as Python writes a value of JSON
function repr(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value}'`;
  return Array.isArray(value) ? `[${value.map(repr).join(", ")}]` : String(value);
}

function checkIntegers(name, values) {
  if (!Array.isArray(values)) throw new TreeError(`${name} is ${repr(values)}; it must be a list of integers`);
  if (values.length === 0) throw new TreeError(`${name} has shape (0,); it must be a list of at least one integer`);
  const wrong = values.findIndex((value) => !Number.isSafeInteger(value));
  if (wrong >= 0) throw new TreeError(`${name}[${wrong}] is ${repr(values[wrong])}; it must be an integer`);
}

function checkLabels(label, nNodes) {
  if (label.length !== nNodes) {
    throw new TreeError(`${label.length} labels for ${nNodes} nodes; give one for every node, or none at all`);
  }
  const least = label.indexOf(Math.min(...label));
  if (label[least] < 0) throw new TreeError(`node ${least} has the label ${label[least]}; labels are 0 or more`);
  if (new Set(label).size === nNodes) return;
  const order = label.map((_, i) => i).sort((a, b) => label[a] - label[b] || a - b);
  const i = order.findIndex((node, at) => at + 1 < nNodes && label[node] === label[order[at + 1]]);
  throw new TreeError(`nodes ${order[i]} and ${order[i + 1]} have the label ${label[order[i]]}; labels must be distinct`);
}

function leavesOf(parent) {
  const inner = new Set(parent);
  return parent.map((_, i) => i).filter((i) => !inner.has(i));
}

function checkLinks(parent) {
  const roots = parent.map((above, i) => (above < 0 ? i : -1)).filter((i) => i >= 0);
  if (roots.length > 1 && roots[0] === 0) {
    const rule = "a tree has one root (give a forest a root of length 0)";
    throw new TreeError(`nodes ${some(roots)} have no parent; ${rule}`);
  }
  const late = parent.findIndex((above, i) => above >= i);
  if (late >= 0) {
    const allowed = late === 0 ? "-1, it is the root" : `0..${late - 1}`;
    throw new TreeError(
      `node ${late} has parent ${parent[late]}; parents come before their children, so it must ` +
        `be in ${allowed}; Tree.from_parents sorts nodes for you`,
    );
  }
  const wild = parent.findIndex((above) => above < -1);
  if (wild >= 0) throw new TreeError(`node ${wild} has parent ${parent[wild]}; the root has -1`);
  checkPreorder(parent);
}

function checkPreorder(parent) {
  const path = [];
  for (let i = 0; i < parent.length; i++) {
    while (path.length && path[path.length - 1] !== parent[i]) path.pop();
    if (i && !path.length) {
      throw new TreeError(
        `node ${i} (parent ${parent[i]}) is not in depth-first preorder: the nodes of a ` +
          "subtree are consecutive; Tree.from_parents sorts nodes for you",
      );
    }
    path.push(i);
  }
}

function checkSeats(seat, nNodes) {
  const outside = seat.findIndex((node) => node < 0 || node >= nNodes);
  if (outside >= 0) {
    throw new TreeError(`query ${outside} sits on node ${seat[outside]}; the nodes are 0..${nNodes - 1}`);
  }
}

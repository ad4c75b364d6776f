// Edits of a tree; the twins of deft_lab/tree/edits.py, with the same refusals in the same words.
// Each takes labels and returns a new tree. Seats: in plain decoding they stay the leaves; in any other
// tree they stay where they are, and every node that fork adds gets one.
import { Tree, TreeError, checkCounts } from "./tree.js";

class Draft {
  constructor(tree) {
    const { label, parent } = tree;
    this.root = label[0];
    this.length = new Map(label.map((name, i) => [name, tree.length[i]]));
    this.children = new Map(label.map((name) => [name, []]));
    this.parent = new Map();
    for (let i = 1; i < label.length; i++) {
      this.parent.set(label[i], label[parent[i]]);
      this.children.get(label[parent[i]]).push(label[i]);
    }
    this.seats = tree.callersSeat.map((node) => label[node]);
    this.nextLabel = tree.nextLabel;
    this.plain = tree.seatsAreTheLeaves;
  }

  add(parent, length) {
    const label = this.nextLabel++;
    this.parent.set(label, parent);
    this.length.set(label, length);
    this.children.set(label, []);
    this.children.get(parent).push(label);
    return label;
  }

  below(label) {
    const found = [label];
    for (const node of found) found.push(...this.children.get(node));
    return found;
  }

  drop(label) {
    const siblings = this.children.get(this.parent.get(label));
    siblings.splice(siblings.indexOf(label), 1);
  }

  freeze() {
    if (this.plain) {
      const isLeaf = (label) => this.children.get(label)?.length === 0;
      const kept = this.seats.filter(isLeaf);
      const seated = new Set(kept);
      this.seats = [...kept, ...[...this.children.keys()].filter((n) => isLeaf(n) && !seated.has(n))];
    }
    const order = [];
    const stack = [this.root];
    while (stack.length) {
      const label = stack.pop();
      order.push(label);
      stack.push(...[...this.children.get(label)].reverse());
    }
    const index = new Map(order.map((label, i) => [label, i]));
    return new Tree({
      parent: order.map((label, i) => (i ? index.get(this.parent.get(label)) : -1)),
      length: order.map((label) => this.length.get(label)),
      seat: this.seats.map((label) => index.get(label)),
      label: order,
      nextLabel: this.nextLabel,
    });
  }
}

/** Give every query `n` more tokens of its own. */
export function grow(tree, { n = 1 }) {
  checkCounts(1, { n });
  const draft = new Draft(tree);
  const sharing = new Map();
  for (const label of draft.seats) sharing.set(label, (sharing.get(label) ?? 0) + 1);
  draft.seats.forEach((label, i) => {
    if (draft.children.get(label).length || sharing.get(label) > 1) draft.seats[i] = draft.add(label, n);
    else draft.length.set(label, draft.length.get(label) + n);
  });
  draft.plain = false; // every seat has been placed
  return draft.freeze();
}

/** Add `k` children of `length` tokens below `node`, each with a query. */
export function fork(tree, { node, k = 2, length = 1 }) {
  tree.index(node);
  checkCounts(1, { k });
  checkCounts(0, { length });
  const draft = new Draft(tree);
  for (let i = 0; i < k; i++) {
    const child = draft.add(node, length);
    if (!draft.plain) draft.seats.push(child);
  }
  return draft.freeze();
}

/** Remove `node`, everything below it, and the queries that sit there. */
export function prune(tree, { node }) {
  if (tree.index(node) === 0) throw new TreeError(`node ${node} is the root; pruning it would leave no tree`);
  const draft = new Draft(tree);
  const gone = new Set(draft.below(node));
  draft.drop(node);
  for (const label of gone) draft.children.delete(label);
  draft.seats = draft.seats.filter((label) => !gone.has(label));
  if (!draft.plain && !draft.seats.length) {
    const rule = "pruning it would leave a tree without queries";
    throw new TreeError(`every query sits below node ${node}; ${rule}`);
  }
  return draft.freeze();
}

/** Hang the subtree of `node` below `parent`, as its last child. */
export function move(tree, { node, parent }) {
  const i = tree.index(node);
  const above = tree.index(parent);
  if (i === 0) throw new TreeError(`node ${node} is the root; it has no place to move to`);
  if (i <= above && above < tree.subtreeStop[i]) {
    const rule = "moving it there would make a cycle";
    throw new TreeError(`node ${parent} lies in the subtree of node ${node}; ${rule}`);
  }
  const draft = new Draft(tree);
  draft.drop(node);
  draft.children.get(parent).push(node);
  draft.parent.set(node, parent);
  return draft.freeze();
}

/** Keep the first `k` tokens in `node`; a new only child takes the rest, the children and the seats. */
export function split(tree, { node, k }) {
  checkCounts(1, { k });
  const length = tree.length[tree.index(node)];
  if (k >= length) {
    throw new TreeError(
      `cannot split node ${node} at token ${k}; it has ${length} tokens, so k must be in 1..${length - 1}`,
    );
  }
  const draft = new Draft(tree);
  const below = draft.children.get(node);
  draft.children.set(node, []);
  const rest = draft.add(node, length - k);
  draft.children.set(rest, below);
  draft.length.set(node, k);
  for (const child of below) draft.parent.set(child, rest);
  draft.seats = draft.seats.map((label) => (label === node ? rest : label));
  return draft.freeze();
}

/** Take the only child of `node` into it, with its tokens, children and seats; undoes `split`. */
export function merge(tree, { node }) {
  const i = tree.index(node);
  const n = tree.children[i].length;
  if (n !== 1) {
    throw new TreeError(`node ${node} has ${n} children; only a node with one child can take it in`);
  }
  if (tree.queriesAt(i).length) {
    throw new TreeError(`a query sits on node ${node}; merging would let it see the tokens of its child`);
  }
  const draft = new Draft(tree);
  const child = draft.children.get(node)[0];
  const grandchildren = draft.children.get(child);
  draft.length.set(node, draft.length.get(node) + draft.length.get(child));
  draft.children.delete(child);
  draft.children.set(node, grandchildren);
  for (const grandchild of grandchildren) draft.parent.set(grandchild, node);
  draft.seats = draft.seats.map((label) => (label === child ? node : label));
  return draft.freeze();
}

/** Set the tokens of one node. */
export function setLength(tree, { node, length }) {
  checkCounts(0, { length });
  const lengths = tree.length.slice();
  lengths[tree.index(node)] = length;
  return tree.withLength(lengths);
}

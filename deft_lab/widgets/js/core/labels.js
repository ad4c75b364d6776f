// Where the names of the nodes go: no name lies over a bar or another name; what has no room has none.
import { SMALL, textWidth } from "./theme.js";
import { number } from "./words.js";

const LINE = SMALL + 1;

export const nodeName = (tree, node) => `n${tree.label[node]} · ${number(tree.length[node])}`;

/** Queries at the end of a node in words: q0; q0, q1; q0 and 3 more. */
export function queryName(tree, node) {
  const rows = tree.queriesAt(node).map((q) => `q${tree.queryOrder[q]}`);
  return rows.length < 3 ? rows.join(", ") : `${rows[0]} +${rows.length - 1}`;
}

class Occupied {
  #rows = new Map(); // boxes by the 16 px of height that they touch

  take(box, force = false) {
    const rows = [];
    for (let r = Math.floor(box.y / 16); r <= Math.floor((box.y + box.height) / 16); r++) rows.push(r);
    const hits = (other) =>
      other.x < box.x + box.width &&
      other.x + other.width > box.x &&
      other.y < box.y + box.height &&
      other.y + other.height > box.y;
    if (!force && rows.some((r) => this.#rows.get(r)?.some(hits))) return false;
    for (const r of rows) {
      if (this.#rows.has(r)) this.#rows.get(r).push(box);
      else this.#rows.set(r, [box]);
    }
    return true;
  }
}

/** Map from label to {x, y, inside, text}: where the name of a node is written. */
export function placeLabels(tree, placed) {
  const taken = new Occupied();
  for (const { x, y, width, thickness } of placed.nodes) {
    taken.take({ x, y: y - thickness / 2, width, height: thickness }, true);
  }
  const labels = new Map();
  const seenBy = tree.qStop.map((stop, i) => stop - tree.qFirst[i]);
  const bySize = [...placed.nodes].sort((a, b) => seenBy[b.index] - seenBy[a.index] || a.index - b.index);
  for (const node of bySize) {
    const text = nodeName(tree, node.index);
    const needs = textWidth(text, SMALL);
    const { x, y, width, thickness } = node;
    if (thickness >= LINE && needs + 6 <= width)
      labels.set(node.label, { x: x + 5, y: y + 4, inside: true, text });
    else if (!node.kids.length) {
      const at = x + width + afterBar(tree, node);
      if (taken.take({ x: at, y: y - LINE / 2, width: needs, height: LINE - 1 })) {
        labels.set(node.label, { x: at, y: y + 4, inside: false, text });
      }
    } else if (taken.take({ x, y: y - thickness / 2 - LINE - 2, width: needs, height: LINE })) {
      labels.set(node.label, { x, y: y - thickness / 2 - 4, inside: false, text });
    }
  }
  return labels;
}

/** Px between the end of a leaf's bar and its name: its queries and its fold stand there. */
export function afterBar(tree, node) {
  const queries = tree.queriesAt(node.index).length ? textWidth(queryName(tree, node.index), SMALL) + 14 : 5;
  return queries + (node.folded ? textWidth(`+${node.hidden}`, SMALL) + 16 : 0);
}

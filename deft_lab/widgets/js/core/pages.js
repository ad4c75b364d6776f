// KV in pages that belong to one node each, as in deft_lab/kv.py: a node begins on a page of its own.

export const PAGE_SIZES = [1, 16, 64];

/** {nPages, nFree, nodes: [{label, start, stop, end}]}: slots start .. stop hold tokens, up to `end` are free. */
export function pagesByNode(tree, pageSize) {
  const nodes = [];
  let next = 0;
  tree.label.forEach((label, i) => {
    if (!tree.length[i]) return;
    const end = next + Math.ceil(tree.length[i] / pageSize) * pageSize;
    nodes.push({ label, start: next, stop: next + tree.length[i], end });
    next = end;
  });
  return { nPages: next / pageSize, nFree: next - tree.nTokens, nodes };
}

/** The parts of start .. stop on rows of `perRow` slots: [{row, start, stop}], counted within the row. */
export function onRows(start, stop, perRow) {
  const parts = [];
  for (let at = start; at < stop; ) {
    const row = Math.floor(at / perRow);
    const end = Math.min(stop, (row + 1) * perRow);
    parts.push({ row, start: at - row * perRow, stop: end - row * perRow });
    at = end;
  }
  return parts;
}

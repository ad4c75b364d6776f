// Where the KV of a tree lies: each node once (unique), or a copy of its path for each query (duplicated).

/** [{label, start, stop}] in memory order; nodes without tokens take no place. */
export function unique(tree) {
  return tree.label
    .map((label, i) => ({ label, start: tree.start[i], stop: tree.start[i + 1] }))
    .filter((piece) => piece.stop > piece.start);
}

/** [query] pieces of its copy, by preorder query; starts count within the copy. */
export function duplicated(tree) {
  return tree.seat.map((seat) => {
    const pieces = [];
    let start = 0;
    for (const node of tree.path(seat)) {
      const stop = start + tree.length[node];
      if (stop > start) pieces.push({ label: tree.label[node], start, stop });
      start = stop;
    }
    return pieces;
  });
}

/** [page] pieces that lie on it, cut at its borders; starts count within the page. */
export function pages(pieces, pageSize) {
  const found = [];
  for (const { label, start, stop } of pieces) {
    for (let at = start; at < stop;) {
      const page = Math.floor(at / pageSize);
      const end = Math.min(stop, (page + 1) * pageSize);
      while (found.length <= page) found.push([]);
      found[page].push({ label, start: at - page * pageSize, stop: end - page * pageSize });
      at = end;
    }
  }
  return found;
}

/** [label] -> the pages that hold its tokens when each node is stored once. */
export function pagesOfNode(tree, label, pageSize) {
  const i = tree.index(label);
  if (!tree.length[i]) return [];
  const first = Math.floor(tree.start[i] / pageSize);
  const last = Math.floor((tree.start[i + 1] - 1) / pageSize);
  return Array.from({ length: last - first + 1 }, (_, p) => first + p);
}

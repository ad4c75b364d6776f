// Who sees whom. With queries in preorder, those that see a node are one interval.

/** Whether the preorder query sees the node with this index. */
export const sees = (tree, query, node) => tree.qFirst[node] <= query && query < tree.qStop[node];

/** [query][node] 1 where the preorder query sees the node, as rows of bytes. */
export function maskByNode(tree) {
  return tree.seat.map((_, query) =>
    Uint8Array.from(tree.parent, (_, node) => Number(sees(tree, query, node))),
  );
}

/** [query][token] over the depth-first flattened tree; for small trees. */
export function maskByToken(tree) {
  return maskByNode(tree).map((row) => {
    const tokens = new Uint8Array(tree.nTokens);
    row.forEach((seen, node) => tokens.fill(seen, tree.start[node], tree.start[node + 1]));
    return tokens;
  });
}

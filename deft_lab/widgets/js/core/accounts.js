// Bytes that follow from the tree alone: the accounts `paper` and `unique` of deft_lab/cost/accounts.py.
// Geometry has Python's names: n_q_heads, n_kv_heads, head_dim, n_layers, dtype_bytes.

// what the closed forms need of each method; a test compares them with METHODS
export const METHODS = {
  flash_decoding: { guided: "query", fused: true, mask: "none" },
  tree_mask: { guided: "kv", fused: false, mask: "dense" },
  radix: { guided: "query", fused: true, mask: "none" },
  deft_node: { guided: "kv", fused: true, mask: "none" },
  deft_node_chunk: { guided: "kv", fused: true, mask: "none" },
  deft_flatten: { guided: "kv", fused: true, mask: "bits" },
  deft_tree_index: { guided: "kv", fused: true, mask: "none" },
  tree_waves: { guided: "kv", fused: true, mask: "intervals" },
};
export const ACCOUNTS = ["paper", "unique"];

/** Bytes by role over all layers: {kv, partials, mask} or {kv, q, o}, and their total. */
export function traffic(tree, method, geometry, account) {
  const roles = { paper, unique }[account](tree, METHODS[method], geometry);
  const total = Object.values(roles).reduce((sum, bytes) => sum + bytes, 0);
  return { account, method, ...roles, total };
}

function paper(tree, { guided, fused, mask }, geometry) {
  const perLayer = geometry.n_layers * geometry.dtype_bytes;
  const unit = geometry.n_q_heads * perLayer;
  const tokens = guided === "query" ? tree.nPathTokens : tree.nTokens;
  const densePairs = tree.nQueries * tree.nTokens;
  const masks = {
    none: 0,
    dense: densePairs * perLayer,
    bits: 8 * tree.nTokens * geometry.n_layers,
    intervals: 4 * tree.nTokens * geometry.n_layers,
  };
  const partials = fused ? 0 : 8 * densePairs * unit; // what is written and read between two matrix products
  return { kv: 2 * geometry.head_dim * tokens * unit, partials, mask: masks[mask] };
}

function unique(tree, _method, geometry) {
  const row = geometry.head_dim * geometry.dtype_bytes * geometry.n_layers;
  const q = tree.nQueries * geometry.n_q_heads * row;
  return { kv: 2 * tree.nTokens * geometry.n_kv_heads * row, q, o: q };
}

"""The oracle: each query attends to every token on its path, in float64, one query at a time.

It shares no idea with what it checks: no groups, no partials, no log-sum-exp, no running maximum.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import AttentionError, check_kind
from ..tree import Tree
from ..tree._shape import Ints

Floats = NDArray[np.floating]


def check_shapes(q: Floats, k: Floats, v: Floats, tree: Tree, slots: Ints | None) -> None:
    """Refuse arrays that do not fit each other or the tree.

    Raises:
        AttentionError: they do not; it says which, and what fits.
    """
    check_kind(AttentionError, Tree, "build one with build_tree or Tree", tree=tree)
    for name, array in (("q", q), ("k", k), ("v", v)):
        if not isinstance(array, np.ndarray) or array.ndim != 3:
            shape = getattr(array, "shape", type(array).__name__)
            raise AttentionError(
                f"{name} is {shape}; it must be a numpy array [.., head, dim] of three dimensions"
            )
    if k.shape != v.shape or q.shape[2] != k.shape[2] or not k.shape[1] or q.shape[1] % k.shape[1]:
        raise AttentionError(
            f"q {q.shape}, k {k.shape} and v {v.shape} do not fit: k and v have one shape, all have one dim, "
            "and the q_heads are a multiple of the kv_heads"
        )
    if len(q) != tree.n_queries:
        raise AttentionError(f"q has {len(q)} rows for {tree.n_queries} queries; give one row a query")
    if slots is None and len(k) != tree.n_tokens:
        raise AttentionError(
            f"k has {len(k)} rows for {tree.n_tokens} tokens; give one a token, or pass slots"
        )
    if slots is not None and (len(slots) != tree.n_tokens or np.min(slots) < 0 or np.max(slots) >= len(k)):
        raise AttentionError(
            f"{len(slots)} slots in {np.min(slots)}..{np.max(slots)}; give one for each "
            f"of the {tree.n_tokens} tokens, in 0..{len(k) - 1}"
        )


def dense_attention(
    q: Floats, k: Floats, v: Floats, tree: Tree, slots: Ints | None = None, scale: float | None = None
) -> NDArray[np.float64]:
    """Attention over a tree, written down as it is defined. Slow on purpose: trust it, do not time it.

    Args:
        q: [query, q_head, dim], in the caller's query order.
        k: [slot, kv_head, dim], keys.
        v: [slot, kv_head, dim], values.
        tree: says what each query sees.
        slots: [tree.n_tokens] the slot of each token of the depth-first flattened tree; default: token
            t lies in slot t.
        scale: factor of the scores; default: 1 / sqrt(dim).

    Returns:
        [query, q_head, dim] float64, in the caller's query order.

    Raises:
        AttentionError: the shapes do not fit each other or the tree.
    """
    check_shapes(q, k, v, tree, slots)
    place = np.arange(tree.n_tokens) if slots is None else np.asarray(slots)
    factor = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    q_per_kv = q.shape[1] // k.shape[1]
    out = np.empty(q.shape, dtype=np.float64)
    for row, seat in zip(tree.query_order, tree.seat, strict=True):
        tokens = np.concatenate([np.arange(tree.start[i], tree.start[i + 1]) for i in tree.path(int(seat))])
        keys = np.repeat(k[place[tokens]].astype(np.float64), q_per_kv, axis=1)  # [token, q_head, dim]
        values = np.repeat(v[place[tokens]].astype(np.float64), q_per_kv, axis=1)
        scores = np.einsum("hd,thd->ht", q[row].astype(np.float64), keys) * factor
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        out[row] = np.einsum("ht,thd->hd", weights / weights.sum(axis=1, keepdims=True), values)
    return out

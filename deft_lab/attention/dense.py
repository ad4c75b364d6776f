"""The oracle: each query attends to every token on its path, in float64, one query at a time.

It shares no idea with what it checks: no groups, no partials, no log-sum-exp, no running maximum.
"""

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree._shape import Ints

Floats = NDArray[np.floating]


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
    """
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

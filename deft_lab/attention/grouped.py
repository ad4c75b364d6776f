"""Attention from a plan, in numpy, to step through: partials of each group, then their reduction.

partial: (out, lse) of one query in one group. `out` is softmax-weighted over the group's visible tokens
only; `lse` is the natural log of the sum of exp of their scores. A query that sees no token of a group
has out = 0 and lse = -inf, which weighs nothing in the reduction.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import AttentionError
from ..plan import Plan, need_plan
from ..tree._shape import Ints
from .dense import Floats, check_shapes


def group_tokens(plan: Plan, group: int) -> tuple[Ints, NDArray[np.bool_]]:
    """What a group works on: its tokens, and who sees them.

    Returns:
        token: [kv_len] places in the depth-first flattened tree.
        sees: [query of the group, kv_len] bool.
    """
    tree, found = plan.tree, plan.groups[group]
    token = np.concatenate([tree.start[c.node] + np.arange(c.start, c.stop) for c in found.chunks])
    node = np.concatenate([np.full(c.stop - c.start, c.node) for c in found.chunks])
    query = np.array(found.queries)[:, None]
    return token, (tree.q_first[node] <= query) & (query < tree.q_stop[node])


def attend_group(
    q: Floats, k: Floats, v: Floats, plan: Plan, group: int, slots: Ints | None = None
) -> tuple[Floats, Floats]:
    """The partials of one group.

    Args:
        q: [query, q_head, dim], in the caller's query order.
        k: [slot, kv_head, dim], keys.
        v: [slot, kv_head, dim], values.
        plan: who meets whom.
        group: number of the group.
        slots: [tree.n_tokens] the slot of each flattened token; default: token t lies in slot t.

    Returns:
        out: [query of the group, q_head, dim], lse: [query of the group, q_head].
    """
    check_shapes(q, k, v, plan.tree, slots)
    token, sees = group_tokens(plan, group)
    slot = token if slots is None else np.asarray(slots)[token]
    rows = plan.tree.query_order[plan.q_first[group] : plan.q_stop[group]]
    q_per_kv = q.shape[1] // k.shape[1]
    keys, values = np.repeat(k[slot], q_per_kv, axis=1), np.repeat(v[slot], q_per_kv, axis=1)

    scores = np.einsum("qhd,thd->qht", q[rows], keys) / np.sqrt(q.shape[-1])
    scores = np.where(sees[:, None, :], scores, -np.inf)
    top = scores.max(axis=2, keepdims=True)
    # a query that sees nothing has top = -inf; shift by 0 so that exp stays finite
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(axis=2)
    out = np.einsum("qht,thd->qhd", weights, values) / np.where(total > 0, total, 1)[:, :, None]
    with np.errstate(divide="ignore"):
        return out, top[:, :, 0] + np.log(total)


def partial_attention(
    q: Floats, k: Floats, v: Floats, plan: Plan, slots: Ints | None = None
) -> tuple[Floats, Floats]:
    """The partials of every group, one after the other; arguments as `attend_group`.

    Returns:
        out: [partial, q_head, dim], lse: [partial, q_head].
    """
    need_plan(plan)
    partials = [attend_group(q, k, v, plan, g, slots) for g in range(plan.n_groups)]
    return np.concatenate([out for out, _ in partials]), np.concatenate([lse for _, lse in partials])


def reduce_partials(out: Floats, lse: Floats, plan: Plan) -> Floats:
    """Reduce each query's partials: sum of exp(lse - max) out over sum of exp(lse - max).

    Args:
        out: [partial, q_head, dim].
        lse: [partial, q_head].
        plan: whose partials they are.

    Returns:
        [query, q_head, dim], in the caller's query order.
    """
    need_plan(plan)
    if len(out) != plan.n_partials or lse.shape != out.shape[:2]:
        raise AttentionError(
            f"out {out.shape} and lse {lse.shape} are not the {plan.n_partials} partials of {plan!r}; "
            "reduce partials with the plan that made them"
        )
    start, partial = plan.reduction()
    result = np.empty((plan.tree.n_queries, *out.shape[1:]), dtype=out.dtype)
    for query, row in enumerate(plan.tree.query_order):
        mine = partial[start[query] : start[query + 1]]
        weights = np.exp(lse[mine] - lse[mine].max(axis=0))
        result[row] = (weights[:, :, None] * out[mine]).sum(axis=0) / weights.sum(axis=0)[:, None]
    return result

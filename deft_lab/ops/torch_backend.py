"""Backend "torch": attend group by group, reduce by a gather. It runs everywhere.

The fused methods keep their scores in float32, whatever the dtype of Q, K and V; `tree_mask` keeps them in
that dtype, as Medusa does. It is exact and readable; speed is the business of the Triton kernels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import AttentionError
from ..kv import Pool, Unpaged
from ..methods import find_method
from ..plan import Plan
from ..tree._shape import Ints
from .stores import entry_slots

# groups are cut into tiles of queries and padded into batches; bounds the scores and gathered KV of a batch
BATCH_ELEMENTS = 1 << 22


@dataclass(frozen=True, eq=False)
class PlanTable:
    """A plan as integers on the device. One entry per (group, KV token), one partial per (group, query)."""

    plan: Plan
    store: Pool | Unpaged
    kv_slot: Tensor  # [entry] where the token lies
    sees_first: Tensor  # [entry] first preorder query that sees the token
    sees_stop: Tensor  # [entry] one past the last
    kv_start: Ints  # [group + 1] group g owns entries kv_start[g] .. kv_start[g + 1] - 1; on the host
    q_row: Tensor  # [query] the caller's row of each preorder query
    reduce_partial: Tensor  # [partial] partials sorted by query
    reduce_length: Tensor  # [query] partials of each query

    def __repr__(self) -> str:
        return f"PlanTable({self.plan!r}, {self.store!r})"


def lower_torch(plan: Plan, store: Pool | Unpaged) -> PlanTable:
    """Lay a plan out in tables on the device of its KV.

    Raises:
        AttentionError: `store` is the unpaged copy of another tree, or has copies the method does not read.
        PoolError: the pool does not hold the plan's tree.
    """
    arrays = plan.arrays()
    slot = entry_slots(plan, store, arrays.token)
    start, partial = plan.reduction()
    device = store.k.device

    def upload(array: Ints) -> Tensor:
        return torch.from_numpy(np.array(array)).to(device)

    return PlanTable(
        plan=plan,
        store=store,
        kv_slot=upload(slot),
        sees_first=upload(arrays.sees_first),
        sees_stop=upload(arrays.sees_stop),
        kv_start=arrays.kv_start,
        q_row=upload(plan.tree.query_order),
        reduce_partial=upload(partial),
        reduce_length=upload(np.diff(start)),
    )


def attend_torch(q: Tensor, table: PlanTable, layer: int, scale: float | None) -> Tensor:
    """[query, q_head, dim] in the dtype of `q`, in the caller's query order.

    Raises:
        AttentionError: the shape of q does not fit the table.
    """
    k, v = table.store.k[layer], table.store.v[layer]
    n, n_kv_heads, dim = table.plan.tree.n_queries, *k.shape[1:]
    if q.dim() != 3 or len(q) < n or not q.shape[1] or q.shape[1] % n_kv_heads or q.shape[2] != dim:
        raise AttentionError(
            f"q has shape {tuple(q.shape)}; the plan has {n} queries and the KV {n_kv_heads} heads of {dim}"
        )
    if len(q) > n:  # rows beyond the tree's queries are nobody's
        out = torch.zeros_like(q)
        out[:n] = attend_torch(q[:n], table, layer, scale)
        return out
    if find_method(table.plan.method).fused:
        return reduce_partials(*partial_attention(q, k, v, table, scale), table).to(q.dtype)
    return masked_attention(q, k, v, table, scale)


def partial_attention(
    q: Tensor, k: Tensor, v: Tensor, table: PlanTable, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    """Attend each group to its own KV.

    Args:
        q: [query, q_head, dim], in the caller's query order.
        k: [slot, kv_head, dim].
        v: [slot, kv_head, dim].
        table: from `lower`.
        scale: factor of the scores; default: 1 / sqrt(dim).

    Returns:
        out: [partial, q_head, dim] float32, lse: [partial, q_head] float32, natural log. A query that sees
        no token of its group has out = 0 and lse = -inf.
    """
    plan = table.plan
    n_kv_heads, dim = k.shape[1:]
    factor = dim**-0.5 if scale is None else scale
    q_per_kv = q.shape[1] // n_kv_heads
    q = q[table.q_row].float().view(len(q), n_kv_heads, q_per_kv, dim)
    out = q.new_empty(plan.n_partials, n_kv_heads, q_per_kv, dim)
    lse = q.new_empty(plan.n_partials, n_kv_heads, q_per_kv)
    for tile in _batches(plan, n_kv_heads * q_per_kv, n_kv_heads * dim):
        entry, entry_ok = _padded(table.kv_start[tile.group], plan.kv_len[tile.group], q.device)
        query, query_ok = _padded(tile.q_first, tile.q_len, q.device)
        partial, _ = _padded(tile.partial, tile.q_len, q.device)
        slot = table.kv_slot[entry]
        # entries past the end of a group repeat its first one and are masked
        keys, values = k[slot].float(), v[slot].float()  # [group, token, kv_head, dim]
        scores = torch.einsum("gmhrd,gthd->ghrmt", q[query], keys) * factor
        sees = (table.sees_first[entry][:, None, :] <= query[:, :, None]) & entry_ok[:, None, :]
        sees &= query[:, :, None] < table.sees_stop[entry][:, None, :]
        scores = scores.masked_fill(~sees[:, None, None], float("-inf"))
        top = scores.amax(dim=-1, keepdim=True)
        # a query that sees nothing has top = -inf; shift by 0 so that exp stays finite
        weights = (scores - top.masked_fill(top == float("-inf"), 0)).exp()
        total = weights.sum(dim=-1)  # [group, kv_head, q_per_kv, query]
        mine = torch.einsum("ghrmt,gthd->gmhrd", weights, values)
        mine /= total.clamp(min=torch.finfo(torch.float32).tiny).permute(0, 3, 1, 2)[..., None]
        out[partial[query_ok]] = mine[query_ok]
        lse[partial[query_ok]] = (top[..., 0] + total.log()).permute(0, 3, 1, 2)[query_ok]
    return out.flatten(1, 2), lse.flatten(1, 2)


def reduce_partials(out: Tensor, lse: Tensor, table: PlanTable) -> Tensor:
    """Reduce each query's partials by a gather, in a fixed order, so that results never vary between runs.

    Args:
        out: [partial, q_head, dim] float32.
        lse: [partial, q_head] float32.
        table: from `lower`.

    Returns:
        [query, q_head, dim] float32, in the caller's query order.
    """
    out, lse, length = out[table.reduce_partial], lse[table.reduce_partial], table.reduce_length
    top = torch.segment_reduce(lse, "max", lengths=length, axis=0)
    weights = (lse - top.repeat_interleave(length, dim=0)).exp()
    total = torch.segment_reduce(weights, "sum", lengths=length, axis=0)
    mixed = torch.segment_reduce(weights[..., None] * out, "sum", lengths=length, axis=0) / total[..., None]
    result = torch.empty_like(mixed)
    result[table.q_row] = mixed
    return result


def masked_attention(q: Tensor, k: Tensor, v: Tensor, table: PlanTable, scale: float | None = None) -> Tensor:
    """Medusa's way: QK^T, scale, add the mask, softmax, PV, each rounded to the dtype of `q`.

    In 16 bits the scores lose most of their digits before the softmax sees them, and in float16 they
    overflow beyond 65504, before the scale is applied; that is a property of
    the method, and the reason why fused kernels keep them in float32.
    """
    plan = table.plan
    q_per_kv = q.shape[1] // k.shape[1]
    keys = k[table.kv_slot].repeat_interleave(q_per_kv, dim=1)  # [token, q_head, dim]
    values = v[table.kv_slot].repeat_interleave(q_per_kv, dim=1)
    query = torch.arange(plan.tree.n_queries, device=q.device)[:, None]
    sees = (table.sees_first <= query) & (query < table.sees_stop)
    mask = torch.zeros(sees.shape, dtype=q.dtype, device=q.device).masked_fill(
        ~sees, torch.finfo(q.dtype).min
    )
    scores = torch.einsum("mhd,thd->hmt", q[table.q_row], keys)
    scores = scores * (q.shape[-1] ** -0.5 if scale is None else scale)
    scores = scores + mask
    weights = scores.softmax(dim=-1, dtype=torch.float32).to(q.dtype)
    result = torch.empty_like(q)
    result[table.q_row] = torch.einsum("hmt,thd->mhd", weights, values)
    return result


class _Tiles(NamedTuple):
    """Tiles of queries of groups; [tile] each."""

    group: Ints
    q_first: Ints  # first preorder query
    q_len: Ints  # queries
    partial: Ints  # first partial

    def take(self, rows: Ints) -> "_Tiles":
        return _Tiles(*(column[rows] for column in self))


def _tiles(plan: Plan, heads: int) -> _Tiles:
    """The groups, cut so that no tile has more than BATCH_ELEMENTS scores."""
    most = np.maximum(1, BATCH_ELEMENTS // (plan.kv_len * heads))
    count = -(-plan.q_len // most)
    group = np.repeat(np.arange(plan.n_groups), count)
    first = (np.arange(len(group)) - (np.cumsum(count) - count)[group]) * most[group]
    q_len = np.minimum(most[group], plan.q_len[group] - first)
    return _Tiles(group, plan.q_first[group] + first, q_len, plan.partial_start[group] + first)


def _batches(plan: Plan, heads: int, kv_width: int) -> Iterator[_Tiles]:
    """Tiles of like size together, so that padding them to one size costs little."""
    tiles = _tiles(plan, heads)
    kv_len = plan.kv_len[tiles.group]
    order = np.lexsort((tiles.q_len, kv_len))[::-1]
    first = 0
    while first < len(order):
        # sorted by falling kv_len, so the first tile of a batch is the longest
        longest = int(kv_len[order[first]])
        widest = np.maximum.accumulate(tiles.q_len[order[first:]])
        cost = np.arange(1, len(widest) + 1) * longest * (widest * heads + kv_width)
        near = kv_len[order[first:]] * 2 >= longest
        fits = int(np.argmin(np.append((cost <= BATCH_ELEMENTS) & near, False)))
        yield tiles.take(order[first : first + max(1, fits)])
        first += max(1, fits)


def _padded(start: Ints, length: Ints, device: torch.device) -> tuple[Tensor, Tensor]:
    """start[i] .. start[i] + length[i] - 1 as a row each, padded with start[i]; and which are real."""
    step = np.arange(int(length.max()))
    ok = step < length[:, None]
    rows = start[:, None] + np.where(ok, step, 0)
    return torch.from_numpy(rows).to(device), torch.from_numpy(ok).to(device)

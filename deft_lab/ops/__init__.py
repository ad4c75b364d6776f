"""Tree attention on tensors: lower a plan to device tables, attend group by group, reduce.

Two backends keep one promise. "torch" runs everywhere and is there to be read; "triton" launches the kernels
of kernels/, compiled on a GPU, interpreted elsewhere. "auto" takes Triton for 16-bit KV on an NVIDIA GPU.
"""

import math
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

from ..errors import AttentionError, check_choice, check_kind
from ..kv import Pool, Unpaged
from ..plan import Plan, need_plan
from .bucket import Bucket
from .tables import HostTables, host_tables
from .torch_backend import (
    PlanTable,
    attend_torch,
    lower_torch,
    masked_attention,
    partial_attention,
    reduce_partials,
)
from .triton_backend import KernelTable, attend_triton, lower_triton, move_triton, write_triton

BACKENDS = ("auto", "torch", "triton")


def lower(
    plan: Plan,
    store: Pool | Unpaged,
    *,
    backend: str = "auto",
    pack_heads: bool | None = None,
    bucket: Bucket | None = None,
    into: KernelTable | None = None,
) -> PlanTable | KernelTable:
    """Lay a plan out in tables on the device of its KV; one upload serves all layers.

    Args:
        plan: who meets whom; must be exact (see `check_plan`).
        store: the pool that holds the tree's KV, or an unpaged copy where the method has that layout.
        backend: one of BACKENDS.
        pack_heads: Triton only: a program takes all query heads of a KV head; default: as the method does.
        bucket: Triton only: room for later, larger steps; default: as much as this plan needs.
        into: Triton only: refill this table, whose addresses a CUDA graph may have captured.

    Raises:
        AttentionError: the backend is unknown or does not take these arguments, the plan does not fit the
            bucket, or `store` is an unpaged copy of another tree or of another kind.
        PoolError: the pool does not hold the plan's tree.
    """
    _check_call(plan, store, backend)
    if backend == "triton" or into is not None or (backend == "auto" and _for_triton(store.k)):
        return lower_triton(plan, store, pack_heads, bucket, into)
    if pack_heads is not None or bucket is not None:
        raise AttentionError(
            "pack_heads and bucket are the Triton backend's; pass backend='triton' with them"
        )
    return lower_torch(plan, store)


def lay_out(plan: Plan, table: KernelTable) -> HostTables:
    """The numbers that `lower(plan, pool, into=table)` would upload; nothing on the device changes.

    Raises:
        PoolError: the pool does not hold the plan's tree.
    """
    return host_tables(plan, table.store, table.heads, table.bucket.wide_words)


def refill(table: KernelTable, plan: Plan, laid_out: HostTables) -> None:
    """Do as `lower(plan, pool, into=table)`, with numbers from `lay_out`.

    Raises:
        AttentionError: the plan does not fit the table's bucket.
    """
    lower_triton(plan, table.store, None, None, table, laid_out)


def _for_triton(kv: Tensor) -> bool:
    return kv.device.type == "cuda" and kv.dtype in (torch.bfloat16, torch.float16)


def attend(
    q: Tensor,
    table: PlanTable | KernelTable,
    *,
    layer: int = 0,
    scale: float | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Attend with a table of `lower`: no look at the numbers, and with `out` given no allocation.

    Args:
        q: [query, q_head, dim] in the caller's query order; rows beyond the tree's queries are left alone.
        table: from `lower`.
        layer: which layer of the table's store.
        scale: factor of the scores; default: 1 / sqrt(dim).
        out: Triton only: where to, shaped as `q`.

    Returns:
        [query, q_head, dim] in the dtype of `q`.

    Raises:
        AttentionError: the shape of q does not fit the table, or its store has no such layer.
    """
    if not isinstance(table, KernelTable | PlanTable):
        raise AttentionError(f"table is a {type(table).__name__}; lower(plan, pool) makes one")
    _check_layer(layer, table.store)
    if isinstance(table, KernelTable):
        return attend_triton(q, table, layer, scale, out)
    if out is not None:
        raise AttentionError(
            "the torch backend allocates its output; leave `out` out, or use backend='triton'"
        )
    return attend_torch(q, table, layer, scale)


def write(k: Tensor, v: Tensor, pool: Pool, slots: Tensor, *, layer: int = 0) -> None:
    """Store the keys and values of new tokens; it looks at no number, so it can be captured in a graph.

    Args:
        k, v: [token, kv_head, dim], contiguous, of the pool's dtype and device.
        pool: where to.
        slots: [token] int64 on that device; below 0: the token is not stored.
        layer: of the pool.
    """
    if k.device.type == "cuda":
        write_triton(k, v, pool, slots, layer)
        return
    real = slots >= 0
    pool.k[layer].index_copy_(0, slots[real], k[real])
    pool.v[layer].index_copy_(0, slots[real], v[real])


def move(pool: Pool, from_: Tensor, to: Tensor) -> None:
    """Copy keys and values to other slots, in all layers; it looks at no number, so a graph can capture it.

    Args:
        pool: whose.
        from_: [token] int64 slots on the pool's device; below 0: nothing is moved.
        to: [token] int64 slots, none of them among `from_`.
    """
    if pool.k.device.type == "cuda":
        move_triton(pool, from_, to)
        return
    real = from_ >= 0
    for kv in (pool.k, pool.v):
        kv.index_copy_(1, to[real], kv.index_select(1, from_[real]))


def tree_attention(
    q: Tensor,
    plan: Plan,
    store: Pool | Unpaged,
    *,
    layer: int = 0,
    scale: float | None = None,
    backend: str = "auto",
) -> Tensor:
    """Attend every query of `plan.tree` to the tokens on its path; check what comes in and what goes out.

    In a loop over layers or steps, call `lower` once a step and `attend` once a layer instead.

    Args:
        q: [query, q_head, dim], one row per query, in the caller's query order.
        plan: who meets whom; must be exact (see `check_plan`).
        store: the pool that holds the tree's KV, or an unpaged copy where the method has that layout.
        layer: which layer of the store.
        scale: factor of the scores; default: 1 / sqrt(dim).
        backend: one of BACKENDS.

    Returns:
        [query, q_head, dim], in the dtype of `q`.

    Raises:
        AttentionError: shapes, dtypes or devices do not fit, q or the KV of the tree holds NaN or Inf, the
            scores overflow, or the backend is unknown.
        PlanError: the plan's method is not in METHODS.
        PoolError: the pool does not hold the plan's tree.
    """
    _check_call(plan, store, backend)
    _check_inputs(q, plan, store, layer)
    if scale is not None and not (isinstance(scale, Real) and math.isfinite(scale)):
        raise AttentionError(f"scale={scale!r}; it must be a finite number, or None for 1 / sqrt(dim)")
    table = lower(plan, store, backend=backend)
    _check_finite(q, plan, store, layer)
    result = attend(q, table, layer=layer, scale=scale)
    if not result.isfinite().all():
        raise AttentionError(
            f"the scores of {plan.method!r} overflow: |q| reaches {q.abs().max().item():.3g} in {q.dtype}; "
            "scale q down, or use a wider dtype"
        )
    return result


def _check_call(plan: Plan, store: Pool | Unpaged, backend: str) -> None:
    check_choice(AttentionError, BACKENDS, backend=backend)
    need_plan(plan)
    if not isinstance(store, Pool | Unpaged):
        raise AttentionError(f"store is a {type(store).__name__}; give a Pool, or an Unpaged copy")


def _check_layer(layer: int, store: Pool | Unpaged) -> None:
    if not isinstance(layer, Integral) or isinstance(layer, bool) or not 0 <= layer < len(store.k):
        raise AttentionError(f"layer={layer!r}; the KV has layers 0..{len(store.k) - 1}")


def _check_inputs(q: Tensor, plan: Plan, store: Pool | Unpaged, layer: int) -> None:
    _, _, n_kv_heads, dim = store.k.shape
    check_kind(AttentionError, Tensor, "torch.as_tensor makes one", q=q)
    if q.dim() != 3 or q.shape[0] != plan.tree.n_queries or q.shape[2] != dim:
        raise AttentionError(
            f"q has shape {tuple(q.shape)}; the tree has {plan.tree.n_queries} queries and the KV "
            f"head_dim {dim}, so it must be ({plan.tree.n_queries}, q_head, {dim})"
        )
    if not q.shape[1] or q.shape[1] % n_kv_heads:
        raise AttentionError(
            f"q has {q.shape[1]} heads, not a multiple of the {n_kv_heads} KV heads; "
            "every KV head must serve the same number of query heads"
        )
    if q.dtype != store.k.dtype or q.device != store.k.device:
        raise AttentionError(
            f"q is {q.dtype} on {q.device}, the KV {store.k.dtype} on {store.k.device}; convert one"
        )
    _check_layer(layer, store)


def _check_finite(q: Tensor, plan: Plan, store: Pool | Unpaged, layer: int) -> None:
    k, v = store.k[layer], store.v[layer]
    read = torch.arange(len(k), device=k.device)
    if isinstance(store, Pool):
        tree = plan.tree
        seen = np.repeat(tree.q_stop > tree.q_first, tree.length)
        read = torch.as_tensor(store.slots(tree)[seen], device=k.device)
    read = read.sort().values
    for name, tensor in (("q", q), ("k", k[read]), ("v", v[read])):
        if not tensor.isfinite().all():
            first = (~tensor.isfinite()).nonzero()[0].tolist()
            where = f"row {first[0]}" if name == "q" else f"slot {read[first[0]].item()} (was it written?)"
            raise AttentionError(
                f"{name} holds NaN or Inf, first in {where}, head {first[1]}; attention needs numbers"
            )


__all__ = [
    "BACKENDS",
    "Bucket",
    "KernelTable",
    "PlanTable",
    "attend",
    "lay_out",
    "lower",
    "masked_attention",
    "move",
    "partial_attention",
    "reduce_partials",
    "refill",
    "tree_attention",
    "write",
]

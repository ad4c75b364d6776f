"""Attention of one forward, as a model's layers call it: write new keys and values, then attend to the pool.

visit: what one forward needs to know. It reaches the layers as a keyword of `model(...)`; a forward whose
tensors stay where they are (`fixed_step.py`) gives FIXED instead, and the visit is looked up when it runs:
so torch.compile sees one operator a layer and nothing of pools and plans, and one compiled model serves all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention

from .. import ops
from ..errors import AttentionError
from ..kv import Pool
from ..tree._shape import Ints
from .stopwatch import Stopwatch


@dataclass
class Visit:
    """What the attention of one forward needs to know.

    Args:
        pool: where keys and values live.
        slots: [token] int64 on the device: where the new tokens' keys and values go; below 0: nowhere.
        table: of the step's plan, for queries that sit on a tree; None for a run of tokens.
        path: [token] slots of the whole path, the new tokens last, for a run of tokens.
        watch: times attention and the writing of KV; None: nobody.
        queries: layer -> its queries [query, q_head, dim], for the layers that are keys already.
    """

    pool: Pool
    slots: Tensor
    table: ops.PlanTable | ops.KernelTable | None = None
    path: Tensor | None = None
    watch: Stopwatch | None = None
    queries: dict[int, Tensor | None] = field(default_factory=dict)


class Move(NamedTuple):
    """[token] slots whose keys and values go to others, before a forward reads them."""

    from_: Ints
    to: Ints


class _Fixed:
    """Stands for the visit of a fixed step."""


FIXED = _Fixed()
_now: list[Visit] = []  # the visit that FIXED stands for, last


@contextmanager
def fixed(visit: Visit) -> Iterator[None]:
    """FIXED stands for this visit inside."""
    _now.append(visit)
    try:
        yield
    finally:
        _now.pop()


def write(visit: Visit, k: Tensor, v: Tensor, layer: int) -> None:
    """k, v [token, kv_head, dim], contiguous: into the visit's slots."""
    if visit.watch is None:
        ops.write(k, v, visit.pool, visit.slots, layer=layer)
    else:
        with visit.watch.part("kv_write"):
            ops.write(k, v, visit.pool, visit.slots, layer=layer)


def attend(q: Tensor, visit: Visit, layer: int, scale: float | None) -> Tensor:
    """[token, q_head, dim] -> the same, over the visit's tree or path."""
    if visit.watch is None:
        return _attend(q, visit, layer, scale)
    with visit.watch.part("attention"):
        return _attend(q, visit, layer, scale)


def _attend(q: Tensor, visit: Visit, layer: int, scale: float | None) -> Tensor:
    if visit.table is not None:
        if layer in visit.queries:
            visit.queries[layer] = q
        return ops.attend(q, visit.table, layer=layer, scale=scale)
    assert visit.path is not None
    k, v = (x[layer][visit.path].transpose(0, 1)[None] for x in (visit.pool.k, visit.pool.v))
    query = q.transpose(0, 1)[None]
    mask = causal_lower_right(query.shape[2], k.shape[2])
    out = scaled_dot_product_attention(query, k, v, attn_mask=mask, scale=scale, enable_gqa=True)
    return out[0].transpose(0, 1).contiguous()


@torch.library.custom_op("deft_lab::visit", mutates_args=())
def visit_op(q: Tensor, k: Tensor, v: Tensor, layer: int, scale: float) -> Tensor:
    """Write and attend for the visit that FIXED stands for.

    q [token, q_head, dim]; k, v [token, kv_head, dim].
    """
    if not _now:
        raise AttentionError("a fixed step ran without its visit; this is a defect of deft_lab")
    visit = _now[-1]
    write(visit, k, v, layer)
    return attend(q, visit, layer, scale)


@visit_op.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, layer: int, scale: float) -> Tensor:
    return torch.empty_like(q)

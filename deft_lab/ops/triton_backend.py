"""Backend "triton": a plan's tables on the device, and the launches of its method's kernels."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import AttentionError
from ..geometry import Geometry
from ..kv import Pool, Unpaged
from ..methods import find_method
from ..methods.tiles import heads_of_tile, kv_tile
from ..plan import Plan
from ..tree import Tree
from .bucket import Bucket, Upload
from .node_table import NodeTable
from .tables import EXTRA, KV_FIRST, PLACE_FIRST, HostTables, Pieces, host_tables

LOG2_E = 1.4426950408889634


@dataclass(eq=False)
class KernelTable:
    """A plan as the kernels read it, and the memory that they write.

    `lower(next_plan, store, into=table)` fills the same memory anew, so a captured graph stays right.
    """

    plan: Plan
    store: Pool | Unpaged
    heads: int  # query heads in a tile: 1, or q_per_kv where heads are packed
    bucket: Bucket
    upload: Upload
    # [q_head, place, dim] float32; of `tree_waves` in the dtype of KV; of `tree_mask`: two matrices
    # [q_head, query, token]
    partials: Tensor
    lse: Tensor  # [q_head, place] float32
    out: Tensor  # [query, q_head, dim], of the bucket's room
    mask: Tensor | None = None  # `tree_mask`: [query, token] in the dtype of Q
    nodes: NodeTable | None = None  # `deft_tree_index`
    looks_up: bool = True  # `tree_mask`: the KV it reads does not lie in slots 0, 1, 2, ...
    _tiles: dict[int, tuple[Any, Any]] = field(default_factory=dict)  # layer -> tensor descriptors

    @property
    def geometry(self) -> Geometry:
        return self.store.geometry

    @property
    def device(self) -> torch.device:
        return self.store.k.device

    @property
    def tile_n(self) -> int:
        """Tokens of a KV tile."""
        return kv_tile(self.geometry.head_dim, self.store.k.element_size())

    @property
    def flat(self) -> bool:
        """Whether `tree_waves` loads whole KV tiles through the tensor memory accelerator."""
        return self.bucket.flat and self.plan.method == "tree_waves"

    def tiles(self, layer: int) -> tuple[Any, Any]:
        """Tensor descriptors of one layer's K and V, made once."""
        if layer not in self._tiles:
            from triton.tools.tensor_descriptor import TensorDescriptor

            tile = [self.tile_n, self.geometry.head_dim]
            k, v = (
                TensorDescriptor.from_tensor(x[layer].view(x.shape[1], -1), tile)
                for x in (self.store.k, self.store.v)
            )
            self._tiles[layer] = (k, v)
        return self._tiles[layer]


def lower_triton(
    plan: Plan,
    store: Pool | Unpaged,
    pack_heads: bool | None,
    bucket: Bucket | None,
    into: KernelTable | None,
    laid_out: HostTables | None = None,
) -> KernelTable:
    """Make or refill a plan's tables; `laid_out`: its numbers, where they are there already. See `lower`."""
    method, geometry = find_method(plan.method), store.geometry
    if into is not None:
        if into.plan.method != plan.method or into.store is not store or bucket is not None:
            raise AttentionError(
                f"the table is of method {into.plan.method!r} and its own store and bucket; to refill it, "
                "pass a plan of that method with that store and no bucket"
            )
        if pack_heads is not None and pack_heads != (into.heads > 1):
            raise AttentionError(
                f"the table holds {into.heads} heads a tile; lower into a new one to change it"
            )
    if method.packs_heads and pack_heads is False:
        raise AttentionError(f"method {method.name!r} always packs heads; leave pack_heads out")
    heads = into.heads if into else heads_of_tile(method.packs_heads, geometry.q_per_kv, pack_heads)
    given = into.bucket if into else bucket
    tables = laid_out or host_tables(plan, store, heads, given is not None and given.wide_words)
    needs = Bucket.of(tables)
    if not _can_load_tiles(store):
        needs = replace(needs, flat=False)
    arrays: dict[str, NDArray | range] = {
        "item": tables.item, "place": tables.place, "start": tables.start, "row": tables.row,
        "slot": range(0), "word": tables.word, "size": np.array([len(tables.row), tables.n_slots]),
    }  # fmt: skip
    if not isinstance(tables.slot, Pieces):
        arrays["slot"] = tables.slot
    if method.name == "deft_tree_index":
        assert isinstance(store, Pool)
        n_nodes, n_slots = NodeTable.room_for(plan.tree)
        needs = replace(needs, n_nodes=n_nodes, n_slots=n_slots)
        arrays["slot"] = range(0)
    if into is not None:
        # a node table that has grown bit by bit judges its own room
        into.bucket.check(replace(needs, n_nodes=0, n_slots=0) if into.nodes else needs)
    elif bucket is not None:
        bucket.check(needs)
    table = into or _allocate(plan, store, heads, bucket or needs)
    if table.nodes is not None and isinstance(store, Pool):
        table.nodes.take_in(plan.tree, store)
        _index_nodes(plan, tables.item, table.nodes)
    if table.flat:
        arrays["slot"] = range(0)  # nobody looks them up
    table.upload.fill(arrays, tables.first_word)
    if isinstance(tables.slot, Pieces) and table.nodes is None:
        table.upload.spell_out(tables.slot)
    table.plan = plan
    in_a_row = isinstance(store, Unpaged) and tables.n_slots == int(tables.slot[-1]) + 1
    table.looks_up = not in_a_row
    if table.mask is not None:
        _fill_mask(table, plan.tree)
    return table


@cache
def _capability(device: torch.device) -> tuple[int, int]:
    return torch.cuda.get_device_capability(device)


def _can_load_tiles(store: Pool | Unpaged) -> bool:
    """The tensor memory accelerator: Hopper or newer, and rows of a power of two elements."""
    dim = store.geometry.head_dim
    if dim < 16 or dim & (dim - 1) or not store.k.is_contiguous():
        return False
    return store.k.device.type != "cuda" or _capability(store.k.device) >= (9, 0)


def _allocate(plan: Plan, store: Pool | Unpaged, heads: int, bucket: Bucket) -> KernelTable:
    device, dtype, geometry = store.k.device, store.k.dtype, store.geometry
    n_q_heads = geometry.n_q_heads
    out = torch.empty(bucket.n_queries, n_q_heads, geometry.head_dim, dtype=dtype, device=device)
    mask = nodes = None
    if plan.method == "tree_mask":
        room = -(-bucket.n_slots // 16) * 16  # rows begin where 16 bytes can be moved at once
        partials = torch.empty(2, n_q_heads, bucket.n_queries, room, dtype=dtype, device=device)
        lse = torch.empty(0, device=device)
        mask = torch.zeros(bucket.n_queries, room, dtype=dtype, device=device)
    else:
        n_partials = 0 if bucket.direct else bucket.n_partials
        # 16 bits halve what the reduction reads; the output is rounded to them anyway
        kind = dtype if plan.method == "tree_waves" else torch.float32
        partials = torch.empty(n_q_heads, n_partials, geometry.head_dim, dtype=kind, device=device)
        lse = torch.empty(n_q_heads, n_partials, dtype=torch.float32, device=device)
    if plan.method == "deft_tree_index":
        nodes = NodeTable(bucket.n_nodes, bucket.n_slots, device)
    return KernelTable(plan, store, heads, bucket, Upload(bucket, device), partials, lse, out, mask, nodes)


def _index_nodes(plan: Plan, item: np.ndarray, nodes: NodeTable) -> None:
    """Items of `deft_tree_index` name a node and a place in it, not a slot."""
    group = np.searchsorted(plan.partial_start, item[:, PLACE_FIRST], "right") - 1
    first = plan.group_start[group]
    item[:, KV_FIRST] = plan.chunk_start[first]
    item[:, EXTRA] = nodes.row_of(plan.tree.label[plan.chunk_node[first]])


def _fill_mask(table: KernelTable, tree: Tree) -> None:
    """0 where a query sees a token, the most negative number where not."""
    token = np.flatnonzero(np.repeat(tree.q_stop > tree.q_first, tree.length))
    device = table.device
    lo, hi = (
        torch.as_tensor(np.repeat(x, tree.length)[token], device=device) for x in (tree.q_first, tree.q_stop)
    )
    query = torch.arange(tree.n_queries, device=device)[:, None]
    hidden = (query < lo) | (query >= hi)
    assert table.mask is not None
    part = table.mask[: tree.n_queries, : len(token)]
    part.copy_(hidden.to(part.dtype) * torch.finfo(part.dtype).min)


def attend_triton(
    q: Tensor, table: KernelTable, layer: int, scale: float | None, out: Tensor | None
) -> Tensor:
    """Launch the kernels of the table's method; allocates nothing if `out` is given."""
    geometry = table.geometry
    n_queries = table.plan.tree.n_queries
    if q.dim() != 3 or q.shape[0] < n_queries or q.shape[1:] != (geometry.n_q_heads, geometry.head_dim):
        raise AttentionError(
            f"q has shape {tuple(q.shape)}; the plan has {n_queries} queries and the store's geometry "
            f"{geometry.n_q_heads} query heads of {geometry.head_dim}"
        )
    factor = geometry.head_dim**-0.5 if scale is None else scale
    if not factor > 0:
        raise AttentionError(f"scale={scale}; the Triton kernels take a positive factor, torch any")
    if not q.is_contiguous():
        raise AttentionError("q is not contiguous; pass q.contiguous()")
    target = torch.empty_like(q) if out is None else out
    from .launches import LAUNCHES

    with _launching(table.device):
        LAUNCHES[table.plan.method](table, q, target, layer, factor)
    return target


def write_triton(k: Tensor, v: Tensor, pool: Pool, slots: Tensor, layer: int) -> None:
    """Launch the kernel that stores keys and values. See `write`."""
    from .launches import write_kv

    with _launching(pool.k.device):
        write_kv(k, v, pool, slots, layer)


def move_triton(pool: Pool, from_: Tensor, to: Tensor) -> None:
    """Launch the kernel that moves keys and values. See `move`."""
    from .launches import move_kv

    with _launching(pool.k.device):
        move_kv(pool, from_, to)


def _launching(device: torch.device) -> AbstractContextManager[None]:
    """Compiled launches on that GPU, which need not be the current one; interpreted ones elsewhere."""
    if device.type == "cuda":
        return torch.cuda.device(device)
    from ..interpret import interpreted

    return interpreted()

"""How each method's kernels are launched: tile sizes, grids, arguments. Imports Triton: load it late."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import triton
from torch import Tensor

from ..kernels import (
    deft_flatten,
    deft_node,
    deft_tree_index,
    flash_decoding,
    radix,
    reduce,
    tree_mask,
    tree_waves,
)
from ..kernels.move_kv import move_kv_kernel
from ..kernels.write_kv import write_kv_kernel
from ..kv import Pool
from ..methods.tiles import (
    LEAST_ROWS,
    NARROW_ROWS,
    OUTPUT_ROWS,
    ROW_PIECE,
    SCORE_ROWS,
    SOFTMAX_ROW,
    WIDE_ROWS,
    kv_tile,
    padded_dim,
    power_of_two,
    query_tile,
)
from .triton_backend import LOG2_E, KernelTable


def _shape(table: KernelTable) -> dict[str, Any]:
    """The constexprs that every kernel takes."""
    geometry = table.geometry
    return {
        "N_Q_HEADS": geometry.n_q_heads,
        "D": geometry.head_dim,
        "D_PAD": padded_dim(geometry.head_dim),
        "PERMUTED": table.bucket.permuted,
    }


def _pdl(table: KernelTable) -> bool:
    """Programmatic dependent launch: Hopper or newer."""
    return table.device.type == "cuda" and torch.cuda.get_device_capability(table.device) >= (9, 0)


def _phase_2(table: KernelTable, out: Tensor) -> None:
    """Reduce the partials, unless phase 1 has written the output itself."""
    if table.bucket.direct:
        return
    section, pdl = table.upload.section, _pdl(table)
    tile_p = min(32, max(4, power_of_two(table.bucket.most_partials)))
    reduce.reduce_kernel[(table.bucket.n_queries * table.geometry.n_q_heads,)](
        table.partials, table.lse, section("start"), section("row"), out, table.partials.shape[1],
        **_shape(table), BLOCK_P=tile_p, PDL=pdl, num_warps=1, **({"launch_pdl": True} if pdl else {}),
    )  # fmt: skip


@dataclass(frozen=True)
class Tiling:
    """Tokens of a KV tile where a row has 256 bytes, and stages of the pipeline that loads it."""

    tile_n: int
    stages: int


# measured on an H200, kernels/NOTES.md; Triton spends two stages on the slots where it looks them up
TILINGS = {
    "flash_decoding": Tiling(64, 2),
    "radix": Tiling(64, 3),
    "deft_node": Tiling(64, 5),
    "deft_node_chunk": Tiling(64, 3),
    "deft_flatten": Tiling(64, 2),
    "deft_tree_index": Tiling(64, 3),
    "tree_mask": Tiling(128, 4),
}
WAVES_STAGES = {True: (3, 3), False: (5, 7)}  # FLAT -> stages of wide and of narrow tiles


def _tile_n(table: KernelTable, tiling: Tiling) -> int:
    return kv_tile(table.geometry.head_dim, table.store.k.element_size(), tiling.tile_n)


def _two_phases(kernel: Any, *sections: str) -> Callable[..., None]:
    """Launch a published kernel, which reads these sections besides the common ones, and the reduction."""

    def launch(table: KernelTable, q: Tensor, out: Tensor, layer: int, scale: float) -> None:
        geometry, section, bucket = table.geometry, table.upload.section, table.bucket
        rows = query_tile(table.plan, table.heads) * table.heads
        tile_m = max(LEAST_ROWS, power_of_two(rows))
        tiling = TILINGS[_tiling_name(table)]
        named = {
            "row_start": table.nodes and table.nodes.row_start,
            "slots": table.nodes and table.nodes.slots,
        }
        extra = [named[name] if name in named else section(name) for name in sections]
        kernel[(bucket.n_items * (geometry.n_q_heads // table.heads),)](
            q, table.store.k[layer], table.store.v[layer],
            out if bucket.direct else table.partials, table.lse,
            section("item"), section("place"), section("row"), *extra,
            scale * LOG2_E, table.partials.shape[1],
            **_shape(table), N_KV_HEADS=geometry.n_kv_heads, HEADS=table.heads, BLOCK_M=tile_m,
            BLOCK_N=_tile_n(table, tiling), STAGES=tiling.stages, DIRECT=bucket.direct,
            num_warps=8 if tile_m >= 128 else 4,
        )  # fmt: skip
        _phase_2(table, out)

    return launch


def _tiling_name(table: KernelTable) -> str:
    name = table.plan.method
    return "radix" if name == "flash_decoding" and isinstance(table.store, Pool) else name


_radix = _two_phases(radix.radix_kernel, "slot")
_in_a_row = _two_phases(flash_decoding.flash_decoding_kernel)


def _flash_decoding(table: KernelTable, *call: Any) -> None:
    """From a pool, Flash-Decoding looks slots up, as radix does; from its own copies it reads in a row."""
    (_radix if isinstance(table.store, Pool) else _in_a_row)(table, *call)


def _tree_waves(table: KernelTable, q: Tensor, out: Tensor, layer: int, scale: float) -> None:
    geometry, section, bucket = table.geometry, table.upload.section, table.bucket
    k, v = table.store.k[layer], table.store.v[layer]
    k_tiles, v_tiles = table.tiles(layer) if table.flat else (k, v)
    narrow = max(NARROW_ROWS, power_of_two(table.heads))
    stages = WAVES_STAGES[table.flat]
    tree_waves.tree_waves_kernel[(bucket.n_items * geometry.n_kv_heads,)](
        q, k, v, k_tiles, v_tiles, out if bucket.direct else table.partials, table.lse,
        section("item"), section("place"), section("row"), section("slot"), section("word"),
        scale * LOG2_E, table.partials.shape[1],
        **_shape(table), N_KV_HEADS=geometry.n_kv_heads, WIDE=max(WIDE_ROWS, narrow), NARROW=narrow,
        BLOCK_N=table.tile_n, WIDE_STAGES=stages[0], NARROW_STAGES=stages[1],
        HALF=32 if bucket.wide_words else 16, SHAPES=bucket.shapes, FLAT=table.flat, DIRECT=bucket.direct,
        PDL=_pdl(table) and not bucket.direct, PREFETCH=table.flat and table.device.type == "cuda",
        num_warps=4,
    )  # fmt: skip
    _phase_2(table, out)


def _tree_mask(table: KernelTable, q: Tensor, out: Tensor, layer: int, scale: float) -> None:
    geometry, section, bucket = table.geometry, table.upload.section, table.bucket
    s, p = table.partials
    room = (bucket.n_queries, s.shape[2])
    n_rows = geometry.n_q_heads * bucket.n_queries
    common: dict[str, Any] = {**_shape(table), "N_KV_HEADS": geometry.n_kv_heads, "HEADS": table.heads}
    common["PAGED"] = table.looks_up
    size = section("size")

    def tile(rows: int) -> tuple[int, int]:
        """Rows of a tile, and tiles of all queries and heads."""
        tile_m = max(rows, power_of_two(table.heads))
        return tile_m, -(-bucket.n_queries // (tile_m // table.heads)) * (geometry.n_q_heads // table.heads)

    tile_m, tiles = tile(SCORE_ROWS)
    tree_mask.qk_kernel[(tiles, -(-bucket.n_slots // table.tile_n))](
        q, table.store.k[layer], s, section("row"), section("slot"), size, *room,
        BLOCK_M=tile_m, BLOCK_N=table.tile_n, **common,
    )  # fmt: skip
    grid = (n_rows, -(-bucket.n_slots // ROW_PIECE))
    tree_mask.scale_kernel[grid](s, size, *room, scale, BLOCK=ROW_PIECE)
    tree_mask.mask_kernel[grid](s, table.mask, size, *room, BLOCK=ROW_PIECE)
    held = min(SOFTMAX_ROW, max(LEAST_ROWS, power_of_two(bucket.n_slots)))
    tree_mask.softmax_kernel[(n_rows,)](s, p, size, *room, BLOCK=held, num_warps=16 if held > 4096 else 4)
    tile_m, tiles = tile(OUTPUT_ROWS)
    tiling = TILINGS["tree_mask"]
    tree_mask.pv_kernel[(tiles,)](
        p, table.store.v[layer], out, section("row"), section("slot"), size, *room,
        BLOCK_M=tile_m, BLOCK_N=_tile_n(table, tiling), STAGES=tiling.stages, **common,
    )  # fmt: skip


def write_kv(k: Tensor, v: Tensor, pool: Pool, slots: Tensor, layer: int) -> None:
    """Store keys and values [token, kv_head, dim] in the pool."""
    n_kv_heads, dim = pool.geometry.n_kv_heads, pool.geometry.head_dim
    write_kv_kernel[(len(k) * n_kv_heads,)](
        k, v, pool.k[layer], pool.v[layer], slots,
        N_KV_HEADS=n_kv_heads, D=dim, D_PAD=padded_dim(dim), num_warps=1,
    )  # fmt: skip


def move_kv(pool: Pool, from_: Tensor, to: Tensor) -> None:
    """Copy the keys and values of slots to others, in all layers."""
    n_layers, n_slots, n_kv_heads, dim = pool.k.shape
    row = n_kv_heads * dim
    move_kv_kernel[(len(to) * n_layers,)](
        pool.k, pool.v, from_, to, len(to), n_slots,
        ROW=row, ROW_PAD=triton.next_power_of_2(row), num_warps=4,
    )  # fmt: skip


LAUNCHES: dict[str, Callable[[KernelTable, Tensor, Tensor, int, float], None]] = {
    "flash_decoding": _flash_decoding,
    "tree_mask": _tree_mask,
    "radix": _radix,
    "deft_node": _two_phases(deft_node.deft_node_kernel, "slot"),
    "deft_node_chunk": _two_phases(deft_node.deft_node_kernel, "slot"),
    "deft_flatten": _two_phases(deft_flatten.deft_flatten_kernel, "slot", "word"),
    "deft_tree_index": _two_phases(deft_tree_index.deft_tree_index_kernel, "row_start", "slots"),
    "tree_waves": _tree_waves,
}

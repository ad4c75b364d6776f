"""How each method's kernels are launched: tile sizes, grids, arguments. Imports Triton; load it on first use."""

from collections.abc import Callable
from typing import Any

import torch
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
from ..kv import Pool
from .tables import query_tile
from .triton_backend import LOG2_E, SOFTMAX_ROW, KernelTable, _power_of_two


def _shape(table: KernelTable) -> dict[str, Any]:
    """The constexprs that every kernel takes."""
    geometry = table.geometry
    return {
        "N_Q_HEADS": geometry.n_q_heads,
        "D": geometry.head_dim,
        "D_PAD": table.dim_padded,
        "PERMUTED": table.bucket.permuted,
    }


def _upcast(table: KernelTable) -> bool:
    """In the interpreter, 16-bit operands are turned into float32: its bfloat16 arithmetic is wrong."""
    return table.device.type != "cuda" and table.store.k.element_size() < 4


def _pdl(table: KernelTable) -> bool:
    """Programmatic dependent launch: Hopper or newer."""
    return table.device.type == "cuda" and torch.cuda.get_device_capability(table.device) >= (9, 0)


def _phase_2(table: KernelTable, out: Tensor) -> None:
    """Reduce the partials, unless phase 1 has written the output itself."""
    if table.bucket.direct:
        return
    section, pdl = table.upload.section, _pdl(table)
    block_p = min(32, max(4, _power_of_two(table.bucket.most_partials)))
    reduce.reduce_kernel[(table.bucket.n_queries * table.geometry.n_q_heads,)](
        table.partials, table.lse, section("start"), section("row"), out, table.partials.shape[1],
        **_shape(table), BLOCK_P=block_p, PDL=pdl, num_warps=1, **({"launch_pdl": True} if pdl else {}),
    )  # fmt: skip


def _two_phases(kernel: Any, *sections: str) -> Callable[..., None]:
    """Launch a published kernel, which reads these sections besides the common ones, and the reduction."""

    def launch(table: KernelTable, q: Tensor, out: Tensor, layer: int, scale: float) -> None:
        geometry, section, bucket = table.geometry, table.upload.section, table.bucket
        rows = query_tile(table.plan, table.heads) * table.heads
        block_m = max(16, _power_of_two(rows))
        named = {
            "row_start": table.nodes and table.nodes.row_start,
            "slots": table.nodes and table.nodes.slots,
        }
        extra = [named[name] if name in named else section(name) for name in sections]
        kernel[(bucket.n_items * (geometry.n_q_heads // table.heads),)](
            q, table.store.k[layer], table.store.v[layer], out if bucket.direct else table.partials, table.lse,
            section("item"), section("place"), section("row"), *extra, scale * LOG2_E, table.partials.shape[1],
            **_shape(table), N_KV_HEADS=geometry.n_kv_heads, HEADS=table.heads, BLOCK_M=block_m,
            BLOCK_N=table.block_n, STAGES=5 if sections else 3, DIRECT=bucket.direct, UPCAST=_upcast(table),
            num_warps=8 if block_m >= 128 else 4,
        )  # fmt: skip
        _phase_2(table, out)

    return launch


_radix = _two_phases(radix.radix_kernel, "slot")
_in_a_row = _two_phases(flash_decoding.flash_decoding_kernel)


def _flash_decoding(table: KernelTable, *call: Any) -> None:
    """From a pool, Flash-Decoding looks slots up, as radix does; from its own copies it reads in a row."""
    (_radix if isinstance(table.store, Pool) else _in_a_row)(table, *call)


def _tree_waves(table: KernelTable, q: Tensor, out: Tensor, layer: int, scale: float) -> None:
    geometry, section, bucket = table.geometry, table.upload.section, table.bucket
    k, v = table.store.k[layer], table.store.v[layer]
    k_tiles, v_tiles = table.tiles(layer) if table.flat else (k, v)
    narrow = max(16, _power_of_two(table.heads))
    tree_waves.tree_waves_kernel[(bucket.n_items * geometry.n_kv_heads,)](
        q, k, v, k_tiles, v_tiles, out if bucket.direct else table.partials, table.lse,
        section("item"), section("place"), section("row"), section("slot"), section("word"),
        scale * LOG2_E, table.partials.shape[1],
        **_shape(table), N_KV_HEADS=geometry.n_kv_heads, WIDE=max(64, narrow), NARROW=narrow,
        BLOCK_N=table.block_n, WIDE_STAGES=3 if table.flat else 5, NARROW_STAGES=3 if table.flat else 7,
        HALF=32 if bucket.wide_words else 16, SHAPES=bucket.shapes, FLAT=table.flat, DIRECT=bucket.direct,
        UPCAST=_upcast(table), PDL=_pdl(table) and not bucket.direct, num_warps=4,
    )  # fmt: skip
    _phase_2(table, out)


def _tree_mask(table: KernelTable, q: Tensor, out: Tensor, layer: int, scale: float) -> None:
    geometry, section, bucket = table.geometry, table.upload.section, table.bucket
    s, p = table.partials
    room = (bucket.n_queries, bucket.n_slots)
    block_m = max(16, min(64, _power_of_two(bucket.n_queries * table.heads), 64))
    tiles = -(-bucket.n_queries // max(1, block_m // table.heads)) * (geometry.n_q_heads // table.heads)
    common = {**_shape(table), "N_KV_HEADS": geometry.n_kv_heads, "HEADS": table.heads, "BLOCK_M": block_m}
    common |= {"PAGED": isinstance(table.store, Pool), "UPCAST": _upcast(table), "BLOCK_N": table.block_n}
    size = section("size")
    tree_mask.qk_kernel[(tiles, -(-bucket.n_slots // table.block_n))](
        q, table.store.k[layer], s, section("row"), section("slot"), size, *room, **common
    )
    rows, block = geometry.n_q_heads * bucket.n_queries, 1024
    grid = (rows, -(-bucket.n_slots // block))
    tree_mask.scale_kernel[grid](s, size, *room, scale, BLOCK=block)
    tree_mask.mask_kernel[grid](s, table.mask, size, *room, BLOCK=block)
    held = min(SOFTMAX_ROW, max(16, _power_of_two(bucket.n_slots)))
    tree_mask.softmax_kernel[(rows,)](s, p, size, *room, BLOCK=held, num_warps=16 if held > 4096 else 4)
    tree_mask.pv_kernel[(tiles,)](
        p, table.store.v[layer], out, section("row"), section("slot"), size, *room, STAGES=3, **common
    )


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

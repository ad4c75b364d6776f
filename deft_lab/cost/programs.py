"""What one attention call launches: the programs of each launch, with their bytes, FLOP and steps.

item: one tile of queries of a group, with the group's KV; a phase-1 program takes an item and a head.
step: one turn of a program's loop, in which it loads a tile of `block_n` KV tokens (in the reduction: some
partials) and computes with it. Everything here follows from the plan and the tile sizes; no hardware yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from ..errors import DeftLabError, check_counts, check_kind
from ..geometry import Geometry, need_geometry
from ..methods import find_method
from ..methods.tiles import (
    KV_TILE,
    LEAST_ROWS,
    OUTPUT_ROWS,
    ROW_PIECE,
    SCORE_ROWS,
    SOFTMAX_ROW,
    heads_of_tile,
    kv_tile,
    padded_dim,
    power_of_two,
    query_tile,
)
from ..plan import Plan, need_plan
from ..tree._shape import Ints, frozen
from ..tree.views import count
from .requested import INT, MASK_WORD, requested

WARP = 32  # threads


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tile sizes and resources of a phase-1 kernel.

    Args:
        block_n: KV tokens of a step where a row has up to 256 bytes; fewer where it has more.
        buffers: KV tiles that are asked for ahead; 1: the next one, while the last one is computed with.
        registers: 32-bit registers of a thread.
        wide_rows: rows of the wide tile of a kernel with two tile shapes; the narrow one has LEAST_ROWS.
            None: one shape, for as many queries as the plan allows in a tile.

    Raises:
        DeftLabError: a size is below 1.
    """

    block_n: int = KV_TILE
    buffers: int = 1
    registers: int = 168
    wide_rows: int | None = None

    def __post_init__(self) -> None:
        sizes = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.wide_rows is None:
            del sizes["wide_rows"]
        check_counts(DeftLabError, 1, **sizes)


# registers and buffers of the kernels as compiled for sm_90, head_dim 128 (deft_lab/ahead.py); `ops` chooses
# their stages. Of `tree_mask` it is PV. A method not listed has Tiles().
TILES: Mapping[str, Tiles] = {
    "flash_decoding": Tiles(registers=120),
    "tree_mask": Tiles(block_n=128, buffers=3, registers=72),
    "radix": Tiles(registers=128),
    "deft_node": Tiles(buffers=2),
    "tree_waves": Tiles(buffers=3, registers=193, wide_rows=64),
}
REDUCE_REGISTERS = 64 * WARP  # one warp
QK_REGISTERS, MASK_REGISTERS = 74 * 4 * WARP, 72 * 4 * WARP
SOFTMAX_REGISTERS = 64 * WARP  # a warp; 4 of them, 16 for rows of more than ROW_PIECE scores


@dataclass(frozen=True, eq=False)
class Launch:
    """The programs of one launch: `heads` equal ones for each item, in the order of the grid.

    Args:
        name: what the launch does.
        heads: programs of an item.
        steps: [item] turns of a program's loop, one after the other.
        read: [item] bytes that a program requests.
        written: [item] bytes that it stores.
        flop: [item] of its tiles, rows and columns of padding included.
        fresh: bytes that some program must fetch from memory, each counted once.
        carried: bytes that the launch before has written and this one reads, each counted once.
        buffers: tiles of a program in flight or in use at once.
        shared_bytes: shared memory of a program.
        registers: 32-bit registers of a program.
        kv_len: [item] KV tokens of a program; in the reduction, partials.
        rows: [item] rows that hold a query (and head).
        tile_rows: [item] rows that the tile has.
    """

    name: str
    heads: int
    steps: Ints
    read: Ints
    written: Ints
    flop: Ints
    fresh: int
    carried: int
    buffers: int
    shared_bytes: int
    registers: int
    kv_len: Ints
    rows: Ints
    tile_rows: Ints

    def __post_init__(self) -> None:
        for name in ("steps", "read", "written", "flop", "kv_len", "rows", "tile_rows"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __repr__(self) -> str:
        programs = count(self.n_programs, "program")
        return f"Launch({self.name!r}, {programs}, {self.requested:,} bytes requested)"

    @property
    def n_programs(self) -> int:
        return len(self.steps) * self.heads

    @property
    def requested(self) -> int:
        """Bytes that all programs request and store."""
        return int((self.read + self.written).sum()) * self.heads


def launches(
    plan: Plan, geometry: Geometry, *, pack_heads: bool | None = None, tiles: Tiles | None = None
) -> tuple[Launch, ...]:
    """The launches of one attention call of one layer that runs `plan`.

    Args:
        plan: who meets whom.
        geometry: of the model; its layers do not matter.
        pack_heads: a program takes all query heads of a KV head. None: as the method does by default.
        tiles: tile sizes; None: those of the method's kernel.
    """
    need_plan(plan)
    need_geometry(geometry)
    if tiles is not None:
        check_kind(DeftLabError, Tiles, "Tiles(block_n=64) makes some", tiles=tiles)
    method = find_method(plan.method)
    tiles = tiles or TILES.get(plan.method, Tiles())
    heads = heads_of_tile(method.packs_heads, geometry.q_per_kv, pack_heads)
    if not method.fused:
        return unfused(plan, geometry, heads, tiles)
    first = phase_1(plan, geometry, heads, tiles)
    return (first,) if reduces_nothing(plan) else (first, reduction(plan, geometry))


def reduces_nothing(plan: Plan) -> bool:
    """Every query has one partial: phase 1 writes the output itself."""
    return plan.n_partials == plan.tree.n_queries


def phase_1(plan: Plan, geometry: Geometry, heads: int, tiles: Tiles) -> Launch:
    """One program per item and `heads` query heads: Q once, then K and V tile by tile, then a partial."""
    method, dim, size = find_method(plan.method), geometry.head_dim, geometry.dtype_bytes
    queries = query_tile(plan, heads)
    group, number = items(plan, queries)
    rows = np.minimum(queries, plan.q_len[group] - number * queries) * heads
    tile_rows = _tile_rows(rows, queries * heads, heads, tiles)
    kv_len, block_n = plan.kv_len[group], kv_tile(dim, size, tiles.block_n)
    steps = -(-kv_len // block_n)
    # an int32 slot a token, and what tells who sees it
    per_token = INT * (method.layout == "paged") + MASK_WORD * (method.mask == "bits")
    warps = 8 if tile_rows.max() >= 128 else 4
    return Launch(
        name="phase 1",
        heads=geometry.n_q_heads // heads,
        steps=steps,
        read=kv_len * (2 * dim * size + per_token) + rows * dim * size,
        written=rows * (dim * size if reduces_nothing(plan) else partial_row(plan, geometry)),
        flop=4 * padded_dim(dim) * tile_rows * steps * block_n,
        fresh=_fresh_kv(plan, geometry) + plan.tree.n_queries * geometry.n_q_heads * dim * size,
        carried=0,
        buffers=tiles.buffers,
        shared_bytes=(int(tile_rows.max()) + 2 * tiles.buffers * block_n) * padded_dim(dim) * size,
        registers=tiles.registers * warps * WARP,
        kv_len=kv_len,
        rows=rows,
        tile_rows=tile_rows,
    )


def items(plan: Plan, queries: int) -> tuple[Ints, Ints]:
    """([item] its group, [item] its number within the group) where a tile holds up to `queries` queries."""
    n_tiles = -(-plan.q_len // queries)
    group = np.repeat(np.arange(plan.n_groups), n_tiles)
    return group, np.arange(len(group)) - np.repeat(np.cumsum(n_tiles) - n_tiles, n_tiles)


def _tile_rows(rows: Ints, most: int, heads: int, tiles: Tiles) -> Ints:
    """[item] the rows that an item's tile has: a power of two."""
    if tiles.wide_rows is None:
        return np.full_like(rows, max(LEAST_ROWS, power_of_two(most)))
    narrow = max(LEAST_ROWS, power_of_two(heads))
    return np.where(rows > narrow, max(tiles.wide_rows, narrow), narrow)


def _fresh_kv(plan: Plan, geometry: Geometry) -> int:
    """Bytes of the KV that the plan touches: of the tree, or of a copy of each path."""
    tree = plan.tree
    seen = np.where(tree.q_stop > tree.q_first, tree.length, 0)
    tokens = tree.n_path_tokens if find_method(plan.method).copies else int(seen.sum())
    return tokens * geometry.kv_bytes_per_token


def partial_row(plan: Plan, geometry: Geometry) -> int:
    """Bytes of a partial and its LSE, for one query head, as the account of requested bytes has them."""
    counted = requested(plan, geometry.layer)
    both_ways = (counted.partials or 0) + (counted.lse or 0)
    return both_ways // (2 * plan.n_partials * geometry.n_q_heads)


def reduction(plan: Plan, geometry: Geometry) -> Launch:
    """One program per query and query head: gathers the query's partials, some at a time, and writes O."""
    n_partials = np.bincount(plan.query_of_partial(), minlength=plan.tree.n_queries)
    row = partial_row(plan, geometry)
    at_once = min(32, max(4, power_of_two(int(n_partials.max()))))
    one = np.ones_like(n_partials)
    return Launch(
        name="reduction",
        heads=geometry.n_q_heads,
        steps=-(-n_partials // at_once),
        read=n_partials * row + 2 * INT,
        written=one * geometry.head_dim * geometry.dtype_bytes,
        flop=0 * one,
        fresh=0,
        carried=plan.n_partials * geometry.n_q_heads * row,
        buffers=1,
        shared_bytes=0,
        registers=REDUCE_REGISTERS,
        kv_len=n_partials,
        rows=one,
        tile_rows=one,
    )


def unfused(plan: Plan, geometry: Geometry, heads: int, tiles: Tiles) -> tuple[Launch, ...]:
    """QK^T, scale, mask, softmax and PV, each from memory to memory in the 16-bit type."""
    dim, size = geometry.head_dim, geometry.dtype_bytes
    n_queries, tokens = plan.tree.n_queries, int(plan.kv_len.sum())
    pairs = n_queries * tokens
    scores = pairs * geometry.n_q_heads * size
    half_kv, q = tokens * geometry.kv_bytes_per_token // 2, n_queries * geometry.n_q_heads * dim * size
    block_n, wide_n = kv_tile(dim, size), kv_tile(dim, size, tiles.block_n)

    def product(name: str, least: int, m: Ints, kv_len: Ints, step: int, **more: int) -> Launch:
        tile_rows = max(least, power_of_two(heads))
        steps, reads_q = -(-kv_len // step), name == "QK^T"
        return Launch(
            name=name, heads=geometry.n_q_heads // heads, steps=steps, kv_len=kv_len, rows=m,
            read=(kv_len + m if reads_q else kv_len) * dim * size + (0 if reads_q else m * kv_len * size),
            written=m * (kv_len if reads_q else dim) * size, tile_rows=np.full_like(m, tile_rows),
            flop=2 * padded_dim(dim) * tile_rows * step * steps,
            shared_bytes=(tile_rows + more["buffers"] * step) * padded_dim(dim) * size, **more,
        )  # fmt: skip

    def element_wise(name: str, chunk: Ints, reads: Ints, fresh: int, registers: int) -> Launch:
        """A program of each query, head and chunk writes a chunk of scores, and reads `reads` numbers."""
        one = np.ones_like(chunk)
        return Launch(
            name=name, heads=n_queries * geometry.n_q_heads, steps=-(-reads // SOFTMAX_ROW),
            read=reads * size, written=chunk * size, flop=0 * one, fresh=fresh, carried=scores, buffers=1,
            shared_bytes=0, registers=registers, kv_len=chunk, rows=one, tile_rows=one,
        )  # fmt: skip

    rows, columns = _rows(n_queries, SCORE_ROWS, heads), _pieces(tokens, block_n)
    m, n = np.tile(rows, len(columns)), np.repeat(columns, len(rows))
    chunks, whole, out = _pieces(tokens, ROW_PIECE), np.array([tokens]), _rows(n_queries, OUTPUT_ROWS, heads)
    twice = whole + np.maximum(whole - SOFTMAX_ROW, 0)  # what fits into one step is kept, not read again
    warps = 16 if tokens > ROW_PIECE else 4
    return (
        product(
            "QK^T", SCORE_ROWS, m, n, block_n, fresh=half_kv + q, carried=0, buffers=1, registers=QK_REGISTERS
        ),
        element_wise("scale", chunks, chunks, 0, MASK_REGISTERS),
        element_wise("mask", chunks, 2 * chunks, pairs * size, MASK_REGISTERS),
        element_wise("softmax", whole, twice, 0, SOFTMAX_REGISTERS * warps),
        product(
            "PV", OUTPUT_ROWS, out, np.full_like(out, tokens), wide_n, fresh=half_kv, carried=scores,
            buffers=tiles.buffers, registers=tiles.registers * 4 * WARP,
        ),
    )  # fmt: skip


def _rows(n_queries: int, least: int, heads: int) -> Ints:
    """[tile] the rows of tiles that hold `heads` rows of a query, `least` rows if that many fit."""
    return _pieces(n_queries, max(least, power_of_two(heads)) // heads) * heads


def _pieces(total: int, size: int) -> Ints:
    """`total` cut into pieces of `size`, the last one short."""
    return np.minimum(size, total - size * np.arange(-(-total // size)))

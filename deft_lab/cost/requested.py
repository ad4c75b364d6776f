"""Account `requested`: what the kernels of a plan load and store, lane by lane, as a closed form.

A count of the kernels in Triton's interpreter gives the same number to the byte (tests/test_counted.py).
Lanes that are masked off ask for nothing. Bytes are of one layer; the caller multiplies by the layers.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DeftLabError
from ..geometry import Geometry
from ..methods import Method, find_method
from ..methods.tiles import (
    LEAST_ROWS,
    NARROW_WORD,
    OUTPUT_ROWS,
    ROW_PIECE,
    SCORE_ROWS,
    SOFTMAX_ROW,
    heads_of_tile,
    kv_tile,
    power_of_two,
    query_tile,
)
from ..plan import Plan
from ..tree._shape import Ints
from .traffic import Traffic

INT, FLOAT, MASK_WORD = 4, 4, 8  # bytes
# int32 fields that a program reads of its item, and of what the item leads to
ITEM_FIELDS = {"deft_flatten": 6, "deft_tree_index": 7, "tree_waves": 6}
COMMON_FIELDS = 5


@dataclass(frozen=True)
class _Call:
    """What all closed forms need."""

    plan: Plan
    method: Method
    geometry: Geometry
    heads: int  # query heads in a tile

    @property
    def programs_per_item(self) -> int:
        return self.geometry.n_q_heads // self.heads

    @property
    def row_bytes(self) -> int:
        return self.geometry.head_dim * self.geometry.dtype_bytes

    @property
    def direct(self) -> bool:
        """Each query has one partial, so phase 1 writes the output and there is no phase 2."""
        return self.plan.n_partials == self.plan.tree.n_queries

    @property
    def permuted(self) -> bool:
        return self.plan.tree.permuted

    @property
    def q_rows(self) -> int:
        return self.plan.tree.n_queries * self.geometry.n_q_heads


def requested(plan: Plan, geometry: Geometry, pack_heads: bool | None = None, flat: bool = False) -> Traffic:
    """Bytes of all layers.

    Args:
        plan: of one attention call.
        geometry: of the model.
        pack_heads: a program takes all query heads of a KV head; default: as the method does.
        flat: `tree_waves` only: the pool holds the tree in depth-first order, so KV comes in whole tiles and
            no slot is looked up.

    Raises:
        DeftLabError: `flat` is asked of another method.
    """
    method = find_method(plan.method)
    if flat and plan.method != "tree_waves":
        raise DeftLabError(
            f"flat is a way of 'tree_waves' to read KV; {plan.method!r} has none, leave it out"
        )
    call = _Call(plan, method, geometry, heads_of_tile(method.packs_heads, geometry.q_per_kv, pack_heads))
    roles = _two_phases(call, flat) if method.fused else _five_launches(call)
    return Traffic("requested", plan.method, **{k: v * geometry.n_layers for k, v in roles.items()})


def _two_phases(call: _Call, flat: bool) -> dict[str, int]:
    plan, geometry = call.plan, call.geometry
    tiles = -(-plan.q_len // query_tile(plan, call.heads))
    n_items, reads = int(tiles.sum()), int((plan.kv_len * tiles).sum())
    kv_rows = _whole_tiles(call, tiles) if flat else reads
    partial_rows = plan.n_partials * geometry.n_q_heads
    fields = ITEM_FIELDS.get(plan.method, COMMON_FIELDS) + flat
    index = fields * n_items * call.programs_per_item
    if call.method.layout == "paged" and not flat:
        index += reads * call.programs_per_item  # slots
    if call.permuted:
        index += partial_rows  # rows of the caller, to load Q ...
    if call.direct:
        index += call.q_rows if call.permuted else 0  # ... and to store O
    else:
        index += partial_rows + (3 if call.permuted else 2) * call.q_rows  # places; start, start + 1, row
    # ours keeps partials in the dtype of KV
    width = geometry.dtype_bytes if plan.method == "tree_waves" else FLOAT
    return {
        "kv": 2 * kv_rows * call.programs_per_item * call.row_bytes,
        "q": partial_rows * call.row_bytes,
        "o": call.q_rows * call.row_bytes,
        "partials": 0 if call.direct else 2 * width * partial_rows * geometry.head_dim,
        "lse": 0 if call.direct else 2 * FLOAT * partial_rows,
        "mask": _mask(call, tiles, reads),
        "index": INT * index,
    }


def _mask(call: _Call, tiles: Ints, reads: int) -> int:
    plan = call.plan
    if plan.method == "deft_flatten":
        return MASK_WORD * reads * call.programs_per_item
    if plan.method == "tree_waves":
        # words are read from the first tile on in which a query of the group does not see some token
        tile = kv_tile(call.geometry.head_dim, call.geometry.dtype_bytes)
        masked = int(((plan.kv_len - open_tokens(plan) // tile * tile) * tiles).sum())
        word = INT if plan.tree.n_queries < NARROW_WORD else MASK_WORD
        return word * masked * call.programs_per_item
    return 0


def open_tokens(plan: Plan) -> Ints:
    """[group] leading tokens that all queries of the group see."""
    chunk = plan._frame.once("first hidden chunk", lambda: _first_hidden(plan))
    return plan.chunk_entry[chunk] - plan.kv_start[:-1]


def _first_hidden(plan: Plan) -> Ints:
    """[group] the first chunk that some query of the group does not see, or one past the last chunk."""
    tree, start = plan.tree, plan.group_start
    chunks = start[1:] - start[:-1]
    hidden = tree.q_first[plan.chunk_node] > plan.q_first.repeat(chunks)
    hidden |= tree.q_stop[plan.chunk_node] < plan.q_stop.repeat(chunks)
    chunk = np.where(hidden, np.arange(len(hidden)), len(hidden))
    return np.minimum(np.minimum.reduceat(chunk, start[:-1]), start[1:])


def _whole_tiles(call: _Call, tiles: Ints) -> int:
    """Rows of whole KV tiles; what would lie before the first slot of the pool is not loaded."""
    plan = call.plan
    tile = kv_tile(call.geometry.head_dim, call.geometry.dtype_bytes)
    first_chunk = plan.group_start[:-1]
    begin = plan.tree.seen_start[plan.chunk_node[first_chunk]] + plan.chunk_start[first_chunk]
    before = np.where(plan.kv_len < tile, np.maximum(tile - plan.kv_len - begin, 0), 0)
    return int(((-(-plan.kv_len // tile) * tile - before) * tiles).sum())


def _five_launches(call: _Call) -> dict[str, int]:
    """`tree_mask`: QK^T, scale, mask, softmax, PV, each through memory."""
    geometry, n_queries = call.geometry, call.plan.tree.n_queries
    tokens = int(call.plan.kv_len.sum())
    tile = kv_tile(geometry.head_dim, geometry.dtype_bytes)
    token_tiles, row_pieces = -(-tokens // tile), -(-tokens // ROW_PIECE)

    def query_tiles(rows: int) -> int:
        return -(-n_queries // (max(rows, power_of_two(call.heads)) // call.heads))

    score_tiles = query_tiles(SCORE_ROWS) * call.programs_per_item
    output_tiles = query_tiles(OUTPUT_ROWS) * call.programs_per_item
    programs = score_tiles * token_tiles + 2 * call.q_rows * row_pieces + call.q_rows + output_tiles
    tree = call.plan.tree
    # tokens that nobody sees leave gaps in the copy of the tree, so that slots have to be looked up
    last = int(call.plan.chunk_node.max())
    gaps = bool(tree.length[:last][tree.q_stop[:last] == tree.q_first[:last]].any())
    slots = tokens * (score_tiles + output_tiles) if gaps else 0
    index = slots + 2 * programs + (call.q_rows * (token_tiles + 1) if call.permuted else 0)
    columns = -(-tokens // 8) * 8  # rows of scores are moved in pieces of 16 bytes
    held = min(SOFTMAX_ROW, max(LEAST_ROWS, power_of_two(tokens)))
    return {
        "kv": tokens * (score_tiles + output_tiles) * call.row_bytes,
        "q": call.q_rows * token_tiles * call.row_bytes,
        "o": call.q_rows * call.row_bytes,
        "partials": (8 * columns + max(0, columns - held)) * call.q_rows * geometry.dtype_bytes,
        "lse": 0,
        "mask": columns * call.q_rows * geometry.dtype_bytes,
        "index": INT * index,
    }

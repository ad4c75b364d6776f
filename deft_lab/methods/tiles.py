"""Sizes that the kernels' tiles and the account of their bytes share.

They are here, below both, because bytes depend on some of them: how often a kernel reads its KV again, and
how far a tile reaches beyond the tokens that it needs.
"""

from ..errors import DeftLabError
from ..plan import Plan

LEAST_ROWS = 16  # the least that a tile may have for the tensor cores
NARROW_ROWS, WIDE_ROWS = 16, 64  # the two tile shapes of `tree_waves`
PACKED_ROWS = 128  # rows of a tile of a published method with packed heads, at most
KV_TILE = 64  # tokens of a KV tile where a row has up to 256 bytes
SCORE_ROWS, OUTPUT_ROWS = 64, 16  # `tree_mask`: rows of a tile of QK^T and of PV
ROW_PIECE = 4096  # `tree_mask`: scores that a program scales or masks
SOFTMAX_ROW = 16384  # `tree_mask`: scores that the softmax holds; what exceeds them is read twice
NARROW_WORD = 1 << 16  # queries from which on `tree_waves` needs 64 bits for an interval


def power_of_two(n: int) -> int:
    """The least power of two that is not below `n`."""
    return 1 << max(0, (n - 1).bit_length())


def padded_dim(head_dim: int) -> int:
    """head_dim as tl.arange and tl.dot want it: a power of two, 16 at least."""
    return max(LEAST_ROWS, power_of_two(head_dim))


def kv_tile(head_dim: int, dtype_bytes: int, tokens: int = KV_TILE) -> int:
    """Tokens of a KV tile: fewer where rows are so long that the pipeline would not fit on the chip."""
    return max(16, min(tokens, tokens * 256 // (padded_dim(head_dim) * dtype_bytes)))


def query_tile(plan: Plan, heads: int) -> int:
    """Queries of an item, at most, where a tile holds `heads` query heads of each."""
    if plan.method == "tree_waves":  # its groups are tiles already, unless planned for fewer heads
        return max(1, WIDE_ROWS // heads)
    if plan.query_tile is None:
        return max(1, int(plan.q_len.max()))
    return plan.query_tile if heads == 1 else max(1, min(plan.query_tile, PACKED_ROWS // heads))


def heads_of_tile(packs_heads: bool, q_per_kv: int, pack_heads: bool | None) -> int:
    """Query heads in a tile: those of a KV head if they are packed, else one.

    Raises:
        DeftLabError: `pack_heads` is neither None nor a truth value.
    """
    if pack_heads is not None and pack_heads not in (True, False):
        raise DeftLabError(
            f"pack_heads={pack_heads!r:.60}; it must be True, False, or None: as the method does"
        )
    return q_per_kv if (packs_heads if pack_heads is None else pack_heads) else 1

"""deft-lab's own kernel: heads packed, intervals instead of bit masks, two tile shapes, whole waves.

An item is some consecutive tokens of the depth-first flattened tree with at most one tile of queries; the
plan (methods/tree_waves.py) cuts the tree so that items x KV heads fill whole waves of the SMs, the longest
first. One program takes one item and one KV head:

    load Q once, its q_per_kv heads side by side                                  [BLOCK_M, D]
    for each tile of BLOCK_N tokens:
        K tile -> scores; where some token is hidden from some query: two compares
        V tile -> online softmax
    store one partial (in the dtype of KV) and LSE per row, at the query's place; where each query has one
    partial only, store the output itself

Visibility. Queries are numbered in preorder, so the queries that see a token are one interval [lo, hi),
kept as one word a token (lo in the low half). The first `n_open` tokens of an item are seen by all of its
queries: their tiles read no word. There is no limit on the queries of a node.

Two shapes. WIDE tiles (64 rows, wgmma) for nodes that many queries see, NARROW ones (16 rows, mma) for
leaves; the item's query count says which, so that both run in one launch and fill each other's gaps.

KV comes through slots, one int32 a token (FLAT=False), or, where the pool holds the tree in depth-first
order, by the tensor memory accelerator (FLAT=True, Hopper): whole tiles, no index, no address arithmetic. A
last tile that would run over the item's end is moved back instead, so that it only touches tokens that were
written; those it has met already are masked. The first tile's lines are asked for at once (PREFETCH): they
travel from memory to the L2 while the program still waits for its queries.

Traffic per program: 6 or 7 x 4 B of item, 4 B of place a row, Q once, K and V of its tokens once, their
words where masked, BLOCK_M' x D x 2 B of partials, 4 B of LSE (BLOCK_M' = real rows). Step through it in
notebook 07.
"""

import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents

from .attend import NOTHING_SEEN, load_queries, load_tokens, meet, scores, store_partials

ITEM = 8  # int32 fields of an item: kv_first, kv_len, q_first, n_queries, place_first, n_open, row_first, -


@triton.jit
def _words(sees_ptr, first, kv_len, n_open, n, BLOCK_N: tl.constexpr, FLAT: tl.constexpr):
    """[BLOCK_N] who sees the tokens of the tile at `first`; nobody those past the end or met before."""
    token = first + n
    if FLAT:
        token = tl.minimum(first, kv_len - BLOCK_N) + n
    fresh = (token >= first) & (token < kv_len) & (first + BLOCK_N > n_open)
    return tl.load(sees_ptr + token, mask=fresh, other=0)


@triton.jit
def _prefetch(
    ptr, row_first, kv_len, kv_head, N_KV_HEADS: tl.constexpr, D: tl.constexpr, TOKENS: tl.constexpr
):
    """Ask the L2 for the first TOKENS rows of k or v, in lines of 128 bytes; wait for nothing."""
    LINES: tl.constexpr = (D * ptr.dtype.element_ty.primitive_bitwidth + 1023) // 1024
    i = tl.arange(0, TOKENS * LINES)
    token = row_first + tl.minimum(i // LINES, kv_len - 1)
    line = ptr + (token.to(tl.int64) * N_KV_HEADS + kv_head) * D + i % LINES * (D // LINES)
    tl.inline_asm_elementwise(
        "prefetch.global.L2 [$1]; mov.u32 $0, 0;", "=r,l", [line], dtype=tl.int32, is_pure=False, pack=1
    )


@triton.jit
def _item(
    q_ptr, k_ptr, v_ptr, k_tiles, v_tiles, out_ptr, lse_ptr, place_ptr, row_ptr, slot_ptr, sees_ptr,
    scale_log2, n_places, kv_first, kv_len, q_first, n_queries, place_first, n_open, row_first, kv_head,
    N_Q_HEADS: tl.constexpr, N_KV_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr, AHEAD: tl.constexpr,
    HALF: tl.constexpr, FLAT: tl.constexpr, PERMUTED: tl.constexpr, DIRECT: tl.constexpr,
):  # fmt: skip
    HEADS: tl.constexpr = N_Q_HEADS // N_KV_HEADS
    member = tl.arange(0, BLOCK_M) // HEADS
    ok = member < n_queries
    query = q_first + member
    q_head = kv_head * HEADS + tl.arange(0, BLOCK_M) % HEADS
    q = load_queries(q_ptr, row_ptr, query, ok, q_head, N_Q_HEADS, D, D_PAD, PERMUTED)
    place = query
    if not DIRECT:
        place = tl.load(place_ptr + place_first + tl.arange(0, BLOCK_M) // HEADS, mask=ok, other=0)
    m = tl.full([BLOCK_M], NOTHING_SEEN, tl.float32)
    total = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D_PAD], tl.float32)
    n = tl.arange(0, BLOCK_N)
    # AHEAD: words are fetched a tile early, or their latency stands between the scores and the softmax; a
    # wide tile, which has few masked tokens and no register to spare, does without
    if AHEAD:
        word = _words(sees_ptr + kv_first, 0, kv_len, n_open, n, BLOCK_N, FLAT)
    for first in tl.range(0, kv_len, BLOCK_N, num_stages=STAGES):
        if AHEAD:
            next_word = _words(sees_ptr + kv_first, first + BLOCK_N, kv_len, n_open, n, BLOCK_N, FLAT)
        if FLAT:
            begin = tl.minimum(first, kv_len - BLOCK_N)
            k = k_tiles.load([row_first + begin, kv_head * D])
        else:
            inside = first + n < kv_len
            slot = tl.load(slot_ptr + kv_first + first + n, mask=inside, other=0)
            k = load_tokens(k_ptr, slot, inside, kv_head, N_KV_HEADS, D, D_PAD)
        s = scores(q, k)
        if first + BLOCK_N > n_open:
            if not AHEAD:
                word = _words(sees_ptr + kv_first, first, kv_len, n_open, n, BLOCK_N, FLAT)
            lo = word & ((1 << HALF) - 1)
            hi = (word >> HALF) & ((1 << HALF) - 1)
            s = tl.where((query[:, None] >= lo[None, :]) & (query[:, None] < hi[None, :]), s, float("-inf"))
        if FLAT:
            v = v_tiles.load([row_first + begin, kv_head * D])
        else:
            v = load_tokens(v_ptr, slot, inside, kv_head, N_KV_HEADS, D, D_PAD)
        m, total, acc = meet(s, v, m, total, acc, scale_log2)
        if AHEAD:
            word = next_word
    store_partials(
        out_ptr, lse_ptr, row_ptr, m, total, acc, place, query, ok, q_head, n_places,
        N_Q_HEADS, D, D_PAD, PERMUTED, DIRECT,
    )  # fmt: skip


@triton.jit
def tree_waves_kernel(
    q_ptr,  # [query, q_head, D]
    k_ptr, v_ptr,  # [slot, kv_head, D]; if FLAT, for PREFETCH alone
    k_tiles, v_tiles,  # the same memory, if FLAT: descriptors of tiles [BLOCK_N, D] of [slot, kv_head * D]
    out_ptr,  # [q_head, place, D] partials; o [query, q_head, D] if DIRECT
    lse_ptr,  # [q_head, place] float32
    item_ptr,  # [item, ITEM] int32; kv_len = 0: no item, only room for one
    place_ptr,  # [partial] int32: where each partial goes
    row_ptr,  # [query] int32: the caller's row of each query; read if PERMUTED
    slot_ptr,  # [token] int32; read if not FLAT
    sees_ptr,  # [token] word of 2 * HALF bits: the interval of queries that see it
    scale_log2, n_places,
    N_Q_HEADS: tl.constexpr, N_KV_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr,
    WIDE: tl.constexpr, NARROW: tl.constexpr, BLOCK_N: tl.constexpr,
    WIDE_STAGES: tl.constexpr, NARROW_STAGES: tl.constexpr, HALF: tl.constexpr, SHAPES: tl.constexpr,
    FLAT: tl.constexpr, PERMUTED: tl.constexpr, DIRECT: tl.constexpr, PDL: tl.constexpr,
    PREFETCH: tl.constexpr,
):  # fmt: skip
    if PDL:
        gdc_launch_dependents()
    kv_head = tl.program_id(0) % N_KV_HEADS
    item = item_ptr + (tl.program_id(0) // N_KV_HEADS) * 8
    kv_len = tl.load(item + 1)
    kv_first = tl.load(item)
    q_first = tl.load(item + 2)
    n_queries = tl.load(item + 3)
    place_first = tl.load(item + 4)
    n_open = tl.load(item + 5)
    row_first = 0
    if FLAT:
        row_first = tl.load(item + 6)
    if kv_len == 0:
        return
    if PREFETCH:
        _prefetch(k_ptr, row_first, kv_len, kv_head, N_KV_HEADS, D, BLOCK_N)
        _prefetch(v_ptr, row_first, kv_len, kv_head, N_KV_HEADS, D, BLOCK_N)
    HEADS: tl.constexpr = N_Q_HEADS // N_KV_HEADS
    if SHAPES == "both":
        if n_queries * HEADS > NARROW:
            _item(
                q_ptr, k_ptr, v_ptr, k_tiles, v_tiles, out_ptr, lse_ptr, place_ptr, row_ptr, slot_ptr,
                sees_ptr, scale_log2, n_places, kv_first, kv_len, q_first, n_queries, place_first, n_open,
                row_first, kv_head, N_Q_HEADS, N_KV_HEADS, D, D_PAD, WIDE, BLOCK_N, WIDE_STAGES, False,
                HALF, FLAT, PERMUTED, DIRECT,
            )  # fmt: skip
        else:
            _item(
                q_ptr, k_ptr, v_ptr, k_tiles, v_tiles, out_ptr, lse_ptr, place_ptr, row_ptr, slot_ptr,
                sees_ptr, scale_log2, n_places, kv_first, kv_len, q_first, n_queries, place_first, n_open,
                row_first, kv_head, N_Q_HEADS, N_KV_HEADS, D, D_PAD, NARROW, BLOCK_N, NARROW_STAGES, True,
                HALF, FLAT, PERMUTED, DIRECT,
            )  # fmt: skip
    else:
        ROWS: tl.constexpr = WIDE if SHAPES == "wide" else NARROW
        STAGES: tl.constexpr = WIDE_STAGES if SHAPES == "wide" else NARROW_STAGES
        _item(
            q_ptr, k_ptr, v_ptr, k_tiles, v_tiles, out_ptr, lse_ptr, place_ptr, row_ptr, slot_ptr,
            sees_ptr, scale_log2, n_places, kv_first, kv_len, q_first, n_queries, place_first, n_open,
            row_first, kv_head, N_Q_HEADS, N_KV_HEADS, D, D_PAD, ROWS, BLOCK_N, STAGES, SHAPES == "narrow",
            HALF, FLAT, PERMUTED, DIRECT,
        )  # fmt: skip

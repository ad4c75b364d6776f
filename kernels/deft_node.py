"""DeFT-Node and DeFT-Node-Chunk: the KV of one node, or of one chunk of it, with all queries that see it.

Source: J. Yao et al., "DeFT", arXiv 2404.00242, sections 3.2 and 3.3 (KV-guided grouping).

    program (item, head): an item is a group's KV and one tile of at most 32 of its queries
    for each tile of BLOCK_N tokens: slots -> K tile -> scores -> V tile -> online softmax
    store one partial and LSE per query; kernels/reduce.py reduces over the path

Every query of a node sees every token of it, so there is no mask. The published kernel runs one program per
query head (HEADS = 1): the K and V of a KV head are requested q_per_kv times. HEADS = q_per_kv packs them.

Traffic per program: 5 x 4 B of item, 4 B of place a row, Q of its rows, per token 4 B of slot and its K and
V, one partial a row.
"""

import triton
import triton.language as tl

from .attend import NOTHING_SEEN, load_queries, load_tokens, meet, scores, store_partials


@triton.jit
def deft_node_kernel(
    q_ptr,  # [query, q_head, D]
    k_ptr, v_ptr,  # [slot, kv_head, D], the pool
    out_ptr, lse_ptr,  # [q_head, place, D] and [q_head, place] float32; o [query, q_head, D] if DIRECT
    item_ptr,  # [item, 8] int32: kv_first, kv_len, q_first, n_queries, place_first; kv_len = 0: no item
    place_ptr,  # [partial] int32: where each partial goes
    row_ptr,  # [query] int32: the caller's row of each query; read if PERMUTED
    slot_ptr,  # [token] int32: of the depth-first flattened tree
    scale_log2, n_places,
    N_Q_HEADS: tl.constexpr, N_KV_HEADS: tl.constexpr, HEADS: tl.constexpr,
    D: tl.constexpr, D_PAD: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr,
    PERMUTED: tl.constexpr, DIRECT: tl.constexpr,
):  # fmt: skip
    TILES: tl.constexpr = N_Q_HEADS // HEADS  # programs that share an item
    item = item_ptr + (tl.program_id(0) // TILES) * 8
    head = tl.program_id(0) % TILES
    kv_head = head * HEADS // (N_Q_HEADS // N_KV_HEADS)
    kv_len = tl.load(item + 1)
    if kv_len == 0:
        return
    kv_first = tl.load(item)
    q_first = tl.load(item + 2)
    n_queries = tl.load(item + 3)
    place_first = tl.load(item + 4)

    member = tl.arange(0, BLOCK_M) // HEADS
    ok = member < n_queries
    query = q_first + member
    q_head = head * HEADS + tl.arange(0, BLOCK_M) % HEADS
    q = load_queries(q_ptr, row_ptr, query, ok, q_head, N_Q_HEADS, D, D_PAD, PERMUTED)
    place = query
    if not DIRECT:
        place = tl.load(place_ptr + place_first + member, mask=ok, other=0)

    m = tl.full([BLOCK_M], NOTHING_SEEN, tl.float32)
    total = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D_PAD], tl.float32)
    for first in tl.range(0, kv_len, BLOCK_N, num_stages=STAGES):
        n = first + tl.arange(0, BLOCK_N)
        inside = n < kv_len
        slot = tl.load(slot_ptr + kv_first + n, mask=inside, other=0)
        k = load_tokens(k_ptr, slot, inside, kv_head, N_KV_HEADS, D, D_PAD)
        s = tl.where(inside[None, :], scores(q, k), float("-inf"))
        v = load_tokens(v_ptr, slot, inside, kv_head, N_KV_HEADS, D, D_PAD)
        m, total, acc = meet(s, v, m, total, acc, scale_log2)
    store_partials(
        out_ptr, lse_ptr, row_ptr, m, total, acc, place, query, ok, q_head, n_places,
        N_Q_HEADS, D, D_PAD, PERMUTED, DIRECT,
    )  # fmt: skip

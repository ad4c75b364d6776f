"""Tree attention with a dense mask, as in Medusa: five launches, each through memory in 16 bits.

Source: T. Cai et al., "Medusa", arXiv 2401.10774, section 3.1.

    1. QK^T      [q_head, query, token], every query with every token of the tree
    2. scale     each score, read and written
    3. mask      add 0 or the most negative number, read from a dense [query, token] matrix
    4. softmax   over the tokens
    5. PV        [query, q_head, D]

Each step writes its l x N_tree matrix and the next one reads it: eight times l N_tree q_heads elements in
all, whatever the tree looks like. The scores lose most of their digits before the softmax sees them; fused
kernels keep them in float32 registers instead.

Traffic, l queries, N tokens: scores written 4 times and read 4 times, the mask read once per query head, Q
once per tile of tokens, K and V once per tile of queries and head tile.
`size_ptr` [2] int32 holds l and N: a captured graph serves trees of other sizes within its room. Rows of
scores are moved in whole 16-byte pieces, so N counts here as the next multiple of 8.
"""

import triton
import triton.language as tl

from .attend import load_queries, load_tokens, scores


@triton.jit
def _columns(n_tokens):
    """Columns of the score matrix in use: a multiple of 8; told so, the compiler moves 16 bytes at once."""
    return tl.multiple_of((n_tokens + 7) // 8 * 8, 8)


@triton.jit
def qk_kernel(
    q_ptr,  # [query, q_head, D]
    k_ptr,  # [slot, kv_head, D]
    s_ptr,  # [q_head, query, room] scores
    row_ptr,  # [query] int32: the caller's row of each query; read if PERMUTED
    slot_ptr,  # [token] int32; read if PAGED
    size_ptr,  # [2] int32: queries, tokens
    q_room, room,  # queries and tokens that s has room for
    N_Q_HEADS: tl.constexpr, N_KV_HEADS: tl.constexpr, HEADS: tl.constexpr,
    D: tl.constexpr, D_PAD: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    PAGED: tl.constexpr, PERMUTED: tl.constexpr,
):  # fmt: skip
    TILES: tl.constexpr = N_Q_HEADS // HEADS
    QUERIES: tl.constexpr = BLOCK_M // HEADS
    n_queries, n_tokens = tl.load(size_ptr), tl.load(size_ptr + 1)
    head = tl.program_id(0) % TILES
    query_tile = tl.program_id(0) // TILES
    first = tl.program_id(1) * BLOCK_N
    if query_tile * QUERIES >= n_queries or first >= n_tokens:
        return
    member = tl.arange(0, BLOCK_M) // HEADS
    query = query_tile * QUERIES + member
    ok = (member < QUERIES) & (query < n_queries)
    q_head = head * HEADS + tl.arange(0, BLOCK_M) % HEADS
    n = first + tl.arange(0, BLOCK_N)
    inside = n < n_tokens
    slot = n
    if PAGED:
        slot = tl.load(slot_ptr + n, mask=inside, other=0)
    kv_head = head * HEADS // (N_Q_HEADS // N_KV_HEADS)
    q = load_queries(q_ptr, row_ptr, query, ok, q_head, N_Q_HEADS, D, D_PAD, PERMUTED)
    k = load_tokens(k_ptr, slot, inside, kv_head, N_KV_HEADS, D, D_PAD)
    at = s_ptr + (q_head.to(tl.int64) * q_room + query)[:, None] * room + n[None, :]
    used = n < _columns(n_tokens)
    tl.store(at, scores(q, k).to(s_ptr.dtype.element_ty), mask=ok[:, None] & used[None, :])


@triton.jit
def scale_kernel(s_ptr, size_ptr, q_room, room, scale, BLOCK: tl.constexpr):
    """s [q_head, query, room] *= scale; a program takes BLOCK tokens of one (q_head, query)."""
    n_queries, n_tokens = tl.load(size_ptr), tl.load(size_ptr + 1)
    n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    if tl.program_id(0) % q_room >= n_queries or tl.program_id(1) * BLOCK >= n_tokens:
        return
    at = s_ptr + tl.program_id(0).to(tl.int64) * room + n
    used = n < _columns(n_tokens)
    s = tl.load(at, mask=used, other=0.0).to(tl.float32)
    tl.store(at, (s * scale).to(s_ptr.dtype.element_ty), mask=used)


@triton.jit
def mask_kernel(s_ptr, mask_ptr, size_ptr, q_room, room, BLOCK: tl.constexpr):
    """s [q_head, query, room] += mask [query, room]; a program takes BLOCK tokens of one (q_head, query)."""
    n_queries, n_tokens = tl.load(size_ptr), tl.load(size_ptr + 1)
    n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    query = tl.program_id(0) % q_room
    if query >= n_queries or tl.program_id(1) * BLOCK >= n_tokens:
        return
    at = s_ptr + tl.program_id(0).to(tl.int64) * room + n
    used = n < _columns(n_tokens)
    s = tl.load(at, mask=used, other=0.0).to(tl.float32)
    hidden = tl.load(mask_ptr + query.to(tl.int64) * room + n, mask=used, other=0.0).to(tl.float32)
    tl.store(at, (s + hidden).to(s_ptr.dtype.element_ty), mask=used)


@triton.jit
def softmax_kernel(s_ptr, p_ptr, size_ptr, q_room, room, BLOCK: tl.constexpr):
    """p = softmax of s over the tokens, both [q_head, query, room]; a program takes one (q_head, query).

    Rows longer than BLOCK are walked twice, the second time from the cache if they fit there.
    """
    n_queries, n_tokens = tl.load(size_ptr), tl.load(size_ptr + 1)
    if tl.program_id(0) % q_room >= n_queries:
        return
    base = tl.program_id(0).to(tl.int64) * room
    n = tl.arange(0, BLOCK)
    columns = _columns(n_tokens)
    s = tl.load(s_ptr + base + n, mask=n < columns, other=0.0).to(tl.float32)
    s = tl.where(n < n_tokens, s, float("-inf"))
    m = tl.max(s, 0)
    total = tl.sum(tl.exp(s - m), 0)
    for first in tl.range(BLOCK, n_tokens, BLOCK):
        x = tl.load(s_ptr + base + first + n, mask=first + n < columns, other=0.0).to(tl.float32)
        x = tl.where(first + n < n_tokens, x, float("-inf"))
        m_new = tl.maximum(m, tl.max(x, 0))
        total = total * tl.exp(m - m_new) + tl.sum(tl.exp(x - m_new), 0)
        m = m_new
    tl.store(p_ptr + base + n, (tl.exp(s - m) / total).to(p_ptr.dtype.element_ty), mask=n < columns)
    for first in tl.range(BLOCK, n_tokens, BLOCK):
        x = tl.load(s_ptr + base + first + n, mask=first + n < columns, other=0.0).to(tl.float32)
        x = tl.where(first + n < n_tokens, tl.exp(x - m) / total, 0.0)
        tl.store(p_ptr + base + first + n, x.to(p_ptr.dtype.element_ty), mask=first + n < columns)


@triton.jit
def pv_kernel(
    p_ptr,  # [q_head, query, room]
    v_ptr,  # [slot, kv_head, D]
    o_ptr,  # [query, q_head, D]
    row_ptr, slot_ptr, size_ptr, q_room, room,
    N_Q_HEADS: tl.constexpr, N_KV_HEADS: tl.constexpr, HEADS: tl.constexpr,
    D: tl.constexpr, D_PAD: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, STAGES: tl.constexpr,
    PAGED: tl.constexpr, PERMUTED: tl.constexpr,
):  # fmt: skip
    TILES: tl.constexpr = N_Q_HEADS // HEADS
    QUERIES: tl.constexpr = BLOCK_M // HEADS
    n_queries, n_tokens = tl.load(size_ptr), tl.load(size_ptr + 1)
    head = tl.program_id(0) % TILES
    query_tile = tl.program_id(0) // TILES
    if query_tile * QUERIES >= n_queries:
        return
    member = tl.arange(0, BLOCK_M) // HEADS
    query = query_tile * QUERIES + member
    ok = (member < QUERIES) & (query < n_queries)
    q_head = head * HEADS + tl.arange(0, BLOCK_M) % HEADS
    kv_head = head * HEADS // (N_Q_HEADS // N_KV_HEADS)
    row = p_ptr + (q_head.to(tl.int64) * q_room + query) * room
    acc = tl.zeros([BLOCK_M, D_PAD], tl.float32)
    for first in tl.range(0, n_tokens, BLOCK_N, num_stages=STAGES):
        n = first + tl.arange(0, BLOCK_N)
        inside = n < n_tokens
        slot = n
        if PAGED:
            slot = tl.load(slot_ptr + n, mask=inside, other=0)
        used = n < _columns(n_tokens)
        p = tl.load(row[:, None] + n[None, :], mask=ok[:, None] & used[None, :], other=0.0)
        v = load_tokens(v_ptr, slot, inside, kv_head, N_KV_HEADS, D, D_PAD)
        acc = tl.dot(p, v, acc, input_precision="ieee")
    if PERMUTED:
        query = tl.load(row_ptr + query, mask=ok, other=0)
    d = tl.arange(0, D_PAD)
    at = o_ptr + (query.to(tl.int64) * N_Q_HEADS + q_head)[:, None] * D + d[None, :]
    tl.store(at, acc.to(o_ptr.dtype.element_ty), mask=ok[:, None] & (d < D)[None, :])

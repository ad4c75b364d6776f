"""What every phase-1 kernel does to one tile: load its queries, meet a tile of KV, write its partials.

A tile is BLOCK_M rows: `HEADS` query heads of each of its queries, side by side. HEADS is 1 (one program
per query head) or q_per_kv (heads packed: one program per KV head, and K and V are loaded once for all of
them). Rows past the last query are dead: they load nothing and store nothing.

Online softmax (Milakov and Gimelshein, arXiv 1805.02867; FlashAttention, arXiv 2205.14135), in base 2:
    m' = max(m, max_n s_n)      l' = l 2^(m - m') + sum_n 2^(s_n - m')      acc' likewise, with V
where s = q k * scale * log2(e). What leaves the kernel is acc / l and the natural log-sum-exp.
"""

import triton
import triton.language as tl

# less than any score, and finite: a row that has seen nothing yet must not turn into NaN
NOTHING_SEEN: tl.constexpr = tl.constexpr(-1.0e30)
LN_2: tl.constexpr = tl.constexpr(0.6931471805599453)


@triton.jit
def load_queries(
    q_ptr, row_ptr, query, ok, q_head,
    N_Q_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr, PERMUTED: tl.constexpr,
):  # fmt: skip
    """[row, D_PAD] of q [query, q_head, D]; row_ptr [query] is the caller's row, read if PERMUTED."""
    d = tl.arange(0, D_PAD)
    if PERMUTED:
        query = tl.load(row_ptr + query, mask=ok, other=0)
    offset = (query.to(tl.int64) * N_Q_HEADS + q_head) * D
    if D == D_PAD:
        q = tl.load(q_ptr + offset[:, None] + d[None, :], mask=ok[:, None], other=0.0)
    else:
        q = tl.load(q_ptr + offset[:, None] + d[None, :], mask=ok[:, None] & (d < D)[None, :], other=0.0)
    return q


@triton.jit
def load_tokens(
    ptr, slot, ok, kv_head,
    N_KV_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr,
):  # fmt: skip
    """[token, D_PAD] of k or v [slot, kv_head, D]: the rows `slot`, zeros where not `ok`."""
    d = tl.arange(0, D_PAD)
    offset = (slot.to(tl.int64) * N_KV_HEADS + kv_head) * D
    if D == D_PAD:
        x = tl.load(ptr + offset[:, None] + d[None, :], mask=ok[:, None], other=0.0)
    else:
        x = tl.load(ptr + offset[:, None] + d[None, :], mask=ok[:, None] & (d < D)[None, :], other=0.0)
    return x


@triton.jit
def scores(q, k):
    """[row, token] float32, unscaled. 16-bit operands go to the tensor cores; float32 is not rounded."""
    return tl.dot(q, tl.trans(k), input_precision="ieee")


@triton.jit
def meet(s, v, m, total, acc, scale_log2):
    """One step of the online softmax: scores s [row, token], -inf where masked, meet v [token, D_PAD]."""
    m_new = tl.maximum(m, tl.max(s, 1) * scale_log2)
    p = tl.exp2(s * scale_log2 - m_new[:, None])
    decay = tl.exp2(m - m_new)
    total = total * decay + tl.sum(p, 1)
    acc = tl.dot(p.to(v.dtype), v, acc * decay[:, None], input_precision="ieee")
    return m_new, total, acc


@triton.jit
def store_partials(
    out_ptr, lse_ptr, row_ptr, m, total, acc, place, query, ok, q_head, n_places,
    N_Q_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr,
    PERMUTED: tl.constexpr, DIRECT: tl.constexpr,
):  # fmt: skip
    """Write the tile: partials [q_head, place, D] and LSE [q_head, place] (natural log).

    DIRECT: each query has this one partial, so it is the output, o [query, q_head, D].
    A row that saw no token leaves zeros and -inf: it has no weight in the reduction.
    """
    d = tl.arange(0, D_PAD)
    some = tl.where(total == 0.0, 1.0, total)
    out = acc / some[:, None]
    if DIRECT:
        if PERMUTED:
            query = tl.load(row_ptr + query, mask=ok, other=0)
        offset = query.to(tl.int64) * N_Q_HEADS + q_head
    else:
        offset = q_head.to(tl.int64) * n_places + place
        lse = tl.where(total == 0.0, float("-inf"), (m + tl.log2(some)) * LN_2)
        tl.store(lse_ptr + offset, lse, mask=ok)
    at = out_ptr + offset[:, None] * D + d[None, :]
    if D == D_PAD:
        tl.store(at, out.to(out_ptr.dtype.element_ty), mask=ok[:, None])
    else:
        tl.store(at, out.to(out_ptr.dtype.element_ty), mask=ok[:, None] & (d < D)[None, :])

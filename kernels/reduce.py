"""Phase 2 of every method: reduce the partials of each query to its output, by a gather in a fixed order.

    query q owns places start[q] .. start[q + 1] - 1 of partials [q_head, place, D] and lse [q_head, place]
    m = max lse      o = sum_i e^(lse_i - m) partial_i / sum_i e^(lse_i - m)

One program per (query, query head). No atomics and no order that depends on timing: two runs agree to the
bit. A query's partials are neighbours in memory, because phase 1 looked its place up when it stored them.

Traffic per program: two entries of start, then every partial and LSE once, one output row stored.
With programmatic dependent launch (PDL, Hopper) the programs start while phase 1 still runs, fetch their
entries of start, and wait at gdc_wait.
"""

import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

LOG2_E: tl.constexpr = tl.constexpr(1.4426950408889634)
NOTHING_SEEN: tl.constexpr = tl.constexpr(-1.0e30)


@triton.jit
def reduce_kernel(
    partial_ptr,  # [q_head, place, D] float32, or 16 bits
    lse_ptr,  # [q_head, place] float32
    start_ptr,  # [query + 1] int32
    row_ptr,  # [query] int32: the caller's row of each query; read if PERMUTED
    o_ptr,  # [query, q_head, D]
    n_places,
    N_Q_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr, BLOCK_P: tl.constexpr,
    PERMUTED: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    query = tl.program_id(0) // N_Q_HEADS
    q_head = tl.program_id(0) % N_Q_HEADS
    first = tl.load(start_ptr + query)
    stop = tl.load(start_ptr + query + 1)
    if first == stop:  # a captured graph has programs for more queries than this plan
        return
    row = query
    if PERMUTED:
        row = tl.load(row_ptr + query)
    if PDL:
        gdc_wait()
    d = tl.arange(0, D_PAD)
    m = NOTHING_SEEN
    total = 0.0
    acc = tl.zeros([D_PAD], tl.float32)
    for place in tl.range(first, stop, BLOCK_P):
        i = place + tl.arange(0, BLOCK_P)
        ok = i < stop
        offset = q_head.to(tl.int64) * n_places + i
        lse = tl.load(lse_ptr + offset, mask=ok, other=float("-inf"))
        if D == D_PAD:
            partial = tl.load(partial_ptr + offset[:, None] * D + d[None, :], mask=ok[:, None], other=0.0)
        else:
            partial = tl.load(
                partial_ptr + offset[:, None] * D + d[None, :], mask=ok[:, None] & (d < D)[None, :], other=0.0
            )
        m_new = tl.maximum(m, tl.max(lse, 0))
        weight = tl.exp2((lse - m_new) * LOG2_E)
        decay = tl.exp2((m - m_new) * LOG2_E)
        total = total * decay + tl.sum(weight, 0)
        acc = acc * decay + tl.sum(partial.to(tl.float32) * weight[:, None], 0)
        m = m_new
    at = o_ptr + (row.to(tl.int64) * N_Q_HEADS + q_head) * D + d
    tl.store(at, (acc / total).to(o_ptr.dtype.element_ty), mask=d < D)

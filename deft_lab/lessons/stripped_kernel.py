"""Stage 1 of DeFT-Node on one page, with the lines of exercises 7.1 to 7.4 taken out.

It imports Triton: load it late. The kernel of kernels/deft_node.py with one program per query head, in base
e and without tiles that are tuned. What was taken out is called by name: `kv_offset`, `scores`, `meet` and
`store`. So is `rows`, which says what each row of a tile is (exercise 8.2).
"""

import triton
import triton.language as tl


@triton.jit
def stage_1(
    q_ptr, k_ptr, v_ptr,  # [query, q_head, D]; [slot, kv_head, D]
    out_ptr, lse_ptr,  # [q_head, place, D]; [q_head, place]
    item_ptr,  # [item, 5]: kv_first, kv_len, q_first, n_queries, place_first
    slot_ptr,  # [token]: where its K and V lie in the pool
    scale, n_places,
    N_Q_HEADS: tl.constexpr, N_KV_HEADS: tl.constexpr, D: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    rows: tl.constexpr, kv_offset: tl.constexpr, scores: tl.constexpr,
    meet: tl.constexpr, store: tl.constexpr,
):  # fmt: skip
    item = item_ptr + tl.program_id(0) * 5
    kv_first = tl.load(item)
    kv_len = tl.load(item + 1)
    q_first = tl.load(item + 2)
    n_queries = tl.load(item + 3)
    place_first = tl.load(item + 4)

    q_head, member = rows(tl.program_id(1), tl.arange(0, BLOCK_M))
    ok = member < n_queries
    d = tl.arange(0, D)
    at = ((q_first + member) * N_Q_HEADS + q_head) * D
    q = tl.load(q_ptr + at[:, None] + d[None, :], mask=ok[:, None], other=0.0)

    m = tl.full([BLOCK_M], -1.0e30, tl.float32)
    total = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, D], tl.float32)
    for first in range(0, kv_len, BLOCK_N):
        n = first + tl.arange(0, BLOCK_N)
        inside = n < kv_len
        slot = tl.load(slot_ptr + kv_first + n, mask=inside, other=0)
        # the rows of a tile share a KV head, so any of their query heads will do
        at = kv_offset(slot, tl.min(q_head, 0), N_Q_HEADS, N_KV_HEADS, D)  # gaps 1 and 2
        k = tl.load(k_ptr + at[:, None] + d[None, :], mask=inside[:, None], other=0.0)
        v = tl.load(v_ptr + at[:, None] + d[None, :], mask=inside[:, None], other=0.0)
        s = scores(q, k, inside, scale)  # gaps 3 and 4
        m, total, acc = meet(s, v, m, total, acc)  # gap 5
    place = place_first + member
    store(out_ptr, lse_ptr, m, total, acc, q_head, place, ok, n_places, D)  # gap 6


# --- the pieces as they are in kernels/, for all exercises but their own


@triton.jit
def rows(program, row):
    return program + row * 0, row


@triton.jit
def kv_offset(slot, q_head, n_q_heads, n_kv_heads, dim):
    kv_head = q_head // (n_q_heads // n_kv_heads)
    return (slot * n_kv_heads + kv_head) * dim


@triton.jit
def scores(q, k, inside, scale):
    s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
    return tl.where(inside[None, :], s, float("-inf"))


@triton.jit
def meet(s, v, m, total, acc):
    m_new = tl.maximum(m, tl.max(s, 1))
    p = tl.exp(s - m_new[:, None])
    decay = tl.exp(m - m_new)
    total = total * decay + tl.sum(p, 1)
    acc = acc * decay[:, None] + tl.dot(p, v, input_precision="ieee")
    return m_new, total, acc


@triton.jit
def store(out_ptr, lse_ptr, m, total, acc, q_head, place, ok, n_places, dim):
    at = q_head * n_places + place
    d = tl.arange(0, dim)
    tl.store(lse_ptr + at, m + tl.log(total), mask=ok)
    tl.store(out_ptr + at[:, None] * dim + d[None, :], acc / total[:, None], mask=ok[:, None])

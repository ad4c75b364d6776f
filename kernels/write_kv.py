"""Keys and values of a step's new tokens, into their slots of the pool.

    one program per token and KV head:    look up the slot; copy one row of K and one of V

A slot below 0 is nobody's: a captured graph has programs for more tokens than this step may decode, and
what it computes for the others must not land anywhere. One launch a layer writes both; two copies by index
would be two launches, and would need a slot to throw the others' rows into.

Traffic per program: 4 or 8 B of slot, 2 x D loaded, 2 x D stored.
"""

import triton
import triton.language as tl


@triton.jit
def write_kv_kernel(
    k_ptr, v_ptr,  # [token, kv_head, D]
    pool_k_ptr, pool_v_ptr,  # [slot, kv_head, D]
    slot_ptr,  # [token] integers; below 0: write nothing
    N_KV_HEADS: tl.constexpr, D: tl.constexpr, D_PAD: tl.constexpr,
):  # fmt: skip
    token = tl.program_id(0) // N_KV_HEADS
    kv_head = tl.program_id(0) % N_KV_HEADS
    slot = tl.load(slot_ptr + token).to(tl.int64)
    if slot < 0:
        return
    d = tl.arange(0, D_PAD)
    here = (token * N_KV_HEADS + kv_head).to(tl.int64) * D + d
    there = (slot * N_KV_HEADS + kv_head) * D + d
    tl.store(pool_k_ptr + there, tl.load(k_ptr + here, mask=d < D, other=0.0), mask=d < D)
    tl.store(pool_v_ptr + there, tl.load(v_ptr + here, mask=d < D, other=0.0), mask=d < D)

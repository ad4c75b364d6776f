"""Accepted tokens' keys and values, from the slots of drafts to the end of their branch, in all layers.

    one program per token and layer:    look up both slots; copy a row of K and a row of V

A draft that is accepted was decoded where drafts lie; the branch that it joins has slots of its own. With
copies by index that is four launches and a list uploaded for them alone, while the device waits. As one
launch it is the first node of the next step's graph, and its list comes with that step's tokens. A slot below
0 moves nothing: a graph has programs for more tokens than were accepted.

No program may write where another reads: the slots moved to are not among those moved from.

Traffic per program: 16 B of slots, 2 x ROW loaded, 2 x ROW stored.
"""

import triton
import triton.language as tl


@triton.jit
def move_kv_kernel(
    pool_k_ptr, pool_v_ptr,  # [layer, slot, ROW]
    from_ptr, to_ptr,  # [token] int64; below 0: move nothing
    n_tokens,
    n_slots,
    ROW: tl.constexpr, ROW_PAD: tl.constexpr,  # elements of all KV heads
):  # fmt: skip
    token = tl.program_id(0) % n_tokens
    layer = (tl.program_id(0) // n_tokens).to(tl.int64)
    source = tl.load(from_ptr + token)
    if source < 0:
        return
    target = tl.load(to_ptr + token)
    d = tl.arange(0, ROW_PAD)
    here, there = (layer * n_slots + source) * ROW + d, (layer * n_slots + target) * ROW + d
    tl.store(pool_k_ptr + there, tl.load(pool_k_ptr + here, mask=d < ROW, other=0.0), mask=d < ROW)
    tl.store(pool_v_ptr + there, tl.load(pool_v_ptr + here, mask=d < ROW, other=0.0), mask=d < ROW)

"""The yardstick: a kernel that reads keys and values once, and does nothing with them.

Attention must read every byte of the KV that some query sees. How long does that alone take? This kernel
answers, so "1.4 x read" says how far a kernel is from the best that any kernel could do on this GPU:

    for each tile of K and the same tile of V (int32 words):    load both, XOR them into the accumulator
    at the end                                                  store one word a program

Read: 4 bytes a word of K and V, each once. Written: one word a program (at most 2 kB), so that the
compiler cannot leave the loads out. XOR, because it is the cheapest operation that needs every bit.

The programs stride over the tiles: program p of P takes tiles p, p + P, p + 2P, ... Four programs an SM on
132 SMs, 8 warps each, 16 kB a tile and tensor, loads running up to 3 tiles ahead (num_stages=4).
These numbers stay as they are, on any GPU: the published ratios were measured with them.
"""

from collections.abc import Callable

import torch
import triton
import triton.language as tl
from torch import Tensor

TILE = 4096  # words
MOST_PROGRAMS = 132 * 4


@triton.jit
def _read_kernel(
    k_ptr,  # [word] int32
    v_ptr,  # [word] int32
    out_ptr,  # [program] int32
    n_tiles,
    TILE: tl.constexpr,
):
    program = tl.program_id(0)
    acc = tl.zeros([TILE], tl.int32)
    word = tl.arange(0, TILE)
    for i in tl.range(program, n_tiles, tl.num_programs(0), num_stages=4):
        offset = tl.cast(i, tl.int64) * TILE + word  # more than 2^31 words are allowed
        acc ^= tl.load(k_ptr + offset)
        acc ^= tl.load(v_ptr + offset)
    tl.store(out_ptr + program, tl.xor_sum(acc, 0))


def reader(k: Tensor, v: Tensor) -> Callable[[], Tensor]:
    """A call that reads `k` and `v` once; it allocates nothing.

    Args:
        k: keys, contiguous, of any shape and dtype; words beyond the last whole tile are not read.
        v: values, of the same size.

    Returns:
        a function without arguments; it returns [program] int32, the XOR of what each program read.
    """
    k_words, v_words = k.view(-1).view(torch.int32), v.view(-1).view(torch.int32)
    n_tiles = k_words.numel() // TILE
    grid = min(n_tiles, MOST_PROGRAMS)
    out = torch.empty(max(grid, 1), dtype=torch.int32, device=k.device)

    def read() -> Tensor:
        _read_kernel[(grid,)](k_words, v_words, out, n_tiles, TILE=TILE, num_warps=8)
        return out

    return read

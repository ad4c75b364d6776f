"""Kernels so small that their bytes can be counted by hand, for the tests of the kernels' machinery."""

import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, y_ptr, n, TILE: tl.constexpr = 8):  # x, y: [n]
    i = tl.program_id(0) * TILE + tl.arange(0, TILE)
    x = tl.load(x_ptr + i, mask=i < n)
    tl.store(y_ptr + i, x, mask=i < n)


@triton.jit
def load_row(x_ptr, row, n, TILE: tl.constexpr):
    """A helper: x[row], with -inf beyond n."""
    i = tl.arange(0, TILE)
    return tl.load(
        x_ptr + row * n + i,
        mask=i < n,
        other=float("-inf"),
    )


@triton.jit
def softmax_kernel(x_ptr, y_ptr, n, TILE: tl.constexpr):  # x, y: [row, n]
    row = tl.program_id(1)
    x = load_row(x_ptr, row, n, TILE)  # the bytes are counted where the helper loads

    e = tl.exp(x - tl.max(x, 0))
    i = tl.arange(0, TILE)
    tl.store(y_ptr + row * n + i, e / e.sum(0), mask=i < n)


@triton.jit
def gather_kernel(x_ptr, index_ptr, start_ptr, y_ptr, TILE: tl.constexpr):
    # x: [slot], index: [entry] int32, start: [row + 1] int32, y: [row]: sum of x over the row's entries
    row = tl.program_id(0)
    first, stop = tl.load(start_ptr + row), tl.load(start_ptr + row + 1)
    total = tl.zeros([TILE], tl.float32)
    for at in range(first, stop, TILE):
        i = at + tl.arange(0, TILE)
        slot = tl.load(index_ptr + i, mask=i < stop, other=0)
        total += tl.load(x_ptr + slot, mask=i < stop, other=0.0).to(tl.float32)
    tl.store(y_ptr + row, tl.sum(total, 0))


@triton.jit
def dot_kernel(a_ptr, b_ptr, c_ptr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, STEP: tl.constexpr):
    # a: [M, K], b: [K, N], c: [M, N]; c = a b, through the dtype of a
    m, n = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :]
    c = tl.zeros([M, N], tl.float32)
    for first in range(0, K, STEP):
        k = first + tl.arange(0, STEP)
        a = tl.load(a_ptr + m * K + k[None, :])
        b = tl.load(b_ptr + k[:, None] * N + n)
        c = tl.dot(a, b, c, input_precision="ieee")
    tl.store(c_ptr + m * N + n, c.to(c_ptr.dtype.element_ty))


@triton.jit
def tile_kernel(x, y_ptr, ROWS: tl.constexpr, D: tl.constexpr):  # x: descriptor of [n, D]; y: [tile, ROWS, D]
    at = tl.program_id(0) * ROWS
    rows, d = at + tl.arange(0, ROWS), tl.arange(0, D)
    tl.store(y_ptr + rows[:, None] * D + d[None, :], x.load([at, 0]))  # zeros beyond the end


@triton.jit
def round_kernel(x_ptr, y_ptr, TILE: tl.constexpr):  # x: [TILE] float32, y: [TILE] of any dtype
    i = tl.arange(0, TILE)
    tl.store(y_ptr + i, tl.load(x_ptr + i).to(y_ptr.dtype.element_ty))


@triton.jit
def double_kernel(x_ptr, y_ptr, TILE: tl.constexpr):
    i = tl.arange(0, TILE)
    x = tl.load(x_ptr + i)
    tl.store(y_ptr + i, x + x)


@triton.jit
def count_kernel(x_ptr, count_ptr, lock_ptr, n, TILE: tl.constexpr):  # x: [n] int32; count[x] += 1
    i = tl.arange(0, TILE)
    x = tl.load(x_ptr + i, mask=i < n, other=0)
    tl.atomic_add(count_ptr + x, 1, mask=i < n)
    tl.atomic_cas(lock_ptr, 0, 1)


@triton.jit
def wide_kernel(x_ptr, y_ptr, skip):  # reads one int64 at byte 4 * skip of x, [n] int32
    wide_ptr = (x_ptr + skip).to(tl.pointer_type(tl.int64))
    tl.store(y_ptr, tl.load(wide_ptr))


@triton.jit
def forgetful_kernel(x_ptr, y_ptr, TILE: tl.constexpr):
    i = tl.arange(0, TILE)
    tl.store(y_ptr + i, np.exp(tl.load(x_ptr + i)))  # noqa: F821  np is imported nowhere

"""Does Triton work here? One kernel that adds 1, and a look at what it wrote.

The output starts as NaN, so "never written" and "silently zero" are told apart from "right". The
kernel loops to a bound that it is given at run time, because there the interpreter of Triton 3.6
breaks under NumPy 2.4.

    python -m deft_lab.kernels.selftest      prints one line; exit status 0 if the kernel is right
"""

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _plus_one_kernel(x_ptr, y_ptr, n, BLOCK: tl.constexpr):  # x, y: [n] float32
    for first in range(0, n, BLOCK):
        i = first + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + i, mask=i < n, other=0.0)
        tl.store(y_ptr + i, x + 1.0, mask=i < n)


def plus_one(x: Tensor) -> Tensor:
    """x + 1, computed by one Triton program; NaN where the program wrote nothing."""
    y = torch.full_like(x, float("nan"))
    _plus_one_kernel[(1,)](x, y, x.numel(), BLOCK=256)
    return y


def fault(x: Tensor, y: Tensor) -> str:
    """What is wrong with `y` as x + 1, in words; empty if it is right."""
    wrong = int((y != x + 1).sum())
    if not wrong:
        return ""
    if y.isnan().all():
        return "the kernel wrote nothing"
    if not y.any():
        return "the kernel returned zeros without an error"
    return f"the kernel got {wrong} of {x.numel()} numbers wrong"


def main() -> str:
    """Run the kernel on the GPU if there is one; return its fault."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x = torch.arange(1000, dtype=torch.float32, device=device)  # no multiple of BLOCK: the mask counts
    found = fault(x, plus_one(x))
    how = "compiled for the GPU" if device == "cuda" else "in the interpreter"
    print(found or f"1000 numbers right, {how}")
    return found


if __name__ == "__main__":
    raise SystemExit(1 if main() else 0)

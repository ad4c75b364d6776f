"""Kernels run in the interpreter and compile in one process, and nothing of the one is left in the other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
triton = pytest.importorskip("triton")

import tiny_kernels  # noqa: E402
import triton.language as tl  # noqa: E402
from tiny_kernels import copy_kernel, dot_kernel, gather_kernel, load_row, softmax_kernel  # noqa: E402
from triton.runtime.errors import InterpreterError  # noqa: E402
from triton.runtime.jit import JITFunction  # noqa: E402

from deft_lab import DeftLabError  # noqa: E402
from deft_lab import interpret as room  # noqa: E402
from deft_lab.interpret import interpreted  # noqa: E402


@triton.jit
def largest_kernel(x_ptr, y_ptr, n, TILE: tl.constexpr):
    row = tl.program_id(0)
    tl.store(y_ptr + row, tl.max(load_row(x_ptr, row, n, TILE), 0))  # a helper of another module, by name


def softmax(x):
    y = torch.full_like(x, float("nan"))
    softmax_kernel[(1, len(x))](x, y, x.shape[1], TILE=triton.next_power_of_2(x.shape[1]))
    return y


def state():
    """What interpretation replaces, in Triton and in the kernels' modules."""
    language = {name: value for name, value in vars(tl).items() if name != "__builtins__"}
    core = {name: value for name, value in vars(tl.core).items() if name != "__builtins__"}
    kernels = {n: value for n, value in vars(tiny_kernels).items() if n != "interpreter_semantic"}
    builder = dict(vars(room.interpreter().interpreter_builder))
    for name in ("grid_dim", "grid_idx"):  # the last launch's
        builder.pop(name, None)
    owners = (JITFunction, tl.tensor, tl.math, tl.dtype, room.interpreter())
    return [language, core, kernels, builder, *(dict(vars(owner)) for owner in owners)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_a_kernel_with_helpers_runs_on_the_cpu(dtype):
    x = torch.randn(3, 13).to(dtype)
    with interpreted():
        y = softmax(x)
    torch.testing.assert_close(y.double(), x.double().softmax(1), atol=1e-3, rtol=1e-3)


def test_helpers_imported_by_name_run():
    x, y = torch.randn(4, 5), torch.zeros(4)
    with interpreted():
        largest_kernel[(4,)](x, y, 5, TILE=8)
    assert y.equal(x.amax(1))


def test_a_kernel_loops_to_a_bound_that_it_loads():
    x, index = torch.randn(50), torch.randint(0, 50, (40,), dtype=torch.int32)
    start = torch.tensor([0, 3, 3, 40], dtype=torch.int32)
    y = torch.full((3,), float("nan"))
    with interpreted():
        gather_kernel[(3,)](x, index, start, y, TILE=8)
    rows = [x[index[a:b].long()].sum() for a, b in ((0, 3), (3, 3), (3, 40))]
    torch.testing.assert_close(y, torch.stack(rows))


def test_everything_is_as_before_afterwards():
    before = state()
    with interpreted():
        softmax(torch.randn(2, 4))
        with pytest.raises(InterpreterError, match="np"):  # no name of the interpreter helps a kernel out
            tiny_kernels.forgetful_kernel[(1,)](torch.ones(4), torch.ones(4), TILE=4)
    assert state() == before
    builder = vars(room.interpreter().interpreter_builder)
    assert not {"cast_impl", "create_dot", "binary_op"} & builder.keys() and "__get__" not in vars(
        JITFunction
    )
    assert isinstance(softmax_kernel, JITFunction) and isinstance(tl.sum, JITFunction)


@pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU the launch is compiled and runs")
def test_outside_a_launch_is_compiled():
    with interpreted():
        softmax(torch.randn(2, 4))
    with pytest.raises(RuntimeError, match="0 active drivers"):
        softmax(torch.randn(2, 4))


def test_nested_use_is_harmless():
    x = torch.randn(2, 4)
    with interpreted():
        with interpreted():
            softmax(x)
        torch.testing.assert_close(softmax(x), x.softmax(1))
    assert JITFunction.run is room.compiled_run


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_dot_is_exact_to_float32_in_every_dtype(dtype):
    a, b = torch.randn(16, 48).to(dtype), torch.randn(48, 32).to(dtype)
    c = torch.full((16, 32), float("nan"))
    with interpreted():
        dot_kernel[(1,)](a, b, c, M=16, N=32, K=48, STEP=16)
    torch.testing.assert_close(c.double(), a.double() @ b.double(), atol=1e-5, rtol=1e-5)


def test_rounding_to_bfloat16_is_that_of_the_gpu():
    bits = torch.randint(-(2**31), 2**31, (4096,), dtype=torch.int64)
    bits[::3] &= ~0xFFFF  # ties lie half way between two bfloat16
    bits[::3] |= 0x8000
    bits[:2] = torch.tensor([0x7F800001, 0x7FFFFFFF])  # NaN that rounding would turn into Inf and -0
    x = bits.to(torch.int32).view(torch.float32)
    x[2:6] = torch.tensor([float("inf"), float("-inf"), float("nan"), 3.4e38])
    y = torch.zeros(4096, dtype=torch.bfloat16)
    with interpreted():
        tiny_kernels.round_kernel[(1,)](x, y, TILE=4096)
    wanted = x.bfloat16()
    nan = wanted.isnan()
    assert y.isnan().equal(nan) and y[~nan].view(torch.int16).equal(wanted[~nan].view(torch.int16))


def test_bfloat16_arrives_unchanged():
    x = torch.randn(10).bfloat16()
    y, wide = torch.zeros_like(x), torch.zeros(16)
    with interpreted():
        copy_kernel[(2,)](x, y, 10, TILE=8)
        tiny_kernels.round_kernel[(1,)](torch.cat([x, x[:6]]), wide, TILE=16)
    assert y.equal(x) and wide[:10].equal(x.float())


def test_arithmetic_on_bfloat16_is_refused():
    x = torch.randn(8).bfloat16()
    with (
        pytest.raises(DeftLabError, match=r"arithmetic on bfloat16, .*; convert with .to\(tl.float32\)"),
        interpreted(),
    ):
        tiny_kernels.double_kernel[(1,)](x, x, TILE=8)
    assert JITFunction.run is room.compiled_run


def test_a_triton_with_other_names_is_refused(monkeypatch):
    monkeypatch.delattr(room.interpreter(), "GridExecutor")
    room.interpreter.cache_clear()
    with pytest.raises(DeftLabError, match="has no GridExecutor; .* Triton 3.7.1"), interpreted():
        pass


def test_the_variable_may_be_set():
    """Then kernels are not JITFunctions; they run, are counted, and cannot be compiled."""
    code = """
import torch, tiny_kernels
from deft_lab.ahead import recorded_launches
from deft_lab.counter import count_bytes
x = torch.randn(3, 5)
y = torch.zeros_like(x)
assert type(tiny_kernels.softmax_kernel).__name__ == "InterpretedFunction"
with count_bytes({"q": x, "o": y}) as counted:
    tiny_kernels.softmax_kernel[(1, 3)](x, y, 5, TILE=8)
torch.testing.assert_close(y, x.softmax(1))
lines = [line.number for line in counted.by_line()]
try:
    with count_bytes({"q": x[:2], "o": y}):
        tiny_kernels.softmax_kernel[(1, 3)](x, y, 5, TILE=8)
except ValueError as error:
    print(type(error).__name__)
try:
    with recorded_launches():
        pass
except ValueError as error:
    print(error)
print(counted.bytes("q"), counted.bytes("o"), *lines)
"""
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests), str(tests.parent)])
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert not run.returncode, run.stderr
    source = (tests / "tiny_kernels.py").read_text().splitlines()
    load = source.index("    return tl.load(") + 1
    store = next(i for i, line in enumerate(source, 1) if "tl.store(y_ptr + row * n + i, e" in line)
    assert run.stdout.splitlines() == [
        "DeftLabError",
        "TRITON_INTERPRET is set, which makes kernels that cannot be compiled; unset it",
        f"60 60 {load} {store}",
    ]

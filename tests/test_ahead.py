"""What is launched can be compiled here, for chips that are not here, and its figures are those of ptxas."""

import re
import subprocess

import pytest

torch = pytest.importorskip("torch")
triton = pytest.importorskip("triton")

from tiny_kernels import copy_kernel, dot_kernel, load_row, softmax_kernel, tile_kernel  # noqa: E402
from triton.runtime.jit import JITFunction  # noqa: E402
from triton.tools.tensor_descriptor import TensorDescriptor  # noqa: E402

from deft_lab import DeftLabError  # noqa: E402
from deft_lab.ahead import CAPABILITIES, compile_launch, print_report, recorded_launches  # noqa: E402
from deft_lab.interpret import compiled_run, interpreted  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cold_cache(tmp_path_factory):
    """Everything is compiled anew, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(tmp_path_factory.mktemp("triton")))
        yield


def dot(dtype, depth=64, step=32, **options):
    """The launch of a product [64, depth] x [depth, 64]."""
    a, b, c = (torch.zeros(64 * n, dtype=dtype) for n in (depth, depth, 64))
    with recorded_launches() as launches:
        dot_kernel[(1,)](a, b, c, M=64, N=64, K=depth, STEP=step, **options)
    return launches[0]


def copied(x, n, tile=128):
    """The compiled signature of a copy of x, [n]."""
    with recorded_launches() as launches:
        copy_kernel[(2,)](x, torch.zeros(1), n, TILE=tile)
    return compile_launch(launches[0], 80).signature


def test_launches_are_recorded_and_do_not_run():
    x, y = torch.ones(8), torch.zeros(8)
    with recorded_launches() as launches:
        copy_kernel[(2,)](x, y, 7, TILE=4, num_warps=2, num_stages=1)
        copy_kernel[lambda meta: (triton.cdiv(meta["n"], meta["TILE"]), 3)](x, y, n=8)
    assert not y.any()
    first, second = launches
    assert (first.name, first.grid, second.grid) == ("copy_kernel", (2,), (1, 3))
    assert first.kernel is copy_kernel and first.arguments["x_ptr"] is x and first.arguments["n"] == 7
    assert first.constexprs == {"TILE": 4} and first.options == {"num_warps": 2, "num_stages": 1}
    assert second.constexprs == {"TILE": 8} and second.options == {}  # the default
    assert JITFunction.run is compiled_run


def test_recording_wins_over_interpretation():
    x, y = torch.ones(8), torch.zeros(8)
    with recorded_launches() as outside, interpreted():
        copy_kernel[(1,)](x, y, 8, TILE=8)
    with interpreted():
        with recorded_launches() as inside:
            copy_kernel[(1,)](x, y, 8, TILE=8)
        assert not y.any() and len(outside) == len(inside) == 1
        copy_kernel[(1,)](x, y, 8, TILE=8)
    assert y.all()


@pytest.mark.parametrize(
    ("capability", "tensor_core"), [(80, "mma"), (90, "wgmma"), (100, "tcgen05")], ids=str
)
def test_a_product_uses_the_tensor_cores_of_the_chip(capability, tensor_core):
    made = compile_launch(dot(torch.float16, num_warps=4, num_stages=3), capability)
    assert tensor_core in made.instructions
    assert not {"mma", "wgmma", "tcgen05"} - {tensor_core} & set(made.instructions)
    assert f".target sm_{capability}" in made.ptx
    assert (made.num_warps, made.num_stages, made.spills, made.stack) == (4, 3, 0, 0)
    assert 16 < made.registers <= 255 and 0 < made.shared_bytes <= 64 * 1024


def test_a_copy_uses_no_tensor_core():
    with recorded_launches() as launches:
        copy_kernel[(1,)](torch.ones(8), torch.ones(8), 8, TILE=8)
    assert compile_launch(launches[0], 90).instructions == ()


def test_a_descriptor_is_loaded_by_tma_where_the_chip_has_it():
    x, y = torch.zeros(16, 64, dtype=torch.float16), torch.zeros(16, 64, dtype=torch.float16)
    with recorded_launches() as launches:
        tile_kernel[(2,)](TensorDescriptor.from_tensor(x, [8, 64]), y, ROWS=8, D=64)
    assert "tma" in compile_launch(launches[0], 90).instructions
    assert "tma" not in compile_launch(launches[0], 80).instructions


def test_arguments_are_specialised_as_a_launch_does_it():
    x = torch.zeros(100, dtype=torch.bfloat16)
    assert copied(x, 32) == {"x_ptr": "*bf16:16", "y_ptr": "*fp32:16", "n": "i32:16", "TILE": "constexpr"}
    assert copied(x[1:], 33) == {"x_ptr": "*bf16", "y_ptr": "*fp32:16", "n": "i32", "TILE": "constexpr"}
    assert copied(x[8:].half(), 1)["n"] == "constexpr"
    assert copied(x.long(), 2**31 + 1) == {
        "x_ptr": "*i64:16", "y_ptr": "*fp32:16", "n": "i64", "TILE": "constexpr",
    }  # fmt: skip


def test_registers_and_spills_are_those_that_ptxas_tells(tmp_path):
    made = compile_launch(dot(torch.float16, num_warps=4, maxnreg=40), 80)
    source = tmp_path / "dot.ptx"
    source.write_text(made.ptx)
    # as Triton calls it
    command = [triton.knobs.nvidia.ptxas.path, "-lineinfo", "-v", "--regAllocOptLevel=2", "--gpu-name=sm_80"]
    told = subprocess.run([*command, source, "-o", tmp_path / "dot.cubin"], capture_output=True, text=True)
    numbers = re.search(
        r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
        r"[^U]*Used (\d+) registers",
        told.stderr,
    )
    assert numbers, told.stderr
    stack, stores, loads, registers = map(int, numbers.groups())
    assert (made.stack, made.spill_stores, made.spill_loads, made.registers) == (
        stack, stores, loads, registers,
    )  # fmt: skip
    assert made.registers == 40 and stores > 0 and loads > 0


def test_more_shared_memory_than_the_chip_has_is_refused():
    launch = dot(torch.float16, depth=2048, step=256, num_stages=4)  # a stage is two tiles of 32 KiB
    with pytest.raises(
        DeftLabError, match=r"dot_kernel needs \d+ bytes of shared memory, sm_80 has 166912; take smaller"
    ):
        compile_launch(launch, 80)


def test_an_unknown_chip_lists_the_known_ones():
    with pytest.raises(DeftLabError, match="no capability 75; choose one of 80, 90, 100"):
        compile_launch(dot(torch.float16), 75)
    assert CAPABILITIES == (80, 90, 100)


def test_a_triton_with_other_names_is_refused(monkeypatch):
    monkeypatch.delattr(triton.runtime.driver, "_active")
    with pytest.raises(DeftLabError, match="keeps its driver elsewhere; .* Triton 3.7.1"):
        compile_launch(dot(torch.float16), 90)


def test_what_does_not_compile_names_kernel_and_chip():
    with recorded_launches() as launches:
        copy_kernel[(1,)](torch.ones(8), torch.ones(8), 8, TILE=7)  # no power of two
    with pytest.raises(triton.CompilationError) as refused:
        compile_launch(launches[0], 90)
    assert refused.value.__notes__ == ["while compiling copy_kernel for sm_90"]


def test_the_second_time_comes_from_the_cache():
    launch = dot(torch.bfloat16, num_warps=2)
    first = compile_launch(launch, 90)
    dot_kernel.device_caches.clear()  # as a new process
    second = compile_launch(launch, 90)
    assert second.ptx == first.ptx and second.registers == first.registers
    assert second.seconds < first.seconds / 3


def test_interpreting_and_compiling_take_turns():
    x = torch.randn(2, 8)
    y = torch.zeros_like(x)
    for tile in (8, 16):
        with interpreted():
            softmax_kernel[(1, 2)](x, y, 8, TILE=tile)
        torch.testing.assert_close(y, x.softmax(1))
        with recorded_launches() as launches:
            softmax_kernel[(1, 2)](x, y, 8, TILE=tile)
        made = compile_launch(launches[0], 80)
        assert made.name in made.ptx and "ex2.approx" in made.ptx
        assert load_row.fn.__name__ not in made.ptx  # helpers are inlined
        y.zero_()


def test_the_report_has_a_line_for_each_kernel_and_chip(capsys):
    launch = dot(torch.float16, num_warps=4, num_stages=3)
    print_report([compile_launch(launch, capability) for capability in (80, 90, 90)])
    report = capsys.readouterr().out
    rows = [line.split() for line in report.splitlines() if "dot_kernel" in line]
    assert [row[5:8] for row in rows] == [["80", "4", "3"], ["90", "4", "3"]]  # the third was told
    assert all(row[1:5] == ["M=64", "N=64", "K=64", "STEP=32"] for row in rows)
    assert "mma" in rows[0] and "wgmma" in rows[1]

"""Every launch of every method compiles for GPUs that are not here, and uses their tensor cores.

A kernel that runs in the interpreter alone cannot land. The figures (registers, spilled bytes, shared memory)
are printed to standard error, also where pytest captures output or runs the tests in several processes.
"""

import sys
from contextlib import redirect_stdout
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from counting import random_step  # noqa: E402
from trees import TREES  # noqa: E402

from deft_lab import METHODS, Tree, ops  # noqa: E402
from deft_lab.ahead import CAPABILITIES, SHARED_LIMIT, compile_launch, print_report, recorded_launches  # noqa: E402
from deft_lab.ops.triton_backend import move_triton, write_triton  # noqa: E402

LLAMA3 = (32, 8)
TENSOR_CORES = {"mma", "wgmma", "tcgen05"}
ELEMENTWISE = {
    "write_kv_kernel",
    "move_kv_kernel",
    "reduce_kernel",
    "scale_kernel",
    "mask_kernel",
    "softmax_kernel",
}
# several partials a query in every fused method; tiles of 32 queries in the published ones
STAR = Tree([-1] + [0] * 33, [140] + [1] * 33)
# (tree, tile shapes of our own method, each query has one partial)
WAVES = {
    "both, two phases": (Tree([-1, 0, 0], [300, 900, 20], seat=[1] * 40 + [2] * 2), "both", False),
    "wide, two phases": (Tree([-1], [300], seat=[0] * 40), "wide", False),
    "wide, direct": (Tree([-1], [60], seat=[0] * 16), "wide", True),
    "narrow, two phases": (Tree([-1], [300], seat=[0] * 2), "narrow", False),
    "narrow, direct": (TREES["two leaves"], "narrow", True),
}


@pytest.fixture(scope="session")
def report(pytestconfig):
    """Compiled launches; their table is printed after the last of these tests."""
    compiled = []
    yield compiled
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled(), redirect_stdout(sys.stderr):
        print()
        print_report(compiled)


def launches_of(method, tree=STAR, *, dim=128, dtype=torch.bfloat16, flat=False, pack_heads=None, grown=0):
    """The table, and what an attention call on it launches."""
    step = random_step(tree, LLAMA3, dim, dtype=dtype, flat=flat)
    table = step.lower(method, paged=False, pack_heads=pack_heads)
    if grown:
        bucket = table.bucket.grown(grown)
        table = ops.lower(table.plan, table.store, backend="triton", bucket=bucket)
    with recorded_launches() as launches:
        ops.attend(step.q, table)
    return table, launches


def on_gpu(launch, capability, direct):
    """As a GPU launches it: from Hopper on phase 2 overlaps phase 1, and whole tiles are asked for early."""
    if capability < 90:
        return launch
    hints = {}
    if "PDL" in launch.kernel.arg_names and not direct:
        hints["PDL"] = True
        if launch.name == "reduce_kernel":
            hints["launch_pdl"] = True
    if "PREFETCH" in launch.kernel.arg_names:
        hints["PREFETCH"] = launch.kwargs["FLAT"]
    return replace(launch, kwargs=launch.kwargs | hints)


def check(report, table, launches, capability):
    """Compile them, and judge the figures."""
    compiled = []
    for launch in launches:
        made = compile_launch(on_gpu(launch, capability, table.bucket.direct), capability)
        report.append(made)
        compiled.append(made)
        assert made.shared_bytes <= SHARED_LIMIT[capability]
        assert bool(TENSOR_CORES & set(made.instructions)) == (made.name not in ELEMENTWISE), made.name
        if capability == 90:
            assert (made.spills, made.stack) == (0, 0), f"{made.name} spills {made.spills} bytes"
        overlaps = made.launch.kwargs.get("PDL", False)
        assert ("griddepcontrol" in made.ptx) == overlaps, made.name
        assert ("prefetch.global.L2" in made.ptx) == made.launch.kwargs.get("PREFETCH", False), made.name
    return compiled


published = [method for method in METHODS if method != "tree_waves"]
every_chip = pytest.mark.parametrize("capability", CAPABILITIES)


@every_chip
@pytest.mark.parametrize("method", published)
def test_every_launch_of_a_published_method(method, capability, report):
    table, launches = launches_of(method)
    names = [launch.name for launch in launches]
    if method == "tree_mask":
        assert names == ["qk_kernel", "scale_kernel", "mask_kernel", "softmax_kernel", "pv_kernel"]
    else:
        kernel = {"deft_node_chunk": "deft_node"}.get(method, method) + "_kernel"
        assert names == [kernel] + ["reduce_kernel"] * (not table.bucket.direct)
    compiled = check(report, table, launches, capability)
    if method == "tree_mask" and capability == 90:
        assert "wgmma" in compiled[0].instructions  # QK^T has 64 rows


@every_chip
def test_the_writing_of_kv(capability, report):
    step = random_step(STAR, LLAMA3, 128, dtype=torch.bfloat16)
    table = step.lower("radix", paged=False)
    k = torch.zeros(5, 8, 128, dtype=torch.bfloat16)
    with recorded_launches() as launches:
        write_triton(k, k, table.store, torch.zeros(5, dtype=torch.int64), 0)
    assert [launch.name for launch in launches] == ["write_kv_kernel"]
    check(report, table, launches, capability)


@every_chip
def test_the_moving_of_kv(capability, report):
    step = random_step(STAR, LLAMA3, 128, dtype=torch.bfloat16)
    table = step.lower("radix", paged=False)
    slots = torch.full((5,), -1, dtype=torch.int64)
    with recorded_launches() as launches:
        move_triton(table.store, slots, slots)
    assert [launch.name for launch in launches] == ["move_kv_kernel"]
    check(report, table, launches, capability)


@pytest.mark.parametrize("case", WAVES)
@pytest.mark.parametrize(
    ("flat", "capability"), [(False, 80), (False, 90), (False, 100), (True, 90), (True, 100)]
)
def test_every_variant_of_our_own_method(flat, capability, case, report):
    tree, shapes, direct = WAVES[case]
    table, launches = launches_of("tree_waves", tree, flat=flat)
    assert (table.flat, table.bucket.shapes, table.bucket.direct) == (flat, shapes, direct)
    assert [launch.name for launch in launches] == ["tree_waves_kernel"] + ["reduce_kernel"] * (not direct)
    kernel = check(report, table, launches, capability)[0]
    assert ("tma" in kernel.instructions) == flat
    if capability == 90:
        assert ("wgmma" in kernel.instructions) == (shapes != "narrow")
        assert ("mma" in kernel.instructions) == (shapes != "wide")


@pytest.mark.parametrize(("dim", "dtype"), [(128, "float16"), (64, "bfloat16"), (256, "bfloat16")])
@pytest.mark.parametrize("method", ["tree_mask", "deft_node", "deft_flatten", "tree_waves"])
def test_other_head_sizes_and_half_precision(method, dim, dtype, report):
    tree = WAVES["both, two phases"][0]
    for flat in [False, True] if method == "tree_waves" else [False]:
        table, launches = launches_of(method, tree, dim=dim, dtype=getattr(torch, dtype), flat=flat)
        assert table.flat == flat
        check(report, table, launches, 90)


@pytest.mark.parametrize("method", ["radix", "deft_node", "deft_flatten"])
def test_published_methods_with_packed_heads(method, report):
    table, launches = launches_of(method, pack_heads=True)
    assert launches[0].constexprs["HEADS"] == 4
    check(report, table, launches, 90)


@pytest.mark.parametrize("method", ["deft_flatten", "tree_waves"])
def test_a_grown_bucket_launches_what_its_step_alone_would_compile(method, report):
    """Growth changes counts, which are read on the device: only the restrictions are lifted."""
    table, launches = launches_of(method, grown=2)
    _, alone = launches_of(method)
    assert launches[0].grid[0] == 2 * alone[0].grid[0]
    differ = {k for k, v in launches[0].constexprs.items() if alone[0].constexprs[k] != v}
    assert differ <= {"PERMUTED", "SHAPES", "DIRECT", "FLAT"}
    check(report, table, launches, 90)

"""`bench attention` without a GPU: cases, inputs, methods, the yardstick, and the commands."""

import json
import math
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from benching import MADE_UP_ROWS, SOME_TREES, TINY, every_tree, inputs_of, oracle, right, without_gpu
from typer.testing import CliRunner

from deft_lab import METHODS, cli, fetch
from deft_lab.bench.attention import ablation, subjects, timing
from deft_lab.bench.attention.cases import CASES, H200_CEILINGS, Case, choose_cases, standard_case
from deft_lab.bench.attention.inputs import sees
from deft_lab.bench.attention.subjects import Subject, choose, method_subject, method_subjects
from deft_lab.bench.attention.torch_peers import visibility
from deft_lab.errors import DeftLabError
from deft_lab.interpret import interpreted
from deft_lab.kernels import read

cli_run = CliRunner().invoke
# T, queries, MB, floor in us, as published beside the peers' times
PUBLISHED = {
    "few10": (6000, 10, 25, 5.8), "few20": (8000, 20, 33, 7.8), "few50": (14000, 50, 58, 13.7),
    "spec1k": (1064, 64, 5, 1.5), "spec6k": (6064, 64, 26, 8.7), "spec16k": (16064, 64, 67, 23.3),
    "tot_doc": (13019, 26, 54, 12.6), "tot_sort": (13149, 23, 54, 12.8), "tot_set": (4749, 17, 20, 4.6),
    "tot_key": (2250, 17, 9, 2.2), "deep": (14336, 64, 60, 14.1), "chain32k": (32768, 1, 134, 31.6),
    "long32k": (36096, 16, 148, 34.8), "nosh256": (262144, 256, 1078, 253.5),
    "few50_rand": (14000, 50, 58, 13.7), "few50_page16": (14000, 50, 58, 13.7),
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_templates(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "default_folder", lambda: tmp_path / "cache")


@pytest.fixture
def no_gpu(monkeypatch):
    without_gpu(monkeypatch)


def check_size(name: str, case: Case) -> None:
    tokens, queries, megabytes, floor = PUBLISHED[name]
    assert (case.tree.n_tokens, case.tree.n_queries) == (tokens, queries)
    assert case.unique_bytes / 1e6 == pytest.approx(megabytes, abs=0.5)
    assert case.floor_us(**H200_CEILINGS) == pytest.approx(floor, abs=0.06, rel=1e-3)


def test_the_cases_are_the_published_ones():
    assert set(CASES) == set(PUBLISHED)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("tot_")])
def test_a_case_has_the_published_size(name):
    check_size(name, standard_case(name))


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("tot_")])
def test_a_reasoning_case_has_the_published_size(name, templates):
    case = standard_case(name, templates)
    check_size(name, case)
    assert case.what.split(",")[0].endswith("ToT.json")


def test_without_templates_a_reasoning_case_says_that_it_is_a_look_alike():
    assert standard_case("tot_set").what.startswith("LOOK-ALIKE of set")


def test_of_a_speculative_case_the_context_hosts_no_query_and_every_token_node_one():
    tree = standard_case("spec6k").tree
    assert tree.seat.tolist() == list(range(1, 65)) and tree.length.tolist() == [6000] + [1] * 64


def test_an_unknown_case_lists_the_known_ones():
    with pytest.raises(DeftLabError, match="no case 'few7'; choose some of few10, few20"):
        choose_cases("few10, few7")


@pytest.mark.parametrize("layout", ["flat", "rand1", "page16"])
def test_slots_lie_as_the_layout_says(layout):
    tree = SOME_TREES["few-shot"]
    slots = inputs_of(tree, layout).slots
    assert len(set(slots.tolist())) == tree.n_tokens
    in_order = np.array_equal(slots, np.arange(tree.n_tokens))
    assert in_order == (layout == "flat")
    if layout == "page16":
        pages = [slots[tree.start[i] : tree.start[i + 1]] for i in range(tree.n_nodes)]
        assert all(node[0] % 16 == 0 and (np.diff(node[:16]) == 1).all() for node in pages)
        assert len({page for node in pages for page in set(node // 16)}) == sum(-(-tree.length // 16))


@every_tree
def test_the_reference_is_the_oracle(tree):
    inputs = inputs_of(tree)
    assert inputs.reference.dtype == torch.float64
    np.testing.assert_allclose(inputs.reference.numpy(), oracle(inputs), rtol=0, atol=1e-12)


def test_an_error_of_what_holds_a_nan_is_no_number():
    inputs = inputs_of(SOME_TREES["few-shot"])
    out = inputs.reference.clone()
    assert inputs.error_of(out) == 0
    assert inputs.error_of(2 * out) == pytest.approx(1)
    out[-1, -1, -1] = float("nan")
    assert math.isnan(inputs.error_of(out))


@every_tree
def test_the_dense_mask_says_who_is_on_whose_path(tree):
    mask = sees(inputs_of(tree)).numpy()
    for row, seat in zip(mask, tree.callers_seat(), strict=True):
        nodes = {int(np.searchsorted(tree.start, token, "right")) - 1 for token in np.flatnonzero(row)}
        assert nodes == {node for node in tree.path(int(seat)) if tree.length[node]}
        assert row.sum() == tree.length[list(nodes)].sum()


@every_tree
def test_flex_attentions_mask_function_is_the_dense_mask(tree):
    inputs = inputs_of(tree)
    query = torch.arange(tree.n_queries)[:, None]
    said = visibility(inputs)(None, None, query, torch.arange(tree.n_tokens)[None])
    assert torch.equal(inputs.callers(said), sees(inputs))


def test_subjects_are_all_methods_and_three_once_more_packed():
    named = method_subjects()
    assert list(named) == [*METHODS, "radix packed", "flash_decoding packed", "deft_flatten packed"]
    assert named["radix packed"].pack_heads is True and named["radix"].pack_heads is None
    assert named["tree_mask"].bound > named["radix"].bound == 3e-3
    assert method_subject("deft_flatten", True, chunk_len=64).name == "deft_flatten packed chunk_len=64"


def test_choosing_knows_all_none_and_names():
    named = method_subjects()
    assert choose(named, "all", "method") == list(named.values()) and choose(named, "none", "method") == []
    assert [s.name for s in choose(named, "radix packed, radix", "method")] == ["radix packed", "radix"]
    with pytest.raises(DeftLabError, match="no method 'radx'; choose all, none, or some of flash_decoding"):
        choose(named, "radx", "method")


@pytest.fixture
def oracle_ops(monkeypatch):
    """ops.lower and ops.attend as the Triton backend offers them, computed by the oracle on the CPU."""
    calls = []

    def lower(plan, store, *, backend, pack_heads=None, into=None):
        assert backend == "triton"
        calls.append((plan.method, type(store).__name__, pack_heads, into is not None))
        return into if into is not None else types.SimpleNamespace(plan=plan)

    monkeypatch.setattr(
        subjects, "ops", types.SimpleNamespace(lower=lower, attend=lambda q, table, layer, out: out.fill_(1))
    )
    return calls


def test_a_method_is_lowered_from_the_store_that_it_reads(oracle_ops):
    inputs = inputs_of(SOME_TREES["few-shot"])
    for subject in method_subjects().values():
        prepared = subject.prepare(inputs)
        assert list(prepared.host) == ["plan", "lower"] and prepared.plan.tree is inputs.tree
        prepared.host["lower"]()
        again = prepared.host["plan"]()
        assert again.tree is not inputs.tree and again.tree == inputs.tree
        assert prepared.run().data_ptr() == prepared.run().data_ptr()
    seen = {(name, store, packed) for name, store, packed, _ in oracle_ops}
    assert ("flash_decoding", "Unpaged", None) in seen and ("flash_decoding", "Unpaged", True) in seen
    assert ("tree_mask", "Unpaged", None) in seen and ("radix", "Pool", True) in seen
    assert [into for *_, into in oracle_ops] == [False, True] * len(method_subjects())


@pytest.mark.parametrize(("n_tiles", "n_programs"), [(1, 1), (7, 3)], ids=["one program", "in turns"])
def test_the_device_read_touches_every_word_once(n_tiles, n_programs, monkeypatch):
    monkeypatch.setattr(read, "MOST_PROGRAMS", n_programs)
    generator = torch.Generator().manual_seed(n_tiles)
    words = n_tiles * read.TILE + 100  # the rest of a tile is not read
    k, v = torch.randint(-(2**31), 2**31, (2, words), generator=generator).to(torch.int32)
    with interpreted():
        out = read.reader(k.view(-1, 4), v.view(-1, 4))()
    assert len(out) == n_programs
    right = [np.bitwise_xor.reduce(x.numpy()[: n_tiles * read.TILE]) for x in (k, v)]
    assert np.bitwise_xor.reduce(out.numpy()) == right[0] ^ right[1]


def test_a_dry_run_lists_cases_and_subjects():
    done = cli_run(
        cli.app, ["bench", "attention", "--dry-run", "--cases", "few50,spec6k", "--peers", "sdpa_mask"]
    )
    assert done.exit_code == 0, done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["few50", "14000", "50", "58", "13.7", "4000", "+", "50", "x", "200"] in lines
    assert "deft_flatten" in done.stdout and "peers: sdpa_mask" in done.stdout and "few10" not in done.stdout


@pytest.mark.parametrize("command", ["attention", "ablation"])
def test_without_a_gpu_nothing_is_timed(command, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    done = cli_run(cli.app, ["bench", command])
    assert isinstance(done.exception, DeftLabError)
    assert f"bench {command} needs an NVIDIA GPU" in str(done.exception)


def test_with_a_gpu_the_interpreter_is_not_timed(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(timing.triton.knobs.runtime, "interpret", True)
    with pytest.raises(DeftLabError, match="does not time the interpreter; unset TRITON_INTERPRET"):
        timing.require_gpu("bench attention")


def test_attention_prints_tables_and_writes(no_gpu, monkeypatch, tmp_path):
    monkeypatch.setattr("deft_lab.bench.attention.cases.standard_case", lambda *_: TINY)
    out = tmp_path / "out.json"
    command = ["bench", "attention", "--cases", "few10", "--methods", "none", "--peers", "sdpa_sequence"]
    done = cli_run(cli.app, [*command, "--output", str(out)])
    assert done.exit_code == 0, (done.stdout, done.exception)
    assert "ours against the read" in done.stdout and "copy 4000 GB/s" in done.stdout
    assert [row["subject"] for row in json.loads(out.read_text())["rows"]] == ["read", "sdpa_sequence"]


def test_ablation_prints_a_table_a_sweep(no_gpu, monkeypatch):
    points = [ablation.Point("prompt", 1000, TINY, (Subject("radix", "method", right),))]
    monkeypatch.setattr(ablation, "choose_points", lambda *_: points)
    done = cli_run(cli.app, ["bench", "ablation", "--sweeps", "prompt"])
    assert done.exit_code == 0 and "prompt: us per call" in done.stdout, (done.stdout, done.exception)


def test_plot_draws_beside_the_file(tmp_path):
    (tmp_path / "made_up.json").write_text(json.dumps({"card": {}, "rows": MADE_UP_ROWS}))
    done = cli_run(cli.app, ["bench", "plot", str(tmp_path / "made_up.json")])
    assert done.exit_code == 0 and (tmp_path / "made_up.html").is_file()
    assert "geometric mean" in done.stdout


def test_what_runs_on_a_bare_gpu_image_imports_nothing_that_it_lacks():
    code = (
        "import sys\nfor name in ('plotly', 'anywidget', 'pooch', 'ipywidgets'): sys.modules[name] = None\n"
        "from deft_lab.cli import main\nsys.argv = ['deft-lab', 'bench', 'attention', '--dry-run']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and "nosh256" in done.stdout, done.stderr

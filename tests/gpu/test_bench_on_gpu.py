"""`bench attention` on a GPU, on small cases: every subject that can be imported is right and gets a time."""

import json

import numpy as np
import pytest
import torch
from deft_lab.kernels.read import TILE

from deft_lab import Tree, build_tree
from deft_lab.bench.attention import timing
from deft_lab.bench.attention.cases import Case
from deft_lab.bench.attention.inputs import make_inputs
from deft_lab.bench.attention.peers import PEERS, importable
from deft_lab.bench.attention.run import bench_attention
from deft_lab.bench.attention.subjects import method_subjects, read_subject

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]

TREES: dict[str, Tree] = {
    "few-shot": build_tree("few_shot", prompt=500, width=8, length=40),
    "medusa": build_tree("medusa", prompt=300),
    "deep": build_tree("k_ary", k=3, depth=2, length=60, prompt=200),
}
# compiled for each case, and refused for some numbers of queries: its failures are listed as failures
MAY_FAIL = {"flex_attention"}


@pytest.mark.parametrize("layout", ["flat", "rand1", "page16"])
@pytest.mark.parametrize("name", TREES)
def test_every_subject_is_right_and_gets_a_time(name, layout, tmp_path):
    case = Case(name, TREES[name], "small", layout)
    there, _ = importable([peer for peer in PEERS.values() if layout == "flat" or peer.name not in MAY_FAIL])
    output = tmp_path / "out.json"
    result = bench_attention([case], [*method_subjects().values(), *there], seconds=600, output=output)
    assert json.loads(output.read_text()) == result
    failed = {
        row["subject"]: row["failure"] or row["graph_failure"]
        for row in result["rows"]
        if row["subject"] not in MAY_FAIL and (row["failure"] or row["graph_failure"])
    }
    assert not failed
    for row in result["rows"]:
        if row["best_us"]:
            assert row["cold"]["q1_us"] <= row["cold"]["median_us"] <= row["cold"]["q3_us"]
            assert row["error"] is None or row["error"] <= row["bound"]
    assert result["rows"][0]["subject"] == "read" and result["rows"][0]["ratio_to_read"] == 1
    assert result["card"]["gpu"]["sms"] > 0 and result["card"]["gpu"]["driver"]


def test_the_device_read_reads_every_word():
    inputs = make_inputs(Case("few-shot", TREES["few-shot"], "small"))
    out = read_subject().prepare(inputs).run()
    words = [x.view(-1).view(torch.int32).cpu().numpy() for x in (inputs.k, inputs.v)]
    whole = len(words[0]) // TILE * TILE
    right = np.bitwise_xor.reduce(np.concatenate([array[:whole] for array in words]))
    assert np.bitwise_xor.reduce(out.cpu().numpy()) == right


def test_a_warm_time_of_what_fits_into_the_cache_is_shorter_than_a_cold_one():
    x = torch.randn(4 << 20, device="cuda")  # 16 MB
    out = torch.zeros(1, device="cuda")
    replay, _ = timing.capture(lambda: torch.sum(x, dim=0, out=out[0]))
    cold, warm = (timing.spread([measure(replay, 20)])["median_us"] for measure in (timing.cold, timing.warm))
    assert 0 < warm < cold


def test_ceilings_are_those_of_a_gpu():
    limits = timing.ceilings(rep_ms=20)
    assert limits["copy_gbs"] > 50 and limits["matmul_tflops"] > 1
    assert 0 < limits["launch_graph_us"] < 100 and 0 < limits["launch_eager_us"] < 100

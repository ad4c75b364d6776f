"""Measured calls beside their bytes and their modelled time: the library's numbers, and the file's."""

import json
import subprocess
import sys

import pytest

from deft_lab import LLAMA3_8B, DeftLabError, build_tree, plan_tree, traffic
from deft_lab.bench.evidence import (
    calls,
    draw_measured,
    machine_of,
    measure_here,
    measurement,
    provenance,
)
from deft_lab.cost import flops, predict
from deft_lab.data import data_path
from deft_lab.hardware import H100, H200


@pytest.fixture(scope="module")
def result():
    whole = measurement("attention_h200_1")
    return {**whole, "rows": [row for row in whole["rows"] if row["case"] in ("few20", "tot_set")]}


def test_a_call_has_the_bytes_of_its_plan_and_the_times_of_its_row(result):
    found = {call.subject: call for call in calls(result)}
    plan = plan_tree(build_tree("few_shot", prompt=4000, width=20, length=200), "deft_node")
    call, layer = found["deft_node"], LLAMA3_8B.layer
    row = next(r for r in result["rows"] if r["case"] == "few20" and r["subject"] == "deft_node")
    assert (call.cold, call.warm, call.eager) == tuple(row[k]["median_us"] for k in ("cold", "warm", "eager"))
    assert call.requested_bytes == traffic(plan, layer).total
    assert call.unique_bytes == traffic(plan, layer, "unique").total
    assert call.flop == flops(plan, layer).useful
    assert call.modelled == pytest.approx(1e6 * predict(plan, layer, H200).seconds)
    packed = traffic(plan_tree(plan.tree, "deft_flatten"), layer, pack_heads=True).total
    assert found["deft_flatten packed"].requested_bytes == packed


def test_rows_of_trees_that_are_not_here_are_left_out(result):
    assert {call.case for call in calls(result)} == {"few20"}
    assert not any(call.subject == "read" for call in calls(result))


def test_the_machine_is_the_one_of_the_card():
    assert machine_of(measurement("attention_h200_1")) is H200
    assert machine_of(measurement("attention_h100")) is H100
    with pytest.raises(DeftLabError, match="no profile of 'Voodoo'"):
        machine_of({"card": {"gpu": {"name": "Voodoo"}}})


def test_the_card_says_what_when_and_how(result):
    said = dict(provenance(result).rows)
    assert said["GPU"] == result["card"]["gpu"]["name"] and said["date"] == result["card"]["date"]
    assert said["commit"] == result["card"]["commit"] and "torch" in said["versions"]
    assert said["and after"] == "SM 1980 MHz, memory 3201 MHz, 40 °C, 369.68 W"
    steps = dict(provenance(measurement("decode_h100_1")).rows)
    assert "L2" not in steps and steps["asked to pack heads"] == "radix"


def test_radix_stands_above_the_roof_of_the_memory_and_the_others_below():
    rows = draw_measured("attention_h200_1", "few20").table().rows
    above = [
        name for name, _, _, intensity, rate, _ in rows if 1e12 * rate > intensity * H200.hbm_bytes_per_s
    ]
    assert above == ["radix"]
    with pytest.raises(DeftLabError, match="no call of radix on case 'few99'"):
        draw_measured("attention_h200_1", "few99", ["radix"])


def test_evidence_is_read_without_torch():
    code = (
        "from deft_lab.bench.evidence import draw_measured; draw_measured('attention_h200_1', 'few20'); "
        "import sys; assert not {'torch', 'triton'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_published_latencies_are_whole_and_give_the_three_ratios():
    published = json.loads(data_path("published_latencies.json").read_text())
    for table in (published["attention"], published["decode"]):
        assert all(len(row) == len(published["columns"]) for row in table.values())
    logs, last = published["logs"], published["columns"].index("t256")
    times = [
        published["attention"]["radix"][last] / published["attention"]["deft_flatten"][last],
        *(logs["radix"][key] / logs["deft_flatten"][key] for key in ("attention", "decode", "end_to_end")),
    ]
    assert times == pytest.approx([3.48, 3.19, 2.23, 1.33], abs=0.005)
    for method in ("radix", "deft_flatten"):  # the log beside the table of the paper
        assert logs[method]["decode"] == pytest.approx(published["decode"][method][last], rel=0.01)


def test_measuring_here_times_the_named_methods_on_the_named_trees(monkeypatch):
    run = pytest.importorskip("deft_lab.bench.attention.run")
    asked = {}

    def record(cases, subjects, *, seconds):
        asked.update(cases=[c.name for c in cases], subjects=[s.name for s in subjects], seconds=seconds)
        return {"rows": []}

    monkeypatch.setattr(run, "bench_attention", record)
    assert measure_here(("few20", "spec6k"), ("radix packed", "tree_waves"), seconds=5) == {"rows": []}
    assert asked == {"cases": ["few20", "spec6k"], "subjects": ["radix packed", "tree_waves"], "seconds": 5}
    with pytest.raises(DeftLabError, match="no method 'fast'"):
        measure_here(("few20",), ("fast",))

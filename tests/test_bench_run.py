"""Checking, timing and writing down, with stand-ins for GPU and clock."""

import json
import re
import types

import pytest
import torch
from benching import TINY, right, without_gpu

from deft_lab import provenance
from deft_lab.bench.attention import run, timing
from deft_lab.bench.attention.subjects import Prepared, Subject
from deft_lab.errors import DeftLabError


@pytest.fixture
def no_gpu(monkeypatch):
    without_gpu(monkeypatch)


def test_rows_say_what_was_found(no_gpu, tmp_path):
    calls = [0]

    def wrong(inputs):
        return Prepared(lambda: inputs.q.clone())

    def lazy(inputs):  # right once, and then it leaves its output alone
        out = inputs.reference.to(inputs.q.dtype)
        return Prepared(lambda: out)

    def hopeless(inputs):
        raise RuntimeError("this machine is too old\nand more about it")

    def late(inputs):  # fails when it is timed
        def call():
            calls[0] += 1
            if calls[0] > 6:
                raise RuntimeError("late")
            return inputs.reference.clone()

        return Prepared(call)

    made = {"right": right, "wrong": wrong, "lazy": lazy, "hopeless": hopeless, "late": late}
    several = [Subject(name, "peer", prepare) for name, prepare in made.items()]
    reported = []
    result = run.bench_attention([TINY], several, output=tmp_path / "out.json", report=reported.append)
    rows = {row["subject"]: row for row in result["rows"]}
    assert json.loads((tmp_path / "out.json").read_text()) == result and reported == [result["rows"]]
    assert rows["right"]["error"] < 1e-6 and rows["right"]["failure"] is None
    assert rows["right"]["cold"]["median_us"] == rows["right"]["best_us"] == 11.5
    assert rows["right"]["cold"]["n"] == 8 and rows["right"]["cold"]["rounds_us"] == [11.5, 11.5]
    assert rows["right"]["ratio_to_read"] == 1 and rows["right"]["plan_ms"]["median_ms"] >= 0
    assert re.fullmatch("wrong: relative error .*, above 0.01; it gets no time", rows["wrong"]["failure"])
    assert rows["lazy"]["failure"].startswith("wrong: relative error nan")
    assert rows["hopeless"]["failure"] == "RuntimeError: this machine is too old"
    assert rows["late"]["failure"] == "RuntimeError: late"
    for name in ("wrong", "lazy", "hopeless", "late"):
        assert rows[name]["cold"] is None and rows[name]["best_us"] is None


def test_what_is_wrong_only_as_a_graph_is_timed_eagerly(no_gpu):
    def unsafe(inputs):
        calls = [0]

        def call():
            calls[0] += 1  # eagerly twice, at capture once; from the replay on it is wrong
            return inputs.reference + (calls[0] > 3)

        return Prepared(call)

    row = run.bench_attention([TINY], [Subject("unsafe", "peer", unsafe)])["rows"][1]
    assert "wrong: relative error" in row["graph_failure"] and row["failure"] is None
    assert row["cold"] is None and row["best_us"] == row["eager"]["median_us"]


def test_a_lost_gpu_ends_the_run_with_what_was_found(no_gpu, monkeypatch, tmp_path):
    def breaks(inputs):
        def refuse():
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

        monkeypatch.setattr(torch.cuda, "synchronize", refuse)
        refuse()

    output = tmp_path / "out.json"
    broken = [
        Subject("right", "peer", right),
        Subject("breaks", "peer", breaks),
        Subject("next", "peer", right),
    ]
    with pytest.raises(
        DeftLabError, match="the GPU is lost after 'breaks' on case 'tiny'.*without that subject"
    ):
        run.bench_attention([TINY], broken, output=output)
    failures = [row["failure"] for row in json.loads(output.read_text())["rows"]]
    assert "illegal memory access" in failures[2] and failures[3].startswith("left out: the GPU was lost")


def test_when_the_seconds_are_over_what_is_left_says_so(no_gpu):
    rows = run.bench_attention([TINY], [Subject("right", "peer", right)], seconds=-1)["rows"]
    assert [row["failure"] for row in rows] == ["left out: the -1 s are used up"] * 2


def test_fewer_seconds_mean_shorter_repetitions():
    assert run.Clock(480, 300).rep_ms == 25
    assert 5 < run.Clock(60, 300).rep_ms < 10
    assert run.Clock(1, 300).rep_ms == 5


def test_a_spread_is_over_all_rounds():
    found = timing.spread([[3.0, 1.0, 2.0], [5.0, 4.0]])
    assert found == {"median_us": 3.0, "q1_us": 2.0, "q3_us": 4.0, "n": 5, "rounds_us": [2.0, 4.5]}
    assert timing.spread([]) is None and timing.spread([[7.0]])["q3_us"] == 7.0


def test_the_card_asks_nvidia_smi_and_never_fails(monkeypatch):
    def said(command, **_):
        assert command[0] == "nvidia-smi" and command[2].startswith("--query-gpu=")
        return types.SimpleNamespace(stdout=", ".join(map(str, range(len(provenance.STATE)))) + "\n")

    monkeypatch.setattr(provenance.subprocess, "run", said)
    assert provenance.gpu_state()["clocks.mem"] == "1"

    def absent(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(provenance.subprocess, "run", absent)
    assert provenance.gpu_state() == {}
    monkeypatch.setenv("DEFT_LAB_COMMIT", "0123abcd")
    assert provenance.card()["commit"] == "0123abcd"

"""Shared by the tests of `bench attention`: small inputs, made-up rows, and stand-ins for GPU and clock.

Every time in this file is made up; it stands for no measurement.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from trees import TREES

from deft_lab import Tree, build_tree
from deft_lab.attention import dense_attention
from deft_lab.bench.attention import ablation, run, trial
from deft_lab.bench.attention.cases import Case
from deft_lab.bench.attention.inputs import make_inputs
from deft_lab.bench.attention.subjects import Prepared, Subject
from deft_lab.geometry import Geometry

SMALL = Geometry(n_q_heads=8, n_kv_heads=2, head_dim=16)
SOME_TREES = {
    "few-shot": build_tree("few_shot", prompt=60, width=5, length=7),
    "medusa": build_tree("medusa", prompt=40),
    "deep": build_tree("k_ary", k=3, depth=2, length=9, prompt=30),
    "chain": build_tree("chain", length=70),
    **{name: TREES[name] for name in ("root without tokens", "lopsided", "random", "odd_seats")},
}
every_tree = pytest.mark.parametrize("tree", SOME_TREES.values(), ids=SOME_TREES)


def inputs_of(tree: Tree, layout="rand1", dtype=torch.float32):
    return make_inputs(Case("made up", tree, "made up", layout, SMALL), "cpu", dtype)


def oracle(inputs) -> np.ndarray:
    arrays = (x.double().numpy() for x in (inputs.q, inputs.k, inputs.v))
    return dense_attention(*arrays, inputs.tree, inputs.slots)


def distance(out, inputs) -> float:
    right = oracle(inputs)
    return float(np.linalg.norm(out.double().numpy() - right) / np.linalg.norm(right))


def made_up_time(call, rep_ms):
    call()
    return [10.0, 12.0, 11.0, 13.0]


def captured(call):
    returned = call()

    def replay():
        for old, new in zip(trial._tensors(returned), trial._tensors(call()), strict=True):
            old.copy_(new)

    return replay, returned


def without_gpu(monkeypatch):
    """Everything but the GPU: inputs on the CPU, made-up times."""
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(run, "require_gpu", lambda *_: None)
    monkeypatch.setattr(ablation, "require_gpu", lambda *_: None)
    monkeypatch.setattr(run, "make_inputs", lambda case: make_inputs(case, "cpu", torch.float32))
    monkeypatch.setattr(run, "ceilings", lambda: MADE_UP_CEILINGS)
    monkeypatch.setattr(run, "gpu_card", lambda: {"name": "made up"})
    monkeypatch.setattr(
        run, "read_subject", lambda: Subject("read", "read", lambda i: Prepared(lambda: i.order))
    )
    for name, stand_in in {"cold": made_up_time, "warm": made_up_time, "capture": captured}.items():
        monkeypatch.setattr(trial, name, stand_in)


MADE_UP_CEILINGS = {
    "copy_gbs": 4000.0, "matmul_tflops": 700.0, "launch_graph_us": 5.0, "launch_eager_us": 9.0,
}  # fmt: skip
TINY = Case("tiny", SOME_TREES["few-shot"], "made up", "flat", SMALL)


def right(inputs):
    out = torch.empty_like(inputs.q)
    return Prepared(lambda: out.copy_(inputs.reference), host={"plan": lambda: None})


def made_up_row(case, subject, kind, us, **more):
    time = {"median_us": us, "q1_us": us - 0.1, "q3_us": us + 0.3, "n": 40, "rounds_us": [us, us]}
    peer = {"bound": 1e-2 if kind == "peer" else 3e-3, "error": 2e-3}
    return {
        **trial.blank_row(replace(TINY, name=case), Subject(subject, kind, right), MADE_UP_CEILINGS),
        **(peer if kind != "read" else {}),
        "cold": time,
        "warm": time,
        "eager": time,
        "best_us": us,
        "ratio_to_read": us / 10,
        **more,
    }


MADE_UP_ROWS = [
    made_up_row("one", "read", "read", 10.0),
    made_up_row("one", "tree_waves", "method", 15.0, modelled_us={"H200": 18.0, "A100": 40.0}),
    made_up_row("one", "deft_flatten packed", "method", 45.0, modelled_us={"H200": 36.0, "A100": 90.0}),
    made_up_row("one", "flashinfer_tree_mask", "peer", 30.0),
    made_up_row("one", "flex_attention", "peer", 0.0, failure="LoweringError: no", best_us=None, cold=None),
    made_up_row("two", "read", "read", 10.0),
    made_up_row("two", "tree_waves", "method", 20.0, graph_failure="RuntimeError: not capturable"),
    made_up_row("two", "sdpa_mask", "peer", 10.0),
]
SWEPT_ROWS = [
    made_up_row("s", name, "method", us, sweep="prompt", value=value, modelled_us={"A100": 2 * us})
    for value, times in {1000: (10.0, 20.0), 2000: (20.0, 20.0), 4000: (40.0, 20.0)}.items()
    for name, us in zip(("radix", "deft_flatten"), times, strict=True)
]

"""Shared by the tests of `bench decode`: a stand-in for the GPU, and made-up rows.

Every time in this file is made up; it stands for no measurement.
"""

import io
import itertools
import time

import torch
from rich.console import Console

from deft_lab.bench.decode import results
from deft_lab.bench.decode.cases import few_shot_case
from deft_lab.bench.decode.measure import Machine, Setup
from deft_lab.bench.decode.run import Subject

TINY = Setup(geometry="tiny")


def made_up_machine(now=time.perf_counter):
    """This CPU, with made-up rates; a call is made, and said to take 2 ms."""
    return Machine(
        device=torch.device("cpu"),
        dtype=torch.float32,
        wait=lambda: None,
        now=now,
        copy_gbs=itertools.cycle([1000.0, 3000.0]).__next__,
        call_ms=lambda call: (call(), 2.0)[1],
        state=lambda: {"clocks.sm": "1980", "clocks.mem": "2619"},
        card=lambda: {"name": "made up"},
    )


def printed(thing) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(thing)
    return console.export_text()


def made_up_row(case, subject, step, **more):
    """Times in ms; they stand for no measurement."""
    kind = "peer" if subject == "transformers" else "method"
    row = results.blank_row(few_shot_case(case, 50, 4000, 400), Subject(subject, kind, None))
    parts = dict(zip(results.PARTS, (0.2, 1.5, 0.4, 0.5, 1.4, step - 4, 2.6, 1.2, 0.3, 0.9), strict=True))
    times = {"median": step, "q1": step - 0.1, "q3": step + 0.3, "mean": step, "largest": step + 9, "n": 397}
    found = {"steps": 400, "step_ms": times, "parts_ms": parts, "queries": 50, "tokens": 14000}
    floor = {"attention_alone_ms": 1.21, "floor_ms": 5.0, "ratio_to_floor": step / 5}
    return {**row, **found, **(floor if kind == "method" else {}), **more}


MADE_UP_ROWS = [
    made_up_row("few50", "radix", 123.456),
    made_up_row("few50", "deft_flatten", 18.0, in_turn=False),
    made_up_row("few50", "tree_waves", 12.0),
    made_up_row("few50", "tree_mask", 0.0, failure="OutOfMemoryError: no room", step_ms=None),
    made_up_row("few50", "transformers", 98.0, steps=50, wanted_steps=50, graph_failure="RuntimeError: no"),
]

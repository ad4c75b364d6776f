"""Run subjects over cases, and write down what was found after each case.

Per case every subject is prepared and checked first; then all that are right are timed in turn, round by
round, so that a drift of the clocks hits all alike. A subject that fails has a row that says why.
"""

import gc
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ...errors import DeftLabError
from ...provenance import card, gpu_card, gpu_state
from .cases import Case
from .inputs import SEED, Inputs, make_inputs
from .subjects import Subject, read_subject
from .summary import Row
from .timing import ceilings, require_gpu
from .trial import TIMINGS, ContextLost, Trial, blank_row, first_line, guarded, start

ROUNDS = 2
MOST_REP_MS, LEAST_REP_MS = 25.0, 5.0  # of one timing of one round
TIMED_SHARE = 0.25  # of the seconds given; the rest is compiling, checking and planning

Report = Callable[[list[Row]], None]


@dataclass(frozen=True)
class Clock:
    """The seconds that a run may take, and what they mean for its repetitions."""

    seconds: float
    n_rows: int
    started: float = field(default_factory=time.monotonic)

    @property
    def rep_ms(self) -> float:
        """Milliseconds of one timing of one round."""
        share = 1e3 * TIMED_SHARE * self.seconds / max(1, self.n_rows * len(TIMINGS) * ROUNDS)
        return min(MOST_REP_MS, max(LEAST_REP_MS, share))

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.started > self.seconds


def bench_attention(
    cases: Sequence[Case],
    subjects: Sequence[Subject],
    *,
    seconds: float = 480.0,
    output: Path | None = None,
    report: Report = lambda rows: None,
    left_out: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Time every subject on every case.

    Args:
        cases: in this order.
        subjects: besides `read`, which always comes first.
        seconds: fewer of them mean fewer repetitions; what is left when they are over is left out, and said.
        output: where to write the result; it is written anew after each case, so that a run that is cut
            short leaves what it had.
        report: is called with the rows of each case.
        left_out: subjects that cannot be timed here, and why; noted in the result.

    Returns:
        {"card": ..., "ceilings": ..., "left_out": ..., "rows": [...]}, as it is written.

    Raises:
        DeftLabError: there is no GPU, Triton interprets, or the GPU was lost on the way.
    """
    require_gpu("bench attention", "--dry-run lists what it would time")
    clock = Clock(seconds, (len(subjects) + 1) * len(cases))
    result = new_result(clock) | {"left_out": dict(left_out or {})}
    for case in cases:
        report(add_case(result, case, subjects, clock, output))
    return result


def new_result(clock: Clock) -> dict[str, Any]:
    """A result without rows yet: its card, and the ceilings of this GPU."""
    return {
        "card": card(
            measures="one attention call of one layer, bfloat16, us; plan and lower on the host, ms",
            gpu=gpu_card(),
            l2="cold, eager: 256 MB written before each repetition; warm: not cleared",
            timing=f"device events; median and quartiles over {ROUNDS} rounds of {clock.rep_ms:.0f} ms, "
            "subjects in turn; cold and warm replay a CUDA graph",
            inputs=f"standard normal, seed {SEED}",
            seconds=clock.seconds,
        ),
        "ceilings": ceilings(),
        "rows": [],
    }


def add_case(
    result: dict[str, Any],
    case: Case,
    subjects: Sequence[Subject],
    clock: Clock,
    output: Path | None,
    **more: Any,
) -> list[Row]:
    """Measure one case, add its rows to the result, and write that. `more` goes into every row.

    Raises:
        DeftLabError: the GPU was lost; the rows so far have been written.
    """
    every = [read_subject(), *subjects]
    rows = [{**blank_row(case, subject, result["ceilings"]), **more} for subject in every]
    result["rows"] += rows
    try:
        measure(case, every, rows, clock)
    except ContextLost as lost:
        for row in rows:
            row["failure"] = row["failure"] or "left out: the GPU was lost before it was timed"
        write(result, output)
        raise DeftLabError(f"{lost}; run the remaining cases with --cases, without that subject") from lost
    gc.collect()
    torch.cuda.empty_cache()
    write(result, output)
    return rows


def measure(case: Case, subjects: Sequence[Subject], rows: list[Row], clock: Clock) -> None:
    """Fill the rows of one case, one for each subject; the first is `read`.

    Raises:
        ContextLost: the GPU was lost.
    """
    try:
        inputs = make_inputs(case)
    except torch.OutOfMemoryError as failure:
        for row in rows:
            row["failure"] = first_line(failure)
        return
    trials: list[Trial] = []
    for subject, row in zip(subjects, rows, strict=True):
        if clock.is_over:
            row["failure"] = f"left out: the {clock.seconds:.0f} s are used up"
        guarded(row, lambda s=subject, r=row: _start(trials, s, inputs, r))
    for _ in range(ROUNDS):
        for trial in trials:
            guarded(trial.row, lambda t=trial: t.time(clock.rep_ms))
    for trial in trials:
        trial.finish()
    read_us = rows[0]["best_us"]
    for row in rows:
        if read_us and row["best_us"]:
            row["ratio_to_read"] = round(row["best_us"] / read_us, 4)


def _start(trials: list[Trial], subject: Subject, inputs: Inputs, row: Row) -> None:
    trials.append(start(subject, inputs, row))


def write(result: dict[str, Any], output: Path | None) -> None:
    """Write the result, whole or not at all, with the state of the GPU now."""
    result["card"]["gpu"]["after"] = gpu_state()
    if output is not None:
        part = output.with_suffix(".part")
        part.write_text(json.dumps(result, indent=1) + "\n")
        part.replace(output)

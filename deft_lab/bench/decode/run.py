"""Run subjects over cases, and write down what was found after each case.

Per case every subject that fits into memory is opened first; then all are stepped in turn, a few steps each,
so that a drift of the clocks hits all alike. A subject that fails has a row that says why.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ...errors import DeftLabError
from ...provenance import card
from ..attention.run import write
from ..attention.timing import require_gpu
from ..attention.trial import ContextLost, guarded
from .cases import Case, Chosen
from .measure import (
    PACKED,
    TEMPERATURE,
    WARM_UP,
    Lab,
    Machine,
    Runner,
    Setup,
    add_floor,
    this_gpu,
    tree_runner,
)
from .model import SEED, build_model, twin_of, weight_bytes
from .results import SCHEMA, Row, bars, blank_row

Report = Callable[[str, dict[str, Any], list[Row]], None]
IN_TURN = 10  # steps that a runner makes before the next one's turn


@dataclass(frozen=True)
class Subject:
    """What decodes a case: "method", one of ours on its tree, or "peer", on the batch that it would be."""

    name: str
    kind: str
    open: Callable[[Lab, Case], Runner]

    def takes(self, case: Case) -> bool:
        return self.kind == "method" or case.n_branches > 0


def _batch(lab: Lab, case: Case) -> Runner:
    from .peer import batch_runner

    return batch_runner(lab, case)


METHOD_SUBJECTS = {
    name: Subject(name, "method", partial(tree_runner, method=name))
    for name in ("radix", "tree_mask", "deft_flatten", "tree_waves")
}
PEER_SUBJECTS = {"transformers": Subject("transformers", "peer", _batch)}


@dataclass
class Clock:
    """The seconds that a run may take, and what a step of a subject has cost so far, all included."""

    seconds: float
    now: Callable[[], float]
    started: float
    n_steps: int = 0
    spent: float = 0.0

    @property
    def left(self) -> float:
        return self.seconds - (self.now() - self.started)

    def fits(self, n_steps: int) -> bool:
        """Whether so many steps are likely to end in time; unknown before the first case."""
        if self.left <= 0:
            return False
        return not self.n_steps or self.spent / self.n_steps * n_steps <= self.left

    def add(self, seconds: float, n_steps: int) -> None:
        """What a case took."""
        self.spent += seconds
        self.n_steps += n_steps


def bench_decode(
    chosen: Chosen,
    subjects: Sequence[Subject],
    setup: Setup | None = None,
    *,
    output: Path | None = None,
    report: Report = lambda name, around, rows: None,
    machine: Machine | None = None,
) -> dict[str, Any]:
    """Time every subject on every case that it takes.

    Args:
        chosen: cases, in this order, and those that are skipped already.
        subjects: what decodes them.
        setup: model, graphs, compilation, seconds.
        output: where to write the result; it is written anew after each case, so that a run that is cut
            short leaves what it had.
        report: is called with each case's name, what stood around it, and its rows.
        machine: default: this GPU.

    Returns:
        {"schema", "card", "model", "skipped", "cases", "rows", "bars"}, as it is written.

    Raises:
        DeftLabError: there is no GPU, Triton interprets, or the GPU was lost on the way.
    """
    if machine is None:
        require_gpu("bench decode")
        machine = this_gpu()
    setup = setup or Setup()
    clock = Clock(setup.seconds, machine.now, machine.now())
    model = build_model(setup.geometry, machine.device, machine.dtype)
    twin = twin_of(model) if any(subject.kind == "peer" for subject in subjects) else None
    lab = Lab(model, twin, machine, setup)
    result = new_result(lab, chosen.skipped)
    for case in chosen.cases:
        taking = [subject for subject in subjects if subject.takes(case)]
        if not taking:
            result["skipped"][case.name] = "none of the subjects takes it"
        elif not clock.fits(case.n_steps * len(taking)):
            result["skipped"][case.name] = f"does not fit into the {max(0.0, clock.left):.0f} s that are left"
        else:
            rows = [blank_row(case, subject) for subject in taking]
            result["rows"] += rows
            try:
                around = add_case(lab, case, taking, rows, clock)
            except ContextLost as lost:
                write(result, output)
                raise DeftLabError(f"{lost}; run the other cases without that subject") from lost
            result["cases"][case.name], result["bars"] = around, bars(result["rows"])
            write(result, output)
            report(case.name, around, rows)
    write(result, output)
    return result


def new_result(lab: Lab, skipped: Mapping[str, str]) -> dict[str, Any]:
    """A result without rows yet."""
    config, setup = lab.model.model.config, lab.setup
    return {
        "schema": SCHEMA,
        "card": card(
            measures=f"whole decode steps, ms; {str(lab.machine.dtype).removeprefix('torch.')}",
            gpu=lab.machine.card(),
            timing=f"wall between two waits for the device; median and quartiles of all steps but the first "
            f"{WARM_UP}; subjects in turn, {IN_TURN} steps each; attention alone: a CUDA graph of all layers",
            sampling=f"temperature {TEMPERATURE:g} over the whole vocabulary, seed {SEED}",
            floor="weights without the embedding, and KV that a query sees, each read once at the copy rate",
            graphs=setup.graphs,
            compiled=setup.compiled,
            packed=list(PACKED),
            seconds=setup.seconds,
        ),
        "model": {
            "name": lab.model.name,
            "vocabulary": config.vocab_size,
            "hidden": config.hidden_size,
            "intermediate": config.intermediate_size,
            "layers": config.num_hidden_layers,
            "q_heads": config.num_attention_heads,
            "kv_heads": config.num_key_value_heads,
            "weight_bytes": weight_bytes(lab.model),
        },
        "skipped": dict(skipped),
        "cases": {},
        "rows": [],
        "bars": [],
    }


def add_case(
    lab: Lab, case: Case, subjects: Sequence[Subject], rows: Sequence[Row], clock: Clock
) -> dict[str, Any]:
    """Fill the rows of one case; gives what stood around it: copy rate and clocks before and after.

    Raises:
        ContextLost: the GPU was lost; every row has a time or says so.
    """
    machine = lab.machine
    begin = machine.now()
    copy, gpu = {"before": machine.copy_gbs()}, {"before": machine.state()}
    try:
        measure(lab, case, subjects, rows, clock)
    except ContextLost:
        for row in rows:
            if row["step_ms"] is None:
                row["failure"] = row["failure"] or "left out: the GPU was lost before it was timed"
        raise
    # the state first: a copy changes the clocks
    gpu["after"], copy["after"] = machine.state(), machine.copy_gbs()
    for row in rows:
        add_floor(row, lab, (copy["before"] + copy["after"]) / 2)
    seconds = machine.now() - begin
    clock.add(seconds, sum(row["steps"] for row in rows))
    return {"what": case.what, "copy_gbs": copy, "gpu": gpu, "seconds": round(seconds, 1)}


def measure(lab: Lab, case: Case, subjects: Sequence[Subject], rows: Sequence[Row], clock: Clock) -> None:
    """Fill the rows of one case. What finds no memory beside the others is stepped alone after them.

    Raises:
        ContextLost: the GPU was lost.
    """
    alone = step_in_turn(lab, case, list(zip(subjects, rows, strict=True)), clock)
    for subject, row in alone:
        row["in_turn"] = False
        step_in_turn(lab, case, [(subject, row)], clock)


def step_in_turn(
    lab: Lab, case: Case, pairs: Sequence[tuple[Subject, Row]], clock: Clock
) -> list[tuple[Subject, Row]]:
    """Open the subjects, step them in turn, and fill their rows.

    Returns:
        those that found no memory beside the others.

    Raises:
        ContextLost: the GPU was lost.
    """
    runners: list[tuple[Runner, Row]] = []
    crowded: list[tuple[Subject, Row]] = []

    def start(subject: Subject, row: Row) -> None:
        try:
            runners.append((subject.open(lab, case), row))
        except torch.OutOfMemoryError:
            if not runners:
                raise
            crowded.append((subject, row))

    for subject, row in pairs:
        guarded(row, partial(start, subject, row))
        tidy()
    while runners:
        going = [(runner, row) for runner, row in runners if goes_on(lab, runner, row, clock)]
        if len(going) < len(runners):
            runners = going
            tidy()
    return crowded


def goes_on(lab: Lab, runner: Runner, row: Row, clock: Clock) -> bool:
    """Make a turn's steps, and fill the row after the last one."""
    guarded(row, partial(runner.go, lab.machine, IN_TURN))
    if not (runner.is_over or row["failure"] or clock.left <= 0):
        return True
    guarded(row, partial(runner.finish, row))
    return False


def tidy() -> None:
    """Give back the memory of what is over."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

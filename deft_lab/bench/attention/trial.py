"""One subject on one case: prepared, checked eagerly and as a graph, timed in rounds, put into a row."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ...errors import DeftLabError
from .cases import Case
from .inputs import Inputs
from .modelled import modelled_us
from .subjects import Prepared, Subject
from .summary import Row
from .timing import Call, capture, cold, host_times, spread, warm

TIMINGS = ("cold", "eager", "warm")


class ContextLost(DeftLabError):
    """The GPU no longer answers this process; nothing more can be measured in it."""


@dataclass
class Trial:
    """A subject that is right on a case, with the times measured so far."""

    row: Row
    prepared: Prepared
    replay: Call | None  # of its graph; None where it cannot be captured, or is wrong as a graph
    rounds: dict[str, list[list[float]]] = field(default_factory=lambda: {name: [] for name in TIMINGS})

    def time(self, rep_ms: float) -> None:
        """One round of every timing."""
        self.rounds["eager"].append(cold(self.prepared.run, rep_ms))
        if self.replay is not None:
            self.rounds["cold"].append(cold(self.replay, rep_ms))
            self.rounds["warm"].append(warm(self.replay, rep_ms / 2))

    def finish(self) -> None:
        """Put the times of all rounds into the row; a subject that failed on the way keeps none."""
        if self.row["failure"]:
            return
        self.row.update({name: spread(self.rounds[name]) for name in TIMINGS})
        cold_times = [self.row[name]["median_us"] for name in ("cold", "eager") if self.row[name]]
        self.row["best_us"] = min(cold_times, default=None)


def blank_row(case: Case, subject: Subject, limits: dict[str, float]) -> Row:
    """A row before anything is known."""
    return {
        "case": case.name,
        "subject": subject.name,
        "kind": subject.kind,
        "tree": case.what,
        "layout": case.layout,
        "T": case.tree.n_tokens,
        "queries": case.tree.n_queries,
        "unique_mb": round(case.unique_bytes / 1e6, 3),
        "floor_us": round(case.floor_us(limits["copy_gbs"], limits["matmul_tflops"]), 3),
        "bound": None if subject.kind == "read" else subject.bound,
        "error": None,
        "failure": None,
        "graph_failure": None,
        **dict.fromkeys((*TIMINGS, "best_us", "ratio_to_read", "plan_ms", "lower_ms", "modelled_us")),
    }


def guarded(row: Row, step: Callable[[], None]) -> None:
    """Do `step`, unless the row has failed before; what it raises becomes the row's `failure`, in one line.

    Raises:
        ContextLost: the GPU does not answer any more.
    """
    if row["failure"]:
        return
    try:
        step()
    except Exception as failure:  # a peer may raise anything, and must not end the run
        row["failure"] = first_line(failure)
        try:
            torch.cuda.synchronize()
        except Exception as lost:
            where = f"{row['subject']!r} on case {row['case']!r}"
            raise ContextLost(f"the GPU is lost after {where}: {first_line(failure)}") from lost
        gc.collect()
        torch.cuda.empty_cache()


def first_line(failure: BaseException) -> str:
    """An error in one line: its message if we raised it, else its kind and the first line of its message."""
    line = (str(failure).strip().splitlines() or [""])[0][:300]
    return line if isinstance(failure, DeftLabError) else f"{type(failure).__name__}: {line}".rstrip(": ")


def start(subject: Subject, inputs: Inputs, row: Row) -> Trial:
    """Prepare a subject, check what it computes, and time its work on the host.

    Raises:
        DeftLabError: it is wrong. A peer may raise anything.
    """
    prepared = subject.prepare(inputs)
    row["error"] = check(subject, inputs, prepared, prepared.run)
    # before the capture: a peer that plans anew may free what a graph has captured
    for name, call in prepared.host.items():
        row[f"{name}_ms"] = host_times(call)
    replay = None
    try:
        replay, returned = capture(prepared.run)
        check(subject, inputs, prepared, lambda: replay() or returned)  # replay() returns None
    except Exception as failure:
        replay, row["graph_failure"] = None, first_line(failure)
        torch.cuda.synchronize()
    if prepared.plan is not None:
        row["modelled_us"] = modelled_us(prepared.plan, inputs.case.geometry, subject.pack_heads)
    return Trial(row, prepared, replay)


def check(subject: Subject, inputs: Inputs, prepared: Prepared, run: Call) -> float | None:
    """The relative error of what `run` computes into poisoned memory; None for `read`, which has no result.

    Raises:
        DeftLabError: it is above the subject's bound, or not a number.
    """
    for tensor in _tensors(run()):
        if tensor.is_floating_point():
            tensor.fill_(float("nan"))
    returned = run()
    if subject.kind == "read":
        return None
    error = inputs.error_of(prepared.result(returned))
    if not error <= subject.bound:
        raise DeftLabError(f"wrong: relative error {error:.2g}, above {subject.bound:g}; it gets no time")
    return error


def _tensors(returned: Any) -> Iterator[Tensor]:
    """The tensors of what a call returned: one, or a list or tuple of them."""
    if isinstance(returned, Tensor):
        yield returned
    elif isinstance(returned, list | tuple):
        for part in returned:
            yield from _tensors(part)

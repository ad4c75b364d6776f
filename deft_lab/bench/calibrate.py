"""Fit the constants of the time model to a measurement, and judge them on cases that the fit has not seen.

Residual: the natural log of predicted over measured time. The fit sees the cases TRAIN; the error that
counts is the median absolute relative one over all methods and the other cases. Cold times, of replayed
graphs. Same file, same constants.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..cost.latency import Constants, predict_launches
from ..cost.programs import Launch, launches
from ..cost.schedule import Floats
from ..errors import DeftLabError
from ..hardware import H200, Hardware
from ..methods import METHODS, plan_tree
from .attention.cases import Case, options_of, standard_case

TRAIN = ("few10", "spec1k", "tot_key", "deep", "chain32k")
MOST_ERROR = 0.25  # of the median over the held-out cases
OUTLIER = 0.2  # residuals much larger than this pull on the fit in proportion, not in square
PRIOR = 0.02  # a constant twice or half the first guess weighs as much as one call that is 2 % off


@dataclass(frozen=True, eq=False)
class Measured:
    """A measured call: the case, what ran, how long it took, and what it launched."""

    case: str
    subject: str
    seconds: float
    launches: tuple[Launch, ...]

    @property
    def held_out(self) -> bool:
        return self.case not in TRAIN


class Residual(NamedTuple):
    """A measured call beside its prediction."""

    case: str
    subject: str
    measured_us: float
    predicted_us: float
    error: float  # predicted / measured - 1
    bound: str  # what the prediction says the time goes to
    held_out: bool


def measurements(content: Mapping[str, Any], templates: Path | None = None) -> list[Measured]:
    """The calls of our methods in a file of `bench attention`; rows without a cold time are left out.

    Raises:
        DeftLabError: the file has no such rows, or was measured on other trees.
        TemplateError: a template file is missing or broken.
    """
    found = []
    cases: dict[str, Case] = {}
    for row in content.get("rows", ()):
        cold = row.get("cold")
        if row.get("kind") != "method" or not cold:
            continue
        name = row["case"]
        if name not in cases:
            cases[name] = standard_case(name, templates)
        case = cases[name]
        here, there = (case.tree.n_tokens, case.tree.n_queries), (row["T"], row["queries"])
        if here != there:
            raise DeftLabError(
                f"case {name!r} has {here[0]} tokens and {here[1]} queries here, and had {there[0]} and "
                f"{there[1]} when it was measured; give the folder of the templates that it was measured with"
            )
        method, packed, options = read_subject(row["subject"])
        options = options or options_of(case.tree, METHODS[method], case.geometry)
        calls = launches(plan_tree(case.tree, method, **options), case.geometry, pack_heads=packed)
        found.append(Measured(name, row["subject"], 1e-6 * cold["median_us"], calls))
    if not found:
        raise DeftLabError(
            "no row of a method with a cold time; pass a file that `bench attention` has written"
        )
    return found


def read_subject(subject: str) -> tuple[str, bool | None, dict[str, int]]:
    """(method, pack_heads, options) of a row's subject, such as "deft_flatten packed chunk_len=64".

    Raises:
        DeftLabError: the first word is no method, or another word is not understood.
    """
    method, *words = subject.split()
    options, packed = {}, None
    for word in words:
        name, equals, value = word.partition("=")
        if equals and value.isdecimal():
            options[name] = int(value)
        elif word == "packed":
            packed = True
        else:
            raise DeftLabError(
                f"subject {subject!r}: {word!r} is neither packed nor an option such as chunk_len=64"
            )
    if method not in METHODS:
        raise DeftLabError(f"subject {subject!r}: no method {method!r}; choose one of {', '.join(METHODS)}")
    return method, packed, options


def calibrate(
    calls: Sequence[Measured], hardware: Hardware = H200, first: Constants | None = None
) -> Constants:
    """The constants that predict the calls of the cases TRAIN best, starting from `first`.

    Raises:
        DeftLabError: no call is of a case in TRAIN.
    """
    seen = [call for call in calls if not call.held_out]
    if not seen:
        raise DeftLabError(f"no call to fit; measure some of the cases {', '.join(TRAIN)}")
    guess = np.log([value for _, value in (first or Constants()).items()])

    def misfit(logs: Floats) -> Floats:
        constants = from_logs(logs)
        return np.append(residuals(seen, hardware, constants), PRIOR / np.log(2) * (logs - guess))

    return from_logs(minimise(misfit, guess))


def from_logs(logs: Floats) -> Constants:
    """The constants whose natural logs these are."""
    return Constants(*np.exp(logs).tolist())


def residuals(calls: Sequence[Measured], hardware: Hardware, constants: Constants) -> Floats:
    """[call] ln(predicted / measured)."""
    predicted = [predict_launches(call.launches, hardware, constants).seconds for call in calls]
    return np.log(predicted) - np.log([call.seconds for call in calls])


def minimise(misfit: Callable[[Floats], Floats], start: Floats, most_rounds: int = 4) -> Floats:
    """The logs with the least `cost` of their misfit: leaps, then small steps, until neither gains anything.

    A limit that binds no call has no slope, so steps alone would never find that it should bind.
    """
    at = start
    for _ in range(most_rounds):
        before = cost(misfit(at))
        at = descend(misfit, leap(misfit, at))
        if cost(misfit(at)) > before - 1e-3:
            break
    return at


def cost(misfit: Floats) -> float:
    """Nearly the sum of squares of small misfits, nearly the sum of large ones."""
    return float((np.sqrt(1 + (misfit / OUTLIER) ** 2) - 1).sum())


def leap(misfit: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Try each log alone, up and down by up to a factor of 8; keep what is best."""
    for i in range(len(at)):
        tried = [at + np.log(2) * power * np.eye(len(at))[i] for power in (0, -1, 1, -2, 2, -3, 3)]
        at = min(tried, key=lambda logs: cost(misfit(logs)))
    return at


def descend(misfit: Callable[[Floats], Floats], at: Floats, most_steps: int = 40) -> Floats:
    """Levenberg-Marquardt steps with numeric slopes."""
    r, damping = misfit(at), 1e-2
    width = 0.03  # of a slope: wide enough to step over the whole-wave kinks of a schedule
    for _ in range(most_steps):
        slopes = np.stack(
            [(misfit(at + h) - misfit(at - h)) / (2 * width) for h in width * np.eye(len(at))], 1
        )
        weight = 1 / np.sqrt(1 + (r / OUTLIER) ** 2)
        square, pull = slopes.T @ (weight[:, None] * slopes), slopes.T @ (weight * r)
        while damping < 1e4:
            step = np.linalg.solve(square + damping * np.diag(np.diag(square) + 1e-6), -pull).clip(-0.5, 0.5)
            there = misfit(at + step)
            if cost(there) < cost(r) - 1e-9:
                at, r, damping = at + step, there, max(damping / 4, 1e-6)
                break
            damping *= 4
        else:
            break
        if np.abs(step).max() < 1e-4:
            break
    return at


def judge(calls: Sequence[Measured], hardware: Hardware, constants: Constants) -> list[Residual]:
    """Every call beside its prediction, in the order given."""
    table = []
    for call in calls:
        said = predict_launches(call.launches, hardware, constants)
        error = said.seconds / call.seconds - 1
        times = 1e6 * call.seconds, 1e6 * said.seconds
        table.append(Residual(call.case, call.subject, *times, error, said.bound, call.held_out))
    return table


def median_error(table: Sequence[Residual]) -> float | None:
    """Median absolute relative error; None of an empty table."""
    return float(np.median([abs(row.error) for row in table])) if table else None


def influence(calls: Sequence[Measured], hardware: Hardware, constants: Constants) -> dict[str, float]:
    """How much each constant matters: the mean change of the calls' log times for one of its own log."""
    at = np.log([value for _, value in constants.items()])
    step = 0.1 * np.eye(len(at))
    both = [
        residuals(calls, hardware, from_logs(at + h)) - residuals(calls, hardware, from_logs(at - h))
        for h in step
    ]
    names = [name for name, _ in constants.items()]
    return {name: float(np.abs(change).mean() / 0.2) for name, change in zip(names, both, strict=True)}


def report(calls: Sequence[Measured], hardware: Hardware, constants: Constants) -> dict[str, Any]:
    """The constants with all that is needed to judge them, as plain JSON."""
    table = judge(calls, hardware, constants)
    seen, held = ([row for row in table if row.held_out is out] for out in (False, True))
    subjects = dict.fromkeys(row.subject for row in table)
    worst = sorted(held, key=lambda row: -abs(np.log1p(row.error)))[:5]
    return {
        "constants": dict(constants.items()),
        "influence": influence([call for call in calls if not call.held_out], hardware, constants),
        "hardware": hardware.name,
        "train_cases": list(TRAIN),
        "median_error": {"train": median_error(seen), "held_out": median_error(held)},
        "most_error": MOST_ERROR,
        "by_subject": {
            name: {
                "train": median_error([row for row in seen if row.subject == name]),
                "held_out": median_error([row for row in held if row.subject == name]),
            }
            for name in subjects
        },
        "worst": [f"{row.subject} on {row.case}: {row.error:+.0%} ({row.bound})" for row in worst],
        "residuals": [
            {
                "case": row.case,
                "subject": row.subject,
                "measured_us": row.measured_us,
                "predicted_us": row.predicted_us,
                "error": row.error,
                "bound": row.bound,
                "held_out": row.held_out,
            }
            for row in table
        ],
    }


def calibrate_file(path: Path, templates: Path | None = None, hardware: Hardware = H200) -> dict[str, Any]:
    """Fit and judge the constants on a file of `bench attention`: what goes into a calibration file.

    The launch cost is the file's own, where it states one.

    Raises:
        DeftLabError: the file cannot be read, or lacks what the fit needs.
        TemplateError: a template file is missing or broken.
    """
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as bad:
        raise DeftLabError(
            f"cannot read {path}: {bad}; pass a file that `bench attention` has written"
        ) from bad
    if not isinstance(content, dict):
        raise DeftLabError(f"{path} holds no object; pass a file that `bench attention` has written")
    launch_us = content.get("ceilings", {}).get("launch_graph_us")
    if launch_us:
        hardware = hardware.with_measured(f"{path.name}: graph of one launch", launch_s=1e-6 * launch_us)
    calls = measurements(content, templates)
    constants = calibrate(calls, hardware)
    return {"of": path.name, "card": content.get("card")} | report(calls, hardware, constants)

"""Judges of notebook 12: they test what an answer claims, and do not compute it as the solutions do."""

import json
import math
from itertools import combinations
from typing import Any

import numpy as np

from ...data import data_path
from ...hardware import HARDWARE
from ..answers import shown
from ..contract import Case, Complaint
from .nb06_judges import as_number

NEAR = 1e-6  # relative


def as_pair(got: Any) -> tuple[Any, Any] | None:
    """`got` as a pair; None if it is none."""
    is_pair = isinstance(got, tuple | list | np.ndarray) and len(got) == 2
    return (got[0], got[1]) if is_pair else None


def near(value: float, wanted: float) -> bool:
    return math.isclose(value, wanted, rel_tol=NEAR)


# --- 12.1


def roof_cases() -> list[Case]:
    """Work left of the ridge, right of it and on it, on every machine."""
    found = []
    for hardware in HARDWARE.values():
        corner = hardware.flop_per_s / hardware.hbm_bytes_per_s
        for intensity in (0.5, 1.0, 4.0, 41.6, corner, 1.5 * corner, 1000.0):
            words = f"1e9 FLOP, {intensity:.4g} for each byte, on {hardware.name}"
            found.append(Case((1e9, 1e9 / intensity, hardware), words))
    return found


def judge_place(case: Case, got: Any) -> Complaint | None:
    flop, n_bytes, hardware = case.arguments
    pair = as_pair(got)
    numbers = [as_number(part) for part in pair] if pair else [None]
    if None in numbers:
        return Complaint("the answer is a pair of numbers", "`(intensity, rate)`", shown(got))
    intensity, rate = numbers
    if not near(intensity * n_bytes, flop):
        said = f"{flop / n_bytes:.4g} FLOP for each byte"
        return Complaint("the intensity is wrong: bytes times intensity are the operations", said, shown(got))
    seconds = flop / rate if rate else math.inf
    needs = {"memory": n_bytes / hardware.hbm_bytes_per_s, "tensor cores": flop / hardware.flop_per_s}
    longest = max(needs, key=lambda name: needs[name])
    if near(seconds, needs[longest]):
        return None
    if seconds < needs[longest]:
        why = f"at this rate it would be done before the {longest} could have done their part"
    else:
        why = "the machine allows more than this rate"
    return Complaint(why, f"{flop / needs[longest]:.4g} FLOP/s", f"{rate:.4g} FLOP/s")


# --- 12.2


def rows_of(name: str, case: str) -> list[dict[str, Any]]:
    """Our methods' rows of a bundled measurement."""
    result = json.loads(data_path("measurements", f"{name}.json").read_text())
    return [r for r in result["rows"] if r["case"] == case and r["kind"] == "method" and r["cold"]]


def outlier_cases() -> list[Case]:
    """Calls of which one is off by the largest factor: often not the slowest, nor the largest difference."""
    drawn, rng = [], np.random.default_rng(12)
    for i in range(8):
        n_bytes = 10 ** rng.uniform(6, 9, 3 + i)
        seconds = n_bytes / 1e12 * np.exp(rng.normal(0, 1, 3 + i))
        drawn.append(
            [(f"call {k}", float(b), float(s)) for k, (b, s) in enumerate(zip(n_bytes, seconds, strict=True))]
        )
    fixed = [
        [("right", 1e9, 1e-3), ("much too slow", 1e6, 9e-6), ("a little", 1e9, 2e-3)],
        [("too fast", 1e9, 1e-4), ("too slow", 1e9, 5e-3)],
        [("too fast", 1e9, 2e-4), ("too slow", 1e9, 9e-3), ("right", 1e9, 1e-3)],
        [("only one", 1e6, 1e-6)],
    ]
    real = [
        [
            (r["subject"], 1e6 * r["unique_mb"], 1e-6 * r["cold"]["median_us"])
            for r in rows_of("attention_h200_1", case)
        ]
        for case in ("few20", "spec6k", "chain32k")
    ]
    cases = [Case((rows, 1e12), f"{len(rows)} calls at 1 TB/s") for rows in (*fixed, *drawn)]
    return [*cases, *(Case((rows, 4.8e12), f"{len(rows)} measured calls at 4.8 TB/s") for rows in real)]


def judge_outlier(case: Case, got: Any) -> Complaint | None:
    rows, rate = case.arguments
    names = [name for name, _, _ in rows]
    if not isinstance(got, str) or got not in names:
        return Complaint("the answer is the name of a call", f"one of {shown(names)}", shown(got))

    def off(row: tuple[str, float, float]) -> float:
        _, n_bytes, seconds = row
        return max(seconds * rate / n_bytes, n_bytes / (seconds * rate))

    mine = next(row for row in rows if row[0] == got)
    worse = [row for row in rows if off(row) > off(mine) * (1 + NEAR)]
    if not worse:
        return None
    worst = max(worse, key=off)
    return Complaint(
        "another call is further off",
        f"{worst[0]}, off by a factor of {off(worst):.3g}",
        f"{got}, off by a factor of {off(mine):.3g}",
    )


# --- 12.3


def swap_cases() -> list[Case]:
    """Times cold and warm: nothing changes, all turns round, ties, and rows as measured."""
    small = [
        [("a", 10.0, 8.0), ("b", 20.0, 16.0)],
        [("a", 10.0, 16.0), ("b", 20.0, 8.0)],
        [("b", 20.0, 8.0), ("a", 10.0, 16.0)],
        [("a", 10.0, 8.0), ("b", 10.0, 9.0), ("c", 12.0, 8.0)],
        [("a", 1.0, 3.0), ("b", 2.0, 2.0), ("c", 3.0, 1.0)],
        [("only", 1.0, 1.0)],
    ]
    rng = np.random.default_rng(3)
    drawn = [
        [(f"m{k}", *pair) for k, pair in enumerate(rng.uniform(5, 9, (n, 2)).round(1).tolist())]
        for n in (4, 6, 8, 9)
    ]
    real = [
        [
            (r["subject"], r["cold"]["median_us"], r["warm"]["median_us"])
            for r in rows_of("attention_h200_1", case)
        ]
        for case in ("few10", "few20", "few50")
    ]
    return [Case((rows,), f"times {shown(rows)}") for rows in (*small, *drawn, *real)]


def judge_swaps(case: Case, got: Any) -> Complaint | None:
    rows = case.arguments[0]
    form = "`[(a, b), ...]`, a the faster one when cold"
    if isinstance(got, str | dict) or not hasattr(got, "__iter__"):
        return Complaint("the answer is a list of pairs of names", form, shown(got))
    pairs = [as_pair(pair) for pair in got]
    if None in pairs or not all(isinstance(name, str) for pair in pairs if pair for name in pair):
        return Complaint("the answer is a list of pairs of names", form, shown(got))
    expected = set()
    for one, other in combinations(rows, 2):
        if (one[1] - other[1]) * (one[2] - other[2]) < 0:
            first, last = sorted((one, other), key=lambda row: row[1])
            expected.add((first[0], last[0]))
    for pair in pairs:
        if pair not in expected:
            return Complaint(f"{shown(pair)} is not such a pair", shown(sorted(expected)), shown(pairs))
    if len(set(pairs)) < len(pairs):
        return Complaint("a pair is in the list twice", shown(sorted(expected)), shown(pairs))
    missing = expected - set(pairs)
    if missing:
        return Complaint(f"{shown(min(missing))} is missing", shown(sorted(expected)), shown(pairs))
    return None


# --- 12.4


def step_cases() -> list[Case]:
    """Steps in which a part takes much, little or all, and becomes faster, slower, or stays."""
    numbers = [(33.3, 20.5, 10.1), (14.6, 5.1, 7.7), (10.0, 5.0, 2.0), (10.0, 1.0, 1e9), (8.0, 8.0, 4.0)]
    numbers += [(12.0, 4.0, 1.0), (12.0, 4.0, 0.5), (9.2, 0.3, 100.0), (7.0, 3.5, 3.0)]
    return [
        Case((step, part, factor), f"a step of {step} ms, {part} ms of it attention, {factor:g} times faster")
        for step, part, factor in numbers
    ]


def judge_step(case: Case, got: Any) -> Complaint | None:
    step, part, factor = case.arguments
    number = as_number(got)
    if number is None or not number > 0:
        return Complaint(
            "the answer is one number above 0: how many times faster the step is", got=shown(got)
        )
    clock = 0.0  # let the new step happen: what stays, then the part at its new speed
    for left, speed in ((step - part, 1.0), (part, factor)):
        clock += left / speed
    if near(number * clock, step):
        return None
    most = step / (step - part) if step > part else math.inf
    why = "the step gets another factor" if number <= most else "not even attention in no time would do that"
    return Complaint(why, f"{step / clock:.4g} times", f"{number:.4g} times")

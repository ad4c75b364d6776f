"""Exercises of notebook 12: the roof, an outlier, what a warm cache changes, and what a step gains."""

from ..contract import Exercise
from . import nb12_mutants as mutants
from .nb12_judges import (
    judge_outlier,
    judge_place,
    judge_step,
    judge_swaps,
    outlier_cases,
    roof_cases,
    step_cases,
    swap_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def place(flop, n_bytes, hardware):
    intensity = flop / n_bytes
    rate = min(hardware.flop_per_s, intensity * hardware.hbm_bytes_per_s)
    return intensity, rate


def outlier(calls, bytes_per_s):
    def off(call):
        _, n_bytes, seconds = call
        ratio = seconds / (n_bytes / bytes_per_s)
        return max(ratio, 1 / ratio)

    return max(calls, key=off)[0]


def swaps(calls):
    found = []
    for a, a_cold, a_warm in calls:
        for b, b_cold, b_warm in calls:
            if a_cold < b_cold and a_warm > b_warm:
                found.append((a, b))
    return found


def step_speedup(step, attention, factor):
    return step / (step - attention + attention / factor)


# --- the exercises

EXERCISES = (
    Exercise(
        key="12.1",
        title="place a kernel below the roof",
        difficulty=2,
        importance=5,
        minutes=10,
        task="""
            Write `place(flop, n_bytes, hardware)`, which returns a pair `(intensity, rate)`: the operations
            for each byte, and the most FLOP/s that the machine allows a kernel that does `flop` operations
            and moves `n_bytes` bytes from memory. You have `hardware.flop_per_s` and
            `hardware.hbm_bytes_per_s`. Moving and computing overlap completely.
        """,
        skeleton="def place(flop, n_bytes, hardware):\n    # return intensity, rate\n    ...",
        hints=(
            "How long does moving take, how long computing? Both happen at once: for which does one wait?",
            """
            The rate is the operations divided by the longer of the two times. Written without times: the
            smaller of the peak, and of intensity times the rate of the memory.
            """,
            "`min(hardware.flop_per_s, flop / n_bytes * hardware.hbm_bytes_per_s)`",
        ),
        solution=place,
        why="""
            **Why it is right.** The call takes at least `n_bytes / hbm_bytes_per_s`, and at least
            `flop / flop_per_s`. Dividing `flop` by the longer of the two gives the smaller of two rates: the
            slope of the roof on the left, its flat part on the right. Use the *dense* peak: datasheets like
            to print the rate with 2:4 sparsity, which is twice as high, and which attention never sees.
        """,
        judge=judge_place,
        cases=roof_cases,
        mutants=mutants.PLACE,
        tried="work",
    ),
    Exercise(
        key="12.2",
        title="find the outlier",
        difficulty=2,
        importance=3,
        minutes=8,
        task="""
            Write `outlier(calls, bytes_per_s)`, which returns the name of the call for which *time = bytes /
            rate* is most wrong. `calls` is a list of `(name, n_bytes, seconds)`. What counts is the factor by
            which it is wrong, in either direction: half as long as predicted is as wrong as twice as long.
        """,
        skeleton="def outlier(calls, bytes_per_s):\n    # return a name\n    ...",
        hints=(
            "Compute measured over predicted time for each call. What tells you how far that is from 1?",
            "A ratio of 1/3 is as far off as a ratio of 3: take the larger of the ratio and its inverse.",
            "`max(calls, key=off)[0]`, where `off` returns `max(ratio, 1 / ratio)`.",
        ),
        solution=outlier,
        why="""
            **Why it is right.** Errors of a model of time are factors, so their natural measure is the
            logarithm of the ratio, and `max(ratio, 1 / ratio)` orders calls in the same way. A difference
            in microseconds mostly points at the slowest call, and a percentage punishes a prediction
            that is too high more than one that is too low.
        """,
        judge=judge_outlier,
        cases=outlier_cases,
        mutants=mutants.OUTLIER,
        tried="list of calls",
    ),
    Exercise(
        key="12.3",
        title="which conclusions change?",
        difficulty=3,
        importance=4,
        minutes=12,
        task="""
            Write `swaps(calls)`. `calls` is a list of `(name, cold, warm)`: the time of a method when the
            cache was cleared before, and when it was not. Return the list of all pairs `(a, b)` of names such
            that `a` is faster than `b` when cold, and slower when warm. Equal times are no change.
        """,
        skeleton="def swaps(calls):\n    # return [(a, b), ...]\n    ...",
        hints=(
            "Compare every call with every other one: two loops over the same list.",
            "Keep the pair `(a, b)` if a is strictly faster when cold and strictly slower when warm.",
            "`if a_cold < b_cold and a_warm > b_warm: found.append((a, b))`",
        ),
        solution=swaps,
        why="""
            **Why it is right.** Each unordered pair is met twice, once in each order, and only the order in
            which a is faster when cold can pass the first test. So every change is listed once, and in the
            right direction. A ranking that changes with the state of a cache is no property of the methods
            alone: say in which state you measured.
        """,
        judge=judge_swaps,
        cases=swap_cases,
        mutants=mutants.SWAPS,
        tried="list of calls",
    ),
    Exercise(
        key="12.4",
        title="what the step gains",
        difficulty=1,
        importance=5,
        minutes=6,
        task="""
            Write `step_speedup(step, attention, factor)`: how many times faster a decode step becomes if its
            attention becomes `factor` times faster. The whole step takes `step` ms now, and `attention` ms of
            it are attention; all else stays as it is.
        """,
        skeleton="def step_speedup(step, attention, factor):\n    # return a number\n    ...",
        hints=(
            "How long will the new step take? Two parts: what stays, and what becomes faster.",
            "What stays takes `step - attention`. Attention will take `attention / factor`.",
            "`step / (step - attention + attention / factor)`",
        ),
        solution=step_speedup,
        why="""
            **Why it is right.** It is old time over new time. This is *Amdahl's law*: however large `factor`
            is, the gain never exceeds `step / (step - attention)`, the step without any attention. A kernel
            that is ten times faster is worth what its share in the step allows, and no more.
        """,
        judge=judge_step,
        cases=step_cases,
        mutants=mutants.STEP_SPEEDUP,
        tried="step",
    ),
)

"""Judges of notebook 06: they let time pass, from one end of a program to the next.

The solutions keep a clock for each SM, or call the library; nothing here does.
"""

from collections import deque
from typing import Any

import numpy as np

from ...builders import load_tree
from ...errors import TreeError
from ...tree import Tree
from ...tree.convert import from_nested
from ..answers import shown
from ..contract import Case, Complaint
from ..trees import cases, few_shot
from .nb01_judges import sees

N_HEADS, N_SMS, UNIT, TILE = 32, 132, 16, 32  # of the model that the notebook works with
LENGTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
CHOSEN, LEAST_RATIO, LEAST_QUERIES, MOST_NODES, MOST_TOKENS = 256, 2.0, 3, 300, 64_000  # of exercise 06.3


def passed(durations: list[int], n_sms: int) -> int:
    """When the last program ends, if programs start in order as soon as an SM is free."""
    waiting, running, now = deque(durations), [], 0
    while waiting or running:
        while waiting and len(running) < n_sms:
            running.append(waiting.popleft())
        step = min(running)  # until the next end
        running = [left - step for left in running if left > step]
        now += step
    return now


def lists() -> list[Case]:
    """Durations that break habits: fewer programs than SMs, a long one last, ties, and real grids."""
    rng = np.random.default_rng(6)
    drawn = [rng.integers(1, 30, rng.integers(3, 60)).tolist() for _ in range(12)]
    small = [
        ([5], 1),
        ([5], 4),
        ([3, 1, 2], 1),
        ([1, 1, 1, 9], 2),
        ([9, 1, 1, 1], 2),
        ([4, 4, 4, 4, 4], 2),
        ([2, 3, 4, 5, 6, 7, 8], 3),
        ([1, 8, 1, 8, 1, 8], 2),
        ([250, *[2] * 20] * 4, 7),
    ]
    return [
        duration_case(durations, n)
        for durations, n in [*small, *((found, 2 + i % 7) for i, found in enumerate(drawn))]
    ]


def duration_case(durations: list[int], n_sms: int) -> Case:
    words = f"durations {shown(durations)} on {n_sms} SM{'s' if n_sms > 1 else ''}"
    return Case((durations, n_sms), words, known=passed(durations, n_sms))


def judge_makespan(case: Case, got: Any) -> Complaint | None:
    number = as_number(got)
    if number is None:
        return Complaint("the answer is one number, the time at which the last program ends", got=shown(got))
    if number == case.known:
        return None
    durations, n_sms = case.arguments
    why = "the last program ends earlier" if number > case.known else "the last program ends later"
    if number < max(durations):
        why = "no program can be cut, so the longest one is a least time"
    elif number < sum(durations) / n_sms:
        why = "not even SMs that never stand idle could be done so early"
    return Complaint(why, shown(case.known), shown(number))


def as_number(got: Any) -> float | None:
    """`got` as a number; None if it is none."""
    try:
        return None if isinstance(got, str | bool) or np.ndim(got) else float(got)
    except (TypeError, ValueError):
        return None


def pieces(tree: Tree, chunk_len: int) -> list[tuple[int, int]]:
    """(tokens, queries) of every group of DeFT-Node-Chunk, in the order of its plan."""
    found = []
    for node, seen in enumerate(sees(tree).T):
        tokens, queries = int(tree.length[node]), int(seen.sum())
        while tokens and queries:
            found.append((min(tokens, chunk_len), queries))
            tokens -= found[-1][0]
    return found


def cost(tree: Tree, chunk_len: int) -> float:
    """Makespan and reduction of DeFT-Node-Chunk in units, heads outermost, as exercise 06.2 says."""
    groups = pieces(tree, chunk_len)
    of_head = [-(-n // UNIT) for n, queries in groups for _ in range(-(-queries // TILE))]
    partials = sum(queries for _, queries in groups) * N_HEADS
    return passed(of_head * N_HEADS, N_SMS) + partials * 2 / UNIT / N_SMS


def chunk_cases() -> list[Case]:
    """Trees for which the best chunk differs."""
    large = {
        "the few-shot tree": few_shot(4000, 20, 20),
        "a long prompt with few branches": few_shot(8000, 3, 50),
        "many branches": few_shot(1000, 40, 100),
        "one short node": Tree([-1], [256]),
        "one branch of 3,000 tokens": Tree([-1], [3000]),
        "many long branches": few_shot(200, 66, 4000),
        "a reasoning tree": load_tree("reasoning_set"),
    }
    trees = [*((tree, words) for words, tree in large.items()), *((tree, "") for tree in cases(4)[4:])]
    return [chunk_case(tree, words) for tree, words in trees]


def chunk_case(tree: Tree, words: str = "") -> Case:
    return Case((tree,), words, tree, chunk_case)


def judge_chunk(case: Case, got: Any) -> Complaint | None:
    number = as_number(got)
    if number not in LENGTHS:
        return Complaint("the answer is one of the lengths", shown(LENGTHS), shown(got))
    costs = {n: cost(case.arguments[0], n) for n in LENGTHS}
    best = min(costs, key=lambda n: costs[n])
    if costs[int(number)] <= costs[best] + 1e-6:
        return None
    return Complaint(
        "another length costs less",
        f"{best} tokens, {costs[best]:.2f} units",
        f"{int(number)} tokens, {costs[int(number)]:.2f} units",
    )


def judge_hard_tree(_: None, got: Any) -> Complaint | None:
    tree = getattr(got, "tree", got)  # the state of an explorer is an answer too
    wanted = f"{LEAST_QUERIES} queries or more, and chunks of {CHOSEN} cost {LEAST_RATIO:g} times the least"
    if not isinstance(tree, Tree):
        try:
            tree = from_nested(tree)
        except TreeError as bad:
            return Complaint(f"this is no tree: {bad}", "`[length, child, child, ...]`", shown(got))
    if tree.n_nodes > MOST_NODES or tree.n_tokens > MOST_TOKENS:
        return Complaint(f"it has {tree.n_nodes:,} nodes and {tree.n_tokens:,} tokens, too many", wanted)
    if tree.n_queries < LEAST_QUERIES:
        return Complaint(f"it has {tree.n_queries} queries, too few", wanted, tree=tree)
    costs = {n: cost(tree, n) for n in LENGTHS}
    best = min(costs, key=lambda n: costs[n])
    ratio = costs[CHOSEN] / costs[best]
    if ratio >= LEAST_RATIO:
        return None
    said = (
        f"chunks of {CHOSEN} cost {costs[CHOSEN]:.1f} units, of {best} {costs[best]:.1f}: {ratio:.2f} times"
    )
    return Complaint(f"chunks of {CHOSEN} are too good for this tree", wanted, said, tree)

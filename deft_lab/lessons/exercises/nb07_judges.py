"""Judges of notebook 07: the stripped kernel is run with the learner's piece, and held to the definition.

The solutions are written in tl, tile by tile; the judge takes each query's softmax over its whole path.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...tree import Tree
from ..contract import Complaint
from ..kernel_runs import HEADS, Run, run_kernel

TOLERANCE = 1e-3  # the pieces compute in float32, the definition in float64


def ask_piece(name: str, heads: tuple[int, int] = HEADS) -> Callable[[Callable[..., Any], Tree], Run]:
    """Run the stripped kernel with the learner's function in the place of one piece."""

    def ask(function: Callable[..., Any], tree: Tree) -> Run:
        return run_kernel(tree, {name: function}, heads=heads)

    return ask


def judge_run(tree: Tree, run: Any) -> Complaint | None:
    if run.problem:
        problem = run.problem.partition("; mend")[0]
        return Complaint(f"your kernel was stopped before it touched memory that is not its own: {problem}")
    wrong = np.argwhere(~(np.abs(run.out - run.exact).max(axis=2) < TOLERANCE))
    if not len(wrong):
        return None
    query, head = wrong[0].tolist()
    n = len(wrong)
    found = run.out[query, head]
    kind = "is not a number" if np.isnan(found).any() else "is wrong"
    why = f"the output of query {query} in query head {head} {kind}"
    if n > 1:
        why += f" ({n} of {run.exact.shape[0] * run.exact.shape[1]} outputs are)"
    return Complaint(why, _first(run.exact[query, head]), _first(found))


def _first(row: Any) -> str:
    return f"`[{', '.join(f'{value:.4f}' for value in row[:3])}, ...]`"

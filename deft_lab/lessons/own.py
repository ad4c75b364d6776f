"""A method of one's own, proven: `check_all` tries a rule that makes plans on the trees of all exercises.

Three promises, each on every tree: the rule makes a plan, the plan is exact (every query meets every token
of its path once), and attention by the plan equals attention by definition.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..attention import dense_attention, partial_attention, reduce_partials
from ..errors import DeftLabError
from ..methods import find_method
from ..plan import Plan, check_plan
from ..tree import Tree
from ..viz import Figure, Table, draw_tree
from .show import Card
from .shrink import shrink, size
from .trees import cases

PROMISES = ("makes a plan", "every pair once", "attention as defined")
MOST_TOKENS = 700  # attention by definition is slow; larger trees are checked for the first two promises
TOLERANCE = 1e-10


@dataclass(frozen=True)
class MethodReport(Card):
    """What `check_all` found: how many trees kept each promise, and the smallest tree that broke one."""

    name: str
    kept: tuple[int, ...]  # by promise
    tried: tuple[int, ...]
    broken: str = ""
    why: str = ""
    tree: Tree | None = None

    @property
    def passed(self) -> bool:
        return not self.broken

    def table(self) -> Table:
        """A row for each promise."""
        rows = zip(PROMISES, self.kept, self.tried, strict=True)
        return Table(("promise", "trees that keep it", "trees tried"), tuple(rows))

    @property
    def markdown(self) -> str:
        head = f"**{self.name}**: all promises kept." if self.passed else f"**{self.name}**: not yet."
        text = f"{head}\n\n{self.table()._repr_markdown_()}"
        return (
            text
            if self.passed
            else f"{text}\n\nThe smallest tree that breaks one: *{self.broken}*. {self.why}"
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        return (
            () if self.tree is None else (draw_tree(self.tree, title="The smallest tree on which it fails"),)
        )


def check_all(method: str | Callable[[Tree], Plan]) -> MethodReport:
    """Try a method on hand-drawn and random trees, and show what was found.

    Args:
        method: the name of a registered method, or a function from a tree to a plan.

    Raises:
        DeftLabError: it is neither.
    """
    report = examine_method(method)
    report.show()
    return report


def examine_method(method: str | Callable[[Tree], Plan]) -> MethodReport:
    """As `check_all`, but show nothing."""
    if not callable(method):
        method = find_method(method).plan
    name = getattr(method, "__name__", "your method")
    found = [(tree, *_first_broken(method, tree)) for tree in cases()]
    kept, tried = [0] * len(PROMISES), [0] * len(PROMISES)
    for tree, broken, _ in found:
        asked = PROMISES if _is_small(tree) else PROMISES[:2]
        for i, promise in enumerate(asked):
            tried[i] += 1
            if promise == broken:
                break
            kept[i] += 1
    failed = [(tree, broken) for tree, broken, _ in found if broken]
    if not failed:
        return MethodReport(name, tuple(kept), tuple(tried))
    tree, broken = min(failed, key=lambda pair: size(pair[0]))
    tree = shrink(tree, lambda smaller: _first_broken(method, smaller)[0] == broken)
    return MethodReport(name, tuple(kept), tuple(tried), broken, _first_broken(method, tree)[1], tree)


def _is_small(tree: Tree) -> bool:
    return tree.n_path_tokens <= MOST_TOKENS


def _first_broken(method: Callable[[Tree], Plan], tree: Tree) -> tuple[str, str]:
    """(promise, why) of the first promise that the method breaks on this tree; two empty words if none."""
    try:
        plan = method(tree)
    except Exception as error:  # whatever the learner's code raises belongs to the answer
        return PROMISES[0], f"It raises {type(error).__name__}: {error}."
    if not isinstance(plan, Plan):
        return PROMISES[0], f"It gives {type(plan).__name__}, and must give a `Plan`."
    if plan.tree is not tree:
        return PROMISES[0], "The plan is of another tree than the one that was handed over."
    try:
        check_plan(plan)
    except DeftLabError as error:
        return PROMISES[1], f"{error}."
    return _attends(plan) if _is_small(tree) else ("", "")


def _attends(plan: Plan) -> tuple[str, str]:
    tree, rng = plan.tree, np.random.default_rng(0)
    q = rng.normal(size=(tree.n_queries, 4, 8))
    k, v = rng.normal(size=(2, tree.n_tokens, 2, 8))
    found = reduce_partials(*partial_attention(q, k, v, plan), plan)
    far = float(np.abs(found - dense_attention(q, k, v, tree)).max())
    return ("", "") if far < TOLERANCE else (PROMISES[2], f"Outputs are off by up to {far:.1e}.")

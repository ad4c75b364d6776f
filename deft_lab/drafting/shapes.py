"""Shapes of token trees, chosen before a token is drafted.

acceptance: [rank] how likely the child of that rank is the one accepted, given its parent was; what is left
to 1 is the chance that all are rejected. Or [depth, rank], where it depends on the depth.
size: nodes with the root, as the papers count; a shape lists size - 1 of them.
Expected length F: tokens a round commits, if acceptance depends on ranks alone (Sequoia, 2402.12374).
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DraftError, check_counts, check_kind, check_numbers
from ..token_tree.convert import Shape, bare, ranks_of
from .sequoia_dp import shape_of, solve

Acceptance = Sequence[float] | Sequence[Sequence[float]] | NDArray[np.float64]
# cited: what Sequoia's authors measured, llama-68m for llama-7b; the first 6 of 32 entries
PRINTED_ACCEPTANCE = (0.634, 0.108, 0.057, 0.0225, 0.0195, 0.015)
ANY_DEPTH = 4096


def check_acceptance(acceptance: Acceptance) -> NDArray[np.float64]:
    """[depth, rank] acceptance; one row where it does not depend on the depth.

    Raises:
        DraftError: an entry is no probability, or a row sums to more than 1.
    """
    try:
        rows = np.atleast_2d(np.asarray(acceptance, dtype=np.float64))
    except (TypeError, ValueError) as bad:
        raise DraftError(f"acceptance {acceptance!r} holds no numbers, or rows of different length") from bad
    if rows.ndim != 2 or rows.size == 0:
        raise DraftError(f"acceptance has shape {rows.shape}; give [rank] or [depth, rank] probabilities")
    # written so that a NaN is refused, too
    if not (rows >= 0).all() or not (rows.sum(axis=1) <= 1 + 1e-9).all():
        raise DraftError(
            f"acceptance {rows.tolist()} is no probability vector: entries are 0 or more, a row sums to at "
            "most 1, and what is left is the chance that all children are rejected"
        )
    return rows


def expansion_shape(expansion: Iterable[int], budget: int) -> Shape:
    """Every node of level i gets `expansion[i]` children; level by level, cut off at `budget` nodes."""
    check_kind(DraftError, Iterable, "list the children of a node, level by level", expansion=expansion)
    check_counts(DraftError, 0, budget=budget)
    shape: list[int] = []
    level = [-1]
    for n_children in expansion:
        check_counts(DraftError, 1, n_children=n_children)
        first = len(shape)
        for node in level:
            shape += [node] * min(n_children, budget - len(shape))
        level = list(range(first, len(shape)))
        if len(shape) == budget:
            break
    return tuple(shape)


def expected_length(shape: Sequence[int], acceptance: Acceptance) -> float:
    """F: tokens that a round with this shape commits, the target's own one included.

    Ranks and depths beyond `acceptance` are never accepted.
    """
    rows = check_acceptance(acceptance)
    value, parents = {-1: 1.0}, bare(shape).parents
    for node, path in enumerate(ranks_of(parents)):
        row = rows[0] if len(rows) == 1 else rows[len(path) - 1] if len(path) <= len(rows) else ()
        value[node] = value[parents[node]] * float(row[path[-1]] if path[-1] < len(row) else 0.0)
    return sum(value.values())


def greedy_shape(acceptance: Acceptance, size: int, max_depth: int = ANY_DEPTH) -> Shape:
    """The best shape if acceptance does not rise with the rank: the likeliest node, again and again.

    A node that is taken offers its next sibling and its first child.
    Nodes that are never accepted are left out.
    """
    rows = check_acceptance(acceptance)
    check_counts(DraftError, 1, size=size, max_depth=max_depth)
    n_levels = min(max_depth, len(rows) if len(rows) > 1 else max_depth)
    shape: list[int] = []
    # (-value, depth, number, rank, parent, value of the parent): ties go to ancestors, then to who came first
    waiting = [(-float(rows[0][0]), 1, 0, 0, -1, 1.0)]
    n_seen = 1
    while waiting and len(shape) < size - 1:
        value, depth, _, rank, parent, above = heapq.heappop(waiting)
        if value == 0:
            continue
        shape.append(parent)
        offers = []
        if rank + 1 < rows.shape[1]:
            offers.append((depth, rank + 1, parent, above))
        if depth < n_levels:
            offers.append((depth + 1, 0, len(shape) - 1, -value))
        for below, r, p, v in offers:
            row = rows[min(below, len(rows)) - 1]
            heapq.heappush(waiting, (-v * float(row[r]), below, n_seen, r, p, v))
            n_seen += 1
    return tuple(shape)


def best_shape(acceptance: Acceptance, size: int, max_depth: int = ANY_DEPTH) -> Shape:
    """The shape of the largest F: greedily where that is exact, else by Sequoia's dynamic program."""
    rows = check_acceptance(acceptance)
    check_counts(DraftError, 1, size=size, max_depth=max_depth)
    if (np.diff(rows, axis=1) <= 0).all():
        return greedy_shape(rows, size, max_depth)
    if len(rows) > 1:
        raise DraftError("acceptance by depth must not rise with the rank; sort each row")
    return shape_of(solve(rows[0], size, min(max_depth, size)), size)


def medusa_shape(accuracy: Acceptance, size: int = 64) -> Shape:
    """Medusa's search: at most 5 levels and 10 children a node.

    Source: Medusa (2401.10774), appendix on tree construction; `gen_results.py` of its repository.

    Args:
        accuracy: [head, rank] how often the head's candidate of that rank is the true token.
        size: nodes, the root included.
    """
    return greedy_shape(check_acceptance(accuracy)[:, :10], size, max_depth=5)


@dataclass(frozen=True)
class SizeChoice:
    """A size and depth of tree for some hardware, what a round commits, and the time of one token."""

    size: int
    depth: int
    expected_length: float
    time_per_token: float


def best_size(
    acceptance: Sequence[float], t_target: Mapping[int, float], t_draft: float, max_depth: int = 12
) -> SizeChoice:
    """The size and depth that cost the least time a token: (depth t_draft + t_target(size)) / F.

    The draft is called once a level, the last one excepted: one call less than Sequoia (2402.12374)
    makes and counts.

    Args:
        acceptance: [rank].
        t_target: size -> time of one forward of the target over so many tokens.
        t_draft: time of one forward of the draft, in the same unit.
        max_depth: levels below the root that are tried.
    """
    rows = check_acceptance(acceptance)
    check_kind(DraftError, Mapping, "give {size: time of a forward}", t_target=t_target)
    if not t_target:
        raise DraftError("t_target is empty; give the time of one size at least")
    check_counts(DraftError, 1, max_depth=max_depth, **{f"size {n!r}": n for n in t_target})
    check_numbers(DraftError, 0, t_draft=t_draft, **{f"t_target[{n}]": t for n, t in t_target.items()})
    if not min(t_target.values()):
        raise DraftError("a forward of the target takes no time; measure one")
    table = solve(rows[0], max(t_target), max_depth)
    choices = [
        SizeChoice(n, depth, f, (depth * t_draft + time) / f)
        for n, time in t_target.items()
        for depth in range(max_depth + 1)
        if (f := float(table.best[1 + depth, n])) > 0
    ]
    return min(choices, key=lambda choice: choice.time_per_token)

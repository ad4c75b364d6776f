"""Judges of notebook 11.

The best tree is found by going through all ordered trees; a law is kept if all ways of committing a token
add up to it; a shape is worth what its paths are worth.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cost import traffic
from ...errors import DeftLabError
from ...geometry import LLAMA3_8B
from ...methods import plan_tree
from ...token_tree import TokenTree
from ...tree import Tree
from ..answers import numbers, read_shape, shown
from ..contract import Case, Complaint

Law = NDArray[np.float64]
VECTOR = (0.5, 0.18, 0.1, 0.06, 0.04, 0.03, 0.02)  # of exercise 11.3
N_PROMPT, MOST_BYTES, GOAL = 2000, 21_000_000, 2.79
LARGEST = 255  # tokens of a drawn tree: those of the largest published ones


# --- 11.1


def acceptance_cases() -> Iterator[Case]:
    vectors = (
        (0.634, 0.108, 0.057, 0.0225),  # published: falls with the rank
        (0.5, 0.3, 0.2),
        (0.9,),
        (0.3, 0.3, 0.3),
        (0.1, 0.6, 0.2),  # the second is likelier than the first
        (0.0, 0.7),
        (0.2, 0.0, 0.5, 0.1),
        (1.0,),
    )
    for vector in vectors:
        for size in (1, 2, 3, 5, 8):
            yield Case((vector, size), f"acceptance {vector}, at most {size} nodes")


@cache
def ordered_trees(size: int) -> tuple[tuple[Any, ...], ...]:
    """All ordered trees of `size` nodes, each as the tuple of its subtrees."""
    return forests(size - 1)


@cache
def forests(size: int) -> tuple[tuple[Any, ...], ...]:
    """All sequences of ordered trees with `size` nodes in all."""
    if size == 0:
        return ((),)
    return tuple(
        (first, *rest)
        for part in range(1, size + 1)
        for first in ordered_trees(part)
        for rest in forests(size - part)
    )


def length_of(tree: tuple[Any, ...], acceptance: tuple[float, ...]) -> float:
    """Expected length of one ordered tree."""
    return 1 + sum(
        acceptance[rank] * length_of(child, acceptance) if rank < len(acceptance) else 0.0
        for rank, child in enumerate(tree)
    )


def judge_length(case: Case, got: Any) -> Complaint | None:
    acceptance, size = case.arguments
    right = max(length_of(tree, acceptance) for n in range(1, size + 1) for tree in ordered_trees(n))
    found = numbers(got)
    if found is None or found.shape != ():
        return Complaint("the answer is one number", f"{right:.6f} for {case.words}", shown(got))
    if abs(found - right) <= 1e-9:
        return None
    why = "no tree is that good" if found > right else "there is a better tree"
    return Complaint(f"{why} for {case.words}", f"{right:.6f}", f"{float(found):.6f}")


# --- 11.2


def law_cases() -> Iterator[Case]:
    named = {
        "a draft that is too sure": ((0.5, 0.3, 0.2), (0.8, 0.1, 0.1)),
        "a draft that is unsure": ((0.8, 0.1, 0.1), (0.4, 0.3, 0.3)),
        "a draft that is the target": ((0.25, 0.5, 0.25), (0.25, 0.5, 0.25)),
        "a token that the target never says": ((0.0, 0.4, 0.6), (0.5, 0.25, 0.25)),
        "a token that the draft never says": ((0.3, 0.4, 0.3), (0.0, 0.5, 0.5)),
        "a draft that is always wrong": ((0.0, 1.0), (1.0, 0.0)),
    }
    for words, (p, q) in named.items():
        yield Case((np.array(p), np.array(q)), words)
    rng = np.random.default_rng(11)
    for n in (2, 3, 4, 6, 9):
        yield Case((rng.dirichlet([0.7] * n), rng.dirichlet([0.7] * n)), f"random laws of {n} tokens")


def ask_every_token(function: Any, case: Case) -> dict[int, Any]:
    p, q = case.arguments
    return {int(x): function(p.copy(), q.copy(), int(x)) for x in np.flatnonzero(q)}


def judge_accept(case: Case, got: dict[int, Any]) -> Complaint | None:
    p, q = case.arguments
    committed, accepted = np.zeros(len(p)), 0.0
    for token, answer in got.items():
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            return Complaint("the answer is a pair", "`(chance, law_if_rejected)`", shown(answer))
        chance, law = numbers(answer[0]), numbers(answer[1])
        if chance is None or chance.shape != () or not -1e-9 <= chance <= 1 + 1e-9:
            return Complaint("the first part is a probability", "0 to 1", shown(answer[0]))
        committed[token] += q[token] * chance
        accepted += float(q[token] * chance)
        if chance > 1 - 1e-12:
            continue  # nothing is ever turned down here, whatever the law
        if law is None or law.shape != p.shape or not (law >= -1e-9).all() or abs(law.sum() - 1) > 1e-6:
            return Complaint("the second part is a law", "numbers from 0 that add up to 1", shown(answer[1]))
        committed += q[token] * (1 - chance) * law
    if np.abs(committed - p).max() > 1e-9:
        why = f"what is committed does not have the target's law ({case.words})"
        return Complaint(why, listed(p), listed(committed))
    most = float(np.minimum(p, q).sum())
    if accepted < most - 1e-9:
        why = f"the law is kept, but drafts are turned down needlessly ({case.words})"
        return Complaint(why, f"accepted with {most:.3f}", f"{accepted:.3f}")
    return None


def listed(law: Law) -> str:
    return f"`[{', '.join(f'{x:.3f}' for x in law)}]`"


# --- 11.3


def bytes_of(shape: tuple[int, ...]) -> int:
    """Bytes of the step that judges these guesses; the newest token of the text has a query, too."""
    below = (-1, *(parent + 1 for parent in shape))
    tree = TokenTree(below, (0,) * len(below)).hung(Tree([-1], [N_PROMPT]), 0)
    plan = plan_tree(tree, "deft_flatten")
    return traffic(plan, LLAMA3_8B.layer, "requested", pack_heads=True).total


def judge_tree(_: None, got: Any) -> Complaint | None:
    try:
        shape = read_shape(got)
    except DeftLabError as bad:
        return Complaint(f"this is no token tree: {bad}", "`[-1, -1, 0, ...]`", shown(got))
    if len(shape) > LARGEST:
        return Complaint(f"the tree has {len(shape)} tokens, far too many", f"at most {LARGEST}", "")
    tree, worth = TokenTree(shape, (0,) * len(shape)), 1.0
    for node in range(len(shape)):
        ranks = [tree.rank[above] for above in tree.path(node)]
        worth += float(np.prod([VECTOR[r] if r < len(VECTOR) else 0.0 for r in ranks]))
    moved = bytes_of(shape)
    wanted = f"at most {MOST_BYTES / 1e6:.0f} MB, expected length at least {GOAL}"
    found = f"{len(shape)} tokens, {moved / 1e6:.2f} MB, expected length {worth:.3f}"
    if moved > MOST_BYTES:
        return Complaint("its step moves too many bytes", wanted, found)
    if worth < GOAL:
        return Complaint("a better tree fits into the bytes", wanted, found)
    return None

"""Judges of notebook 09.

Positions are counted by laying each branch out token by token; what may be freed, by what others still see.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...tree import Tree
from ..answers import shown, whole_numbers
from ..contract import Case, Complaint
from ..trees import cases
from .nb01_judges import sees

TOLERANCE = 1e-3
LOGITS = (3, 4, 6)  # branches, steps, vocabulary


def ask_every_node(function: Any, tree: Tree) -> list[Any]:
    return [function(tree, node) for node in range(tree.n_nodes)]


def ask_every_leaf(function: Any, tree: Tree) -> list[Any]:
    return [function(tree, int(leaf)) for leaf in tree.leaves]


def laid_out(tree: Tree, node: int) -> list[int]:
    """The nodes of each token of the branch that ends in `node`, from the first token on."""
    text: list[int] = []
    while node >= 0:
        text = [node] * int(tree.length[node]) + text
        node = int(tree.parent[node])
    return text


def judge_positions(tree: Tree, got: list[Any]) -> Complaint | None:
    for node, answer in enumerate(got):
        expected = [place for place, owner in enumerate(laid_out(tree, node)) if owner == node]
        listed = whole_numbers(answer)
        if listed == expected:
            continue
        why = f"the positions of node {node} are wrong"
        if listed is None:
            why = "the answer is a list of positions"
        elif len(listed) != len(expected):
            why = f"node {node} has {len(expected)} tokens, and the list {len(listed)} positions"
        return Complaint(why, f"node {node}: {shown(expected)}", shown(answer if listed is None else listed))
    return None


def plain_cases() -> list[Tree]:
    """The trees whose queries sit on their leaves."""
    return [tree for tree in cases() if np.array_equal(tree.seat, tree.leaves)]


def judge_freed(tree: Tree, got: list[Any]) -> Complaint | None:
    below = sees(tree)  # [leaf, node]
    for row, (leaf, answer) in enumerate(zip(tree.leaves.tolist(), got, strict=True)):
        still = np.delete(below, row, axis=0).any(axis=0)
        expected = np.flatnonzero(~still).tolist()
        listed = whole_numbers(answer)
        if listed is None:
            return Complaint(
                "the answer is a list of nodes", f"leaf {leaf}: {shown(expected)}", shown(answer)
            )
        if sorted(listed) == expected:
            continue
        lost = [node for node in listed if 0 <= node < tree.n_nodes and still[node]]
        why = f"when leaf {leaf} ends, other nodes may be freed"
        if lost:
            why = f"when leaf {leaf} ends, another branch still needs node {lost[0]}"
        return Complaint(why, f"leaf {leaf}: {shown(expected)}", shown(sorted(listed)))
    return None


# --- decodes with known defects


def logits(seed: int) -> NDArray[np.float64]:
    """Logits whose largest is well apart from the others."""
    rng = np.random.default_rng(seed)
    made = rng.normal(size=LOGITS)
    made[..., int(rng.integers(LOGITS[-1]))] += 9.0
    return made


def logit_cases() -> Iterator[Case]:
    theirs = logits(0)
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, LOGITS) * TOLERANCE
    yield pair(theirs + noise, theirs, True, "a sound decode, with rounding")
    yield pair(theirs.copy(), theirs, True, "a decode that is equal to the last bit")
    yield pair(logits(3) + noise, logits(3), True, "another sound decode")
    for sign, words in ((1, "too high"), (-1, "too low")):
        off = theirs + noise
        off[-1, -1, 2] += sign * 0.4
        yield pair(off, theirs, False, f"one logit of the last step of the last branch is {words}")
    for shift, words in ((0, "one logit is off by five tolerances"), (1000, "the same, with large logits")):
        off, least = theirs + shift + noise, int(theirs[1, 2].argmin())
        off[1, 2, least] += 5 * TOLERANCE
        yield pair(off, theirs + shift, False, words)
    off = theirs + noise
    off[1, 0] -= 2.0
    yield pair(off, theirs, False, "all logits of one step are too low by the same amount")
    off = theirs + noise
    off[0, 1, 3], off[0, 1, 4] = off[0, 1, 3] + 0.3, off[0, 1, 4] - 0.3
    yield pair(off, theirs, False, "two errors of one step that cancel")
    off = theirs + noise
    off[2, 3, 0] = np.nan
    yield pair(off, theirs, False, "one logit is NaN")
    yield pair(off, off.copy(), False, "one logit is NaN, in both")
    tie = theirs.copy()
    best = int(tie[0, 2].argmax())
    tie[0, 2, (best + 1) % LOGITS[-1]] = tie[0, 2, best] - 1e-5
    flipped = tie.copy()
    flipped[0, 2, (best + 1) % LOGITS[-1]] += 5e-5
    yield pair(flipped, tie, False, "two logits tie nearly, and swap their order within the tolerance")
    rolled = np.roll(np.stack([logits(s)[0] for s in (5, 6, 7)]), 1, axis=0)
    yield pair(rolled, np.stack([logits(s)[0] for s in (5, 6, 7)]), False, "the branches are mixed up")
    alike = np.repeat(theirs[:1], LOGITS[0], axis=0)
    yield pair(alike[:1], alike, False, "ours has one branch, theirs three that are equal")
    yield pair(theirs[:, :1], np.repeat(theirs[:, :1], 4, axis=1), False, "ours has one step, theirs four")
    yield pair(theirs + noise, theirs + 3 * np.sign(theirs), False, "every logit is far off")


def pair(ours: NDArray[np.float64], theirs: NDArray[np.float64], same: bool, words: str) -> Case:
    return Case((ours, theirs, TOLERANCE), words, known=same)


def judge_same(case: Case, got: Any) -> Complaint | None:
    if not isinstance(got, bool | np.bool_):
        return Complaint("the answer is `True` or `False`", shown(case.known), shown(got))
    if bool(got) == case.known:
        return None
    why = "it turns down a decode that is sound" if case.known else "it lets a defect pass"
    return Complaint(f"{why} ({case.words})", shown(case.known), shown(bool(got)))

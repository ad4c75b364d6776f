"""Shrinking a tree on which an answer fails, so that a person can follow the failure by hand.

Size: nodes first, then oddities (nodes without tokens, seats that are not the leaves), then queries, then
tokens. Every candidate is smaller, so shrinking ends.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import DeftLabError, TreeError
from ..tree import Tree
from .contract import tree_of

Size = tuple[int, int, int, int]
SECONDS = 2.0  # the answer may be slow; what has been reached by then is shown


def size(tree: Tree) -> Size:
    """What "smallest" means."""
    odd = int((tree.length == 0).sum()) + (not np.array_equal(tree.seat, tree.leaves))
    return tree.n_nodes, odd, tree.n_queries, tree.n_tokens


def case_size(case: Any) -> tuple[int, ...]:
    """How much there is to follow by hand: the tree, or else the numbers in the arguments."""
    tree = tree_of(case)
    return size(tree) if tree is not None else (_numbers_in(case.arguments),)


def _numbers_in(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(map(_numbers_in, value))
    return int(np.size(value)) if isinstance(value, np.ndarray) else 1


def smallest(case: Any, fails: Callable[[Any], bool]) -> Any:
    """A smallest case that can be reached from `case` while it fails; as it is, if it cannot be remade."""
    if isinstance(case, Tree):
        return shrink(case, fails)
    if case.tree is None or case.remake is None:
        return case

    def still_fails(tree: Tree) -> bool:
        try:
            return fails(case.remake(tree))
        except DeftLabError:  # no such case of this tree
            return False

    tree = shrink(case.tree, still_fails)
    return case if tree is case.tree else case.remake(tree)


def shrink(tree: Tree, fails: Callable[[Tree], bool]) -> Tree:
    """A smallest tree that can be reached from `tree`, by one cut after the other, while it fails."""
    stop = time.monotonic() + SECONDS
    while time.monotonic() < stop:
        smaller = next((t for t in candidates(tree) if time.monotonic() < stop and fails(t)), None)
        if smaller is None:
            return tree
        tree = smaller
    return tree


def candidates(tree: Tree) -> Iterator[Tree]:
    """Smaller trees, those that drop most first."""
    here = size(tree)
    for parent, length, seat in _drafts(tree):
        try:
            candidate = Tree(parent, length, seat)
        except TreeError:
            continue  # no seat is left, or a query sees no token
        if size(candidate) < here:
            yield candidate


Draft = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def _drafts(tree: Tree) -> Iterator[Draft]:
    parent, length, nodes = tree.parent, tree.length, np.arange(tree.n_nodes)
    cuts = sorted(range(1, tree.n_nodes), key=lambda i: i - tree.subtree_stop[i])
    for top in cuts:  # the subtree alone, then the rest without it
        inside = (nodes >= top) & (nodes < tree.subtree_stop[top])
        yield _keep(tree, inside, parent)
        yield _keep(tree, ~inside, parent)
    yield parent, length, None  # the queries at the leaves
    for few in (np.minimum(length, 1), np.minimum(length, 2), length // 2):
        yield parent, few, tree.seat
    for i in cuts:  # a node alone; its children move up
        lifted = np.where(parent == i, parent[i], parent)
        yield _keep(tree, nodes != i, lifted)
    for query in range(tree.n_queries):
        yield parent, length, np.delete(tree.seat, query)
    for i in nodes:
        for fewer in sorted({1, int(length[i]) // 2, int(length[i]) - 1}):
            if 0 < fewer < length[i]:
                yield parent, np.where(nodes == i, fewer, length), tree.seat
        if length[i] == 0:
            yield parent, np.where(nodes == i, 1, length), tree.seat


def _keep(tree: Tree, kept: np.ndarray, parent: np.ndarray) -> Draft:
    """The nodes in `kept`; a kept node whose parent goes becomes the root. Queries go with their nodes."""
    new = np.where(kept, np.cumsum(kept) - 1, -1)
    above = parent[kept]
    plain = np.array_equal(tree.seat, tree.leaves)
    seat = None if plain else new[tree.seat[kept[tree.seat]]]
    return np.where(above < 0, -1, new[above]), tree.length[kept], seat

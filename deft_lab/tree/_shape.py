"""The part of a Tree that growing leaves alone: links, seats, labels, and what follows from them.

Trees of successive decode steps share one Shape, so its derived arrays are computed once per fork or
prune, not once per token.
"""

from collections.abc import Callable, Hashable, Sequence
from copy import copy
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
T = TypeVar("T")
MOST_KEPT = 16  # things that are remembered by key before all are forgotten


def frozen(array: object) -> Ints:
    """A read-only int64 copy."""
    out = np.array(array, dtype=np.int64)
    out.setflags(write=False)
    return out


def sealed(array: Ints) -> Ints:
    """The array itself, read-only from now on; for one that nobody else holds."""
    array.setflags(write=False)
    return array


def running_sum(count: Ints) -> Ints:
    """[count + 1] how much there is before each, and in all; read-only."""
    total = np.empty(len(count) + 1, dtype=np.int64)
    total[0] = 0
    np.add.accumulate(count, out=total[1:])
    return sealed(total)


def first_not_preorder(parent: Ints, depth: Ints) -> int | None:
    """The first node that is not where depth-first preorder puts it; None if all are.

    In preorder a node is at most one deeper than the node before it, and its parent is the last
    earlier node that is one level up.
    """
    n = len(parent)
    wrong = np.zeros(n, dtype=bool)
    wrong[1:] = depth[1:] > depth[:-1] + 1
    by_level = np.lexsort((np.arange(n), depth))
    keys = depth[by_level] * n + by_level
    place = np.searchsorted(keys, (depth[1:] - 1) * n + np.arange(1, n)) - 1
    wrong[1:] |= by_level[place] != parent[1:]
    return int(np.argmax(wrong)) if wrong.any() else None


def depths(parent: Ints) -> Ints:
    """Depth of each node, the root being 0; parents come first. log2(depth) passes."""
    depth = (parent >= 0).astype(np.int64)
    ancestor = np.maximum(parent, 0)
    while ancestor.any():
        depth += depth[ancestor]
        ancestor = ancestor[ancestor]
    return depth


def depth_first(root: int, children: Callable[[int], Sequence[int]]) -> list[int]:
    """Everything below `root` in preorder, siblings in the order in which `children` gives them."""
    order, stack = [], [root]
    while stack:
        order.append(stack.pop())
        stack.extend(reversed(children(order[-1])))
    return order


class Memo:
    """What never changes, and remembers what has been made of it."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes of this and of the key alone; the last few are kept."""
        made: T
        if key in self._made:
            made = self._made[key]
            return made
        if len(self._made) >= MOST_KEPT:
            self._made.clear()
        made = self._made[key] = make()
        return made


class Seen(Memo):
    """Which nodes hold tokens that some query sees. Trees of one Shape share it if they are empty alike.

    Args:
        node: [seen node] their indices.
        q_first: [seen node] first query that sees it.
        q_stop: [seen node] one past the last.
        whole: every token of the tree is in one of them.
    """

    def __init__(self, node: Ints, q_first: Ints, q_stop: Ints, whole: bool) -> None:
        super().__init__()
        self.node, self.q_first, self.q_stop = sealed(node), sealed(q_first), sealed(q_stop)
        self.whole = whole


class Shape(Memo):
    """Links and seats of a tree in preorder. All arrays are read-only int64."""

    def __init__(self, parent: Ints, seat: Ints, query_order: Ints, label: Ints, next_label: int) -> None:
        super().__init__()
        self.parent, self.seat = frozen(parent), frozen(seat)
        self.query_order, self.label = frozen(query_order), frozen(label)
        self.next_label = next_label
        self._seen = Memo()  # by which nodes are empty; shared, as the rest, by shapes of other labels

    def relabelled(self, label: Ints, next_label: int) -> "Shape":
        """The same links and seats under other labels; what follows from them is shared."""
        other = copy(self)
        other.label, other.next_label = frozen(label), next_label
        other.__dict__.pop("index_of_label", None)
        return other

    def seen(self, length: Ints) -> Seen:
        """The nodes with tokens that some query sees, in a tree of these lengths."""
        empty = b"" if np.count_nonzero(length) == len(length) else (length == 0).tobytes()
        return self._seen.once(empty, lambda: self._look(length))

    def _look(self, length: Ints) -> Seen:
        is_read = self.q_stop > self.q_first
        node = np.flatnonzero((length > 0) & is_read)
        whole = not length[~is_read].any()
        return Seen(node, self.q_first[node], self.q_stop[node], whole)

    @cached_property
    def permuted(self) -> bool:
        """The caller's order of queries is not preorder."""
        return bool((self.query_order != np.arange(len(self.query_order))).any())

    @cached_property
    def depth(self) -> Ints:
        return frozen(depths(self.parent))

    @cached_property
    def subtree_stop(self) -> Ints:
        """One past the last node below node i, so that its subtree is i .. subtree_stop[i] - 1."""
        n = len(self.parent)
        # climb from each node to the nearest ancestor-or-self that has a next sibling: it starts there
        siblings = np.argsort(self.parent, kind="stable")
        next_sibling = np.full(n, n, dtype=np.int64)
        same = self.parent[siblings[1:]] == self.parent[siblings[:-1]]
        next_sibling[siblings[:-1][same]] = siblings[1:][same]
        climb = np.where((next_sibling < n) | (self.parent < 0), np.arange(n), self.parent)
        while True:
            higher = climb[climb]
            if np.array_equal(higher, climb):
                return frozen(next_sibling[climb])
            climb = higher

    @cached_property
    def q_first(self) -> Ints:
        return frozen(np.searchsorted(self.seat, np.arange(len(self.parent))))

    @cached_property
    def q_stop(self) -> Ints:
        return frozen(np.searchsorted(self.seat, self.subtree_stop))

    @cached_property
    def leaves(self) -> Ints:
        return frozen(np.flatnonzero(self.subtree_stop == np.arange(1, len(self.parent) + 1)))

    @cached_property
    def seats_are_the_leaves(self) -> bool:
        """Plain decoding: one query on each leaf, none elsewhere."""
        return bool(np.array_equal(self.seat, self.leaves))

    @cached_property
    def each_seat_is_alone_on_a_leaf(self) -> bool:
        return bool(np.isin(self.seat, self.leaves).all() and (np.diff(self.seat) > 0).all())

    @cached_property
    def index_of_label(self) -> dict[int, int]:
        return {int(name): i for i, name in enumerate(self.label)}

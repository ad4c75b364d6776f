"""Edits of a tree. Each takes labels, returns a new tree, and refuses what would not be a tree.

Seats follow one rule. In plain decoding (the seats are exactly the leaves) they stay the leaves: a
leaf that gets children hands its query on, an inner node that loses its last child gets one. In any
other tree seats stay where they are, and every node that `fork` adds gets one. Queries keep their
order; removed ones close the gap, new ones come last (the order in which a decode creates them).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import TreeError, check_counts
from ._shape import Ints, Shape, depth_first
from .core import Tree


class _Draft:
    """A tree as dicts by label, to be changed and frozen again."""

    def __init__(self, tree: Tree) -> None:
        labels = tree.label.tolist()
        parents = tree.parent.tolist()
        self.root = labels[0]
        self.length = dict(zip(labels, tree.length.tolist(), strict=True))
        self.parent = {label: labels[p] for label, p in zip(labels[1:], parents[1:], strict=True)}
        self.children: dict[int, list[int]] = {label: [] for label in labels}
        for label, above in self.parent.items():
            self.children[above].append(label)
        self.seats = [labels[node] for node in tree.callers_seat().tolist()]
        self.next_label = tree.next_label
        self.plain = tree._shape.seats_are_the_leaves

    def add(self, parent: int, length: int) -> int:
        label = self.next_label
        self.next_label += 1
        self.parent[label], self.length[label], self.children[label] = parent, length, []
        self.children[parent].append(label)
        return label

    def below(self, label: int) -> list[int]:
        found = [label]
        for node in found:
            found.extend(self.children[node])
        return found

    def cut(self, leaf: int) -> tuple[int, list[int]]:
        """Remove a leaf and every node above that is left without children: (the topmost, all of them)."""
        top = leaf
        while len(self.children[self.parent[top]]) == 1:
            top = self.parent[top]
        gone = self.below(top)
        self.children[self.parent[top]].remove(top)
        for label in gone:
            del self.children[label]
        return top, gone

    def cut_all(self, leaves: Iterable[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """`cut` each: (the topmost nodes, all nodes)."""
        cuts = [self.cut(leaf) for leaf in leaves]
        return tuple(top for top, _ in cuts), tuple(node for _, below in cuts for node in below)

    def freeze(self) -> Tree:
        if self.plain:
            kept = [s for s in self.seats if s in self.children and not self.children[s]]
            seated = set(kept)
            self.seats = kept + [n for n in self.children if not self.children[n] and n not in seated]
        order = depth_first(self.root, self.children.__getitem__)
        index = {label: i for i, label in enumerate(order)}
        return Tree(
            parent=[-1] + [index[self.parent[label]] for label in order[1:]],
            length=[self.length[label] for label in order],
            seat=[index[label] for label in self.seats],
            label=order,
            next_label=self.next_label,
        )


def grow(tree: Tree, n: int = 1) -> Tree:
    """Give every query `n` more tokens of its own.

    A query that is alone on a leaf lengthens it. One that shares its node with another query, or sits
    on an inner node, gets a new leaf of `n` tokens, since no other query may see its tokens.

    Raises:
        TreeError: `n` is below 1.
    """
    check_counts(TreeError, 1, n=n)
    if tree._shape.each_seat_is_alone_on_a_leaf:
        length = tree.length.copy()
        length[tree.seat] += n
        return tree.with_length(length)
    draft = _Draft(tree)
    sharing = Counter(draft.seats)
    for i, label in enumerate(draft.seats):
        if draft.children[label] or sharing[label] > 1:
            draft.seats[i] = draft.add(label, n)
        else:
            draft.length[label] += n
    draft.plain = False  # every seat has been placed
    return draft.freeze()


@dataclass(frozen=True, slots=True)
class Advance:
    """What one decode step changes, by label."""

    tree: Tree
    appended: tuple[int, ...]  # leaves that gained a token
    forked: Mapping[int, tuple[int, ...]]  # leaf -> its new children, a token each
    paused: tuple[int, ...]  # leaves that lost their query and stay
    pruned: tuple[int, ...]  # nodes that are gone with all below them
    gone: tuple[int, ...]  # every node that is gone


def advance(tree: Tree, births: Mapping[int, int], forks: Collection[int] = ()) -> Advance:
    """One decode step of branches, each of which ends in a leaf.

    A leaf with a query and 1 token lengthens; with several it forks into as many children. With 0 it is
    pruned, with every node above that is left without children. Where `births` does not name it, it pauses:
    it stays, without a query. A paused leaf goes on in children (1 or more tokens), or is pruned (0).

    Args:
        tree: its queries sit on leaves, one a leaf.
        births: leaf (by label) -> tokens that it gets.
        forks: leaves that go on in children even with 1 token.

    Raises:
        TreeError: a label names no leaf, a count is negative, a query shares its node or sits on an inner
            node, or no query would be left.
    """
    if tree._shape.each_seat_is_alone_on_a_leaf and not forks:
        active = tuple(tree.label[tree.callers_seat()].tolist())
        if len(births) == len(active) and all(births.get(label) == 1 for label in active):
            return Advance(grow(tree), active, {}, (), (), ())
    draft = _Draft(tree)
    draft.plain = False
    seated = set(draft.seats)
    if len(seated) < len(draft.seats) or any(draft.children[label] for label in seated):
        raise TreeError("advance needs one query a leaf, and none on inner nodes; use grow and fork")
    for label, n in births.items():
        check_counts(TreeError, 0, **{f"births[{label}]": n})
        node = tree.index(label)
        if tree.subtree_stop[node] != node + 1:
            raise TreeError(f"node {label} has children; only a leaf gets tokens")
    appended: list[int] = []
    forked: dict[int, tuple[int, ...]] = {}
    kept: list[int] = []
    for label in draft.seats:
        if births.get(label) == 1 and label not in forks:
            draft.length[label] += 1
            kept.append(label)
            appended.append(label)
    for label in (*draft.seats, *(x for x in births if x not in seated)):
        n = births.get(label, 0)
        if n > 1 or (n == 1 and (label not in seated or label in forks)):
            forked[label] = tuple(draft.add(label, 1) for _ in range(n))
            kept.extend(forked[label])
    paused = tuple(label for label in draft.seats if label not in births)
    draft.seats = kept
    if not kept:
        raise TreeError("the step leaves no query; end the decode instead")
    pruned, gone = draft.cut_all(label for label, n in births.items() if n == 0)
    return Advance(draft.freeze(), tuple(appended), forked, paused, pruned, gone)


def hang(tree: Tree, leaf: int, parents: Sequence[int], first: int = 0) -> tuple[Tree, tuple[int, ...]]:
    """Hang a token tree below a leaf: a node and a query for each token, and no other query.

    Args:
        leaf: label of the node that the first tokens follow.
        parents: [token] the token that each follows, an earlier one; -1: the leaf.
        first: tokens before this one get no query.

    Returns:
        the tree, and the labels of the tokens' nodes.

    Raises:
        TreeError: the label names no leaf, there is no token, or one follows itself or a later one.
    """
    node = tree.index(leaf)
    if tree.subtree_stop[node] != node + 1:
        raise TreeError(f"node {leaf} has children; a token tree hangs below a leaf")
    if len(parents) <= first:
        raise TreeError("the token tree is empty; it has at least one token")
    for i, parent in enumerate(parents):
        if not -1 <= parent < i:
            raise TreeError(
                f"token {i} follows token {parent}; it must be an earlier one, or -1 for the leaf"
            )
    # a decode hangs the same token tree below the same branch again and again
    drafted = tuple(parents)
    shape, origin = tree._shape.once(
        ("hang", node, drafted, first), lambda: _hung(tree, leaf, drafted, first)
    )
    fresh = np.arange(tree.next_label, tree.next_label + len(drafted))
    label = np.concatenate((tree.label, fresh))[origin]
    length = np.concatenate((tree.length, np.ones_like(fresh)))[origin]
    shape = shape.relabelled(label, tree.next_label + len(drafted))
    return Tree._of(shape, length), tuple(fresh.tolist())


def _hung(tree: Tree, leaf: int, parents: tuple[int, ...], first: int) -> tuple[Shape, Ints]:
    """The shape with the token tree; [node] which it was, of the tree's nodes and then the tokens."""
    draft = _Draft(tree)
    draft.plain = False
    labels: list[int] = []
    for parent in parents:
        labels.append(draft.add(leaf if parent < 0 else labels[parent], 1))
    draft.seats = labels[first:]
    hung = draft.freeze()
    is_old = hung.label < tree.next_label
    origin = hung.label - tree.next_label + tree.n_nodes
    origin[is_old] = [tree.index(label) for label in hung.label[is_old].tolist()]
    return hung._shape, origin


def drop(tree: Tree, leaves: Iterable[int]) -> Advance:
    """Remove leaves, and every node above that is left without children; nothing else changes.

    Raises:
        TreeError: a label names no leaf, or no query would be left.
    """
    draft, listed = _Draft(tree), dict.fromkeys(leaves)
    draft.plain = False
    for label in listed:
        node = tree.index(label)
        if tree.subtree_stop[node] != node + 1:
            raise TreeError(f"node {label} has children; only leaves are dropped")
    draft.seats = [label for label in draft.seats if label not in listed]
    if not draft.seats:
        raise TreeError("dropping these leaves leaves no query; end the decode instead")
    pruned, gone = draft.cut_all(listed)
    return Advance(draft.freeze(), (), {}, (), pruned, gone)


def fork(tree: Tree, node: int, k: int = 2, length: int = 1) -> Tree:
    """Add `k` children of `length` tokens below `node`, each with a query.

    Raises:
        TreeError: no such node, `k` below 1, or a negative length.
    """
    tree.index(node)
    check_counts(TreeError, 1, k=k)
    check_counts(TreeError, 0, length=length)
    draft = _Draft(tree)
    for _ in range(k):
        child = draft.add(node, length)
        if not draft.plain:
            draft.seats.append(child)
    return draft.freeze()


def prune(tree: Tree, node: int) -> Tree:
    """Remove `node`, everything below it, and the queries that sit there.

    Raises:
        TreeError: no such node, it is the root, or no query would be left.
    """
    if tree.index(node) == 0:
        raise TreeError(f"node {node} is the root; pruning it would leave no tree")
    draft = _Draft(tree)
    gone = set(draft.below(node))
    draft.children[draft.parent[node]].remove(node)
    draft.children = {label: below for label, below in draft.children.items() if label not in gone}
    draft.seats = [s for s in draft.seats if s not in gone]
    if not draft.plain and not draft.seats:
        raise TreeError(f"every query sits below node {node}; pruning it would leave a tree without queries")
    return draft.freeze()


def move(tree: Tree, node: int, parent: int) -> Tree:
    """Hang the subtree of `node` below `parent`, as its last child.

    Raises:
        TreeError: no such node, `node` is the root, or `parent` lies in its subtree.
    """
    i, above = tree.index(node), tree.index(parent)
    if i == 0:
        raise TreeError(f"node {node} is the root; it has no place to move to")
    if i <= above < tree.subtree_stop[i]:
        raise TreeError(
            f"node {parent} lies in the subtree of node {node}; moving it there would make a cycle"
        )
    draft = _Draft(tree)
    draft.children[draft.parent[node]].remove(node)
    draft.children[parent].append(node)
    draft.parent[node] = parent
    return draft.freeze()


def split(tree: Tree, node: int, k: int) -> Tree:
    """Keep the first `k` tokens in `node`; a new only child takes the rest, the children and the seats.

    Raises:
        TreeError: no such node, or a part would be empty.
    """
    check_counts(TreeError, 1, k=k)
    length = int(tree.length[tree.index(node)])
    if k >= length:
        raise TreeError(
            f"cannot split node {node} at token {k}; it has {length} tokens, so k must be in 1..{length - 1}"
        )
    draft = _Draft(tree)
    below = draft.children[node]
    draft.children[node] = []
    rest = draft.add(node, length - k)
    draft.children[rest], draft.length[node] = below, k
    for child in below:
        draft.parent[child] = rest
    draft.seats = [rest if s == node else s for s in draft.seats]
    return draft.freeze()


def merge(tree: Tree, node: int) -> Tree:
    """Take the only child of `node` into it, with its tokens, children and seats; undoes `split`.

    Raises:
        TreeError: no such node, not exactly one child, or a query sits between the two.
    """
    i = tree.index(node)
    children = tree.children(i)
    if len(children) != 1:
        raise TreeError(
            f"node {node} has {len(children)} children; only a node with one child can take it in"
        )
    if i in tree.seat:
        raise TreeError(f"a query sits on node {node}; merging would let it see the tokens of its child")
    draft = _Draft(tree)
    child = draft.children[node][0]
    draft.length[node] += draft.length[child]
    draft.children[node] = draft.children.pop(child)
    for grandchild in draft.children[node]:
        draft.parent[grandchild] = node
    draft.seats = [node if s == child else s for s in draft.seats]
    return draft.freeze()


def set_length(tree: Tree, node: int, length: int) -> Tree:
    """Set the tokens of one node.

    Raises:
        TreeError: no such node, a negative length, or a query would see no token.
    """
    check_counts(TreeError, 0, length=length)
    lengths = tree.length.tolist()
    lengths[tree.index(node)] = int(length)
    return tree.with_length(lengths)

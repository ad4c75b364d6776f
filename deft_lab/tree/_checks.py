"""What is refused before a Tree is born: links, seats and numbers that make no tree."""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TreeError
from ._shape import Ints, depth_first, depths, first_not_preorder

LARGEST = np.iinfo(np.int64).max


def integers(name: str, values: ArrayLike) -> Ints:
    try:
        array = np.asarray(values)
    except ValueError as bad:
        raise TreeError(f"{name} is {values!r:.60}; it must be a list of integers") from bad
    if array.ndim == 0:
        raise TreeError(f"{name} is {values!r:.60}; it must be a list of integers")
    if array.ndim > 1 or len(array) == 0:
        raise TreeError(f"{name} has shape {array.shape}; it must be a list of at least one integer")
    if array.dtype.kind not in "iu" or (array.dtype == np.uint64 and array.max() > LARGEST):
        _refuse_entry(name, array if isinstance(values, np.ndarray) else values)
    return array.astype(np.int64)


def _refuse_entry(name: str, values: Any) -> NoReturn:
    """Name the first entry that is no integer, or else the largest."""
    for i, value in enumerate(values):
        shown = value.item() if isinstance(value, np.generic) else value
        if not isinstance(shown, int) or isinstance(shown, bool):
            raise TreeError(f"{name}[{i}] is {shown!r:.60}; it must be an integer")
    raise TreeError(f"{name} holds {max(values, key=abs)}; integers fit into 64 bits with a sign")


def check_labels(label: Ints, n_nodes: int) -> None:
    if len(label) != n_nodes:
        raise TreeError(f"{len(label)} labels for {n_nodes} nodes; give one for every node, or none at all")
    if label.min() < 0:
        node = int(np.argmin(label))
        raise TreeError(f"node {node} has the label {label[node]}; labels are 0 or more")
    if len(np.unique(label)) != n_nodes:
        order = np.argsort(label, kind="stable")
        i = int(np.flatnonzero(label[order][1:] == label[order][:-1])[0])
        raise TreeError(
            f"nodes {order[i]} and {order[i + 1]} have the label {label[order[i]]}; labels must be distinct"
        )


def check_links(parent: Ints) -> None:
    n = len(parent)
    roots = np.flatnonzero(parent < 0)
    if len(roots) > 1 and roots[0] == 0:
        raise TreeError(
            f"nodes {some(roots)} have no parent; a tree has one root (give a forest a root of length 0)"
        )
    late = np.flatnonzero(parent >= np.arange(n))
    if len(late):
        i = int(late[0])
        allowed = "-1, it is the root" if i == 0 else f"0..{i - 1}"
        raise TreeError(
            f"node {i} has parent {parent[i]}; parents come before their children, so it must "
            f"be in {allowed}; Tree.from_parents sorts nodes for you"
        )
    if parent.min() < -1:
        raise TreeError(f"node {int(np.argmin(parent))} has parent {parent.min()}; the root has -1")
    wrong = first_not_preorder(parent, depths(parent))
    if wrong is not None:
        raise TreeError(
            f"node {wrong} (parent {parent[wrong]}) is not in depth-first preorder: the nodes of a "
            "subtree are consecutive; Tree.from_parents sorts nodes for you"
        )


def check_seats(seat: Ints, n_nodes: int) -> None:
    outside = np.flatnonzero((seat < 0) | (seat >= n_nodes))
    if len(outside):
        query = int(outside[0])
        raise TreeError(f"query {query} sits on node {seat[query]}; the nodes are 0..{n_nodes - 1}")


def preorder(parent: Ints) -> tuple[Ints, Ints]:
    """(order, new index) that sort nodes into preorder; siblings stay in the order given."""
    n = len(parent)
    wild = np.flatnonzero((parent < -1) | (parent >= n))
    if len(wild):
        raise TreeError(
            f"node {wild[0]} has parent {parent[wild[0]]}; it must be -1 (the root) or in 0..{n - 1}"
        )
    roots = np.flatnonzero(parent < 0)
    if len(roots) > 1:
        raise TreeError(
            f"nodes {some(roots)} have no parent; a tree has one root (give a forest a root of length 0)"
        )
    children: list[list[int]] = [[] for _ in range(n)]
    for child, above in enumerate(parent.tolist()):
        if above >= 0:
            children[above].append(child)
    order = [node for root in roots.tolist() for node in depth_first(root, children.__getitem__)]
    if len(order) < n:
        lost = np.setdiff1d(np.arange(n), order)
        raise TreeError(
            f"nodes {some(lost)} cannot be reached from a root: following parents from them runs in a cycle"
        )
    new_index = np.empty(n, dtype=np.int64)
    new_index[order] = np.arange(n)
    return np.array(order), new_index


def some(values: Ints) -> str:
    """Up to six values, for an error message."""
    shown = ", ".join(str(v) for v in values[:6])
    return shown if len(values) <= 6 else f"{shown}, ... ({len(values)} in all)"

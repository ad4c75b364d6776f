"""A tree to read: views of its nodes, and the drawing that `print(tree)` shows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, TypeVar, overload

import numpy as np

if TYPE_CHECKING:
    from .core import Tree

View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Node:
    """One node, to read and print; made on demand."""

    index: int
    label: int
    parent: int | None
    length: int
    depth: int
    children: tuple[int, ...]
    queries: range


class Views(Sequence[View]):
    """Views by index, each made when it is asked for."""

    def __init__(self, n: int, view: Callable[[int], View]) -> None:
        self._range, self._view = range(n), view

    def __len__(self) -> int:
        return len(self._range)

    @overload
    def __getitem__(self, i: int) -> View: ...
    @overload
    def __getitem__(self, i: slice) -> list[View]: ...
    def __getitem__(self, i: int | slice) -> View | list[View]:
        if isinstance(i, slice):
            return [self._view(j) for j in self._range[i]]
        if isinstance(i, Integral) and not -len(self) <= i < len(self):
            raise IndexError(f"no view {i}; there are {len(self)}, 0..{len(self) - 1}")
        return self._view(self._range[i])

    def __repr__(self) -> str:
        return f"<{count(len(self), 'view')}, the first: {self[0]!r}>" if len(self) else "<no view>"


def node_view(tree: "Tree", i: int) -> Node:
    """The node with index `i`."""
    parent = int(tree.parent[i])
    return Node(
        index=i,
        label=int(tree.label[i]),
        parent=None if parent < 0 else parent,
        length=int(tree.length[i]),
        depth=int(tree.depth[i]),
        children=tree.children(i),
        queries=range(int(tree.q_first[i]), int(tree.q_stop[i])),
    )


def count(value: int, one: str, many: str = "") -> str:
    """(1, "node") -> 1 node; (20, "query", "queries") -> 20 queries."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def drawing(tree: "Tree", most: int = 40) -> Iterator[str]:
    """A line a node, as the command `tree` draws folders."""
    seated = np.bincount(tree.seat, minlength=tree.n_nodes)
    last = tree.subtree_stop == np.append(tree.n_nodes, tree.subtree_stop[tree.parent[1:]])
    for i in range(min(tree.n_nodes, most)):
        path = tree.path(i)[1:]
        bars = ["    " if last[a] else "│   " for a in path[:-1]] + ["└── " if last[i] else "├── "] * bool(
            path
        )
        seats = f", {count(int(seated[i]), 'query', 'queries')}" if seated[i] else ""
        yield f"{''.join(bars)}node {tree.label[i]}: {count(int(tree.length[i]), 'token')}{seats}"
    if tree.n_nodes > most:
        yield f"... and {tree.n_nodes - most:,} more nodes"

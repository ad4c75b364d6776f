"""A decoding tree: runs of tokens that branch, and the queries that sit on it.

node: a run of `length` tokens that are all seen by the same queries. Nodes are numbered parents
first, in depth-first preorder; that number is a node's *index*. Its *label* is a name for life: edits
and growth keep it, and edits take it.
seat: the node at whose end a query sits. A query sees every token of its node and of all nodes above.
In plain decoding the seats are the leaves; in speculative verification every drafted token has one.
With queries numbered in preorder too, the queries that see a node are one interval:
`q_first[node] <= query < q_stop[node]`.
query_order: preorder query i is row `query_order[i]` of the caller's tensors.
"""

from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TreeError, check_counts
from ._checks import check_labels, check_links, check_seats, integers, preorder, some
from ._shape import Ints, Seen, Shape, frozen, running_sum, sealed
from .views import Node, Views, count, drawing, node_view

MAX_TOKENS = 2**31 - 1  # slots and offsets are int32 on the device


class Tree:
    """An immutable decoding tree in preorder; `Tree.from_parents` takes nodes in any order.

    Args:
        parent: [node] index of the parent, -1 for the root, which is node 0.
        length: [node] tokens of the node, 0 or more.
        seat: [query] index of the node at whose end each query sits, in the caller's query order;
            a node may seat several. Default: the leaves.
        label: [node] distinct names; default: the index.

    Raises:
        TreeError: two roots, a parent after its child, nodes not in preorder, a negative length, more
            than 2^31 - 1 tokens, a seat outside the tree, no seat, or a seat whose path holds no token.
    """

    __slots__ = ("_shape", "_start", "length", "__dict__")
    length: Ints

    def __init__(
        self,
        parent: ArrayLike,
        length: ArrayLike,
        seat: ArrayLike | None = None,
        label: ArrayLike | None = None,
        *,
        next_label: int | None = None,
    ) -> None:
        parent_, length_ = integers("parent", parent), integers("length", length)
        n = len(parent_)
        if len(length_) != n:
            raise TreeError(f"{n} parents but {len(length_)} lengths; give one of each for every node")
        check_links(parent_)
        label_ = np.arange(n) if label is None else integers("label", label)
        check_labels(label_, n)
        least = int(label_.max()) + 1
        if next_label is not None:
            check_counts(TreeError, 0, next_label=next_label)
            if next_label < least:
                raise TreeError(
                    f"next_label={next_label} but label {least - 1} is taken; it must be at least {least}"
                )
        seat_ = None if seat is None else integers("seat", seat)
        if seat_ is None:
            inner = np.zeros(n, dtype=bool)
            inner[parent_[1:]] = True
            seat_ = np.flatnonzero(~inner)
        check_seats(seat_, n)
        order = np.argsort(seat_, kind="stable")
        self._shape = Shape(parent_, seat_[order], order, label_, next_label or least)
        self._set_length(length_)

    def _set_length(self, length: Ints) -> None:
        """Take an array that nobody else holds."""
        # a negative number is a huge one without a sign, so that one look finds both
        start = running_sum(length)
        if np.maximum.reduce(length.view(np.uint64)) > MAX_TOKENS or start[-1] > MAX_TOKENS:
            if length.min() < 0:
                node = int(np.argmin(length))
                raise TreeError(f"node {node} has length {length[node]}; a length is 0 tokens or more")
            raise TreeError(
                f"the tree holds {sum(map(int, length)):,} tokens; at most "
                f"{MAX_TOKENS:,} fit (slots are 32-bit)"
            )
        self.length, self._start = sealed(length), start
        seat = self._shape.seat
        if np.count_nonzero(length) < len(length) and (length[seat] == 0).any():
            empty = np.flatnonzero(self.n_path_tokens_of_query == 0)
            if len(empty):
                raise TreeError(
                    f"the path of the seat on node {seat[empty[0]]} holds no token; "
                    "a query needs at least its own token to attend to"
                )

    @classmethod
    def from_parents(
        cls,
        parent: ArrayLike,
        length: ArrayLike,
        seat: ArrayLike | None = None,
        label: ArrayLike | None = None,
    ) -> "Tree":
        """Build a tree from nodes in any order; siblings keep theirs, labels default to your numbers.

        Raises:
            TreeError: as `Tree`, or the links hold a cycle.
        """
        parent_ = integers("parent", parent)
        order, new_index = preorder(parent_)
        moved = np.where(parent_[order] < 0, -1, new_index[parent_[order]])
        length_ = integers("length", length)
        if len(length_) != len(parent_):
            raise TreeError(
                f"{len(parent_)} parents but {len(length_)} lengths; give one of each for every node"
            )
        label_ = np.arange(len(order)) if label is None else integers("label", label)
        if len(label_) != len(parent_):
            raise TreeError(
                f"{len(parent_)} parents but {len(label_)} labels; give one of each for every node"
            )
        if seat is None:
            seat_ = np.setdiff1d(np.arange(len(parent_)), parent_)
        else:
            seat_ = integers("seat", seat)
            check_seats(seat_, len(parent_))
        return cls(moved, length_[order], new_index[seat_], label_[order])

    def with_length(self, length: ArrayLike) -> "Tree":
        """The same nodes and seats with other lengths: [node] by index. Shares everything derived."""
        length_ = integers("length", length)
        if len(length_) != self.n_nodes:
            raise TreeError(f"{len(length_)} lengths for {self.n_nodes} nodes; give one for every node")
        return Tree._of(self._shape, length_)

    @classmethod
    def _of(cls, shape: Shape, length: Ints) -> "Tree":
        """A shape that is known to be right, with lengths that nobody else holds."""
        tree = object.__new__(cls)
        tree._shape = shape
        tree._set_length(length)
        return tree

    # --- what a tree is: read-only int64 arrays, by node or query index

    @property
    def parent(self) -> Ints:
        """[node] index of the parent; -1 for the root."""
        return self._shape.parent

    @property
    def seat(self) -> Ints:
        """[query] node at whose end the query sits, in preorder."""
        return self._shape.seat

    @property
    def query_order(self) -> Ints:
        """[query] the caller's row of each preorder query."""
        return self._shape.query_order

    @property
    def label(self) -> Ints:
        """[node] name for life."""
        return self._shape.label

    @property
    def next_label(self) -> int:
        """The label that the next new node gets; labels are never used twice."""
        return self._shape.next_label

    @property
    def n_nodes(self) -> int:
        return len(self.length)

    @property
    def n_queries(self) -> int:
        return len(self._shape.seat)

    # --- what follows from it

    @property
    def depth(self) -> Ints:
        """[node] links from the root, which has depth 0."""
        return self._shape.depth

    @property
    def subtree_stop(self) -> Ints:
        """[node] the nodes i .. subtree_stop[i] - 1 are node i and all below it."""
        return self._shape.subtree_stop

    @property
    def q_first(self) -> Ints:
        """[node] first preorder query that sees the node."""
        return self._shape.q_first

    @property
    def q_stop(self) -> Ints:
        """[node] one past the last preorder query that sees the node."""
        return self._shape.q_stop

    @property
    def leaves(self) -> Ints:
        """Indices of the nodes without children, ascending."""
        return self._shape.leaves

    @property
    def start(self) -> Ints:
        """[node + 1] node i owns tokens start[i] .. start[i + 1] - 1 of the depth-first flattened tree."""
        return self._start

    @property
    def n_tokens(self) -> int:
        """N_tree: tokens stored, each once."""
        return int(self._start[-1])

    @cached_property
    def seen(self) -> Seen:
        """The nodes that hold tokens which some query sees."""
        return self._shape.seen(self.length)

    @cached_property
    def seen_start(self) -> Ints:
        """[node + 1] as `start`, but tokens that no query sees do not count."""
        if self.seen.whole:
            return self.start
        return running_sum(np.where(self.q_stop > self.q_first, self.length, 0))

    @property
    def permuted(self) -> bool:
        """The caller's order of queries is not preorder."""
        return self._shape.permuted

    @cached_property
    def n_path_tokens_of_query(self) -> Ints:
        """[query] N_i: tokens that the preorder query sees, its own included."""
        gain = np.zeros(self.n_queries + 1, dtype=np.int64)
        np.add.at(gain, self.q_first, self.length)
        np.subtract.at(gain, self.q_stop, self.length)
        return frozen(np.cumsum(gain[:-1]))

    @cached_property
    def n_path_tokens(self) -> int:
        """Sum of N_i: tokens seen, counted once per query."""
        return int((self.length * (self.q_stop - self.q_first)).sum())

    @property
    def sharing(self) -> float:
        """F_s = sum(N_i) / N_tree, the largest saving of KV reads that a tree method can reach."""
        return self.n_path_tokens / self.n_tokens

    @property
    def nodes(self) -> Views[Node]:
        """Views of the nodes by index."""
        return Views(self.n_nodes, lambda i: node_view(self, i))

    def children(self, node: int) -> tuple[int, ...]:
        """Indices of the children of the node with index `node`, first to last."""
        node = self._place(node)
        found, child = [], node + 1
        while child < self.subtree_stop[node]:
            found.append(child)
            child = int(self.subtree_stop[child])
        return tuple(found)

    def path(self, node: int) -> tuple[int, ...]:
        """Indices from the root down to the node with index `node`, both included."""
        path = [self._place(node)]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return tuple(reversed(path))

    def callers_seat(self) -> Ints:
        """[query] index of the node at which each query sits, in the caller's query order."""
        seat = np.empty_like(self.seat)
        seat[self.query_order] = self.seat
        return seat

    def _place(self, node: int) -> int:
        """An index, counted from the end if negative, as Python counts."""
        if not isinstance(node, Integral) or not -self.n_nodes <= node < self.n_nodes:
            raise TreeError(
                f"no node has the index {node!r}; the indices are 0..{self.n_nodes - 1} "
                "(tree.index(label) gives the index of a label, such as a picture shows)"
            )
        return range(self.n_nodes)[node]

    def index(self, label: int) -> int:
        """Index of the node with this label.

        Raises:
            TreeError: no node has it.
        """
        index = self._shape.index_of_label.get(label) if isinstance(label, Integral) else None
        if index is None:
            raise TreeError(f"no node has the label {label!r}; the labels are {some(self.label)}")
        return index

    # --- edits: each returns a new tree and takes labels

    def grow(self, n: int = 1) -> "Tree":
        """Give every query `n` more tokens. See `edits.grow`."""
        return edits.grow(self, n)

    def fork(self, node: int, k: int = 2, length: int = 1) -> "Tree":
        """Add `k` children of `length` tokens below `node`. See `edits.fork`."""
        return edits.fork(self, node, k, length)

    def prune(self, node: int) -> "Tree":
        """Remove `node` and everything below it. See `edits.prune`."""
        return edits.prune(self, node)

    def move(self, node: int, parent: int) -> "Tree":
        """Hang the subtree of `node` below `parent`, as its last child. See `edits.move`."""
        return edits.move(self, node, parent)

    def split(self, node: int, k: int) -> "Tree":
        """Keep `k` tokens in `node` and put the rest into a new only child. See `edits.split`."""
        return edits.split(self, node, k)

    def merge(self, node: int) -> "Tree":
        """Take the only child of `node` into it. See `edits.merge`."""
        return edits.merge(self, node)

    def set_length(self, node: int, length: int) -> "Tree":
        """Set the tokens of one node. See `edits.set_length`."""
        return edits.set_length(self, node, length)

    # --- printing, comparing, storing

    def to_json(self) -> str:
        """One line of JSON, schema-versioned; `Tree.from_json` reads it back equal."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> "Tree":
        """Read what `to_json` wrote.

        Raises:
            TreeError: the text is cut short, has another schema version, or describes no tree.
        """
        return from_json(text)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.parent, self.length, self.callers_seat(), self.label, self.next_label)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tree):
            return NotImplemented
        a, b = self._shape, other._shape
        if a is b:
            return np.array_equal(self.length, other.length)
        mine: tuple[Any, ...] = (self.length, a.parent, a.seat, a.query_order, a.label, a.next_label)
        theirs: tuple[Any, ...] = (other.length, b.parent, b.seat, b.query_order, b.label, b.next_label)
        return all(np.array_equal(x, y) for x, y in zip(mine, theirs, strict=True))

    def __hash__(self) -> int:
        return hash((self.length.tobytes(), self.parent.tobytes(), self.seat.tobytes()))

    def __repr__(self) -> str:
        return (
            f"Tree({count(self.n_nodes, 'node')}, {count(self.n_queries, 'query', 'queries')}, "
            f"{count(self.n_tokens, 'token')}, "
            f"sharing {self.sharing:.2f}x)"
        )

    def __str__(self) -> str:
        return "\n".join([repr(self), *drawing(self)])

    def __setattr__(self, name: str, value: object) -> None:
        if name not in ("_shape", "_start", "length") or hasattr(self, name):
            raise AttributeError(
                f"a Tree is immutable; make a changed copy with an edit instead of setting {name!r}"
            )
        object.__setattr__(self, name, value)


def _restored(parent: Ints, length: Ints, seat: Ints, label: Ints, next_label: int) -> Tree:
    return Tree(parent, length, seat, label, next_label=next_label)


from . import edits  # noqa: E402  (edits and the file format make trees, so they need Tree)
from .files import from_json, to_json  # noqa: E402

"""A trace compiled: every node that ever lived, with its times, checked event by event."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import TraceError, check_counts
from ..tree import Tree
from ..tree._shape import Ints, Shape, depth_first, frozen
from .events import KINDS, Event, Window

NEVER = 2**62
GAINS = ("append", "accept", "extend")  # kinds of events that lengthen their node


class Lives:
    """Every node that ever lived, with its times: the compiled form of a trace.

    A node lives at steps born <= t < died and holds a query during its spans, first <= t < stop. All
    nodes together form one tree, kept in preorder; what lives at a step is a part of it that is closed
    upwards, so it is in preorder too.
    """

    def __init__(self, start: Tree, events: Sequence[Event]) -> None:
        compiler = Compiler(start)
        for event in events:
            compiler.apply(event)
        compiler.check_bare()
        self.union, self.initial = compiler.union()
        self.first_new_label = start.next_label
        labels = self.union.label.tolist()
        column = {label: i for i, label in enumerate(labels)}
        self.born = np.array([compiler.born[x] for x in labels])
        self.died = np.array([compiler.died.get(x, NEVER) for x in labels])
        spans = [(column[x], *span) for x in labels for span in compiler.spans.get(x, ())]
        self.span_node, self.span_first, self.span_stop = np.array(spans, dtype=np.int64).reshape(-1, 3).T
        self.rank = np.array([compiler.rank.get(x, NEVER) for x in labels])
        runs = [(column[e.node], e.step, e.count, e.n_steps) for e in events if e.kind in GAINS]
        self.runs: Ints = np.array(runs, dtype=np.int64).reshape(-1, 4)
        changes = np.concatenate([self.born, self.died, self.span_first, self.span_stop])
        self.changes = frozenset(changes[changes < NEVER].tolist())

    def alive(self, step: int) -> Ints:
        return np.flatnonzero((self.born <= step) & (step < self.died))

    def nodes_between(self, first: int, count: int) -> Ints:
        return np.flatnonzero((self.born < first + count) & (self.died > first))

    def lengths(self, nodes: Ints, first: int, count: int) -> Ints:
        """[step, node] tokens at steps first .. first + count - 1, alive or not."""
        place = np.full(len(self.born), -1)
        place[nodes] = np.arange(len(nodes))
        gain = np.zeros((count, len(nodes)), dtype=np.int64)
        gain[0] = self.initial[nodes]
        here = place[self.runs[:, 0]] >= 0
        node, step, tokens, n_steps = place[self.runs[here, 0]], *self.runs[here, 1:].T
        before = np.clip(first - step, 0, n_steps)
        np.add.at(gain[0], node, before * tokens)
        start, stop = np.clip(step - first, 0, count), np.clip(step + n_steps - first, 0, count)
        rate = np.zeros((count + 1, len(nodes)), dtype=np.int64)
        np.add.at(rate, (start, node), tokens)
        np.subtract.at(rate, (stop, node), tokens)
        gain += np.cumsum(rate[:-1], axis=0)
        return np.cumsum(gain, axis=0)

    def seats(self, nodes: Ints, first: int, count: int) -> NDArray[np.bool_]:
        """[step, node] whether a query sits there at steps first .. first + count - 1."""
        place = np.full(len(self.born), -1)
        place[nodes] = np.arange(len(nodes))
        here = place[self.span_node] >= 0
        node, steps = place[self.span_node[here]], np.arange(first, first + count)[:, None]
        found = np.zeros((count, len(nodes)), dtype=bool)
        during = (self.span_first[here] <= steps) & (steps < self.span_stop[here])
        step, span = np.nonzero(during)
        found[step, node[span]] = True
        return found

    def window(self, first: int, count: int) -> Window:
        nodes = self.nodes_between(first, count)
        steps = np.arange(first, first + count)[:, None]
        alive = (self.born[nodes] <= steps) & (steps < self.died[nodes])
        seats = self.seats(nodes, first, count)
        before = np.zeros((count, len(nodes) + 1), dtype=np.int64)
        np.cumsum(seats, axis=1, out=before[:, 1:])
        # the subtree of a kept node is consecutive among the kept nodes too
        stop = np.searchsorted(nodes, self.union.subtree_stop[nodes])
        queries = before[:, stop] - before[:, :-1]
        return Window(first, self.lengths(nodes, first, count) * alive, queries, before[:, -1])

    def tree_at(self, step: int) -> Tree:
        nodes = self.alive(step)
        length = self.lengths(nodes, step, 1)[0]
        seated = np.flatnonzero(self.seats(nodes, step, 1)[0])
        by_creation = seated[np.argsort(self.rank[nodes[seated]])]
        parent = self.union.parent[nodes]
        parent = np.where(parent < 0, -1, np.searchsorted(nodes, parent))
        used = int(self.union.label[self.born <= step].max()) + 1
        next_label = max(self.first_new_label, used)
        return Tree(parent, length, by_creation, self.union.label[nodes], next_label=next_label)


class Compiler:
    """Applies events to life spans, refusing what cannot happen."""

    def __init__(self, start: Tree) -> None:
        labels = start.label.tolist()
        self.parent: dict[int, int] = {
            x: labels[p] for x, p in zip(labels, start.parent.tolist(), strict=True) if p >= 0
        }
        self.root, self.start = labels[0], start
        self.length = dict(zip(labels, start.length.tolist(), strict=True))
        self.children: dict[int, list[int]] = {x: [] for x in labels}
        for x, above in self.parent.items():
            self.children[above].append(x)
        self.born = dict.fromkeys(labels, 0)
        self.died: dict[int, int] = {}
        self.spans: dict[int, list[list[int]]] = {}  # node -> first step with a query, one past the last
        self.rank: dict[int, int] = {}
        self.last_gain: dict[int, int] = {}
        self.maybe_bare: set[int] = set()
        self.paused: set[int] = set()
        if not start._shape.seats_are_the_leaves:
            raise TraceError(
                "the start of a trace has seats other than its leaves; a trace is one query a leaf"
            )
        for row, node in zip(start.query_order.tolist(), start.seat.tolist(), strict=True):
            self.spans[labels[node]], self.rank[labels[node]] = [[0, NEVER]], row
        self.step = 0

    def apply(self, event: Event) -> None:
        where = f"{event.kind} of node {event.node} at step {event.step}"
        if event.kind not in KINDS:
            raise TraceError(f"no event kind {event.kind!r}; choose one of {', '.join(KINDS)}")
        check_counts(TraceError, 0, step=event.step, node=event.node, count=event.count)
        check_counts(TraceError, 1, n_steps=event.n_steps)
        if event.step < max(self.step, 1):
            raise TraceError(
                f"{where} comes after an event of step {self.step}; events are ordered, from step 1 on"
            )
        if event.node not in self.born or event.node in self.died:
            state = "dead" if event.node in self.died else "unknown"
            raise TraceError(f"{where}: the node is {state}; an event names a live node")
        if event.step > self.step:
            self.check_bare()
        self.step = event.step
        getattr(self, f"_{event.kind}")(event, where)

    def _append(self, event: Event, where: str) -> None:
        if not self._has_query(event.node):
            raise TraceError(f"{where}: no query sits there; only a leaf is appended to")
        self._grow(event)

    def _accept(self, event: Event, where: str) -> None:
        self._grow(event)

    def _extend(self, event: Event, where: str) -> None:
        if self._has_children(event.node):
            raise TraceError(f"{where}: the node has children; only a leaf is extended")
        self._grow(event)

    def _pause(self, event: Event, where: str) -> None:
        if not self._has_query(event.node):
            raise TraceError(f"{where}: no query sits there; only a leaf with a query pauses")
        self._check_grown(event.node, event, where)
        self._unseat(event.node, event.step)
        self.paused.add(event.node)

    def _resume(self, event: Event, where: str) -> None:
        if self._has_query(event.node):
            raise TraceError(f"{where}: a query sits there; only a leaf without one resumes")
        if self._has_children(event.node):
            raise TraceError(f"{where}: the node has children; only a leaf resumes")
        self.rank.setdefault(event.node, len(self.rank))
        self.spans.setdefault(event.node, []).append([event.step, NEVER])
        self.paused.discard(event.node)

    def _has_query(self, node: int) -> bool:
        return node in self.spans and self.spans[node][-1][1] == NEVER

    def _has_children(self, node: int) -> bool:
        return any(child not in self.died for child in self.children[node])

    def _unseat(self, node: int, step: int) -> None:
        if self._has_query(node):
            self.spans[node][-1][1] = step

    def _grow(self, event: Event) -> None:
        last = event.step + event.n_steps - 1
        self.last_gain[event.node] = max(self.last_gain.get(event.node, 0), last)

    def _check_grown(self, node: int, event: Event, where: str) -> None:
        if self.last_gain.get(node, 0) > event.step:
            raise TraceError(
                f"{where}: node {node} still grows at step {self.last_gain[node]}; shorten that run"
            )

    def _fork(self, event: Event, where: str) -> None:
        self._sprout(event, where)
        self._unseat(event.node, event.step)

    def _sprout(self, event: Event, where: str) -> None:
        self._check_grown(event.node, event, where)
        if not event.children:
            raise TraceError(f"{where}: no children; a fork has at least one")
        for child in event.children:
            check_counts(TraceError, 0, child=child)
            if child in self.born:
                raise TraceError(f"{where}: label {child} is taken; a new node needs a new label")
            self.parent[child], self.length[child], self.children[child] = event.node, event.count, []
            self.born[child], self.spans[child] = event.step, [[event.step, NEVER]]
            self.rank[child] = len(self.rank)
        self.children[event.node].extend(event.children)

    def _prune(self, event: Event, where: str) -> None:
        if event.node == self.root:
            raise TraceError(f"{where}: it is the root; end the trace instead")
        below = [event.node]
        for node in below:
            below.extend(child for child in self.children[node] if child not in self.died)
        for node in below:
            self._check_grown(node, event, where)
            self.died[node] = event.step
            self._unseat(node, event.step)
        self.maybe_bare.add(self.parent[event.node])

    def check_bare(self) -> None:
        """Refuse an inner node that a step has left without descendants, unless it waits: nobody sees it."""
        for node in sorted(self.maybe_bare - set(self.died) - self.paused):
            if not self._has_children(node) and not self._has_query(node):
                raise TraceError(
                    f"the prunes of step {self.step} leave node {node} without descendants and "
                    f"without a query; prune node {node} instead, or end the trace"
                )
        self.maybe_bare.clear()

    def union(self) -> tuple[Shape, Ints]:
        """Links and labels of all nodes, and the tokens each was born with."""
        order = depth_first(self.root, self.children.__getitem__)
        index = {x: i for i, x in enumerate(order)}
        parent = frozen([-1] + [index[self.parent[x]] for x in order[1:]])
        next_label = max(self.start.next_label, max(order) + 1)
        nobody = frozen([])
        return Shape(parent, nobody, nobody, frozen(order), next_label), frozen(
            [self.length[x] for x in order]
        )

"""A recorded growth: the tree after prefill, and the events that change it step by step.

step: one decode of all live queries. Step 0 is the prefilled tree; the decode of step t (1 .. n_steps)
sees the tree after all events with `event.step <= t`. An event never waits: what happens after the
decode of step t has step t + 1.
Nodes are named by label. Enough to redraw and re-price a run without its model.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from .errors import TraceError, TreeError, check_counts
from .tree import Tree
from .tree._shape import Ints, Shape, frozen
from .tree.files import read_object

SCHEMA = "deft_lab.trace/1"
KINDS = ("append", "fork", "prune", "accept")
NEVER = 2**62
WINDOW_CELLS = 2**20  # steps x nodes of a window, 8 bytes each in several arrays


@dataclass(frozen=True, slots=True)
class Event:
    """One change of the tree.

    append: `node` gains `count` tokens at this step and at each of the `n_steps - 1` that follow.
    fork: `node` hands its query on to new `children`, each born with `count` tokens.
    prune: `node` and everything below it is freed.
    accept: `count` verified tokens move to the end of `node`; the drafts below it stay.
    `tokens` are the token ids of the event where they were recorded, in order of children and steps.
    """

    step: int
    kind: str
    node: int
    count: int = 1
    n_steps: int = 1
    children: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()


class Window(NamedTuple):
    """Consecutive steps side by side. Nodes are those alive at any of these steps, in preorder."""

    first_step: int
    length: Ints  # [step, node] tokens; 0 where the node is not alive
    queries: Ints  # [step, node] queries that see the node
    n_queries: Ints  # [step]


@dataclass(frozen=True)
class Trace:
    """A growth of `start` over `n_steps` decodes.

    Args:
        start: the tree after prefill, whose seats are its leaves.
        events: in order of their step.
        n_steps: decodes recorded.
        header: what made it: model, revision, seed, task, versions; JSON values.

    Raises:
        TraceError: an event names a node that is not alive, is out of order, or forks a used label.
    """

    start: Tree
    events: tuple[Event, ...]
    n_steps: int
    header: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", tuple(self.events))
        if not isinstance(self.header, Mapping):
            raise TraceError(
                f"header is a {type(self.header).__name__}; it must be a mapping of names to values"
            )
        object.__setattr__(self, "header", MappingProxyType(dict(self.header)))
        check_counts(TraceError, 0, n_steps=self.n_steps)
        _ = self._lives

    def __reduce__(self) -> tuple[type["Trace"], tuple[Any, ...]]:
        return Trace, (self.start, self.events, self.n_steps, dict(self.header))

    @cached_property
    def _lives(self) -> "_Lives":
        return _Lives(self)

    def tree_at(self, step: int) -> Tree:
        """The tree that the decode of `step` sees; its queries are ordered by creation.

        Raises:
            TraceError: `step` is outside 0 .. n_steps.
        """
        if not 0 <= step <= self.n_steps:
            raise TraceError(f"step {step} is outside the trace; its steps are 0..{self.n_steps}")
        return self._lives.tree_at(step)

    def trees(self) -> Iterator[Tree]:
        """The tree of each decode, steps 1 .. n_steps."""
        lives = self._lives
        tree, alive = self.start, lives.alive(0)
        for window in self.windows():
            nodes = lives.nodes_between(window.first_step, len(window.length))
            for step, length in enumerate(window.length, start=window.first_step):
                if step in lives.changes:
                    tree, alive = self.tree_at(step), lives.alive(step)
                else:
                    tree = tree.with_length(length[np.searchsorted(nodes, alive)])
                yield tree

    def windows(self, size: int = 512) -> Iterator[Window]:
        """Steps 1 .. n_steps in windows of at most `size`, for sums over a whole run."""
        first = 1
        while first <= self.n_steps:
            count = min(size, self.n_steps + 1 - first)
            # a run that forks and prunes at every step has new nodes in each: keep the window small
            while count > 1 and count * len(self._lives.nodes_between(first, count)) > WINDOW_CELLS:
                count //= 2
            yield self._lives.window(first, count)
            first += count

    def widest(self) -> int:
        """The first step with the most queries, and of those the most tokens.

        Raises:
            TraceError: the trace has no step.
        """
        if not self.n_steps:
            raise TraceError("the trace has no step; there is no widest one")
        wide = [(w.n_queries, w.length.sum(axis=1)) for w in self.windows()]
        n_queries, tokens = (np.concatenate(column) for column in zip(*wide, strict=True))
        return 1 + int(np.lexsort((-np.arange(self.n_steps), tokens, n_queries))[-1])

    def to_json(self) -> str:
        """One line of JSON, schema-versioned; `Trace.from_json` reads it back equal."""
        events = [list(astuple(e)) for e in self.events]
        fields = {"start": json.loads(self.start.to_json()), "n_steps": self.n_steps, "events": events}
        return json.dumps({"schema": SCHEMA, "header": dict(self.header), **fields})

    @classmethod
    def from_json(cls, text: str) -> "Trace":
        """Read what `to_json` wrote.

        Raises:
            TraceError: the text is cut short, has another schema version, or describes no trace.
        """
        data = read_object(text, SCHEMA, {"header", "start", "n_steps", "events"}, TraceError)
        try:
            events = [
                Event(step, kind, node, count, n_steps, tuple(children), tuple(tokens))
                for step, kind, node, count, n_steps, children, tokens in data["events"]
            ]
        except (TypeError, ValueError) as bad:
            raise TraceError(f"an event is not a list of 7 fields: {bad}") from bad
        try:
            start = Tree.from_json(json.dumps(data["start"]))
        except TreeError as bad:
            raise TraceError(f"the start of the trace is no tree: {bad}") from bad
        return cls(start, tuple(events), data["n_steps"], data["header"])


class _Lives:
    """Every node that ever lived, with its times: the compiled form of a trace.

    A node lives at steps born <= t < died and holds a query at steps seated <= t < unseated. All
    nodes together form one tree, kept in preorder; what lives at a step is a part of it that is closed
    upwards, so it is in preorder too.
    """

    def __init__(self, trace: Trace) -> None:
        compiler = _Compiler(trace.start)
        for event in trace.events:
            compiler.apply(event)
        compiler.check_bare()
        self.union, self.initial = compiler.union()
        self.first_new_label = trace.start.next_label
        labels = self.union.label.tolist()
        column = {label: i for i, label in enumerate(labels)}
        self.born = np.array([compiler.born[x] for x in labels])
        self.died = np.array([compiler.died.get(x, NEVER) for x in labels])
        self.seated = np.array([compiler.seated.get(x, NEVER) for x in labels])
        self.unseated = np.array([compiler.unseated.get(x, NEVER) for x in labels])
        self.rank = np.array([compiler.rank.get(x, NEVER) for x in labels])
        runs = [
            (column[e.node], e.step, e.count, e.n_steps)
            for e in trace.events
            if e.kind in ("append", "accept")
        ]
        self.runs: Ints = np.array(runs, dtype=np.int64).reshape(-1, 4)
        changes = np.concatenate([self.born, self.died, self.seated, self.unseated])
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

    def window(self, first: int, count: int) -> Window:
        nodes = self.nodes_between(first, count)
        steps = np.arange(first, first + count)[:, None]
        alive = (self.born[nodes] <= steps) & (steps < self.died[nodes])
        seats = (self.seated[nodes] <= steps) & (steps < self.unseated[nodes])
        before = np.zeros((count, len(nodes) + 1), dtype=np.int64)
        np.cumsum(seats, axis=1, out=before[:, 1:])
        # the subtree of a kept node is consecutive among the kept nodes too
        stop = np.searchsorted(nodes, self.union.subtree_stop[nodes])
        queries = before[:, stop] - before[:, :-1]
        return Window(first, self.lengths(nodes, first, count) * alive, queries, before[:, -1])

    def tree_at(self, step: int) -> Tree:
        nodes = self.alive(step)
        length = self.lengths(nodes, step, 1)[0]
        seated = np.flatnonzero((self.seated[nodes] <= step) & (step < self.unseated[nodes]))
        by_creation = seated[np.argsort(self.rank[nodes[seated]])]
        parent = self.union.parent[nodes]
        parent = np.where(parent < 0, -1, np.searchsorted(nodes, parent))
        used = int(self.union.label[self.born <= step].max()) + 1
        next_label = max(self.first_new_label, used)
        return Tree(parent, length, by_creation, self.union.label[nodes], next_label=next_label)


class _Compiler:
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
        self.seated: dict[int, int] = {}
        self.unseated: dict[int, int] = {}
        self.rank: dict[int, int] = {}
        self.last_gain: dict[int, int] = {}
        self.maybe_bare: set[int] = set()
        if not start._shape.seats_are_the_leaves:
            raise TraceError(
                "the start of a trace has seats other than its leaves; a trace is one query a leaf"
            )
        for row, node in zip(start.query_order.tolist(), start.seat.tolist(), strict=True):
            self.seated[labels[node]], self.rank[labels[node]] = 0, row
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
        if event.node not in self.seated or event.node in self.unseated:
            raise TraceError(f"{where}: no query sits there; only a leaf is appended to")
        self._grow(event)

    def _accept(self, event: Event, where: str) -> None:
        self._grow(event)

    def _grow(self, event: Event) -> None:
        last = event.step + event.n_steps - 1
        self.last_gain[event.node] = max(self.last_gain.get(event.node, 0), last)

    def _check_grown(self, node: int, event: Event, where: str) -> None:
        if self.last_gain.get(node, 0) > event.step:
            raise TraceError(
                f"{where}: node {node} still grows at step {self.last_gain[node]}; shorten that run"
            )

    def _fork(self, event: Event, where: str) -> None:
        self._check_grown(event.node, event, where)
        if not event.children:
            raise TraceError(f"{where}: no children; a fork has at least one")
        for child in event.children:
            check_counts(TraceError, 0, child=child)
            if child in self.born:
                raise TraceError(f"{where}: label {child} is taken; a new node needs a new label")
            self.parent[child], self.length[child], self.children[child] = event.node, event.count, []
            self.born[child] = self.seated[child] = event.step
            self.rank[child] = len(self.rank)
        self.children[event.node].extend(event.children)
        self.unseated.setdefault(event.node, event.step)

    def _prune(self, event: Event, where: str) -> None:
        if event.node == self.root:
            raise TraceError(f"{where}: it is the root; end the trace instead")
        below = [event.node]
        for node in below:
            below.extend(child for child in self.children[node] if child not in self.died)
        for node in below:
            self._check_grown(node, event, where)
            self.died[node] = event.step
            self.unseated.setdefault(node, event.step)
        self.maybe_bare.add(self.parent[event.node])

    def check_bare(self) -> None:
        """Refuse an inner node that a step has left without descendants: no query would see it."""
        for node in sorted(self.maybe_bare - set(self.died)):
            if all(child in self.died for child in self.children[node]):
                raise TraceError(
                    f"the prunes of step {self.step} leave node {node} without descendants and without a "
                    "query; "
                    f"prune node {node} instead, or end the trace"
                )
        self.maybe_bare.clear()

    def union(self) -> tuple[Shape, Ints]:
        """Links and labels of all nodes, and the tokens each was born with."""
        order, stack = [], [self.root]
        while stack:
            order.append(stack.pop())
            stack.extend(reversed(self.children[order[-1]]))
        index = {x: i for i, x in enumerate(order)}
        parent = frozen([-1] + [index[self.parent[x]] for x in order[1:]])
        next_label = max(self.start.next_label, max(order) + 1)
        nobody = frozen([])
        return Shape(parent, nobody, nobody, frozen(order), next_label), frozen(
            [self.length[x] for x in order]
        )

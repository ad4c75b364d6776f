"""A recorded growth: the tree after prefill, and the events that change it step by step.

step: one decode of all live queries. Step 0 is the prefilled tree; the decode of step t (1 .. n_steps)
sees the tree after all events with `event.step <= t`. An event never waits: what happens after the
decode of step t has step t + 1.
Nodes are named by label. Enough to redraw and re-price a run without its model.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import TraceError, TreeError, check_counts, check_kind
from ..tree import Tree
from ..tree.files import read_object
from ..tree.views import count
from .events import Event, Window
from .lives import Lives

SCHEMA = "deft_lab.trace/1"
WINDOW_CELLS = 2**20  # steps x nodes of a window, 8 bytes each in several arrays


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
        check_kind(TraceError, Tree, "it is the tree after prefill", start=self.start)
        check_kind(TraceError, Iterable, "give a sequence of Event", events=self.events)
        object.__setattr__(self, "events", tuple(self.events))
        for event in self.events:
            check_kind(TraceError, Event, "a trace is made of events", event=event)
        if not isinstance(self.header, Mapping):
            raise TraceError(
                f"header is a {type(self.header).__name__}; it must be a mapping of names to values"
            )
        object.__setattr__(self, "header", MappingProxyType(dict(self.header)))
        check_counts(TraceError, 0, n_steps=self.n_steps)
        _ = self._lives

    def __repr__(self) -> str:
        events, steps = count(len(self.events), "event"), count(self.n_steps, "step")
        return f"Trace({events} in {steps}, from {self.start!r})"

    def __reduce__(self) -> tuple[type["Trace"], tuple[Any, ...]]:
        return Trace, (self.start, self.events, self.n_steps, dict(self.header))

    @cached_property
    def _lives(self) -> Lives:
        return Lives(self.start, self.events)

    def tree_at(self, step: int) -> Tree:
        """The tree that the decode of `step` sees; its queries are ordered by creation.

        Raises:
            TraceError: `step` is outside 0 .. n_steps.
        """
        check_counts(TraceError, 0, step=step)
        if step > self.n_steps:
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

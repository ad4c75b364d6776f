"""A film: a recorded growth as the decode player shows it, every step a pure function of its number.

take: a page of the pool in the hands of a node, from a step on, until the node is freed. The pool is
replayed: pages in ascending order, as `deft_lab.Pool` hands them out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..._slots import SlotTable
from ...cost import step_traffic, traffic
from ...errors import DeftLabError, check_counts
from ...geometry import Geometry
from ...methods import find_method, plan_tree
from ...trace import Recording, Trace
from ...trace.lives import NEVER, Lives
from .words import marks_of, sentences

FILM_ACCOUNTS = ("requested", "paper", "unique")
MOST_STEPS = 20_000


class Priced(NamedTuple):
    """Whose bytes are set side by side.

    Args:
        geometry: of the model.
        method: what decodes, a name of METHODS.
        baseline: what decodes each branch alone.
    """

    geometry: Geometry
    method: str
    baseline: str


class Take(NamedTuple):
    """A page of the pool: whose it is, and from which step until which."""

    page: int
    label: int
    number: int  # of the node's pages
    taken: int
    freed: int


class Film:
    """All that the player needs; `packed()` is what a page gets.

    Args:
        source: what is shown.
        priced: whose bytes.
        title: of the film.
        page_size: tokens of a page of the pool.
        known: method -> bytes of the first steps, account "requested"; it is kept up to date.
    """

    def __init__(
        self,
        source: Recording | Trace,
        priced: Priced,
        *,
        title: str,
        page_size: int,
        known: dict[str, list[int]] | None = None,
    ) -> None:
        check_counts(DeftLabError, 1, page_size=page_size)
        self.recording = source if isinstance(source, Recording) else None
        self.trace = trace = source.trace if isinstance(source, Recording) else source
        if trace.n_steps > MOST_STEPS:
            raise DeftLabError(f"{trace.n_steps:,} steps are more than a player shows ({MOST_STEPS:,})")
        self.title, self.page_size, self.priced = title, page_size, priced
        self.lives = Lives(trace.start, trace.events)
        self.labels = self.lives.union.label.tolist()
        everything = np.arange(len(self.labels))
        self.length = self.lives.lengths(everything, 0, trace.n_steps + 1)  # [step, node], alive or not
        steps = np.arange(trace.n_steps + 1)[:, None]
        self.alive = (self.lives.born <= steps) & (steps < self.lives.died)
        seats = self.lives.seats(everything, 0, trace.n_steps + 1)
        self.seen_by = self._below(seats)
        held = self.length * self.alive
        self.stored = held.sum(axis=1)
        is_inner = np.zeros_like(self.alive)
        np.logical_or.at(is_inner, (slice(None), self.lives.union.parent[1:]), self.alive[:, 1:])
        # a branch that has ended, and is kept, would have its copy, too
        self.copies = (held * self._below(np.maximum(seats, self.alive & ~is_inner))).sum(axis=1)
        self.seats, self.n_queries = seats, seats.sum(axis=1)
        self.n_pages_used = (-(-held // page_size)).sum(axis=1)
        self.takes = self._replay_pool(held)
        self.pieces = self._pieces()
        self.bytes = self._bytes({} if known is None else known)
        self.sentences = sentences(self)
        self.marks = marks_of(self)

    @property
    def n_pages(self) -> int:
        """Pages that the pool needs at its fullest."""
        return int(self.n_pages_used.max())

    @property
    def note(self) -> str:
        """What a reader must know first, such as "random weights"."""
        return str(self.trace.header.get("label", ""))

    def text(self, node: int, step: int) -> str:
        """What stands in a node (by column) at a step; "" where no tokens were recorded."""
        return "".join(self.pieces[node][: int(self.length[step, node])])

    def _below(self, counts: np.ndarray) -> np.ndarray:
        """[step, node] the sum of counts [step, node] over a node and all that hang below it."""
        before = np.zeros((len(counts), len(self.labels) + 1), dtype=np.int64)
        np.cumsum(counts, axis=1, out=before[:, 1:])
        return before[:, self.lives.union.subtree_stop] - before[:, :-1]

    def _replay_pool(self, held: np.ndarray) -> list[Take]:
        table = SlotTable(np.arange(self.n_pages), self.page_size)
        open_: dict[int, list[tuple[int, int]]] = {}  # label -> (page, taken)
        takes: list[Take] = []
        for step in range(len(held)):
            gone = [x for x in np.flatnonzero(self.lives.died == step) if self.labels[x] in open_]
            if gone:
                table.give_back([self.labels[x] for x in gone])
            for x in gone:
                pages = open_.pop(self.labels[x])
                takes += [Take(p, self.labels[x], i, since, step) for i, (p, since) in enumerate(pages)]
            gain = held[step] - held[step - 1] if step else held[0]
            labels = [self.labels[x] for x in np.flatnonzero(gain > 0)]
            counts = gain[gain > 0]
            if labels:
                table.take(labels, counts, table.pages_needed(labels, counts))
            for label in labels:
                mine = open_.setdefault(label, [])
                pages = table.slots_of(label)[:: self.page_size] // self.page_size
                mine += [(int(page), step) for page in pages[len(mine) :]]
        for label, pages in open_.items():
            takes += [Take(page, label, i, since, NEVER) for i, (page, since) in enumerate(pages)]
        return sorted(takes, key=lambda take: (take.page, take.taken))

    def _pieces(self) -> list[list[str]]:
        """[node] the texts of its tokens, as far as they were recorded."""
        pieces: dict[int, list[str]] = {label: [] for label in self.labels}
        if self.recording is None:
            return list(pieces.values())
        known = self.recording.pieces

        def say(tokens: Sequence[int]) -> list[str]:
            return [known.get(token, f"<{token}>") for token in tokens]

        pieces[self.labels[0]] += say(self.recording.prompt)
        for event in self.trace.events:
            if event.kind in ("fork", "sprout"):
                share = len(event.tokens) // len(event.children)
                for i, child in enumerate(event.children):
                    pieces[child] += say(event.tokens[i * share : (i + 1) * share])
            elif event.tokens:
                pieces[event.node] += say(event.tokens)
        return list(pieces.values())

    def _bytes(self, known: dict[str, list[int]]) -> dict[str, dict[str, list[int]]]:
        """Account -> method -> bytes of all decodes up to each step."""
        geometry, *methods = self.priced
        found: dict[str, dict[str, list[int]]] = {}
        for account in FILM_ACCOUNTS:
            for name in dict.fromkeys(methods):
                if account == "requested" and known.get(name):
                    steps = self._priced_on(known[name], name)
                else:
                    steps = [t.total for t in step_traffic(self.trace, name, geometry, account)]
                if account == "requested":
                    known[name] = steps
                found.setdefault(account, {})[name] = np.cumsum([0, *steps]).tolist()
        return found

    def _priced_on(self, steps: list[int], method: str) -> list[int]:
        """Bytes of each step, where those of the first are known: a plan for each new one."""
        new = range(len(steps) + 1, self.trace.n_steps + 1)
        plans = (plan_tree(self.trace.tree_at(step), method) for step in new)
        return [*steps, *(traffic(plan, self.priced.geometry).total for plan in plans)]

    def packed(self) -> dict[str, Any]:
        """The film as JSON values."""
        method, baseline = find_method(self.priced.method), find_method(self.priced.baseline)
        return {
            "title": self.title,
            "note": self.note,
            "n_steps": self.trace.n_steps,
            "page_size": self.page_size,
            "n_pages": self.n_pages,
            "nodes": [self._packed_node(x) for x in range(len(self.labels))],
            "takes": [[*take[:4], _end(take.freed)] for take in self.takes],
            "sentences": self.sentences,
            "marks": [list(mark) for mark in self.marks],
            "stored": self.stored.tolist(),
            "copies": self.copies.tolist(),
            "queries": self.n_queries.tolist(),
            "method": [method.name, method.title],
            "baseline": [baseline.name, baseline.title],
            "bytes": self.bytes,
        }

    def _packed_node(self, x: int) -> dict[str, Any]:
        lives = self.lives
        mine, runs = lives.span_node == x, lives.runs[lives.runs[:, 0] == x]
        spans = zip(lives.span_first[mine].tolist(), lives.span_stop[mine].tolist(), strict=True)
        parent = int(lives.union.parent[x])
        return {
            "label": self.labels[x],
            "parent": self.labels[parent] if parent >= 0 else None,
            "born": int(lives.born[x]),
            "died": _end(int(lives.died[x])),
            "length": int(lives.initial[x]),
            "runs": _joined(runs[:, 1:].tolist()),
            "spans": [[first, _end(stop)] for first, stop in spans],
            "pieces": self.pieces[x],
        }


def _joined(runs: list[list[int]]) -> list[list[int]]:
    """[step, tokens a step, steps], those that follow each other as one."""
    out: list[list[int]] = []
    for step, tokens, steps in runs:
        if out and out[-1][0] + out[-1][2] == step and out[-1][1] == tokens:
            out[-1][2] += steps
        else:
            out.append([step, tokens, steps])
    return out


def _end(step: int) -> int | None:
    return None if step >= NEVER else step


def geometry_of(header: Mapping[str, Any]) -> Geometry | None:
    """The geometry that a recording's header states."""
    stated = header.get("geometry")
    return Geometry(**stated) if isinstance(stated, Mapping) else None

"""The picture of partial attention, laid out as its products are.

Q stands on the left of K (below it their scores), the weights above V, and on the left of both what the loop
carries from one tile to the next. What the step has computed is framed, what it read is shaded.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...plan import Plan
from ...viz.figure import Table
from ...viz.nodes import node_paints
from ...viz.svg import Box
from ...viz.theme import MARGIN, WIDTH
from .partial_words import DIMS, NEWLINE
from .slices import Floats
from .softmax import Head
from .stage import CELL, Grid, Stage, draw_node, show

# stage -> columns of m, m', decay and total that it changes, and those that it reads
CARRIED = {
    "max": ((1,), (0,)),
    "decay": ((2,), (0, 1)),
    "weights": ((), (1,)),
    "total": ((3,), (2,)),
    "values": ((0,), (1, 2)),
}


class PartialPicture:
    """Draws a state: two products, and the loop's own numbers beside them."""

    def __init__(self, head: Head, rows: Sequence[int], words: Sequence[str], plan: Plan, group: int) -> None:
        self.head, self.rows, self.words, self.tree = head, rows, words, plan.tree
        self.chunks = plan.groups[group].chunks
        self.n_dims = min(DIMS, head.q.shape[1])
        column = 50.0
        self.left = MARGIN + 30
        self.right = self.left + 5 * column + 34
        wide = min(60.0, (WIDTH - MARGIN - self.right) / len(head.k))
        n, d = len(rows), self.n_dims
        self.q = Grid(self.left, 44 + CELL * d + 24, column)
        self.k = Grid(self.right, 44, wide)
        self.s = Grid(self.right, self.q.y, wide)
        self.carry = Grid(self.left, self.q.y + CELL * n + 32, column)
        self.p = Grid(self.right, self.carry.y, wide)
        self.acc = Grid(self.left, self.carry.y + CELL * n + 32, column)
        self.v = Grid(self.right, self.acc.y, wide)
        self.height = self.acc.y + CELL * max(n, d) + 10

    def draw(self, state: Mapping[str, Any]) -> Stage:
        stage = Stage(self.height)
        self._heads(stage, state)
        self._matrices(stage, state)
        self._carried(stage, state)
        return stage

    def _heads(self, stage: Stage, state: Mapping[str, Any]) -> None:
        """Tokens with their nodes' colours, names of rows and matrices."""
        at, paints = 0, node_paints(self.tree)
        for node, start, stop in self.chunks:
            for _ in range(start, stop):
                box = Box(self.k.x + self.k.column * at + 1, 8, self.k.column - 2, 18)
                word = self.words[at].strip() or NEWLINE
                draw_node(stage, self.tree, node, paints[node], box, name=word)
                at += 1
        dim = self.head.q.shape[1]
        some = f", {self.n_dims} of {dim} numbers" if self.n_dims < dim else ""
        matrices = ((self.k, "K, a column a token"), (self.v, "V, a column a token"))
        for grid, name in ((self.q, f"Q{some}"), *matrices, (self.s, "scores s"), (self.p, "weights p")):
            stage.label(grid.x, grid.y - 5, name)
        for grid in (self.q, self.carry, self.acc):
            for i, row in enumerate(self.rows):
                stage.label(grid.x - 6, grid.y + CELL * i + 14, f"q{row}", "end")
        for grid in (self.k, self.v):
            for d in range(self.n_dims):
                stage.label(grid.x - 6, grid.y + CELL * d + 14, f"d{d}", "end")
        for i, name in enumerate(("m", "m'", "decay", "total")):
            stage.label(self.carry.x + self.carry.column * (i + 1) - 6, self.carry.y - 5, name, "end")
        out = "output acc" if state["stage"] != "end" else "output o = acc / total"
        stage.label(self.acc.x, self.acc.y - 5, out)
        if state["stage"] == "end":
            stage.label(self.acc.x + self.acc.column * (self.n_dims + 1) - 6, self.acc.y - 5, "lse", "end")

    def _matrices(self, stage: Stage, state: Mapping[str, Any]) -> None:
        d, first, stop = self.n_dims, state.get("first", 0), state.get("stop", 0)

        def kind(name: str) -> Any:
            def of(row: int, column: int) -> str:
                inside = first <= column < stop
                if not inside:
                    return "off"
                return "changed" if state["stage"] == name else "lit" if _takes_part(state, name) else ""

            return of

        stage.numbers(
            self.q, _texts(self.head.q[:, :d]), lambda *_: "lit" if state["stage"] == "scores" else ""
        )
        stage.numbers(self.k, _texts(self.head.k[:stop, :d].T), kind("keys"))
        stage.numbers(self.s, _texts(self._known(state, "scores")), kind("scores"))
        stage.numbers(self.p, _texts(self._known(state, "p")), kind("weights"))
        values = stop if state["stage"] in ("values", "end") else first
        stage.numbers(self.v, _texts(self.head.v[:values, :d].T), kind("values"))

    def _known(self, state: Mapping[str, Any], name: str) -> Floats:
        """This tile's matrix if there is one yet; earlier tiles' places are left empty (NaN)."""
        shown = np.full((len(self.rows), len(self.head.k)), np.nan)
        if name in state:
            shown[:, state["first"] : state["stop"]] = state[name]
        return shown

    def _carried(self, stage: Stage, state: Mapping[str, Any]) -> None:
        n, d = len(self.rows), self.n_dims
        start = state["stage"] == "start"
        m = np.full(n, -np.inf) if start else state["m"]
        total = np.zeros(n) if start else state["total"]
        acc = np.zeros((n, d)) if start else state["acc"][:, :d]
        known = np.full((n, 4), np.nan)
        known[:, 0], known[:, 3] = m, total
        for column, name in ((1, "m_new"), (2, "decay")):
            if name in state:
                known[:, column] = state[name]
        changed, lit = CARRIED.get(state["stage"], ((), ()))
        stage.numbers(
            self.carry, _texts(known), lambda _, j: "changed" if j in changed else "lit" if j in lit else ""
        )
        done = state["stage"] == "end"
        texts = _texts(state["out"][:, :d] if done else acc)
        if done:
            texts = [[*row, show(lse)] for row, lse in zip(texts, state["lse"], strict=True)]
        look = "changed" if state["stage"] in ("values", "end") else ""
        stage.numbers(self.acc, texts, lambda *_: look)

    def tabulate(self, state: Mapping[str, Any]) -> Table:
        """What the loop carries, and this tile's scores and weights, query by query."""
        rows = []
        for i, row in enumerate(self.rows):
            for name, values in state.items():
                if isinstance(values, np.ndarray):
                    shown = [show(value, 5) for value in np.atleast_1d(values[i])[: len(self.head.k)]]
                    rows.append((f"q{row}", name, " ".join(shown)))
        return Table(("query", "name", "values"), tuple(rows))


def _takes_part(state: Mapping[str, Any], name: str) -> bool:
    """Whether a matrix is read in this stage."""
    reads = {"scores": ("keys",), "max": ("scores",), "weights": ("scores",), "total": ("weights",)}
    return name in reads.get(state["stage"], ()) or (state["stage"] == "values" and name == "weights")


def _texts(values: Floats) -> list[list[str]]:
    return [["" if np.isnan(value) else show(value, 2) for value in row] for row in np.atleast_2d(values)]

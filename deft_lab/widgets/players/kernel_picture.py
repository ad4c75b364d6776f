"""The memory of a kernel's run: a row of cells for each tensor, and the tree whose nodes lie in them.

Framed: what the line touches. Coloured: what this program has loaded, in the node's colour where it has one.
Filled: what has been stored by now, by whatever program.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ...kernel_run import KernelRun, Memory
from ...viz.figure import Table
from ...viz.nodes import node_paints
from ...viz.svg import Box, text_width
from ...viz.theme import MARGIN, SMALL, WIDTH
from .kernel_words import cell_name, in_letters, kind_of, touched_now
from .stage import Stage, draw_small_tree

LEFT = MARGIN + 88  # of the cells, px
ROW, CELL_MOST = 21, 40
TREE = 84  # height of the tree, px


class KernelPicture:
    """Draws the memory at a moment; what has been touched by then is summed up once."""

    def __init__(self, run: KernelRun) -> None:
        self.run, self.tree = run, run.tree
        self.top = 8 + (TREE + 12 if run.tree is not None else 0)
        self.height = self.top + ROW * len(run.memories) + 22
        self.paints = node_paints(run.tree) if run.tree is not None else []
        self.loaded, self.stored = self._sums()
        self.parts: dict[object, Stage] = {}

    def _sums(self) -> tuple[list[frozenset[tuple[int, int]]], list[frozenset[tuple[int, int]]]]:
        """[moment] (memory, cell) that its program has loaded, and that all have stored, by then."""
        loaded, stored, sums = frozenset(), frozenset(), ([], [])
        program = -1
        for moment in self.run.moments:
            if moment.program != program:
                program, loaded = moment.program, frozenset()
            if moment.touches:
                now = touched_now(moment)
                loaded |= {(memory, cell) for memory, op, cell in now if op != "store"}
                stored |= {(memory, cell) for memory, op, cell in now if op != "load"}
            sums[0].append(loaded)
            sums[1].append(stored)
        return sums

    def _box(self, memory: int, cell: int) -> Box:
        of = self.run.memories[memory]
        width = min(CELL_MOST, (WIDTH - MARGIN - LEFT) / max(1, _size(of)))
        return Box(LEFT + width * cell + 0.5, self.top + ROW * memory + 1, width - 1, ROW - 3)

    def draw(self, state: Mapping[str, Any]) -> Stage:
        stage, step = Stage(self.height), state["step"]
        stage.bottom = self.height
        stage.add(self._part(None, self._empty))
        if self.tree is not None:
            lit = self.run.touched_nodes(step)
            stage.add(self._part(("tree", lit), lambda part: self._tree(part, lit)))
        for spot in sorted(self.stored[step]):
            stage.add(self._part(("stored", spot), lambda part, spot=spot: self._stored(part, *spot)))
        for spot in sorted(self.loaded[step] - self.stored[step]):
            stage.add(self._part(("loaded", spot), lambda part, spot=spot: self._loaded(part, *spot)))
        for memory, _, cell in touched_now(self.run.moments[step]):
            stage.rect(self._box(memory, cell), "frame")
        stage.add(self._part("values", self._values))
        return stage

    def _part(self, key: object, draw: Callable[[Stage], None]) -> Stage:
        """Shapes that many moments share, drawn once."""
        if key not in self.parts:
            self.parts[key] = Stage(self.height)
            draw(self.parts[key])
        return self.parts[key]

    def _empty(self, stage: Stage) -> None:
        """Names and empty cells."""
        for i, memory in enumerate(self.run.memories):
            words = f"{memory.name} [{', '.join(memory.axes)}]"
            stage.text(LEFT - 8, self.top + ROW * i + 14, memory.name, "small strong", "end")
            for cell in range(_size(memory)):
                stage.rect(self._box(i, cell), "track", f"{words}: {cell_name(memory, cell)}")
        y = self.top + ROW * len(self.run.memories) + 14
        stage.label(LEFT, y, "framed: touched by this line; coloured: loaded by this program; filled: stored")

    def _tree(self, stage: Stage, lit: tuple[int, ...]) -> None:
        assert self.tree is not None
        draw_small_tree(stage, self.tree, Box(LEFT, 8, WIDTH - MARGIN - LEFT, TREE), lit=lit)

    def _stored(self, stage: Stage, memory: int, cell: int) -> None:
        stage.rect(self._box(memory, cell), "queries")

    def _loaded(self, stage: Stage, memory: int, cell: int) -> None:
        nodes = self.run.memories[memory].nodes
        node = nodes[cell] if nodes else -1
        if node < 0 or self.tree is None:
            stage.rect(self._box(memory, cell), "cell lit")
        else:
            stage.bar(self._box(memory, cell), self.paints[node], "", node=int(self.tree.label[node]))

    def _values(self, stage: Stage) -> None:
        """The integers of the tables, above whatever their cells look like."""
        for i, memory in enumerate(self.run.memories):
            for cell, value in enumerate(memory.values):
                box, text = self._box(i, cell), str(value)
                if text_width(text, SMALL - 1) <= box.width:
                    stage.text(box.x + box.width / 2, box.y + 13, text, "tiny rim", "middle")

    def tabulate(self, state: Mapping[str, Any]) -> Table:
        """The variables that the line has changed, and the cells that it has touched."""
        moment, rows = self.run.moments[state["step"]], []
        for name, value in moment.changes.items():
            rows.append((name, kind_of(value), "; ".join(in_letters(value, self.run))))
        for touch in moment.touches:
            memory = self.run.memories[touch.memory]
            cells = ", ".join(cell_name(memory, cell) for cell in touch.cells)
            rows.append((memory.name, f"{touch.op}, {touch.n_bytes} B", cells))
        return Table(("name", "kind", "value or cells"), tuple(rows))


def _size(memory: Memory) -> int:
    size = 1
    for n in memory.cells:
        size *= n
    return size

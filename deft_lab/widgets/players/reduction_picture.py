"""The picture of a reduction: the tree with the query's path, its partials, and what they are worth."""

from collections.abc import Mapping
from typing import Any

from ...viz.figure import Table
from ...viz.nodes import node_paints
from ...viz.svg import Box
from ...viz.theme import MARGIN, WIDTH
from .partials import Partials
from .slices import Floats
from .stage import CELL, Grid, Stage, draw_node, draw_small_tree, show

DIMS = 3  # of an output that are shown


class ReductionPicture:
    """The tree with the query's path on the left, its partials on the right."""

    def __init__(self, partials: Partials) -> None:
        self.of = partials
        rows = max(len(partials.of(query)) for query in partials.queries)
        self.tree_room = Box(MARGIN, 30, 300, float(max(90, min(300, 18 * len(partials.tree.leaves)))))
        columns = 4 + min(DIMS, partials.out.shape[1])
        left = MARGIN + 300 + 74
        self.grid = Grid(left, 50, min(62.0, (WIDTH - MARGIN - left) / columns))
        self.share = 50 + CELL * (rows + 1) + 16
        self.outputs = Grid(left, self.share + 78, self.grid.column)
        bottom = self.outputs.y + CELL * len(partials.queries)
        self.height = max(bottom, self.tree_room.y + self.tree_room.height) + 10

    def draw(self, state: Mapping[str, Any]) -> Stage:
        stage, query = Stage(self.height), state["query"]
        tree = self.of.tree
        path = set(tree.path(int(tree.seat[query]))) if query is not None else set()
        dim = set(range(tree.n_nodes)) - path if query is not None else set()
        draw_small_tree(stage, tree, self.tree_room, lit=path, dim=dim)
        if query is not None:
            self._partials(stage, query, state["stage"])
        self._outputs(stage, query, state["stage"])
        return stage

    def _partials(self, stage: Stage, query: int, phase: str) -> None:
        of, grid = self.of, self.grid
        step = ("gather", "max", "weights", "output").index(phase)
        mine, weights = of.of(query), of.weights(query)
        dims = min(DIMS, of.out.shape[1])
        names = ["lse", "− max", "weight", "share", *(f"o[{d}]" for d in range(dims))]
        for column, name in enumerate(names):
            stage.label(grid.x + grid.column * (column + 1) - 6, grid.y - 6, name, "end")
        stage.text(grid.x - 66, grid.y - 24, f"partials of {of.name(query)}", "strong")
        top = of.lse[mine].max()
        for row, (partial, weight) in enumerate(zip(mine, weights, strict=True)):
            labels = " ".join(f"n{of.tree.label[node]}" for node in of.nodes(partial)[:3])
            stage.label(grid.x - 8, grid.y + CELL * row + 14, labels, "end")
            lse = of.lse[partial]
            known = [show(lse), show(lse - top), show(weight), show(weight / weights.sum())]
            texts = known[: step + 1] if step < 2 else known
            look = self._looks(step, lse == top)
            for column, text in enumerate([*texts, *[""] * (4 - len(texts))]):
                if text:
                    stage.cell(grid.box(row, column), text, look.get(column, ""))
            for d in range(dims):
                kind = "changed" if step == 0 else "lit" if step == 3 else ""
                stage.cell(grid.box(row, 4 + d), show(of.out[partial, d]), kind)
        if step > 1:
            self._shares(stage, query, weights / weights.sum())
        if step == 3:
            total = [show(top), "", show(weights.sum()), "1.000"]
            row = [*total, *(show(x) for x in of.output(query)[:dims])]
            stage.label(grid.x - 8, grid.y + CELL * len(mine) + 20, "output", "end")
            for column, text in enumerate(row):
                if text:
                    box = grid.box(len(mine), column)
                    stage.cell(box._replace(y=box.y + 6), text, "changed" if column > 3 else "")

    def _shares(self, stage: Stage, query: int, shares: Floats) -> None:
        """One bar of the query's attention, in the colours of the nodes whose partials make it."""
        x, wide, paints = self.grid.x, WIDTH - MARGIN - self.grid.x, node_paints(self.of.tree)
        stage.label(x - 8, self.share + 13, "share", "end")
        for partial, share in zip(self.of.of(query), shares.tolist(), strict=True):
            node = self.of.nodes(partial)[0]
            box = Box(x, self.share, wide * share, 18)
            name = f"n{self.of.tree.label[node]} {100 * share:.0f} %"
            draw_node(stage, self.of.tree, node, paints[node], box, name=name)
            x += box.width

    @staticmethod
    def _looks(step: int, is_top: bool) -> dict[int, str]:
        """Column -> how its cell looks."""
        if step == 0:
            return {0: "changed"}
        if step == 1:
            return {0: "lit" if is_top else "", 1: "changed"}
        return {1: "lit", 2: "changed", 3: "changed"} if step == 2 else {2: "lit"}

    def _outputs(self, stage: Stage, now: int | None, phase: str) -> None:
        of = self.of
        grid = self.outputs if now is not None else self.outputs._replace(y=50)
        done = (
            of.queries if phase == "end" else of.queries[: of.queries.index(now)] if now is not None else []
        )
        if phase == "output":
            done = [*done, now]
        if not done:
            return
        dims = min(DIMS, of.out.shape[1])
        stage.text(grid.x - 66, grid.y - 10, "outputs so far", "strong")
        for row, query in enumerate(done):
            stage.label(grid.x - 8, grid.y + CELL * row + 14, of.name(query), "end")
            for d in range(dims):
                kind = "changed" if query == now else ""
                stage.cell(grid.box(row, 4 + d), show(of.output(query)[d]), kind)

    def tabulate(self, state: Mapping[str, Any]) -> Table:
        """The partials of the query on the stage; all queries' outputs where there is none."""
        of, query = self.of, state["query"]
        dims = min(DIMS, of.out.shape[1])
        names = tuple(f"o[{d}]" for d in range(dims))
        if query is None:
            rows = [(of.name(each), *of.output(each)[:dims].tolist()) for each in of.queries]
            return Table(("query", *names), tuple(rows) if state["stage"] == "end" else ())
        rows = []
        for partial, weight in zip(of.of(query), of.weights(query), strict=True):
            nodes = " ".join(f"n{of.tree.label[node]}" for node in of.nodes(partial))
            lse = float(of.lse[partial])
            rows.append((nodes, lse, float(weight), *of.out[partial, :dims].tolist()))
        return Table(("nodes", "lse", "weight", *names), tuple(rows))

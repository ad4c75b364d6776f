"""The reduction over the tree: whose partials make which query, and with which weights e^(lse - max)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...attention import dense_attention, partial_attention, reduce_partials
from ...errors import AttentionError, DeftLabError
from ...plan import Plan
from ...viz.figure import Table
from ...viz.nodes import node_paints
from ...viz.svg import Box
from ...viz.theme import MARGIN, WIDTH
from ...viz.words import count
from .player import StepPlayer
from .slices import Floats, Slice, recorded
from .stage import CELL, Grid, Stage, draw_node, draw_small_tree, show
from .step import Script, Step

DIMS = 3  # of an output that are shown
MOST_PARTIALS = 12  # of a query; there is room for them
MOST_QUERIES = 12
RECORDED = (1, 2, 3, 4)  # preorder queries of the recorded decode: of paths of two and of three nodes


def play_reduction(
    q: Floats | None = None,
    k: Floats | None = None,
    v: Floats | None = None,
    plan: Plan | None = None,
    *,
    head: int = 0,
    queries: Sequence[int] | None = None,
) -> StepPlayer:
    """Play how the partials of each query are reduced to its output.

    Without arrays: a real decode of our trained model, under DeFT-Node.

    Args:
        q: [query, q_head, dim], in the caller's query order.
        k: [token, kv_head, dim], of the depth-first flattened tree.
        v: [token, kv_head, dim].
        plan: who met whom.
        head: query head.
        queries: preorder queries to show, at most 12; default: the first four.

    Raises:
        AttentionError: some of the arrays are missing, or do not fit each other or the plan.
        DeftLabError: there is no such head or query, or one has more than 12 partials.
    """
    given = (q, k, v, plan)
    if all(each is None for each in given):
        return StepPlayer(reduction_script(recorded(), head, RECORDED if queries is None else queries))
    if any(each is None for each in given):
        raise AttentionError("play_reduction takes q, k, v and plan together, or none of them")
    first = range(min(4, plan.tree.n_queries))
    part = Slice(plan, q, k, v, (), "given arrays", k.itemsize)
    return StepPlayer(reduction_script(part, head, first if queries is None else queries))


def reduction_script(part: Slice, head: int = 0, queries: Sequence[int] = RECORDED) -> Script:
    """The steps of `play_reduction`."""
    out, lse = partial_attention(part.q, part.k, part.v, part.plan)
    partials = _Partials(part, out, lse, head, queries)
    steps = [partials.opening()]
    for query in queries:
        steps += partials.steps(query)
    steps.append(partials.ending())
    picture = _Picture(partials)
    return Script("Reduction over the tree", tuple(steps), picture.draw, picture.tabulate)


class _Partials:
    """The partials of one head, what becomes of them, and the steps that say so."""

    def __init__(self, part: Slice, out: Floats, lse: Floats, head: int, queries: Sequence[int]) -> None:
        plan = part.plan
        if not 0 <= head < part.q.shape[1]:
            raise DeftLabError(f"head={head}; there are q heads 0 to {part.q.shape[1] - 1}")
        self.part, self.plan, self.tree = part, plan, plan.tree
        self.out, self.lse, self.head = out[:, head], lse[:, head], head
        self.start, self.order = plan.reduction()
        self.group = np.repeat(np.arange(plan.n_groups), plan.q_len)
        self.queries = list(queries)
        self._check()
        dense = dense_attention(part.q, part.k, part.v, self.tree)[:, head]
        reduced = reduce_partials(out, lse, plan)[:, head]
        mine = np.array([self.output(query) for query in range(self.tree.n_queries)])
        self.from_dense = float(np.abs(mine - dense[self.tree.query_order]).max())
        self.from_reduced = float(np.abs(mine - reduced[self.tree.query_order]).max())
        self.bytes = (out.shape[2] + 1) * 4  # of a partial and its LSE, float32
        self.moved = 0

    def _check(self) -> None:
        wrong = [query for query in self.queries if not 0 <= query < self.tree.n_queries]
        if wrong or not 1 <= len(self.queries) <= MOST_QUERIES:
            raise DeftLabError(
                f"queries={self.queries}; name 1 to {MOST_QUERIES} of 0 to {self.tree.n_queries - 1}"
            )
        many = [query for query in self.queries if len(self.of(query)) > MOST_PARTIALS]
        if many:
            raise DeftLabError(
                f"query {many[0]} has {len(self.of(many[0]))} partials; there is room for {MOST_PARTIALS}: "
                "plan with a larger chunk_len, or choose other queries"
            )

    def of(self, query: int) -> list[int]:
        """The partials of a preorder query, in the order of their groups."""
        return self.order[self.start[query] : self.start[query + 1]].tolist()

    def weights(self, query: int) -> Floats:
        """e^(lse - max) of its partials."""
        lse = self.lse[self.of(query)]
        return np.exp(lse - lse.max())

    def output(self, query: int) -> Floats:
        """What the steps end with."""
        weights = self.weights(query)
        return (weights[:, None] * self.out[self.of(query)]).sum(axis=0) / weights.sum()

    def nodes(self, partial: int) -> list[int]:
        """The nodes of a partial's group that its query sees, or all if it sees none."""
        return list(dict.fromkeys(chunk.node for chunk in self.plan.groups[self.group[partial]].chunks))

    def name(self, query: int) -> str:
        """A preorder query, by the caller's number."""
        return f"q{self.tree.query_order[query]}"

    def opening(self) -> Step:
        n = self.plan.n_partials
        return Step(
            "Partials",
            f"Phase 1 has left {count(n, 'partial')} of this head: one for each query of each of "
            f"{count(self.plan.n_groups, 'group')}.",
            f"{self.part.source}; {n} × ({self.out.shape[1]} + 1) × 4 B = {n * self.bytes} B written",
            {"query": None, "stage": "start"},
            0,
            "partials",
        )

    def steps(self, query: int) -> list[Step]:
        """The steps of one query: its partials, their maximum, weights, sum, output."""
        mine, name = self.of(query), self.name(query)
        lse, weights = self.lse[mine], self.weights(query)
        self.moved += len(mine) * self.bytes
        path = [int(self.tree.label[i]) for i in self.tree.path(int(self.tree.seat[query]))]
        told = [
            (
                "gather",
                f"{name} sits on node {path[-1]}. Its {count(len(mine), 'partial')} cover its path, nodes "
                f"{', '.join(map(str, path))}, each token once.",
                f"partials {mine}: {len(mine)} × {self.bytes} B read",
            ),
            (
                "max",
                "The largest log-sum-exp is subtracted from all, so no exponential can overflow.",
                f"max({', '.join(map(show, lse))}) = {show(lse.max())}",
            ),
            (
                "weights",
                "A partial weighs as much as all exponentials in it: e^(lse − max).",
                "\n".join(
                    f"w{i} = exp({show(x)} − {_minus(lse.max())}) = {show(w, 4)}"
                    for i, (x, w) in enumerate(zip(lse, weights, strict=True))
                ),
            ),
            (
                "output",
                f"The output of {name}: the weighted mean of its partials.",
                self._mean(query),
            ),
        ]
        named = {"weights": f"weights {name}", "output": f"output {name}"}
        return [
            Step(
                f"Query {name}",
                sentence,
                formula,
                self._state(query, stage),
                self.moved,
                named.get(stage, ""),
            )
            for stage, sentence, formula in told
        ]

    def _state(self, query: int, stage: str) -> dict[str, Any]:
        return {"query": query, "stage": stage}

    def _mean(self, query: int) -> str:
        weights, mine = self.weights(query), self.of(query)
        terms = " + ".join(
            f"{show(w)} × {_minus(o)}" for w, o in zip(weights, self.out[mine, 0], strict=True)
        )
        return f"o[0] = ({terms}) / {show(weights.sum())} = {show(self.output(query)[0], 4)}"

    def ending(self) -> Step:
        return Step(
            "Checked",
            "The outputs of all queries are those of reduce_partials, and those of dense attention over each "
            "path alone.",
            f"largest difference: {self.from_reduced:.1e} from reduce_partials, {self.from_dense:.1e} from "
            "dense_attention",
            {"query": None, "stage": "end"},
            self.moved,
            "checked",
        )


def _minus(value: float) -> str:
    text = show(value)
    return f"({text})" if text.startswith("−") else text


class _Picture:
    """The tree with the query's path on the left, its partials on the right."""

    def __init__(self, partials: _Partials) -> None:
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

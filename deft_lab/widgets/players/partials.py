"""The partials of one head, what becomes of them, and the steps of the reduction that say so."""

from collections.abc import Sequence

import numpy as np

from ...attention import dense_attention, reduce_partials
from ...errors import DeftLabError
from ...viz.words import count
from .slices import Floats, Slice
from .stage import show
from .step import Step

MOST_PARTIALS = 12  # of a query; there is room for them
MOST_QUERIES = 12


class Partials:
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

    def _state(self, query: int, stage: str) -> dict[str, object]:
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

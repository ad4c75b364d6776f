"""What the steps of partial attention say: a sentence, and its formula with the numbers of the step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...viz.words import count
from .slices import Floats, Slice
from .softmax import Head
from .stage import show
from .step import Step

DIMS = 4  # of a vector that are shown
NEWLINE = "\u23ce"  # a token without ink


class PartialWords:
    """Sentences and formulas, with the numbers of the step."""

    def __init__(
        self, head: Head, rows: Sequence[int], words: Sequence[str], part: Slice, apart: float
    ) -> None:
        self.head, self.rows, self.words, self.part, self.apart = head, rows, words, part, apart
        self.token_bytes = part.k.shape[2] * part.dtype_bytes  # of K or V of one KV head

    def opening(self) -> Step:
        dim = self.head.q.shape[1]
        sentence = (
            f"{count(len(self.rows), 'query', 'queries')} will meet {count(len(self.head.k), 'token')}. Each "
            "starts with maximum −∞, sum 0 and output 0."
        )
        formula = f"{self.part.source}; {dim} dimensions, of which {min(DIMS, dim)} are shown"
        return Step(
            "Start", sentence, formula, {"stage": "start"}, len(self.rows) * self.token_bytes, "start"
        )

    def step(self, state: Mapping[str, Any]) -> Step:
        stage, tile = state["stage"], state.get("tile", 0)
        sentence, formula = getattr(self, f"_{stage}")(state)
        tokens = state["stop"] + (state["stop"] if stage in ("values", "end") else state["first"])
        n_bytes = (len(self.rows) + tokens) * self.token_bytes
        if stage == "end":
            return Step("Partial", sentence, formula, state, n_bytes + self._stored(), "partial")
        return Step(f"Tile {tile + 1}", sentence, formula, state, n_bytes, self._mark(stage, tile))

    def _mark(self, stage: str, tile: int) -> str:
        names = {"keys": f"tile {tile + 1}", "decay": f"rescale {tile + 1}", "values": f"output {tile + 1}"}
        return names.get(stage, "")

    def _stored(self) -> int:
        return len(self.rows) * (self.head.q.shape[1] + 1) * 4  # out and lse, float32

    def _each(self, tell: Callable[[int], str]) -> str:
        return "\n".join(f"q{row}: {tell(i)}" for i, row in enumerate(self.rows))

    def _keys(self, state: Mapping[str, Any]) -> tuple[str, str]:
        n = state["stop"] - state["first"]
        words = " ".join(
            f"“{word.strip() or NEWLINE}”" for word in self.words[state["first"] : state["stop"]]
        )
        return (
            f"Load the keys of tile {state['tile'] + 1}: {count(n, 'token')}, {words}.",
            f"{n} tokens × {self.token_bytes} B of K = {n * self.token_bytes} B",
        )

    def _scores(self, state: Mapping[str, Any]) -> tuple[str, str]:
        n_hidden = int((~self.head.sees[:, state["first"] : state["stop"]]).sum())
        hidden = f" {count(n_hidden, 'pair')} of it may not meet: −∞." if n_hidden else ""
        dot = float(self.head.q[0] @ self.head.k[state["first"]])
        return (
            "Scores: each query with each key, a dot product over all dimensions, scaled by 1/√dim." + hidden,
            f"s[q{self.rows[0]}, first] = {show(dot)} / √{self.head.q.shape[1]} = "
            f"{show(dot * self.head.scale)}",
        )

    def _max(self, state: Mapping[str, Any]) -> tuple[str, str]:
        top = state["scores"].max(axis=1)
        return (
            "The running maximum takes this tile's scores in.",
            self._each(
                lambda i: f"m' = max({show(state['m'][i])}, {show(top[i])}) = {show(state['m_new'][i])}"
            ),
        )

    def _decay(self, state: Mapping[str, Any]) -> tuple[str, str]:
        first = state["tile"] == 0
        sentence = (
            "The rescale factor makes what was summed under the old maximum right for the new one. "
            + ("Nothing was summed yet, so it is 0." if first else "Where the maximum stayed, it is 1.")
        )
        return sentence, self._each(self._factor(state))

    def _factor(self, state: Mapping[str, Any]) -> Callable[[int], str]:
        def tell(i: int) -> str:
            m, new = show(state["m"][i]), show(state["m_new"][i])
            minus = f"({new})" if new.startswith("−") else new
            return f"decay = exp(m − m') = exp({m} − {minus}) = {show(state['decay'][i], 4)}"

        return tell

    def _weights(self, state: Mapping[str, Any]) -> tuple[str, str]:
        def tell(i: int) -> str:
            return f"p = exp(s − {show(state['m_new'][i])}) = [{_row(state['p'][i])}]"

        return (
            "Weights: the exponential of each score, less the maximum; 1 at most, so nothing overflows.",
            self._each(tell),
        )

    def _total(self, state: Mapping[str, Any]) -> tuple[str, str]:
        def tell(i: int) -> str:
            before, decay = show(state["total_before"][i]), show(state["decay"][i])
            return f"total' = {before} × {decay} + {show(state['p'][i].sum())} = {show(state['total'][i])}"

        return "The sum of weights: the old one rescaled, and this tile's.", self._each(tell)

    def _values(self, state: Mapping[str, Any]) -> tuple[str, str]:
        def tell(i: int) -> str:
            before, decay = show(state["acc_before"][i, 0]), show(state["decay"][i])
            gained = show(state["acc"][i, 0] - state["acc_before"][i, 0] * state["decay"][i])
            return f"acc'[0] = {before} × {decay} + {gained} = {show(state['acc'][i, 0])}"

        return (
            "Load the values and let the output follow: the old one rescaled, and this tile's with V.",
            self._each(tell),
        )

    def _end(self, state: Mapping[str, Any]) -> tuple[str, str]:
        def tell(i: int) -> str:
            total = show(state["total"][i])
            o = f"o[0] = {show(state['acc'][i, 0])} / {total} = {show(state['out'][i, 0])}"
            return f"{o}, lse = {show(state['m'][i])} + ln {total} = {show(state['lse'][i])}"

        return (
            "Divide once, and keep the log-sum-exp: a partial is (o, lse). It is the same as "
            f"partial_attention's, to {self.apart:.1e}.",
            self._each(tell),
        )


def _row(values: Floats) -> str:
    return ", ".join(show(value) for value in values)

"""Known wrong answers to the exercises of notebook 03, by what is wrong with them."""

from collections.abc import Callable
from typing import Any

import numpy as np


def softly(scores: Any, v: Any) -> tuple[Any, Any]:
    top = scores.max()
    weights = np.exp(scores - top)
    return weights @ v / weights.sum(), top + np.log(weights.sum())


def scores_of(q: Any, k: Any) -> Any:
    return k @ q / np.sqrt(len(q))


def _no_top(q: Any, k: Any, v: Any) -> tuple[Any, Any]:
    weights = np.exp(scores_of(q, k))
    return weights @ v / weights.sum(), np.log(weights.sum())


def _forgets_top(q: Any, k: Any, v: Any) -> tuple[Any, Any]:
    out, lse = softly(scores_of(q, k), v)
    return out, lse - scores_of(q, k).max()


def _lse(change: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(q: Any, k: Any, v: Any) -> tuple[Any, Any]:
        out, lse = softly(scores_of(q, k), v)
        return change(out, lse, scores_of(q, k))

    return wrong


PARTIAL = {
    "no scale": lambda q, k, v: softly(k @ q, v),
    "scales by dim, not by its root": lambda q, k, v: softly(k @ q / len(q), v),
    "subtracts no maximum": _no_top,
    "forgets to add the maximum": _forgets_top,
    "lse in bits": _lse(lambda out, lse, s: (out, lse / np.log(2))),
    "the sum, not its logarithm": _lse(lambda out, lse, s: (out, np.exp(lse))),
    "the maximum as lse": _lse(lambda out, lse, s: (out, s.max())),
    "does not divide": _lse(lambda out, lse, s: (out * np.exp(lse - s.max()), lse)),
    "swaps the pair": _lse(lambda out, lse, s: (lse, out)),
    "only out": _lse(lambda out, lse, s: out),
    "mean of the values": lambda q, k, v: (v.mean(axis=0), softly(scores_of(q, k), v)[1]),
    "sums the keys": lambda q, k, v: softly(scores_of(q, k), k),
}


def _zero_scores(q: Any, k: Any, v: Any, sees: Any) -> tuple[Any, Any]:
    return softly(scores_of(q, k) * sees, v)


def _after(q: Any, k: Any, v: Any, sees: Any) -> tuple[Any, Any]:
    scores = scores_of(q, k)
    weights = np.exp(scores - scores.max())
    return (weights * sees) @ v / weights.sum(), scores.max() + np.log((weights * sees).sum())


def _guarded(lse: float) -> Callable[..., Any]:
    def wrong(q: Any, k: Any, v: Any, sees: Any) -> tuple[Any, Any]:
        if not sees.any():
            return np.zeros(v.shape[1]), lse
        return softly(np.where(sees, scores_of(q, k), -np.inf), v)

    return wrong


MASKED = {
    "ignores the mask": lambda q, k, v, sees: softly(scores_of(q, k), v),
    "the mask is the wrong way round": lambda q, k, v, sees: _guarded(-np.inf)(q, k, v, ~sees),
    "NaN where nothing is seen": lambda q, k, v, sees: softly(np.where(sees, scores_of(q, k), -np.inf), v),
    "hidden scores are 0": _zero_scores,
    "hides the values, not the weights": lambda q, k, v, sees: softly(scores_of(q, k), v * sees[:, None]),
    "masks after the sum": _after,
    "lse 0 where nothing is seen": _guarded(0.0),
    "a very small lse where nothing is seen": _guarded(-1e4),
    "lse +inf where nothing is seen": _guarded(np.inf),
    "hidden scores are -1000": lambda q, k, v, sees: softly(np.where(sees, scores_of(q, k), -1000.0), v),
    "the mean of all values where nothing is seen": lambda q, k, v, sees: (
        _guarded(-np.inf)(q, k, v, sees) if sees.any() else (v.mean(axis=0), -np.inf)
    ),
}


def _merged(out: Callable[..., Any], lse: Callable[..., Any]) -> Callable[..., Any]:
    """A merge with weights that cannot overflow, and something wrong in what it does with them."""

    def wrong(a: Any, b: Any) -> tuple[Any, Any]:
        top = max(a[1], b[1])
        if top == -np.inf:
            return a
        weights = np.exp(a[1] - top), np.exp(b[1] - top)
        return out(a, b, *weights), lse(top, *weights, a, b)

    return wrong


def _mean(a: Any, b: Any, wa: float, wb: float) -> Any:
    return (wa * a[0] + wb * b[0]) / (wa + wb)


def _sum(top: float, wa: float, wb: float, *_: Any) -> Any:
    return top + np.log(wa + wb)


def _overflows(a: Any, b: Any) -> tuple[Any, Any]:
    wa, wb = np.exp(a[1]), np.exp(b[1])
    return (wa * a[0] + wb * b[0]) / (wa + wb), np.log(wa + wb)


MERGE = {
    "plain mean": _merged(lambda a, b, wa, wb: (a[0] + b[0]) / 2, _sum),
    "adds the outputs": _merged(lambda a, b, wa, wb: a[0] + b[0], _sum),
    "weighs by lse": _merged(lambda a, b, wa, wb: (a[1] * a[0] + b[1] * b[0]) / (a[1] + b[1]), _sum),
    "does not divide": _merged(lambda a, b, wa, wb: wa * a[0] + wb * b[0], _sum),
    "the weights are swapped": _merged(lambda a, b, wa, wb: _mean(a, b, wb, wa), _sum),
    "keeps the larger": _merged(lambda a, b, wa, wb: a[0] if wa >= wb else b[0], lambda top, *_: top),
    "the maximum as lse": _merged(_mean, lambda top, *_: top),
    "adds the lse": _merged(_mean, lambda top, wa, wb, a, b: a[1] + b[1]),
    "forgets the maximum": _merged(_mean, lambda top, wa, wb, *_: np.log(wa + wb)),
    "subtracts no maximum": _overflows,
    "log2": _merged(_mean, lambda top, wa, wb, *_: top + np.log2(wa + wb)),
    "the maximum starts at 0": lambda a, b: _merged_from(0.0, a, b),
}


def _merged_from(start: float, a: Any, b: Any) -> tuple[Any, Any]:
    top = max(start, a[1], b[1])
    wa, wb = np.exp(a[1] - top), np.exp(b[1] - top)
    return (wa * a[0] + wb * b[0]) / (wa + wb), top + np.log(wa + wb)


def _online(q: Any, tiles: Any, **change: Any) -> tuple[Any, Any]:
    """The loop, with one thing done differently."""
    top, total, acc = change.get("start", -np.inf), 0.0, 0.0
    for k, v in tiles:
        scores = scores_of(q, k)
        new = max(top, scores.max()) if "newest" not in change else scores.max()
        decay = np.exp(top - new) if "decay" not in change else change["decay"](top, new)
        weights = np.exp(scores - (top if "late" in change and top > -np.inf else new))
        total = total * (1.0 if "no_total" in change else decay) + weights.sum()
        acc = acc * (1.0 if "no_acc" in change else decay) + weights @ v
        top = new
    return acc / total, top + np.log(total)


def _varied(**change: Any) -> Callable[..., Any]:
    return lambda q, tiles: _online(q, tiles, **change)


ONLINE = {
    "no decay": _varied(no_total=True, no_acc=True),
    "only the sum decays": _varied(no_acc=True),
    "only the output decays": _varied(no_total=True),
    "the decay is upside down": _varied(decay=lambda top, new: np.exp(new - top) if top > -np.inf else 0.0),
    "the maximum starts at 0": _varied(start=0.0),
    "the newest tile's maximum, with a decay that may be huge": _varied(newest=True),
    "the maximum of the tile, not of all": _varied(newest=True, decay=lambda top, new: 1.0),
    "weights with the old maximum": _varied(late=True),
    "the last tile only": lambda q, tiles: softly(scores_of(q, tiles[-1][0]), tiles[-1][1]),
    "the first tile only": lambda q, tiles: softly(scores_of(q, tiles[0][0]), tiles[0][1]),
    "the mean of the tiles": lambda q, tiles: (
        np.mean([softly(scores_of(q, k), v)[0] for k, v in tiles], axis=0),
        np.logaddexp.reduce([softly(scores_of(q, k), v)[1] for k, v in tiles]),
    ),
    "divides in every tile": lambda q, tiles: (
        sum(softly(scores_of(q, k), v)[0] for k, v in tiles),
        np.logaddexp.reduce([softly(scores_of(q, k), v)[1] for k, v in tiles]),
    ),
}

MY_PARTIALS = {
    "small numbers are exact enough": [(1.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
    "two alike": [(1.0, 4096.0), (1.0, 4096.0), (1.0, 4096.0)],
    "the same from both ends": [(0.0, 4096.0), (1.0, 4096.0), (0.0, 4096.0)],
    "one only": [(1.0, 4096.0)],
    "two have no order": [(1.0, 4096.0), (0.0, 4096.0)],
    "too large for float16": [(1.0, 1e6), (0.0, 1e6), (0.0, 1e6)],
    "not a number": [(float("nan"), 4096.0), (0.0, 4096.0), (0.0, 4096.0)],
    "a list of numbers": [1.0, 4096.0, 0.0, 4096.0],
    "triples": [(1.0, 2.0, 3.0), (1.0, 2.0, 3.0)],
    "far apart, so one wins": [(1.0, 100.0), (0.0, 0.0), (0.0, -100.0)],
}

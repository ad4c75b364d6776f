"""The online softmax of one group and head, tile by tile, with everything that it holds in between.

m' = max(m, max s)    decay = e^(m - m')    p = e^(s - m')    total' = total decay + sum p
acc' = acc decay + p V    in the end: out = acc / total, lse = m + ln total
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .slices import Floats

STAGES = ("keys", "scores", "max", "decay", "weights", "total", "values")  # of a tile, in this order


@dataclass(frozen=True)
class Head:
    """What one group's queries meet, for one query head."""

    q: Floats  # [query, dim]
    k: Floats  # [token, dim]
    v: Floats
    sees: NDArray[np.bool_]  # [query, token]
    scale: float


def walk(head: Head, tile: int) -> list[Mapping[str, Any]]:
    """Every state of the loop: the tile, the stage just done, and the numbers that there are by then.

    A query that has seen nothing yet keeps m = -inf; its differences are taken from 0, as the library does.
    """
    n_queries, dim = head.q.shape
    m = np.full(n_queries, -np.inf)
    total, acc = np.zeros(n_queries), np.zeros((n_queries, dim))
    states: list[Mapping[str, Any]] = []
    for number, first in enumerate(range(0, len(head.k), tile)):
        stop = min(first + tile, len(head.k))
        held: dict[str, Any] = {"tile": number, "first": first, "stop": stop, "m": m}
        held |= {"total": total, "acc": acc}
        k, v, sees = head.k[first:stop], head.v[first:stop], head.sees[:, first:stop]
        held = _add(states, held, "keys")
        scores = np.where(sees, head.q @ k.T * head.scale, -np.inf)
        held = _add(states, held, "scores", scores=scores)
        m_new = np.maximum(m, scores.max(axis=1))
        held = _add(states, held, "max", m_new=m_new)
        shift = np.where(np.isneginf(m_new), 0.0, m_new)
        decay = np.exp(m - shift)
        held = _add(states, held, "decay", decay=decay)
        p = np.exp(scores - shift[:, None])
        held = _add(states, held, "weights", p=p)
        before, total = total, total * decay + p.sum(axis=1)
        held = _add(states, held, "total", total=total, total_before=before)
        before, acc = acc, acc * decay[:, None] + p @ v
        _add(states, held, "values", acc=acc, acc_before=before, m=m_new)
        m = m_new
    out = acc / np.where(total > 0, total, 1)[:, None]
    with np.errstate(divide="ignore"):
        lse = m + np.log(total)
    states.append({**states[-1], "stage": "end", "out": out, "lse": lse})
    return states


def _add(states: list[Mapping[str, Any]], held: dict[str, Any], stage: str, **found: Any) -> dict[str, Any]:
    held = {**held, **found, "stage": stage}
    states.append(held)
    return held

"""Known wrong answers to the exercises of notebook 11, by what is wrong with them."""

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...drafting.shapes import PRINTED_ACCEPTANCE, best_shape, expansion_shape
from .nb11_judges import VECTOR


def best(acceptance: Sequence[float], n: int, rank: int = 0, levels: int = 99) -> float:
    """What `n` nodes add below a node that is reached, as children from `rank` on."""
    if n <= 0 or rank >= len(acceptance) or levels == 0:
        return 0.0
    return max(
        acceptance[rank] * (1 + best(acceptance, m - 1, 0, levels - 1))
        + best(acceptance, n - m, rank + 1, levels)
        for m in range(1, n + 1)
    )


def greedily(acceptance: Sequence[float], size: int) -> float:
    """The likeliest node, again and again."""
    total, waiting = 1.0, [(-acceptance[0], 0, 1.0)]
    for _ in range(size - 1):
        if not waiting:
            break
        value, rank, above = heapq.heappop(waiting)
        total -= value
        heapq.heappush(waiting, (value * acceptance[0], 0, -value))
        if rank + 1 < len(acceptance):
            heapq.heappush(waiting, (-above * acceptance[rank + 1], rank + 1, above))
    return total


def star(acceptance: Sequence[float], size: int) -> float:
    return 1 + sum(acceptance[: size - 1])


def chain(acceptance: Sequence[float], size: int) -> float:
    return sum(acceptance[0] ** n for n in range(size))


def halves(acceptance: Sequence[float], n: int, rank: int = 0) -> float:
    """Every child takes half of what is left."""
    if n <= 0 or rank >= len(acceptance):
        return 0.0
    m = (n + 1) // 2
    return acceptance[rank] * (1 + halves(acceptance, m - 1)) + halves(acceptance, n - m, rank + 1)


BEST_LENGTH = {
    "the likeliest node, again and again": greedily,
    "a chain": chain,
    "a star": star,
    "the better of chain and star": lambda a, n: max(chain(a, n), star(a, n)),
    "two levels only": lambda a, n: 1 + best(a, n - 1, levels=2),
    "forgets the target's own token": lambda a, n: best(a, n - 1),
    "the root is not among the nodes": lambda a, n: 1 + best(a, n),
    "sorts the ranks": lambda a, n: 1 + best(sorted(a, reverse=True), n - 1),
    "the first rank only": lambda a, n: 1 + best(a[:1], n - 1),
    "two children at most": lambda a, n: 1 + best(a[:2], n - 1),
    "halves": lambda a, n: 1 + halves(a, n - 1),
    "chances that do not multiply": lambda a, n: 1 + (n - 1) * max(a),
    "one node too few": lambda a, n: 1 + best(a, n - 2),
}


def normed(law: Any) -> Any:
    return law / law.sum() if law.sum() > 0 else np.full(len(law), 1 / len(law))


def part(p: Any, q: Any, x: int) -> float:
    return float(min(1.0, p[x] / q[x]))


def without(p: Any, x: int) -> Any:
    rest = p.copy()
    rest[x] = 0.0
    return normed(rest)


ACCEPT = {
    "draws anew from the target": lambda p, q, x: (part(p, q, x), p),
    "draws anew, but not the same token": lambda p, q, x: (part(p, q, x), without(p, x)),
    "with the probability of the target": lambda p, q, x: (p[x], normed(np.maximum(p - q, 0))),
    "always accepts": lambda p, q, x: (1.0, p),
    "never accepts": lambda p, q, x: (0.0, p),
    "accepts as if the draft were sure": lambda p, q, x: (p[x], without(p, x)),
    "upside down": lambda p, q, x: (min(1.0, q[x] / p[x]) if p[x] else 1.0, normed(np.maximum(p - q, 0))),
    "the other way round": lambda p, q, x: (part(p, q, x), normed(np.maximum(q - p, 0))),
    "what differs, either way": lambda p, q, x: (part(p, q, x), normed(abs(p - q))),
    "does not divide by the sum": lambda p, q, x: (part(p, q, x), np.maximum(p - q, 0)),
    "a probability above 1": lambda p, q, x: (p[x] / q[x], normed(np.maximum(p - q, 0))),
    "draws anew from the draft": lambda p, q, x: (part(p, q, x), q),
    "swaps the pair": lambda p, q, x: (normed(np.maximum(p - q, 0)), part(p, q, x)),
    "half as often": lambda p, q, x: (part(p, q, x) / 2, normed(p - np.minimum(p, q) / 2)),
    "only if it is the target's likeliest": lambda p, q, x: (float(p.argmax() == x), p),
}

MY_TREE = {
    "a chain of the right size": list(range(-1, 16)),
    "a star of the right size": [-1] * 17,
    "a binary tree": list(expansion_shape([2] * 5, 17)),
    "four children everywhere": list(expansion_shape([4] * 3, 17)),
    "one token too many": list(best_shape(VECTOR, 19)),
    "one token too few": list(best_shape(VECTOR, 17)),
    "the best of sixty-four": list(best_shape(VECTOR, 64)),
    "the best for other acceptances": list(best_shape(PRINTED_ACCEPTANCE, 18)),
    "at most three levels": list(best_shape(VECTOR, 18, max_depth=2)),
    "nothing": [],
    "a child before its parent": [1, -1],
    "a number": 17,
    "halves of tokens": [-1, 0.5],
    "a rank left out": [[0], [2]],
}

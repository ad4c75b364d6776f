"""Deal: run a procedure many times at once. Runs whose draws fell alike so far are one run, with a count.

`chance.outcomes` follows every way in which the draws can fall, and weighs it; `deal` follows those that come
up, and counts them: at each draw, the runs are dealt to its results by one multinomial draw. Counts have the
law of that many separate runs with `Dice`, and the procedure itself is run, not a copy of it.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np

from ..chance import Chance, Law

T = TypeVar("T", bound=Hashable)


class _Crowd:
    """A number of runs. It follows the decisions given, then the first that any of its runs took."""

    def __init__(self, rng: np.random.Generator, given: list[int], n: int) -> None:
        self._rng, self._given, self.n = rng, given, n
        self.taken: list[int] = []
        self.others: list[tuple[list[int], int]] = []  # decisions that other runs took, and how many of them

    def _decide(self, law: Law) -> int:
        at = len(self.taken)
        if at < len(self._given):
            self.taken.append(self._given[at])
            return self._given[at]
        dealt = self._rng.multinomial(self.n, law)
        first, *others = np.flatnonzero(dealt).tolist()
        self.others += [([*self.taken, other], int(dealt[other])) for other in others]
        self.taken.append(first)
        self.n = int(dealt[first])
        return first

    def flip(self, probability: float) -> bool:
        p = min(1.0, max(0.0, float(probability)))
        return bool(self._decide(np.array([1.0 - p, p])))

    def choose(self, law: Law) -> int:
        return self._decide(law / law.sum())


def deal(procedure: Callable[[Chance], T], n: int, rng: np.random.Generator) -> Counter[T]:
    """Result -> how many of `n` runs gave it."""
    found: Counter[T] = Counter()
    waiting: list[tuple[list[int], int]] = [([], n)] if n else []
    while waiting:
        given, many = waiting.pop()
        crowd = _Crowd(rng, given, many)
        result = procedure(crowd)
        found[result] += crowd.n
        waiting += crowd.others
    return found

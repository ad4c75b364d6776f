"""Chance: whoever draws or accepts at random asks it, so that one algorithm can be run and can be enumerated.

`Dice` draws. `outcomes` runs a procedure once for each way that its draws can fall, and gives every result
with its exact probability: a proof of losslessness without sampling.
"""

from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import DeftLabError, check_counts

Law = NDArray[np.float64]  # [vocabulary] probabilities
T = TypeVar("T", bound=Hashable)


class Chance(Protocol):
    """Where random decisions come from."""

    def flip(self, probability: float) -> bool:
        """True with this probability; a number above 1 counts as 1."""

    def choose(self, law: Law) -> int:
        """A token drawn from a law."""


def need_chance(chance: object) -> None:
    """Refuse what cannot be asked, such as a seed.

    Raises:
        DeftLabError: it cannot.
    """
    if not hasattr(chance, "choose"):
        raise DeftLabError(f"chance is a {type(chance).__name__}, which draws nothing; Dice(seed) makes one")


def choose_without_replacement(chance: Chance, law: Law, k: int) -> list[int]:
    """Up to `k` different tokens, in draw order; fewer where the law holds fewer."""
    left = law.copy()
    drawn: list[int] = []
    for _ in range(min(k, int(np.count_nonzero(law)))):
        token = chance.choose(left / left.sum())
        drawn.append(token)
        left[token] = 0.0
    return drawn


class Dice:
    """Draws from a generator.

    Args:
        seed: a number, or a generator to go on with.

    Raises:
        DeftLabError: the number is negative, or none.
    """

    def __init__(self, seed: int | np.random.Generator = 0) -> None:
        if not isinstance(seed, np.random.Generator):
            check_counts(DeftLabError, 0, seed=seed)
        self.rng = np.random.default_rng(seed)

    def flip(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def choose(self, law: Law) -> int:
        """A token drawn from a law."""
        return min(int(law.cumsum().searchsorted(self.rng.random() * law.sum(), "right")), len(law) - 1)


class _Script:
    """Follows given decisions, then takes the first possible one; writes down what else was possible."""

    def __init__(self, decisions: list[int]) -> None:
        self._given = decisions
        self.taken: list[int] = []
        self.others: list[list[int]] = []  # further decisions that were possible at each point
        self.probability = 1.0

    def _decide(self, law: list[float]) -> int:
        at = len(self.taken)
        possible = [i for i, probability in enumerate(law) if probability > 0]
        decision = self._given[at] if at < len(self._given) else possible[0]
        self.taken.append(decision)
        self.others.append([i for i in possible if i > decision])
        self.probability *= law[decision]
        return decision

    def flip(self, probability: float) -> bool:
        p = min(1.0, max(0.0, float(probability)))
        return bool(self._decide([1.0 - p, p]))

    def choose(self, law: Law) -> int:
        return self._decide((law / law.sum()).tolist())


def outcomes(procedure: Callable[[Chance], T]) -> dict[T, float]:
    """Result -> its probability, over every way that the procedure's random decisions can fall.

    Raises:
        DeftLabError: the procedure is none.
    """
    if not callable(procedure):
        raise DeftLabError(f"procedure={procedure!r:.60}; give a function that takes a Chance")
    found: dict[T, float] = {}
    waiting: list[list[int]] = [[]]
    while waiting:
        given = waiting.pop()
        script = _Script(given)
        result = procedure(script)
        found[result] = found.get(result, 0.0) + script.probability
        for at in range(len(given), len(script.taken)):
            waiting += [[*script.taken[:at], other] for other in script.others[at]]
    return found

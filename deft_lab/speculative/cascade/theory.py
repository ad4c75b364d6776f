"""Expected walltime improvement factor (EWIF): tokens a round over the time of a round, in target forwards.

alpha: chance that a drafted token is accepted, independent of all others. c: time of a draft's forward over
the target's.

Source: CS Drafting (2312.11462), on top of Leviathan et al. (2211.17192).
"""

from collections.abc import Sequence
from itertools import accumulate
from operator import mul

from ...errors import DraftError, check_counts, check_kind, check_numbers


def _check(alpha: float, name: str = "alpha") -> None:
    check_numbers(DraftError, 0, 1, **{name: alpha})


def _sum_of_powers(x: float, n: int) -> float:
    """1 + x + ... + x**n; the closed form (1 - x**(n + 1)) / (1 - x) has no value at 1."""
    return float(n + 1) if x == 1 else (1 - x ** (n + 1)) / (1 - x)


def ewif_speculative(alpha: float, gamma: int, c: float) -> float:
    """Of a chain of `gamma` tokens by one draft: (1 - alpha^(gamma+1)) / ((1 - alpha) (1 + gamma c))."""
    _check(alpha)
    check_counts(DraftError, 0, gamma=gamma)
    check_numbers(DraftError, 0, c=c)
    return _sum_of_powers(alpha, gamma) / (1 + gamma * c)


def phi(x: float, a: float, k: int) -> float:
    """Generating function E[x^N] of the tokens N that a review of `k` tokens gives, each accepted with `a`.

    P(N = i) = a^(i-1) (1 - a) for i <= k, P(N = k + 1) = a^k.
    """
    _check(a, "a")
    check_counts(DraftError, 0, k=k)
    check_numbers(DraftError, 0, x=x)
    return 1 + (x - 1) * _sum_of_powers(a * x, k)


def ewif_vertical(alpha: float, n: int, c1: float, a: float, k: int, c2: float) -> float:
    """Of a draft that reviews `k` tokens of a second draft, `n` times a round.

    (1 - alpha phi(alpha)^n) / ((1 - alpha) (1 + n c1 + n k c2)).
    With c2 = 0 (Max-Gram) the inner drafts are free, and any a > 0 helps.

    Args:
        alpha: acceptance of the first draft by the target.
        n: reviews of the first draft in a round of the target.
        c1: cost of such a review.
        a: acceptance of the second draft by the first.
        k: tokens of the second draft for each review.
        c2: cost of one.
    """
    _check(alpha)
    _check(a, "a")
    check_counts(DraftError, 0, n=n, k=k)
    check_numbers(DraftError, 0, c1=c1, c2=c2)
    time = 1 + n * c1 + n * k * c2
    if alpha == 1:  # the limit: all N tokens of each review, and the target's own
        return (1 + n * _sum_of_powers(a, k)) / time
    return (1 - alpha * phi(alpha, a, k) ** n) / ((1 - alpha) * time)


def ewif_horizontal(acceptances: Sequence[float], costs: Sequence[float]) -> float:
    """Of a chain whose place i is drafted by a model of its own: acceptance a_i, cost c_i."""
    check_kind(DraftError, Sequence, "list one of each place", acceptances=acceptances, costs=costs)
    if len(acceptances) != len(costs):
        raise DraftError(
            f"{len(acceptances)} acceptances for {len(costs)} costs; give one of each for a place"
        )
    for place, a in enumerate(acceptances):
        _check(a, f"acceptances[{place}]")
        check_numbers(DraftError, 0, **{f"costs[{place}]": costs[place]})
    return (1 + sum(accumulate(acceptances, mul))) / (1 + sum(costs))


def best_horizontal(
    acceptances: Sequence[float], costs: Sequence[float], longest: int
) -> tuple[tuple[int, ...], float]:
    """Which model should draft each place: the largest EWIF of all chains of at most `longest` places.

    Models stand best first; a place goes to the same model as the one before it, or to a cheaper one.

    Returns:
        (index of the model at each place, its EWIF).
    """
    ewif_horizontal(acceptances, costs)  # refuses what is none
    check_counts(DraftError, 0, longest=longest)
    best: tuple[tuple[int, ...], float] = ((), 1.0)
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        places = waiting.pop()
        value = ewif_horizontal([acceptances[i] for i in places], [costs[i] for i in places])
        if value > best[1]:
            best = places, value
        if len(places) < longest:
            first = places[-1] if places else 0
            waiting += [(*places, i) for i in range(first, len(costs))]
    return best

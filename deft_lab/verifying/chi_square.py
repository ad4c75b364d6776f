"""Chi-square: whether counts could have come from a law; and the total variation of counting alone."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Law = NDArray[np.float64]
LEAST_EXPECTED = 5.0  # cells with fewer are merged: below it the approximation does not hold


class Fit(NamedTuple):
    """How well counts fit a law."""

    statistic: float
    degrees: int
    p_value: float  # how often a sound sampler fits worse


def survival(statistic: float, degrees: int) -> float:
    """P(chi-square with `degrees` degrees of freedom > statistic): the regularised upper gamma function.

    A series below the mean and a continued fraction (Lentz) above it, as in Numerical Recipes 6.2.
    """
    a, x = degrees / 2.0, statistic / 2.0
    if x <= 0 or degrees == 0:
        return 1.0
    log_front = a * math.log(x) - x - math.lgamma(a)
    if x < a + 1:
        term = total = 1.0 / a
        n = a
        while term > total * 1e-16:
            n += 1
            term *= x / n
            total += term
        return 1.0 - total * math.exp(log_front)
    return math.exp(log_front) * _fraction(a, x)


def _fraction(a: float, x: float) -> float:
    """Gamma(a, x) exp(x) x^-a for x >= a + 1."""
    b = x + 1 - a
    c, d = 1e300, 1 / b
    value = d
    for i in range(1, 10_000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def merged(counts: NDArray[np.int64], expected: Law) -> tuple[Law, Law]:
    """Counts and expected counts, the smallest cells put together until each is expected often enough."""
    order = np.argsort(expected, kind="stable")
    counts_, expected_ = counts[order].astype(np.float64), expected[order]
    small = int((expected_ < LEAST_EXPECTED).sum())
    while small and small < len(expected_) and expected_[:small].sum() < LEAST_EXPECTED:
        small += 1
    if small < 2:
        return counts_, expected_
    return (
        np.concatenate(([counts_[:small].sum()], counts_[small:])),
        np.concatenate(([expected_[:small].sum()], expected_[small:])),
    )


def chi_square(counts: NDArray[np.int64], law: Law) -> Fit:
    """Pearson's test of counts against a law of the same shape."""
    counts, law = np.ravel(counts), np.ravel(law)
    if counts[law == 0].any():
        return Fit(math.inf, 0, 0.0)  # it happened, and the law says that it never does
    found, expected = merged(counts[law > 0], law[law > 0] * counts.sum())
    statistic = float(((found - expected) ** 2 / expected).sum())
    return Fit(statistic, len(found) - 1, survival(statistic, len(found) - 1))


def total_variation(p: Law, q: Law) -> float:
    """Half the sum of all differences: how often two samplers must differ at the least."""
    return float(np.abs(np.asarray(p) - np.asarray(q)).sum() / 2)


def noise_floor(law: Law, n: int) -> float:
    """Total variation to expect of `n` sound draws from a law: sum sqrt(p (1 - p) / (2 pi n))."""
    return float(np.sqrt(law * (1 - law) / (2 * math.pi * n)).sum())

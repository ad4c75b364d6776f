"""Judges of notebook 03: partial attention, its mask, the merge, and numbers on which float16 fails.

They add up logarithms, token by token, with `logaddexp`, which needs no maximum; the solutions subtract one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..answers import compare_parts, numbers, shown
from ..contract import Case, Complaint

Floats = NDArray[np.float64]
TOLERANCE = 1e-6
LEAST_APART = 0.01  # of exercise 03.5: how far the two float16 results must be apart


def by_logarithms(scores: Floats, v: Floats) -> tuple[Floats, float]:
    """(out, lse) of scores [token], of which those that are -inf are not seen, and values [token, dim]."""
    lse = -np.inf
    for score in scores:
        lse = np.logaddexp(lse, score)
    out = np.zeros(v.shape[1])
    for score, value in zip(scores, v, strict=True):
        if score > -np.inf:
            out = out + np.exp(score - lse) * value
    return out, float(lse)


# --- the cases


def _arrays(seed: int, n: int, dim: int, loud: float = 1.0, shift: float = 0.0) -> tuple[Floats, ...]:
    """q, k, v with scores of about `loud`, around `shift`."""
    rng = np.random.default_rng(seed)
    q, k, v = rng.normal(size=dim), rng.normal(size=(n, dim)), rng.normal(size=(n, dim))
    k = k * loud + shift * q * np.sqrt(dim) / (q @ q)
    return q, k, v


SHAPES = (  # seed, tokens, dim, loudness of the scores, where they lie
    (0, 1, 2, 1.0, 0.0),
    (1, 2, 2, 1.0, 0.0),
    (2, 3, 4, 1.0, 2.0),
    (3, 5, 8, 3.0, -20.0),
    (4, 2, 2, 1.0, 900.0),
    (5, 2, 2, 1.0, -900.0),
    (6, 33, 16, 2.0, 5.0),
    (7, 65, 16, 10.0, 100.0),
)


def partial_cases() -> list[Case]:
    return [
        Case(_arrays(*shape), f"{shape[1]} tokens of dim {shape[2]}, with scores around {shape[4]:g}")
        for shape in SHAPES
    ]


def masked_cases() -> list[Case]:
    masks = (
        ([1, 1, 1, 1], "all are seen"),
        ([0, 1, 1, 0], "the first and the last of them are hidden"),
        ([1, 0, 0, 0], "only the first is seen"),
        ([0, 0, 0, 0], "none is seen"),
    )
    return [
        Case((*_arrays(seed, 4, 2, 1.0, shift), np.array(mask, dtype=bool)), f"4 tokens, {words}")
        for seed, (mask, words) in enumerate(masks)
        for shift in (0.0, -950.0, 950.0)
    ]


def merge_cases() -> list[Case]:
    rng = np.random.default_rng(3)
    lses = (
        (0.0, 0.0), (0.5, -2.0), (-40.0, -41.5), (900.0, 901.0), (-900.0, -902.0), (3.0, 60.0),
        (-np.inf, 1.0), (2.0, -np.inf), (-np.inf, -np.inf),
    )  # fmt: skip
    cases = []
    for a, b in lses:
        outs = [np.zeros(2) if lse == -np.inf else rng.normal(size=2) for lse in (a, b)]
        cases.append(Case(((outs[0], a), (outs[1], b)), f"partials with lse {a:g} and {b:g}"))
    return cases


def tile_cases() -> list[Case]:
    cases = []
    for seed, n, dim, loud, shift in SHAPES:
        q, k, v = _arrays(seed, n, dim, loud, shift)
        for tile in (1, 2, 4):
            tiles = [(k[i : i + tile], v[i : i + tile]) for i in range(0, n, tile)]
            words = f"{n} tokens in tiles of {tile}, with scores around {shift:g}"
            cases.append(Case((q, tiles), words))
    rising = np.arange(6.0)[:, None] * np.array([[60.0, 0.0]])
    tiles = [(rising[i : i + 2], rising[i : i + 2] + 1) for i in (0, 2, 4)]
    falling = [(k[::-1] * 16, v) for k, v in tiles[::-1]]  # so far that only the largest of all is safe
    return [
        *cases,
        Case((np.array([1.0, 0.0]), tiles), "scores that rise from tile to tile"),
        Case((np.array([1.0, 0.0]), falling), "scores that fall from tile to tile, each time by over 1,000"),
    ]


# --- the judges


def judge_partial(case: Case, got: Any) -> Complaint | None:
    q, k, v = case.arguments
    scores = np.array([sum(a * b for a, b in zip(q, key, strict=True)) for key in k]) / len(q) ** 0.5
    return _compare(got, by_logarithms(scores, v))


def judge_masked(case: Case, got: Any) -> Complaint | None:
    q, k, v, sees = case.arguments
    scores = np.array([sum(a * b for a, b in zip(q, key, strict=True)) for key in k]) / len(q) ** 0.5
    scores[~sees] = -np.inf
    return _compare(got, by_logarithms(scores, v))


def judge_merge(case: Case, got: Any) -> Complaint | None:
    (out_a, lse_a), (out_b, lse_b) = case.arguments
    return _compare(got, by_logarithms(np.array([lse_a, lse_b]), np.stack([out_a, out_b])))


def judge_tiles(case: Case, got: Any) -> Complaint | None:
    q, tiles = case.arguments
    k, v = (np.concatenate(part) for part in zip(*tiles, strict=True))
    return judge_partial(Case((q, k, v)), got)


def _compare(got: Any, expected: tuple[Floats, float]) -> Complaint | None:
    return compare_parts(got, dict(zip(("out", "lse"), expected, strict=True)), TOLERANCE)


def judge_order(_: None, got: Any) -> Complaint | None:
    """Partials whose order matters in float16."""
    pairs = numbers(got)
    if pairs is None or pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) < 2:
        return Complaint("this is no list of partials", "`[(out, lse), (out, lse), ...]`", shown(got))
    if not np.isfinite(pairs.astype(np.float16)).all():
        return Complaint("a number is too large for float16", "at most 65504 in size", shown(got))
    there, back = (folded(rows, np.float16) for rows in (pairs, pairs[::-1]))
    exact = [folded(rows, np.float64) for rows in (pairs, pairs[::-1])]
    if not np.isfinite([there, back, *exact]).all():
        return Complaint("a merge gives no finite number", got=f"float16: {there:g} and {back:g}")
    if abs(exact[0] - exact[1]) > TOLERANCE:
        return Complaint("in float64 too the order matters", got=f"{exact[0]:.9g} and {exact[1]:.9g}")
    if abs(there - back) < LEAST_APART:
        return Complaint(
            "in float16 the order hardly matters",
            f"at least {LEAST_APART} apart",
            f"{there:.5f} from front to back, {back:.5f} from back to front",
        )
    return None


def folded(pairs: Floats, dtype: type) -> float:
    """The output of merging one partial after the other, every step rounded to `dtype`."""
    out, lse = pairs[0].astype(dtype)
    with np.errstate(all="ignore"):
        for next_out, next_lse in pairs[1:].astype(dtype):
            top = max(lse, next_lse)
            a, b = np.exp(lse - top), np.exp(next_lse - top)
            out, lse = (a * out + b * next_out) / (a + b), top + np.log(a + b)
    return float(out)

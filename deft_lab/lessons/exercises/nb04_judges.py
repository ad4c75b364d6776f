"""Judges of notebook 04: the reduction by query, the partials of a plan, a test, and its fix.

They add up logarithms with `logaddexp` in float64, and count partials as (group, query) pairs in a table.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry import LLAMA3_8B, Geometry
from ...tree import Tree
from ..answers import compare, shown, whole_numbers
from ..contract import Case, Complaint
from .nb02_judges import small_trees, wanted
from .nb03_judges import by_logarithms

Floats = NDArray[np.floating]
Reduce = Callable[[Floats, Floats], Floats]
SMALL = Geometry(n_q_heads=8, n_kv_heads=2, head_dim=32, n_layers=1, dtype_bytes=4)
CHUNK = 4


# --- the cases


def segment_cases() -> list[Case]:
    """Partials of several queries, in any order, with lse far from 0."""
    cases = []
    for seed, (n_queries, n_partials, shift) in enumerate(
        [(1, 1, 0.0), (1, 3, 0.0), (2, 4, 0.0), (3, 7, -900.0), (4, 9, 950.0), (40, 130, 5.0)]
    ):
        rng = np.random.default_rng(seed)
        more = rng.integers(0, n_queries, n_partials - n_queries)
        query = rng.permutation(np.concatenate((np.arange(n_queries), more)))
        lse = rng.normal(size=n_partials) * 3 + shift
        again = [i for i in range(n_partials) if (query[:i] == query[i]).any()]
        lse[again[::3]] = -np.inf  # partials of queries that saw nothing in that group
        out = rng.normal(size=(n_partials, 2)) * np.isfinite(lse)[:, None]
        words = f"{n_partials} partials of {n_queries} queries, with lse around {shift:g}"
        cases.append(Case((out, lse, query, n_queries), words))
    out, lse, query = np.arange(8.0).reshape(4, 2), np.array([950.0, -900.0, 949.0, -901.0]), np.arange(4) % 2
    return [*cases, Case((out, lse, query, 2), "one query with lse around 950, another around -900")]


def with_layer(tree: Tree, layer: Geometry = LLAMA3_8B.layer) -> Case:
    words = f"`chunk_len={CHUNK}`, {layer.n_q_heads} query heads of dim {layer.head_dim}"
    return Case((tree, CHUNK, layer), words, tree, lambda smaller: with_layer(smaller, layer))


def traffic_cases() -> list[Case]:
    return [with_layer(tree, layer) for tree in small_trees() for layer in (LLAMA3_8B.layer, SMALL)]


def right(out: Floats, lse: Floats) -> Floats:
    """A right reduction in the type of its arguments."""
    weights = np.exp(lse - lse.max())
    return weights @ out / weights.sum()


def right_in_float64(out: Floats, lse: Floats) -> Floats:
    return right(out.astype(np.float64), lse.astype(np.float64))


def right_one_by_one(out: Floats, lse: Floats) -> Floats:
    """The same, merged one after the other."""
    top, total, acc = lse[0], lse.dtype.type(1), out[0]
    for row, value in zip(out[1:], lse[1:], strict=True):
        new = max(top, value)
        total, acc = (x * np.exp(top - new) + y * np.exp(value - new) for x, y in ((total, 1), (acc, row)))
        top = new
    return acc / total


def starting_at(start: float) -> Reduce:
    """The reduction with the defect of the released kernels: a running maximum with a fixed start."""

    def reduce(out: Floats, lse: Floats) -> Floats:
        top = max(lse.dtype.type(start), lse.max())
        weights = np.exp(lse - top)
        return weights @ out / weights.sum()

    return reduce


def guarded(out: Floats, lse: Floats) -> Floats:
    """The defect, with its NaN hidden."""
    return np.nan_to_num(starting_at(0.0)(out, lse), nan=0.0)


IMPLEMENTATIONS: tuple[tuple[str, Reduce, bool], ...] = (
    ("a right reduction", right, True),
    ("a right reduction that computes in float64", right_in_float64, True),
    ("a right reduction, one partial after the other", right_one_by_one, True),
    ("a reduction whose maximum starts at 0", starting_at(0.0), False),
    ("a reduction whose maximum starts at 0, and which returns zeros instead of NaN", guarded, False),
    ("a reduction whose maximum starts at -50", starting_at(-50.0), False),
)


def implementation_cases() -> list[Case]:
    """Reductions that the learner's test is given; the judge knows which are right."""
    return [Case((function,), words, known=is_right) for words, function, is_right in IMPLEMENTATIONS]


def fix_cases() -> list[Case]:
    cases = []
    spread = [
        (-95.0, 0.0),
        (-120.0, 0.5),
        (-1000.0, 1.0),
        (0.0, 2.0),
        (88.0, 1.0),
        (1000.0, 3.0),
        (-3.0, 40.0),
    ]
    for seed, (shift, width) in enumerate(spread):
        rng = np.random.default_rng(seed)
        for n in (2, 5):
            lse = (shift + width * rng.normal(size=n)).astype(np.float32)
            if n > 2:
                lse[1] = -np.inf
            out = (rng.normal(size=(n, 3)) * np.isfinite(lse)[:, None]).astype(np.float32)
            cases.append(Case((out, lse), f"`lse={np.round(lse, 1).tolist()}`, in float32"))
    out = np.arange(6, dtype=np.float32).reshape(3, 2)
    for low in (-np.inf, -300.0):  # the largest one comes last, far above all others
        lse = np.array([low, -290.0, 5.0], dtype=np.float32)
        cases.append(Case((out, lse), f"`lse={lse.tolist()}`, in float32"))
    return cases


# --- how a learner's test is asked, and the judges


def ask_test(test: Callable[..., Any], case: Case) -> str:
    """What the learner's test says of an implementation."""
    with np.errstate(all="ignore"):
        try:
            test(*case.arguments)
        except AssertionError:
            return "fails"
    return "passes"


def judge_test(case: Case, got: Any) -> Complaint | None:
    if got == ("passes" if case.known else "fails"):
        return None
    if case.known:
        return Complaint(f"your test fails {case.words}; does it allow for rounding in float32?")
    return Complaint(f"your test passes {case.words}")


def judge_segments(case: Case, got: Any) -> Complaint | None:
    out, lse, query, n_queries = case.arguments
    rows = [by_logarithms(lse[query == q], out[query == q])[0] for q in range(n_queries)]
    return compare("the output", got, rows, 1e-9)


def judge_traffic(case: Case, got: Any) -> Complaint | None:
    tree, chunk_len, layer = case.arguments
    pair = whole_numbers(got)
    if pair is None or len(pair) != 2:
        return Complaint("the answer is a pair of whole numbers", "`(partials, n_bytes)`", shown(got))
    pairs = wanted(tree)[:, wanted(tree).any(axis=0)]  # [query, token that is seen]
    pieces = [pairs[:, i : i + chunk_len] for i in range(0, pairs.shape[1], chunk_len)]
    partials = sum(int(piece.any(axis=1).sum()) for piece in pieces)
    expected = [partials, partials * layer.n_q_heads * (layer.head_dim + 1) * 4]
    if pair == expected:
        return None
    which = "number of partials" if pair[0] != expected[0] else "number of bytes"
    return Complaint(f"the {which} is wrong", shown(tuple(expected)), shown(tuple(pair)))


def judge_fix(case: Case, got: Any) -> Complaint | None:
    out, lse = (part.astype(np.float64) for part in case.arguments)
    return compare("the output", got, by_logarithms(lse, out)[0], 2e-6)

"""Exercises of notebook 03: partials, their mask, their merge, the online softmax, and float16."""

import numpy as np

from ..contract import Exercise
from . import nb03_mutants as mutants
from .nb03_judges import (
    LEAST_APART,
    judge_masked,
    judge_merge,
    judge_order,
    judge_partial,
    judge_tiles,
    masked_cases,
    merge_cases,
    partial_cases,
    tile_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def partial(q, k, v):
    scores = k @ q / np.sqrt(len(q))
    top = scores.max()
    weights = np.exp(scores - top)
    total = weights.sum()
    return weights @ v / total, top + np.log(total)


def masked_partial(q, k, v, sees):
    if not sees.any():
        return np.zeros(v.shape[1]), -np.inf
    scores = np.where(sees, k @ q / np.sqrt(len(q)), -np.inf)
    top = scores.max()
    weights = np.exp(scores - top)
    total = weights.sum()
    return weights @ v / total, top + np.log(total)


def merge(a, b):
    (out_a, lse_a), (out_b, lse_b) = a, b
    top = max(lse_a, lse_b)
    if top == -np.inf:
        return out_a, top
    weight_a, weight_b = np.exp(lse_a - top), np.exp(lse_b - top)
    total = weight_a + weight_b
    return (weight_a * out_a + weight_b * out_b) / total, top + np.log(total)


def online(q, tiles):
    top, total, acc = -np.inf, 0.0, 0.0
    for k, v in tiles:
        scores = k @ q / np.sqrt(len(q))
        new_top = max(top, scores.max())
        decay = np.exp(top - new_top)
        weights = np.exp(scores - new_top)
        total = total * decay + weights.sum()
        acc = acc * decay + weights @ v
        top = new_top
    return acc / total, top + np.log(total)


def my_partials():
    return [(1.0, 4096.0), (0.0, 4096.0), (0.0, 4096.0)]


# --- the exercises

EXERCISES = (
    Exercise(
        key="03.1",
        title="a partial: out and lse",
        difficulty=2,
        importance=5,
        minutes=8,
        task="""
            Write `partial(q, k, v)` for one query `q` (`[dim]`) and some keys and values (`[token, dim]`).
            Scores are `k @ q / sqrt(dim)`. Return `(out, lse)`: the softmax-weighted mean of the values,
            and the natural logarithm of the sum of all `exp(score)`. Scores may be 900 or -900.
        """,
        skeleton="def partial(q, k, v):\n    # return out, lse\n    ...",
        hints=(
            "`exp(900)` is more than a float can hold. What can you subtract from all scores at once?",
            """
            With `top = scores.max()`, `weights = exp(scores - top)` are between 0 and 1. The mean does not
            notice the subtraction. The logarithm does: add `top` again.
            """,
            "`total = weights.sum()`; `out = weights @ v / total`; `lse = top + np.log(total)`.",
        ),
        solution=partial,
        why="""
            **Why it is right.** Numerator and denominator of a softmax both have the factor `exp(-top)`, so
            it cancels in `out`. In `lse` it does not: log(sum exp(s)) = top + log(sum exp(s - top)). The
            largest weight is exactly 1, so the sum is between 1 and the number of tokens.
        """,
        judge=judge_partial,
        cases=partial_cases,
        mutants=mutants.PARTIAL,
        tried="case",
    ),
    Exercise(
        key="03.2",
        title="a partial with a mask",
        difficulty=2,
        importance=4,
        minutes=8,
        task="""
            Write `masked_partial(q, k, v, sees)`: as before, over those tokens only where `sees` (a bool for
            each token) is true. If the query sees no token of the group, return a vector of zeros and
            `-inf`, and no NaN.
        """,
        skeleton="def masked_partial(q, k, v, sees):\n    # return out, lse\n    ...",
        hints=(
            "A hidden token must weigh nothing. Which score has the weight 0?",
            """
            `np.where(sees, scores, -np.inf)` hides. Where every score is -inf, their maximum is -inf too,
            and -inf - (-inf) is NaN: look at that case first.
            """,
            """
            `if not sees.any(): return np.zeros(v.shape[1]), -np.inf`. The rest is the exercise before, with
            the scores through `np.where`.
            """,
        ),
        solution=masked_partial,
        why="""
            **Why it is right.** exp(-inf) is 0, so a hidden token adds nothing to either sum. A sum over
            nothing is 0, and its logarithm is -inf: in a merge, such a partial weighs exp(-inf) = 0. That is
            why flattened groups may hold queries that see little of them.
        """,
        judge=judge_masked,
        cases=masked_cases,
        mutants=mutants.MASKED,
        tried="case",
    ),
    Exercise(
        key="03.3",
        title="merge two partials",
        difficulty=3,
        importance=5,
        minutes=10,
        task="""
            Write `merge(a, b)`. Each is a pair `(out, lse)`; return the pair that `partial` would give over
            the tokens of both. One or both may be `(zeros, -inf)`, and an lse may be 900 or -900.
        """,
        skeleton="def merge(a, b):\n    # return out, lse\n    ...",
        hints=(
            """
            `exp(lse)` is the sum of the weights that stand behind an `out`. So the merged output is a mean
            of the two, weighted by that.
            """,
            """
            Do not compute `exp(900)`: subtract `top = max(lse_a, lse_b)` first. The merged lse is
            `top + log(weight_a + weight_b)`.
            """,
            """
            `weight_a, weight_b = np.exp(lse_a - top), np.exp(lse_b - top)`; divide
            `weight_a * out_a + weight_b * out_b` by their sum. If `top` is -inf, return `a` as it is.
            """,
        ),
        solution=merge,
        why="""
            **Why it is right.** out times exp(lse) is the numerator of a softmax, exp(lse) its denominator.
            Both are sums over tokens, and a sum over two sets is the sum of the sums. Addition knows no
            order, so neither does the merge: it is commutative and associative, up to rounding.
        """,
        judge=judge_merge,
        cases=merge_cases,
        mutants=mutants.MERGE,
        tried="case",
    ),
    Exercise(
        key="03.4",
        title="online softmax, tile by tile",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            Write `online(q, tiles)`. `tiles` is a list of pairs `(k, v)`, a few tokens each. Walk over it
            once and keep only three things: the largest score so far, the sum of weights so far, and the
            weighted sum of values so far. Return `(out, lse)` over all tiles.
        """,
        skeleton="def online(q, tiles):\n    # return out, lse\n    ...",
        hints=(
            """
            Begin with `top, total, acc = -np.inf, 0.0, 0.0`. When a tile brings a larger score, what you
            have summed so far was scaled by the wrong maximum. By which factor?
            """,
            "The factor is `np.exp(top - new_top)`. Both `total` and `acc` need it, before a tile is added.",
            """
            In the loop: `new_top = max(top, scores.max())`, `decay = np.exp(top - new_top)`,
            `weights = np.exp(scores - new_top)`, `total = total * decay + weights.sum()`,
            `acc = acc * decay + weights @ v`, `top = new_top`. In the end divide once.
            """,
        ),
        solution=online,
        why="""
            **Why it is right.** After each tile, `total` is the sum of exp(score - top) over all tokens so
            far, and `acc` the same with values: the decay turns exp(score - old top) into
            exp(score - new top). In the first tile it is exp(-inf) = 0, and there is nothing to rescale.
        """,
        judge=judge_tiles,
        cases=tile_cases,
        mutants=mutants.ONLINE,
        tried="case",
    ),
    Exercise(
        key="03.5",
        title="break it in float16",
        difficulty=3,
        importance=3,
        minutes=8,
        task=f"""
            Find partials whose order matters in float16. Write a list of pairs `(out, lse)`, each two plain
            numbers, such that `fold(my_partials, np.float16)` of the list and of the reversed list are at
            least {LEAST_APART} apart, while in float64 they agree.
        """,
        skeleton="my_partials = ...  # a list of pairs (out, lse)",
        hints=(
            """
            A float16 has 11 significant bits. Where is the distance between two neighbours larger than what
            a merge adds to an lse?
            """,
            """
            Merging two equal partials raises the lse by log 2, about 0.7. Between 2048 and 4096,
            neighbours are 2 apart, so the rise is lost. Then the third partial is weighed wrongly.
            """,
            "Try three partials of lse 4096, whose `out` is 1, 0 and 0.",
        ),
        solution=my_partials,
        why="""
            **Why it is right.** Each third counts a third, so the exact output is 1/3 in any order. In
            float16, 4096 + log 2 is 4096 again: the merged pair forgets that it stands for two, and weighs
            as much as the third alone. From the front that gives a quarter, from the back a half. Kernels
            keep lse and accumulators in float32, even where queries, keys and values are 16 bits wide.
        """,
        judge=judge_order,
        mutants=mutants.MY_PARTIALS,
    ),
)

"""Exercises of notebook 04: reduce by query, count the partials, and find and mend a numerical bug."""

import numpy as np

from ..contract import Exercise
from . import nb04_mutants as mutants
from .nb04_judges import (
    ask_test,
    fix_cases,
    implementation_cases,
    judge_fix,
    judge_segments,
    judge_test,
    judge_traffic,
    segment_cases,
    traffic_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def reduce_by_query(out, lse, query, n_queries):
    result = np.zeros((n_queries, out.shape[1]))
    for q in range(n_queries):
        mine = query == q
        weights = np.exp(lse[mine] - lse[mine].max())
        result[q] = weights @ out[mine] / weights.sum()
    return result


def partial_traffic(tree, chunk_len, layer):
    flat = []
    for node in range(tree.n_nodes):
        if tree.q_first[node] < tree.q_stop[node]:
            flat += [node] * tree.length[node]
    partials = 0
    for first in range(0, len(flat), chunk_len):
        queries = set()
        for node in set(flat[first : first + chunk_len]):
            queries |= set(range(tree.q_first[node], tree.q_stop[node]))
        partials += len(queries)
    return partials, partials * layer.n_q_heads * (layer.head_dim + 1) * 4


def test_far_below_zero(reduce):
    out = np.array([[1.0, 2.0], [3.0, 6.0]], dtype=np.float32)
    lse = np.array([-1000.0, -1000.0], dtype=np.float32)
    assert np.allclose(reduce(out, lse), [2.0, 4.0], rtol=1e-5)


def reduce_safely(out, lse):
    weights = np.exp(lse - lse.max())
    return weights @ out / weights.sum()


# --- the exercises

EXERCISES = (
    Exercise(
        key="04.1",
        title="reduce by query",
        difficulty=2,
        importance=5,
        minutes=8,
        task="""
            Write `reduce_by_query(out, lse, query, n_queries)`. Partial i belongs to query `query[i]`; it
            has the output `out[i]` (`[dim]`) and `lse[i]`. Return an array `[n_queries, dim]`: for each
            query the mean of its outputs, weighted by `exp(lse)`. An lse may be -900, 950 or -inf; every
            query has at least one that is finite.
        """,
        skeleton=(
            "def reduce_by_query(out, lse, query, n_queries):\n"
            "    # return an array [n_queries, dim]\n"
            "    ..."
        ),
        hints=(
            "`query == q` picks the partials of query q. The rest is notebook 3's merge, of many at once.",
            "Subtract the largest lse *of that query* before you take `exp`.",
            """
            `mine = query == q`; `weights = np.exp(lse[mine] - lse[mine].max())`;
            `result[q] = weights @ out[mine] / weights.sum()`.
            """,
        ),
        solution=reduce_by_query,
        why="""
            **Why it is right.** Each partial stands for the tokens of one group, and exp(lse) is the sum of
            their weights. The factor exp(-max) is the same in numerator and denominator, so it cancels, and
            the largest weight is 1: nothing overflows, and the sum is never 0.
        """,
        judge=judge_segments,
        cases=segment_cases,
        mutants=mutants.REDUCE,
        tried="case",
    ),
    Exercise(
        key="04.2",
        title="what partials cost",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            Write `partial_traffic(tree, chunk_len, layer)` for DeFT-Flatten. Return a pair: the number of
            partials (one for each group and each query that sees at least one of its tokens), and the bytes
            that it takes to write all of them once. A partial has, for each of `layer.n_q_heads` heads, an
            output of `layer.head_dim` numbers and one lse, in 4 bytes each.
        """,
        skeleton=("def partial_traffic(tree, chunk_len, layer):\n    # return partials, n_bytes\n    ..."),
        hints=(
            "You wrote `flatten_groups` in notebook 2. Here only the number of queries of a group matters.",
            """
            A list that holds, for every token, its node; slices of `chunk_len`; and for each slice the
            union of `range(tree.q_first[node], tree.q_stop[node])` over its nodes.
            """,
            """
            `partials += len(queries)` for each slice. In the end
            `partials * layer.n_q_heads * (layer.head_dim + 1) * 4`.
            """,
        ),
        solution=partial_traffic,
        why="""
            **Why it is right.** A program cannot finish the softmax of a query, so it must leave something
            for each query that it served. A long prompt that is cut into many groups is served to all
            queries in each of them: that is where the partials come from.
        """,
        judge=judge_traffic,
        cases=traffic_cases,
        mutants=mutants.TRAFFIC,
    ),
    Exercise(
        key="04.3",
        title="write the test that fails",
        difficulty=3,
        importance=5,
        minutes=10,
        task="""
            Write `test_far_below_zero(reduce)`. `reduce(out, lse)` takes float32 arrays `[partial, dim]` and
            `[partial]` and returns the output `[dim]`. Your test must pass for every right reduction, also
            for one that rounds in float32, and fail, with `assert`, for one whose maximum starts at 0 or at
            any other fixed number such as -50. It returns nothing.
        """,
        skeleton=(
            "def test_far_below_zero(reduce):\n"
            "    # make out and lse, call reduce, assert what it returns\n"
            "    ..."
        ),
        hints=(
            "Choose two partials whose right answer you know without computing. Two equal lse give the mean.",
            """
            How far below the start must the lse lie, so that `exp(lse - start)` is 0 in float32 whatever
            the start? And a NaN is not the only wrong answer: compare with the right one.
            """,
            """
            `lse = np.array([-1000, -1000], dtype=np.float32)` and `assert np.allclose(reduce(out, lse),
            mean_of_the_two, rtol=1e-5)`.
            """,
        ),
        solution=test_far_below_zero,
        why="""
            **Why it is right.** Only differences between lse matter: adding a number to all of them must
            change nothing. A maximum that starts at a fixed number breaks that law as soon as all lse are
            far below it. The tolerance leaves room for float32; comparing with `==` would reject right
            answers.
        """,
        judge=judge_test,
        cases=implementation_cases,
        ask=ask_test,
        returns=False,
        mutants=mutants.TESTS,
        tried="reduction",
    ),
    Exercise(
        key="04.4",
        title="and the fix",
        difficulty=2,
        importance=4,
        minutes=5,
        task="""
            Write `reduce_safely(out, lse)`, which reduces the partials of one query, in float32, and passes
            your test: `out` is `[partial, dim]`, `lse` is `[partial]`, the result is `[dim]`. Some lse may
            be -inf, but not all.
        """,
        skeleton="def reduce_safely(out, lse):\n    # return the output [dim]\n    ...",
        hints=(
            "The maximum must come from the data alone.",
            "A running maximum starts at -inf; a whole array has `lse.max()`.",
            "`weights = np.exp(lse - lse.max())`, and then `weights @ out / weights.sum()`.",
        ),
        solution=reduce_safely,
        why="""
            **Why it is right.** After subtracting the true maximum the largest weight is 1. So the sum is at
            least 1, nothing is divided by 0, and what underflows is too small to matter beside 1.
        """,
        judge=judge_fix,
        cases=fix_cases,
        mutants=mutants.FIXES,
        tried="case",
    ),
)

"""Exercises of notebook 11: the best tree, a draw that keeps the target's law, a tree to a byte budget."""

from ..contract import Exercise
from . import nb11_mutants as mutants
from .nb11_judges import (
    GOAL,
    MOST_BYTES,
    N_PROMPT,
    VECTOR,
    acceptance_cases,
    ask_every_token,
    judge_accept,
    judge_length,
    judge_tree,
    law_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def best_length(acceptance, size):
    from functools import cache

    @cache
    def best(n, rank):  # of n nodes as children `rank`, `rank` + 1, ... of a node that is reached
        if n == 0 or rank == len(acceptance):
            return 0.0
        splits = range(1, n + 1)  # nodes of this child's subtree, itself included
        return max(acceptance[rank] * (1 + best(m - 1, 0)) + best(n - m, rank + 1) for m in splits)

    return 1 + best(size - 1, 0)


def accept(p, q, token):
    import numpy as np

    chance = min(1.0, p[token] / q[token])
    left = np.maximum(p - q, 0.0)
    return chance, left / left.sum() if left.sum() > 0 else p


def my_tree():
    from deft_lab.drafting.shapes import best_shape

    return best_shape((0.5, 0.18, 0.1, 0.06, 0.04, 0.03, 0.02), 18)


# --- the exercises

EXERCISES = (
    Exercise(
        key="11.1",
        title="the best tree of eight",
        difficulty=4,
        importance=4,
        minutes=20,
        task="""
            Write `best_length(acceptance, size)`, which returns the largest expected length of any tree of at
            most `size` nodes, the root included. `acceptance[r]` is how likely the child of rank `r` is the
            one accepted, given its parent was; a child of rank `r` needs its elder siblings of rank 0 to
            `r - 1` in the tree, and there are no children beyond the list. The expected length is the sum,
            over all nodes, of the product of acceptances along their path; the root counts 1. Mind that
            `acceptance` may rise with the rank: taking the likeliest node again and again is not always best.
        """,
        skeleton="def best_length(acceptance, size):\n    # return the largest expected length\n    ...",
        hints=(
            """
            A subtree does not care where it hangs: what it adds is its own expected length, times the chance
            that its root is reached. So best subtrees make best trees.
            """,
            """
            Let `best(n, rank)` be what `n` nodes add below a node that is reached, as its children of rank
            `rank`, `rank + 1`, and so on. The first of these takes `m` of the nodes, itself included; the
            others share the rest. Try every `m`.
            """,
            """
            `best(n, rank)` is the largest of
            `acceptance[rank] * (1 + best(m - 1, 0)) + best(n - m, rank + 1)` for `m` from 1 to `n`, and 0 if
            `n` is 0 or the list has no such rank. The answer is `1 + best(size - 1, 0)`. `functools.cache`
            remembers.
            """,
        ),
        solution=best_length,
        why="""
            **Why it is right.** Every tree splits in one way into its first child's subtree and the rest, so
            the maximum over `m` looks at all of them, and each half is again a smaller problem of the same
            form. There are as many of those as sizes times ranks, instead of the 429 ordered trees of eight
            nodes. Where the acceptance never rises with the rank, greedy is exact and faster: that is what
            `best_shape` does then.
        """,
        judge=judge_length,
        cases=acceptance_cases,
        mutants=mutants.BEST_LENGTH,
        tried="acceptance vector",
    ),
    Exercise(
        key="11.2",
        title="a draft that leaves no trace",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            The draft has drawn `token` from its law `q`; the target's law is `p` (NumPy arrays over the
            vocabulary). Write `accept(p, q, token)`, which returns a pair: the probability of accepting the
            token, and the law from which another token is drawn if it is turned down. Whatever `p` and `q`
            are, what is committed must have the law `p`, and tokens must be accepted as often as that allows.
        """,
        skeleton="def accept(p, q, token):\n    # return chance, law_if_rejected\n    ...",
        hints=(
            """
            Where `q` gives a token too rarely, keep every one that comes. Where it gives it too often, keep
            just so many that `p` is met. What is still missing after that?
            """,
            """
            Keep with `min(1, p[token] / q[token])`. Then token `x` is kept with probability `min(p[x], q[x])`
            in all; to reach `p[x]`, the replacements must bring `p[x] - min(p[x], q[x])`.
            """,
            """
            The law of the replacement is `numpy.maximum(p - q, 0)`, divided by its sum. If the sum is 0, the
            laws are equal and nothing is ever turned down.
            """,
        ),
        solution=accept,
        why="""
            **Why it is right.** Token `x` is committed with probability min(p, q) as a draft, and with (what
            is turned down in all) x max(p - q, 0) / (its sum) as a replacement. What is turned down is
            1 - sum min(p, q), and that equals the sum of max(p - q, 0), so the two cancel, and both parts add
            up to p(x). No rule can accept `x` more often than it is drawn, q(x), or said, p(x).
        """,
        judge=judge_accept,
        cases=law_cases,
        ask=ask_every_token,
        mutants=mutants.ACCEPT,
        tried="pair of laws",
    ),
    Exercise(
        key="11.3",
        title="a better tree for the bytes",
        difficulty=3,
        importance=3,
        minutes=12,
        task=f"""
            A draft is accepted by rank with the probabilities {", ".join(map(str, VECTOR))}, and the text has
            {N_PROMPT:,} tokens and a newest one. Design a token tree whose step moves at most
            {MOST_BYTES / 1e6:.0f} MB in a layer of Llama-3-8B (DeFT-Flatten, account `requested`, heads
            packed), and whose expected length is at least {GOAL}. Write its shape as a list of parents (-1:
            the end of the text; a parent comes before its children), or as Medusa's rank paths. The whole
            library is yours.
        """,
        skeleton="my_tree = ...  # a list of parents",
        hints=(
            """
            Two questions that can be asked one after the other: how many tokens fit into the bytes, and which
            tree of so many is best?
            """,
            """
            `step_bytes(shape)` of this notebook counts the bytes; they grow by nearly the same amount with
            every token. `best_shape(acceptance, size)` gives the best tree; its `size` counts the root.
            """,
            """
            Try sizes from 2 on until `step_bytes(best_shape(acceptance, size))` exceeds the budget, and take
            the last one below it.
            """,
        ),
        solution=my_tree,
        why="""
            **Why it is right.** For one method and one prompt, bytes hardly depend on the shape, only on the
            number of tokens; so the bytes fix the size, and the dynamic program (here greedy, since the
            acceptance falls with the rank) finds the best shape of that size. Both steps are exact.
        """,
        judge=judge_tree,
        mutants=mutants.MY_TREE,
    ),
)

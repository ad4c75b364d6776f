"""Exercises of notebook 09: positions in a tree, memory that a branch leaves, and a test of equality."""

from ..contract import Exercise
from ..trees import cases
from . import nb09_mutants as mutants
from .nb09_judges import (
    ask_every_leaf,
    ask_every_node,
    judge_freed,
    judge_positions,
    judge_same,
    logit_cases,
    plain_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def positions(tree, node):
    first = sum(tree.length[above] for above in tree.path(node)[:-1])
    return list(range(first, first + tree.length[node]))


def freed(tree, leaf):
    gone = []
    for node in reversed(tree.path(leaf)):
        if gone and len(tree.children(node)) > 1:
            break
        gone.append(node)
    return gone


def is_same(ours, theirs, tolerance):
    import numpy as np

    if ours.shape != theirs.shape:
        return False
    near = bool((np.abs(ours - theirs) <= tolerance).all())
    return near and bool((ours.argmax(-1) == theirs.argmax(-1)).all())


# --- the exercises

EXERCISES = (
    Exercise(
        key="09.1",
        title="where does a token stand?",
        difficulty=2,
        importance=5,
        minutes=8,
        task="""
            Write `positions(tree, node)`, which returns the list of the positions of the tokens of `node`,
            in order. A position counts the tokens of the *branch*, from 0 at the first token of the root: it
            is where the token would stand if its branch were the only text. You have `tree.length` and
            `tree.path(node)` (the nodes from the root down to `node`). A node without tokens has an empty
            list.
        """,
        skeleton="def positions(tree, node):\n    # return a list of positions\n    ...",
        hints=(
            "Only nodes above `node` matter. Which of the others, in a separate run, would come before it?",
            """
            The first token of `node` stands right behind all tokens of its ancestors: add up their lengths.
            `tree.path(node)[:-1]` are the ancestors.
            """,
            """
            `first = sum(tree.length[above] for above in tree.path(node)[:-1])`; the positions are
            `range(first, first + tree.length[node])`.
            """,
        ),
        solution=positions,
        why="""
            **Why it is right.** A model that writes one branch alone has seen the ancestors' tokens and
            nothing else, so their number is the position. Siblings get the same positions: they are other
            ways to say what stands there. Where the KV lies in the pool has no say in it.
        """,
        judge=judge_positions,
        cases=cases,
        ask=ask_every_node,
        mutants=mutants.POSITIONS,
    ),
    Exercise(
        key="09.2",
        title="what may be freed?",
        difficulty=3,
        importance=4,
        minutes=10,
        task="""
            A branch has come to its end. Write `freed(tree, leaf)`, which returns the list of the nodes whose
            KV nobody needs any more once the branch that ends in `leaf` is gone. Every other leaf goes on.
            You have `tree.path(node)` and `tree.children(node)`.
        """,
        skeleton="def freed(tree, leaf):\n    # return a list of nodes\n    ...",
        hints=(
            "The leaf itself is one of them. When does its parent go with it, too?",
            """
            Walk from the leaf to the root. A node stays as soon as it has another child, because a branch
            that goes on runs through it; and then everything above it stays as well.
            """,
            """
            `for node in reversed(tree.path(leaf))`: stop at the first node above the leaf with
            `len(tree.children(node)) > 1`; collect the nodes before it.
            """,
        ),
        solution=freed,
        why="""
            **Why it is right.** A node is needed as long as some leaf below it goes on. On the way up from
            the pruned leaf, a node with a single child has no leaf but this one below it; the first node
            with two children has another, and so has everything above it. If the branch was the last one,
            the walk ends at the root, and all memory is free.
        """,
        judge=judge_freed,
        cases=plain_cases,
        ask=ask_every_leaf,
        mutants=mutants.FREED,
    ),
    Exercise(
        key="09.3",
        title="a test that can fail",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            Write `is_same(ours, theirs, tolerance)`, which decides whether a tree decode is equal to the
            separate runs. Both are NumPy arrays [branch, step, vocabulary] of logits. Return `True` only if
            they have the same shape, every logit of ours lies within `tolerance` of theirs, and greedy
            decoding would choose the same token at every step of every branch. Mind NaN: it is never equal
            to anything. The check hands you decodes with known defects.
        """,
        skeleton="def is_same(ours, theirs, tolerance):\n    # return True or False\n    ...",
        hints=(
            "Three conditions, and all must hold. NumPy compares two arrays in all places at once.",
            """
            Compare the shapes first: NumPy stretches an array of one branch to three without a word. And ask
            whether all differences are *small*, not whether some are large: a comparison with NaN is false.
            """,
            """
            `ours.shape == theirs.shape`, then `(abs(ours - theirs) <= tolerance).all()`, then
            `(ours.argmax(-1) == theirs.argmax(-1)).all()`.
            """,
        ),
        solution=is_same,
        why="""
            **Why it is right.** "All small" is false wherever a NaN is, while "none large" is true there.
            The tolerance alone is not enough: two logits that nearly tie may swap their order within it, and
            greedy decoding then takes another token and never comes back. The tokens alone are not enough
            either: logits can be far off and leave the largest in its place, until a sampler uses them.
            (`np.allclose` does it, too, if you say `rtol=0`: else it adds a share of each logit to the
            tolerance.)
        """,
        judge=judge_same,
        cases=logit_cases,
        mutants=mutants.IS_SAME,
        tried="decode",
    ),
)

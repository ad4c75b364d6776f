"""Trees on which an answer is tried: nasty ones drawn by hand, and random ones by seed."""

from collections.abc import Iterator

import numpy as np

from ..tree import Tree


def cases(n_random: int = 16) -> list[Tree]:
    """The hand-drawn trees, then random ones, half of them with seats anywhere."""
    return [*hand_drawn(), *(random_case(seed) for seed in range(n_random))]


def hand_drawn() -> Iterator[Tree]:
    """Each breaks a habit of wrong answers."""
    yield Tree([-1], [1])  # one token, one query
    yield Tree([-1], [7])
    yield Tree([-1, 0, 1], [5, 1, 3])  # nothing is shared; a one-token node in between
    yield Tree([-1, 0, 0, 0], [6, 4, 4, 4])  # equal lengths
    yield Tree([-1, 0, 0], [7, 0, 3])  # a branch that has not begun
    yield Tree([-1, 0, 1, 1], [7, 0, 3, 2])  # an inner node without tokens
    yield Tree([-1, 0, 1, 1, 0, 4, 4, 4], [200, 5, 7, 7, 12, 1, 130, 129])  # no multiple of 128
    yield few_shot(5, 33, 2)  # more queries than a tile of 32
    yield few_shot(5, 65, 1)  # more queries than a word has bits
    yield few_shot(400, 20, 20)
    yield Tree([-1, 0, 1, 1, 0], [9, 1, 1, 1, 1], seat=[1, 2, 3, 4])  # speculation: a query on every token
    yield Tree([-1, 0, 0], [4, 2, 3], seat=[0, 1, 2])  # a query on the root
    yield Tree([-1, 0, 0], [4, 2, 3], seat=[1, 1, 2])  # two queries on one node
    yield Tree([-1, 0, 0, 2], [4, 2, 3, 1], seat=[1])  # nodes that no query sees


def few_shot(prompt: int, width: int, length: int) -> Tree:
    """A prompt that forks once."""
    return Tree([-1] + [0] * width, [prompt] + [length] * width)


def random_case(seed: int) -> Tree:
    """2 to 14 nodes of 0 to 9 tokens; odd seeds draw their seats, even ones have them at the leaves."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 15))
    parent = np.concatenate(([-1], rng.integers(0, np.arange(1, n))))
    length = np.concatenate(([rng.integers(1, 200)], rng.integers(0, 10, n - 1)))
    tree = Tree.from_parents(parent, length)
    seat = np.sort(rng.integers(0, n, rng.integers(1, n + 1))) if seed % 2 else None
    return Tree(tree.parent, tree.length, seat)  # queries in preorder, labels equal to indices

"""Trees of simple shapes. Lengths are in tokens; unless said, the seats are the leaves."""

import numpy as np

from ..errors import TreeError, check_counts
from ..tree import Tree

MOST_NODES = 1_000_000  # a slip such as a depth of 64 is refused before memory runs out


def check_size(n_nodes: int) -> None:
    """Refuse trees that no memory holds.

    Raises:
        TreeError: more than 1,000,000 nodes.
    """
    if n_nodes > MOST_NODES:
        raise TreeError(f"more than {MOST_NODES:,} nodes; make the tree smaller")


def chain(length: int = 1000, n_nodes: int = 1) -> Tree:
    """`n_nodes` nodes in a row, `length` tokens in all, as even as possible, with one query at the end."""
    check_counts(TreeError, 1, n_nodes=n_nodes, length=length)
    check_size(n_nodes)
    cuts = np.arange(n_nodes + 1) * length // n_nodes
    return Tree(np.arange(-1, n_nodes - 1), np.diff(cuts))


def star(width: int = 64, prompt: int = 4000) -> Tree:
    """A prompt with `width` leaves of one token: what the released speculative mock decodes."""
    return few_shot(prompt, width, 1)


def few_shot(prompt: int = 4000, width: int = 20, length: int = 200) -> Tree:
    """A prompt that forks once into `width` branches of `length` tokens."""
    check_counts(TreeError, 1, width=width)
    check_counts(TreeError, 0, prompt=prompt, length=length)
    check_size(1 + width)
    return Tree([-1] + [0] * width, [prompt] + [length] * width)


def k_ary(k: int = 2, depth: int = 3, length: int = 64, prompt: int | None = None) -> Tree:
    """A full tree: every inner node has `k` children, leaves are `depth` links below the root.

    The root holds `prompt` tokens (default: `length`), every other node `length`.
    """
    check_counts(TreeError, 1, k=k)
    check_counts(TreeError, 0, depth=depth, length=length)
    if prompt is not None:
        check_counts(TreeError, 0, prompt=prompt)
    parent, level = [-1], [0]
    for _ in range(depth):
        first = len(parent)
        check_size(first + k * len(level))
        parent += [node for node in level for _ in range(k)]
        level = list(range(first, len(parent)))
    lengths = [length if prompt is None else prompt] + [length] * (len(parent) - 1)
    return Tree.from_parents(parent, lengths)


def random_tree(seed: int = 0, n_nodes: int = 30, max_length: int = 60, prompt: int = 500) -> Tree:
    """Every node hangs below a uniformly drawn earlier one; lengths are uniform in 1 .. max_length."""
    check_counts(TreeError, 1, n_nodes=n_nodes, max_length=max_length, prompt=prompt)
    check_counts(TreeError, 0, seed=seed)
    check_size(n_nodes)
    rng = np.random.default_rng(seed)
    parent = np.concatenate(([-1], rng.integers(0, np.arange(1, n_nodes)))) if n_nodes > 1 else [-1]
    return Tree.from_parents(parent, np.concatenate(([prompt], rng.integers(1, max_length + 1, n_nodes - 1))))

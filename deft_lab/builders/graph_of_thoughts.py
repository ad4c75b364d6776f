"""Graph of thoughts: split a task, try each part several times, keep the best, merge them in pairs.

The graph is unfolded into a tree: a merged thought hangs below the left one of its two, and the right
one's answer is copied into it, because its own tokens lie on another path.
Source: GoT (2308.09687), its sorting task.
"""

import numpy as np

from ..errors import TreeError, check_counts
from ..tree import Tree
from .shapes import check_size


def graph_of_thoughts(
    n_parts: int = 8, n_candidates: int = 3, length: int = 64, prompt: int = 1000, seed: int = 0
) -> Tree:
    """The tree of all thoughts, kept or not, a query on every leaf.

        prompt -> n_parts parts of `length` tokens -> n_candidates answers each, one kept
               -> merge neighbours, n_candidates times each, one kept -> ... -> one answer

    Which candidate is kept is drawn. An odd one out waits for the next round. The answer of a merge is as
    long as its two together; the node holds the right one's copy, too.
    """
    check_counts(TreeError, 1, n_parts=n_parts, n_candidates=n_candidates)
    check_counts(TreeError, 0, length=length, prompt=prompt, seed=seed)
    check_size(2 * n_parts * (1 + n_candidates))
    rng = np.random.default_rng(seed)
    parent, lengths = [-1], [prompt]

    def best_of_candidates(above: int, n_tokens: int) -> int:
        first = len(parent)
        parent.extend([above] * n_candidates)
        lengths.extend([n_tokens] * n_candidates)
        return first + int(rng.integers(n_candidates))

    parent += [0] * n_parts
    lengths += [length] * n_parts
    # (node of a kept thought, tokens of its answer)
    kept = [(best_of_candidates(part, length), length) for part in range(1, 1 + n_parts)]
    while len(kept) > 1:
        pairs = zip(kept[::2], kept[1::2], strict=False)
        merged = [
            (best_of_candidates(left, right_size + (left_size + right_size)), left_size + right_size)
            for (left, left_size), (_, right_size) in pairs
        ]
        kept = merged + kept[len(kept) // 2 * 2 :]
    return Tree.from_parents(parent, lengths)

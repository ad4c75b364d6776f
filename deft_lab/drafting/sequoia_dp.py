"""Sequoia's dynamic program: the tree of a given size and depth that commits the most, exactly.

    T[n, l, b]   best F of a tree of n nodes in at most l levels (the root is one) whose root has b children
    T[1, l, 0] = 1
    T[n, l, b] = max over m of  T[n - m, l, b - 1] + p_b best[m, l - 1]     m nodes below and with child b
    best[n, l] = max over b of  T[n, l, b]

Source: Sequoia (2402.12374). One numpy operation does all n and m of a (level, child).
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DraftError, check_counts
from ..token_tree.convert import Shape

LARGEST = 1024  # nodes; a table of them takes seconds, and n x n numbers at a time


@dataclass(frozen=True)
class DpTable:
    """The solved program; level 0 of each array is unused.

    Args:
        best: [level, size] F, -inf where no such tree exists.
        n_children: [level, size] children of the root of the best tree.
        last: [level, child, size] nodes of the subtree of the last child.
    """

    best: NDArray[np.float64]
    n_children: NDArray[np.int64]
    last: NDArray[np.int64]


def solve(acceptance: NDArray[np.float64], size: int, max_depth: int) -> DpTable:
    """The best trees of 1 .. `size` nodes and 0 .. `max_depth` levels below the root.

    Raises:
        DraftError: the size is out of range.
    """
    check_counts(DraftError, 1, size=size, max_depth=max_depth)
    if size > LARGEST:
        raise DraftError(f"size={size}; the dynamic program goes to {LARGEST}, sort `acceptance` for more")
    n_levels, width = max_depth + 1, min(len(acceptance), size - 1)
    best = np.full((n_levels + 1, size + 1), -np.inf)
    n_children = np.zeros(best.shape, dtype=np.int64)
    last = np.zeros((n_levels + 1, width + 1, size + 1), dtype=np.int64)
    n = np.arange(size + 1)
    rest = n[:, None] - n  # [size, size of the last child's subtree]
    possible = (rest >= 1) & (n >= 1)
    for level in range(1, n_levels + 1):
        total = np.full(size + 1, -np.inf)
        total[1] = best[level, 1] = 1.0
        for child in range(1, width + 1):
            # 0 times -inf would be no number
            gain = np.where(best[level - 1] > 0, acceptance[child - 1] * best[level - 1], -np.inf)
            every = np.where(possible, total[rest] + gain, -np.inf)
            last[level, child], total = every.argmax(axis=1), every.max(axis=1)
            better = total > best[level]
            best[level, better], n_children[level, better] = total[better], child
    return DpTable(best, n_children, last)


def shape_of(table: DpTable, size: int) -> Shape:
    """The best tree of that size, level by level.

    Raises:
        DraftError: no tree of that size fits the levels and children of the table.
    """
    top = len(table.best) - 1
    if not table.best[top, size] > 0:
        raise DraftError(
            f"no tree of {size} nodes has {top - 1} levels and as many children as acceptance has entries; "
            "ask for fewer nodes"
        )
    shape: list[int] = []
    waiting = deque([(-1, size, top)])
    while waiting:
        node, n, level = waiting.popleft()
        sizes = []
        for child in range(int(table.n_children[level, n]), 0, -1):
            sizes.append(int(table.last[level, child, n]))
            n -= sizes[-1]
        for below in reversed(sizes):
            shape.append(node)
            waiting.append((len(shape) - 1, below, level - 1))
    return tuple(shape)

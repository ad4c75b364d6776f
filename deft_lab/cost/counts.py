"""What the closed forms need to know of a tree, for one step or summed over a run."""

from dataclasses import dataclass, fields

import numpy as np

from ..methods import QUERY_TILE
from ..trace import Trace
from ..tree import Tree


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over steps. Counts of one step and of a run have the same fields and the same forms.

    Args:
        n_steps: steps summed.
        queries: sum of l.
        tree_tokens: sum of N_tree.
        path_tokens: sum over steps and queries of N_i.
        dense_pairs: sum of l * N_tree.
        tiled_tokens: sum over steps and nodes of n_v * ceil(q_v / 32).
    """

    n_steps: int = 0
    queries: int = 0
    tree_tokens: int = 0
    path_tokens: int = 0
    dense_pairs: int = 0
    tiled_tokens: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def count(tree: Tree) -> Counts:
    """The counts of one step over `tree`."""
    tiles = -(-(tree.q_stop - tree.q_first) // QUERY_TILE)
    return Counts(
        n_steps=1,
        queries=tree.n_queries,
        tree_tokens=tree.n_tokens,
        path_tokens=tree.n_path_tokens,
        dense_pairs=tree.n_queries * tree.n_tokens,
        tiled_tokens=int((tree.length * tiles).sum()),
    )


def count_run(trace: Trace) -> Counts:
    """The counts of all decodes of a trace; a window of steps at a time, without making their trees."""
    total = Counts()
    for window in trace.windows():
        tree_tokens = window.length.sum(axis=1)
        total += Counts(
            n_steps=len(window.length),
            queries=int(window.n_queries.sum()),
            tree_tokens=int(tree_tokens.sum()),
            path_tokens=int(np.vdot(window.length, window.queries)),
            dense_pairs=int(np.vdot(window.n_queries, tree_tokens)),
            tiled_tokens=int(np.vdot(window.length, -(-window.queries // QUERY_TILE))),
        )
    return total

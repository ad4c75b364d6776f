"""What the closed forms need to know of a tree, for one step or summed over a run."""

from dataclasses import dataclass, fields

from ..errors import DeftLabError, check_kind
from ..methods import QUERY_TILE
from ..trace import Trace, Window
from ..tree import Tree
from ..tree._shape import Ints


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
    check_kind(DeftLabError, Tree, "Tree(parents, lengths) makes one", tree=tree)
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
    need_trace(trace)
    total = Counts()
    for window in trace.windows():
        total += Counts(len(window.length), *(int(column.sum()) for column in _columns(window)))
    return total


def count_steps(trace: Trace) -> tuple[Counts, ...]:
    """The counts of each decode of a trace; a window of steps at a time, without making their trees."""
    need_trace(trace)
    rows = (zip(*(c.tolist() for c in _columns(window)), strict=True) for window in trace.windows())
    return tuple(Counts(1, *row) for window in rows for row in window)


def need_trace(trace: object) -> None:
    """Refuse what is no trace.

    Raises:
        DeftLabError: it is none.
    """
    check_kind(DeftLabError, Trace, "a growth of deft_lab.builders.growth is one", trace=trace)


def _columns(window: Window) -> tuple[Ints, ...]:
    """[step] each of the counts, in the order of the fields."""
    tree_tokens = window.length.sum(axis=1)
    tiles = -(-window.queries // QUERY_TILE)
    return (
        window.n_queries,
        tree_tokens,
        (window.length * window.queries).sum(axis=1),
        window.n_queries * tree_tokens,
        (window.length * tiles).sum(axis=1),
    )

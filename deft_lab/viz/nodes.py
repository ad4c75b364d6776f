"""What every picture of a tree says of a node in the same way: its paint, its words, and how many fit."""

from ..errors import DeftLabError, check_kind
from ..tree import Tree
from .svg import Paint
from .theme import HATCHES, PALETTE
from .words import count

MOST_NODES = 5000


def refuse_too_large(tree: Tree) -> None:
    """Refuse what no picture can show.

    Raises:
        DeftLabError: it is no tree, or has more than 5,000 nodes.
    """
    check_kind(DeftLabError, Tree, "build one with build_tree or Tree", tree=tree)
    if tree.n_nodes > MOST_NODES:
        raise DeftLabError(
            f"{tree.n_nodes:,} nodes are more than a picture can show ({MOST_NODES:,}); "
            "prune what you do not look at and draw the rest"
        )


def node_paints(tree: Tree) -> list[Paint]:
    """[node] a paint by label, so that a node keeps it through edits; the root has a colour of its own."""
    n_colors = len(PALETTE) - 1
    paints = [Paint(1 + n % n_colors, n // n_colors % len(HATCHES)) for n in (tree.label - 1).tolist()]
    return [Paint(0), *paints[1:]]


def node_in_words(tree: Tree, node: int) -> str:
    """One node, as a tip or a line of text."""
    seen_by = int(tree.q_stop[node] - tree.q_first[node])
    return (
        f"node {tree.label[node]}: {count(int(tree.length[node]), 'token')}, "
        f"seen by {count(seen_by, 'query', 'queries')}"
    )

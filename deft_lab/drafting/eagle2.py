"""EAGLE-2: grow a wide tree along the draft's own confidence, then keep its best nodes.

expand: each node on the frontier offers its `top_k` likeliest tokens; of a level's offers, the `top_k` of
the best score (product of the path's probabilities) are the next frontier. All offers are remembered.
rerank: of all of them, the budget's worth of the best score stay.
Source: EAGLE-2 (2406.16858).
"""

from ..chance import Chance
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree, best_nodes, keep
from .base import Laws
from .offers import NOTHING, expand


def eagle2(laws: Laws, budget: int, chance: Chance, depth: int = 6, top_k: int = 10) -> TokenTree:
    """Expand and rerank.

    Args:
        laws: of the draft.
        budget: nodes; the paper's 60 count the root.
        chance: not asked.
        depth: levels, which is calls of the draft.
        top_k: children offered a node, and nodes of a frontier.
    """
    return keep(*eagle2_phases(laws, budget, depth, top_k))


def eagle2_phases(
    laws: Laws, budget: int, depth: int = 6, top_k: int = 10
) -> tuple[TokenTree, tuple[int, ...]]:
    """Both phases: the tree of all offers, and which of its nodes stay (`token_tree.keep` takes both)."""
    check_counts(DraftError, 1, budget=budget, depth=depth, top_k=top_k)
    tree, frontier = NOTHING, [-1]
    for _ in range(depth):
        first = len(tree)
        tree = expand(tree, laws, frontier, top_k, "eagle2")
        new = sorted(range(first, len(tree)), key=lambda node: -tree.scores[node])
        # in the order of offers, so that nodes go level by level and siblings by rank
        frontier = sorted(new[:top_k])
    return tree, best_nodes(tree, budget)

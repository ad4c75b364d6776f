"""Beam: a tree of constant width; each level is the best continuations of the level above, and nothing else.

Source: the dynamic tree of UMbreLLa (its repository; a width of 16, 24 offers a node, a depth of 24).
"""

from ..chance import Chance
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree, keep
from .base import Laws
from .offers import NOTHING, expand


def beam(
    laws: Laws, budget: int, chance: Chance, width: int = 16, offers: int = 24, depth: int = 24
) -> TokenTree:
    """`width` nodes a level, until the budget is spent: every level is one call of the same size.

    Args:
        laws: of the draft.
        budget: nodes.
        chance: not asked.
        width: nodes of a level, those of the largest product of probabilities.
        offers: children that a node offers.
        depth: levels at most, which is calls of the draft.
    """
    check_counts(DraftError, 1, width=width, offers=offers, depth=depth)
    tree, frontier = NOTHING, [-1]
    while frontier and len(tree) < budget and depth:
        first, depth = len(tree), depth - 1
        tree = expand(tree, laws, frontier, offers, "beam")
        offered = sorted(range(first, len(tree)), key=lambda node: -tree.scores[node])
        # in the order of offers, so that siblings stand by rank
        best = sorted(offered[: min(width, budget - first)])
        tree = keep(tree, (*range(first), *best))
        frontier = list(range(first, len(tree)))
    return tree

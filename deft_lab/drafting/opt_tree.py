"""OPT-Tree: the nodes of the best path products, and no further level once a level stops paying.

Source: OPT-Tree (2406.17276).
"""

from ..chance import Chance
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree, best_nodes, keep
from .base import Laws
from .offers import NOTHING, expand


def opt_tree(
    laws: Laws, budget: int, chance: Chance, threshold: float = 0.2, max_depth: int = 16
) -> TokenTree:
    """Of all nodes that the draft can offer, the `budget` of the largest product of probabilities.

    Args:
        laws: of the draft.
        budget: nodes.
        chance: not asked.
        threshold: stop when a level adds less than so many expected tokens; the time of a draft's forward,
            in forwards of the target, is the least that makes sense.
        max_depth: levels, which is calls of the draft.

    Raises:
        DraftError: `threshold` is negative or no number.
    """
    check_counts(DraftError, 1, max_depth=max_depth)
    if not threshold >= 0:
        raise DraftError(f"threshold={threshold}; it must be 0 or more expected tokens a level")
    tree, frontier, expected = NOTHING, [-1], 0.0
    for level in range(1, max_depth + 1):
        tree = expand(tree, laws, frontier, budget, "opt_tree")
        # below a node that is not among the best, none can be: what is cut never comes back
        tree = keep(tree, best_nodes(tree, budget))
        gain = sum(tree.scores) - expected
        expected += gain
        frontier = [node for node in range(len(tree)) if tree.depth[node] == level]
        if not frontier or gain < threshold:
            break
    return tree

"""Nucleus: Medusa's other acceptance above temperature 0; each path of the tree draws for itself. Lossy.

row: a path from the root to a leaf. At each place a row draws a token of the target's (temperature and top-p
are in the law that it is given) and goes on while that is the drafted one. The longest row is committed, so:
1. a node that k rows share is tried k times: it passes with 1 - (1 - p)^k;
2. of two rows the longer one wins, whatever their first tokens' probabilities are;
3. the bonus is a fresh draw that may say again what has just been turned down.
"""

from ..chance import Chance
from ..token_tree import TokenTree
from ..token_tree.core import ROOT
from .base import Laws, Verdict


def nucleus(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """The row that goes on longest, of equal ones the last leaf's, as Medusa orders them.

    Source: Medusa's repository, `get_nucleus_posterior_mask` and `evaluate_posterior` (paper: 2401.10774).
    """
    best: tuple[int, ...] = ()
    for leaf in reversed(tree.leaves):
        passed = 0
        for node in (row := tree.path(leaf)):
            if not chance.flip(p[1 + tree.parents[node]][tree.tokens[node]]):
                break
            passed += 1
        if passed > len(best):
            best = row[:passed]
    return Verdict(best, chance.choose(p[1 + (best[-1] if best else ROOT)]))

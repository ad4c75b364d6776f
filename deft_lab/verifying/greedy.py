"""Greedy: the longest path of arg-maxes. It is the verifier of temperature 0, and of nothing else."""

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Laws, Verdict


def greedy(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Descend while the target's likeliest token is among the children; no chance in it.

    Source: Medusa (2401.10774) and SpecInfer's released engine, which compare tokens only.
    """
    # drafts with replacement hold a token twice: all nodes of one text are followed together
    level, node = [ROOT], ROOT
    while True:
        best = int(p[1 + level[0]].argmax())
        level = [child for at in level for child in tree.children[at] if tree.tokens[child] == best]
        if not level:
            return Verdict(tree.path(node), best)
        node = level[0]

"""Sequoia: top-down, for children that were drawn without replacement."""

import numpy as np

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Law, Laws, Verdict, law_of_children, ratio, residual, without


def next_draw(q: Law, tried: list[int]) -> Law:
    """The law of the next child, after those in `tried`; uniform over the rest once q has nothing left."""
    q = without(q, tried[-1])
    if q.sum() == 0 and len(set(tried)) < len(q):
        q = np.ones(len(q))
        q[tried] = 0.0
        q /= q.sum()
    return q


def sequoia(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Try the children in draw order; each turned down takes q out of p, and its own token out of q.

    With every token of the vocabulary among the children one is always accepted.

    Source: Sequoia (2402.12374), algorithm 2; also RSD (2402.14160) and MCSD. The published code stops where
    p <= q; here such a rounding samples from p.
    """
    node, law = ROOT, p[0]
    while True:
        q = law_of_children(tree, node) if tree.children[node] else law
        tried: list[int] = []
        for child in tree.children[node]:
            token = tree.tokens[child]
            if chance.flip(ratio(law[token], q[token])):
                node, law = child, p[1 + child]
                break
            law = residual(law, q)
            tried.append(token)
            q = next_draw(q, tried)
        else:
            return Verdict(tree.path(node), chance.choose(law))

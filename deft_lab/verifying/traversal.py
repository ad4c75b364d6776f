"""Traversal: from a leaf upwards. A branch is given up only when its every node has been turned down.

weight: the probability with which the text down to a node may be accepted, given all that was turned down.
Top-down verifiers decide on a token before they have looked at what follows it; this one decides on whole
texts, so it accepts more of them. On a chain it verifies the whole chain at once.
Source: Traversal Verification (2505.12398).
"""

import numpy as np

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Laws, Verdict, law_of_children, ratio, without


def traversal(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Bottom-up, for children that were drawn without replacement."""
    return _traverse(tree, p, chance, replaced=False)


def traversal_iid(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Bottom-up, for children that were drawn independently: a token turned down may be drawn again."""
    return _traverse(tree, p, chance, replaced=True)


def _traverse(tree: TokenTree, p: Laws, chance: Chance, replaced: bool) -> Verdict:
    p = np.array(p, dtype=np.float64)  # of what may still follow each node; a copy, because it is changed
    q = {node: law_of_children(tree, node) for node, below in tree.children.items() if below}
    left = {node: list(below) for node, below in tree.children.items()}
    weight, node = {ROOT: 1.0}, ROOT
    while True:
        while left[node]:
            child = left[node][0]
            token = tree.tokens[child]
            weight[child] = min(1.0, ratio(weight[node] * p[1 + node, token], q[node][token]))
            node = child
        if node == ROOT or chance.flip(weight[node]):
            return Verdict(tree.path(node), chance.choose(p[1 + node]))
        above = tree.parents[node]
        left[above].pop(0)
        weight[above], p[1 + above] = _turned_down(weight[above], p[1 + above], q[above])
        if not replaced:
            q[above] = without(q[above], tree.tokens[node])
        node = above


def _turned_down(weight: float, p: Laws, q: Laws) -> tuple[float, Laws]:
    """Weight of a node, and law of what follows it, after one of its children was given up."""
    rest = np.maximum(weight * p - q, 0.0)
    total = float(rest.sum())
    if total == 0:  # p <= q: only rounding leads here from weight 1; a smaller weight is used up
        return (weight if weight == 1 else 0.0), p
    return total / (total + 1 - weight), rest / total

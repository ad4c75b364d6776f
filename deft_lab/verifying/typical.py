"""Typical: Medusa's acceptance of whatever the target finds plausible. Lossy above temperature 0."""

import numpy as np

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Law, Laws, Verdict

EPSILON = 0.09  # Medusa's public entry; its helpers have this and the next one swapped
DELTA = 0.3


def threshold(p: Law, epsilon: float = EPSILON, delta: float = DELTA) -> float:
    """The probability above which a token counts as typical; it sinks where the target is unsure."""
    entropy = -float((p * np.log(p + 1e-5)).sum())  # 1e-5: Medusa's
    return min(epsilon, delta * float(np.exp(-entropy)))


def typical(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """The longest path of typical tokens, of equal ones the likeliest; the bonus is drawn from the target.

    Source: Medusa (2401.10774), section 3.3.1 and `evaluate_posterior`.
    """
    best = _longest(tree, p)
    return Verdict(tree.path(best), chance.choose(p[1 + best]))


def typical_fast(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """The same with the target's likeliest token as bonus: no chance is left in it, at any temperature.

    Source: `fast=True`, the default of Medusa's generation.
    """
    best = _longest(tree, p)
    return Verdict(tree.path(best), int(p[1 + best].argmax()))


def _longest(tree: TokenTree, p: Laws) -> int:
    """The last node of that path; -1: the root."""
    score, best = {ROOT: (0, 0.0)}, ROOT  # (depth, log-probability) of nodes all of whose path is typical
    for node, (parent, token) in enumerate(zip(tree.parents, tree.tokens, strict=True)):
        law = p[1 + parent]
        if parent in score and law[token] > threshold(law):
            depth, logp = score[parent]
            score[node] = depth + 1, logp + float(np.log(law[token]))
            best = max(best, node, key=score.__getitem__)
    return best

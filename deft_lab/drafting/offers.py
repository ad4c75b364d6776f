"""Offers: what a draft would say next, a level at a time, scored by the product of its probabilities."""

from collections.abc import Sequence

from ..chance import Dice
from ..token_tree import TokenTree
from .base import TOP_K, Laws
from .fill import children_of

NOTHING = TokenTree((), ())
NO_CHANCE = Dice(0)  # the likeliest tokens are not drawn


def expand(tree: TokenTree, laws: Laws, frontier: Sequence[int], top_k: int, name: str) -> TokenTree:
    """The tree with the `top_k` likeliest children below every node of the frontier.

    One call of the draft. The new nodes come last, those of one parent in order of rank.
    """
    parents, tokens, scores = list(tree.parents), list(tree.tokens), list(tree.scores)
    q = dict(tree.q)
    found = laws([tree.text(node) for node in frontier])
    for node, law in zip(frontier, found, strict=True):
        q[node] = law
        above = tree.scores[node] if node >= 0 else 1.0
        for token in children_of(law, top_k, NO_CHANCE, TOP_K):
            parents.append(node)
            tokens.append(token)
            # a law that sums to a little more than 1 must not make a child better than its parent
            scores.append(above * min(1.0, float(law[token])))
    return TokenTree(tuple(parents), tuple(tokens), tuple(scores), (name,) * len(parents), q)

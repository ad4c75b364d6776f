"""One-hot: each child is tested as if the draft had been certain of it. It needs no q."""

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Laws, Verdict, without


def one_hot(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Accept a child x with probability p(x); a child that is turned down leaves the target's law.

    Source: EAGLE-2 (2406.16858). It commits what `naive` commits, by other draws: a node's children together
    are accepted with probability p(children).
    """
    node, law = ROOT, p[0]
    while True:
        for child in tree.children[node]:
            token = tree.tokens[child]
            if chance.flip(law[token]):
                node, law = child, p[1 + child]
                break
            law = without(law, token)
        else:
            return Verdict(tree.path(node), chance.choose(law))

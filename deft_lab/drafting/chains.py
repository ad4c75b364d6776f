"""A chain: the plain draft of speculative decoding, one token after the other."""

from ..chance import Chance
from ..token_tree import TokenTree, tree_from_paths
from .base import Laws


def chain(laws: Laws, budget: int, chance: Chance) -> TokenTree:
    """`budget` tokens, each drawn from the law of what came before.

    Source: Leviathan et al., "Fast inference from transformers via speculative decoding" (2211.17192).
    """
    path: tuple[int, ...] = ()
    q, scores = {}, {}
    for _ in range(budget):
        (law,) = laws([path])
        q[path] = law
        token = chance.choose(law)
        scores[(*path, token)] = scores.get(path, 1.0) * float(law[token])
        path += (token,)
    return tree_from_paths([path], scores=scores, q=q)

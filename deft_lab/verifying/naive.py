"""Naive: draw from the target, and descend as long as the drawn token is in the tree. It needs no q."""

from ..chance import Chance
from ..token_tree import TokenTree
from .base import Laws, Verdict


def naive(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Lossless for every tree, because the draws are the target's own (SpecInfer's baseline, 2305.09781)."""
    node = -1
    path: list[int] = []
    while True:
        token = chance.choose(p[1 + node])
        below = [child for child in tree.children[node] if tree.tokens[child] == token]
        if not below:
            return Verdict(tuple(path), token)
        node = below[0]
        path.append(node)

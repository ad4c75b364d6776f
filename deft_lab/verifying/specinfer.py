"""SpecInfer: multi-step speculative sampling, for children that were drawn with replacement."""

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Laws, Verdict, law_of_children, ratio, residual


def specinfer(tree: TokenTree, p: Laws, chance: Chance) -> Verdict:
    """Try the children in draw order against p, and each turned down takes its draft's law out of p.

    q stays as it is: the next draw was made from the same law. In a tree merged from several drafts, q[node]
    may be [child, vocabulary]: the law of the draft that proposed each child.

    Source: SpecInfer (2305.09781), algorithm 2. Its released engine compares tokens only.
    """
    node, law = ROOT, p[0]
    while True:
        q = law_of_children(tree, node) if tree.children[node] else law
        for i, child in enumerate(tree.children[node]):
            mine, token = q[i] if q.ndim == 2 else q, tree.tokens[child]
            if chance.flip(ratio(law[token], mine[token])):
                node, law = child, p[1 + child]
                break
            law = residual(law, mine)
        else:
            return Verdict(tree.path(node), chance.choose(law))

"""Enhanced Tree Verification: keep every child that passes, and commit the longest path. Not lossless.

Dynasurge (`--use_bfs`) publishes it as a drop-in for Sequoia's rule. It accepts more, and changes the law:
1. of two siblings that pass, the one with the longer continuation wins: P(first token = x) is not p(x);
2. after an acceptance p and q are left as they were, though the next sibling was drawn from what remained;
3. the bonus is drawn at the dead end that was visited last, not at the end of the committed path;
4. an end of text accepted on any branch ends the text.
`etv_right_bonus` mends the third alone; `traversal` has nearly all of the gain, and is lossless.
"""

from collections.abc import Collection

from ..chance import Chance
from ..token_tree.core import ROOT, TokenTree
from .base import Law, Laws, Verdict, law_of_children, ratio, residual, without


def etv(tree: TokenTree, p: Laws, chance: Chance, ends: Collection[int] = ()) -> Verdict:
    """As published, the bonus from the wrong node included.

    Args:
        tree: children drawn without replacement.
        p: the target's laws.
        chance: asked for every draw.
        ends: tokens that end the text (published: 0 and 2); the first one accepted on any branch is committed
            at once, and stands where the bonus would.
    """
    return _longest(tree, p, chance, ends, right_bonus=False)


def etv_right_bonus(tree: TokenTree, p: Laws, chance: Chance, ends: Collection[int] = ()) -> Verdict:
    """With the bonus from the end of the committed path: still not lossless."""
    return _longest(tree, p, chance, ends, right_bonus=True)


def _longest(tree: TokenTree, p: Laws, chance: Chance, ends: Collection[int], right_bonus: bool) -> Verdict:
    waiting, longest, left, last = [ROOT], ROOT, {}, ROOT
    depth = {ROOT: 0}
    for node in waiting:  # breadth first; grows as children pass
        passed, law = _visit(tree, node, p[1 + node], chance)
        for child in passed:
            if tree.tokens[child] in ends:
                return Verdict(tree.path(node), tree.tokens[child])
            depth[child] = depth[node] + 1
            if depth[child] > depth[longest]:  # of equally long paths the first
                longest = child
        if not passed:
            left[node], last = law, node
        waiting += passed
    return Verdict(tree.path(longest), chance.choose(left[longest if right_bonus else last]))


def _visit(tree: TokenTree, node: int, p: Law, chance: Chance) -> tuple[list[int], Law]:
    """Children that pass, and what is left of p: of use only where none does."""
    passed: list[int] = []
    q = law_of_children(tree, node) if tree.children[node] else p
    for child in tree.children[node]:
        token = tree.tokens[child]
        if chance.flip(ratio(p[token], q[token])):
            passed.append(child)
        else:
            p, q = residual(p, q), without(q, token)
    return passed, p

"""Dynasurge's dynamic tree: wide where the draft is unsure, deep where its draws coincide.

Every node draws K tokens, repeats are dropped, and what they would have cost goes to deeper levels. Nodes
are served level by level from left to right until the budget is spent; nothing ranks them.
Source: Dynasurge, a course project on top of Sequoia, function `create_tree_map` of its repository.
"""

from ..chance import Chance
from ..errors import DraftError
from ..token_tree import TokenTree
from .base import DEDUPLICATED, SET_ORDER, Laws, Path
from .fill import children_of

LARGEST_PUBLISHED = 255  # beyond it the published code has no K


def draws_per_node(budget: int) -> int:
    """K(B): the least K for which a full K-ary tree of depth K holds B nodes: 1, 6, 39, 340, ..."""
    k = 1
    while sum(k**depth for depth in range(1, k + 1)) < budget:
        k += 1
    return k


def dynasurge(laws: Laws, budget: int, chance: Chance) -> TokenTree:
    """The lossless variant: children in draw order, drawn from the very laws that verification divides by.

    What is left of independent draws without their repeats is draws without replacement, so the rule for
    those is exact.
    """
    return _grow(laws, budget, chance, DEDUPLICATED)


def dynasurge_as_published(laws: Laws, budget: int, chance: Chance) -> TokenTree:
    """Children in the order of a Python set, which is that of token ids: verification is biased by it.

    Two more of its faults lie outside a builder: it drafts at temperature 1 whatever the target's is, and
    places every token one position too far.

    Raises:
        DraftError: the budget is above 255, for which it has no K.
    """
    if budget > LARGEST_PUBLISHED:
        raise DraftError(f"budget={budget}; the published code knows 1 .. {LARGEST_PUBLISHED}")
    return _grow(laws, budget, chance, SET_ORDER)


def _grow(laws: Laws, budget: int, chance: Chance, kind: str) -> TokenTree:
    k = draws_per_node(budget)
    parents: list[int] = []
    tokens: list[int] = []
    scores: list[float] = []
    q = {}
    level: list[tuple[int, Path, float]] = [(-1, (), 1.0)]
    while len(parents) < budget:
        # each node takes at least one of what is left, so the others of the level get no child, and no law
        asking = level[: budget - len(parents)]
        level = []
        for (node, text, score), law in zip(asking, laws([text for _, text, _ in asking]), strict=True):
            room = min(k, budget - len(parents))
            if not room:
                break
            q[node] = law
            for token in children_of(law, room, chance, kind):
                parents.append(node)
                tokens.append(token)
                scores.append(score * float(law[token]))
                level.append((len(parents) - 1, (*text, token), scores[-1]))
    name = "dynasurge" if kind == DEDUPLICATED else "dynasurge_as_published"
    return TokenTree(tuple(parents), tuple(tokens), tuple(scores), (name,) * len(parents), q)

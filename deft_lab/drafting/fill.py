"""Fill a given shape with tokens, a level at a time: one call of the draft a level."""

from collections.abc import Sequence

import numpy as np

from ..chance import Chance, Law, choose_without_replacement
from ..errors import DraftError, check_choice
from ..token_tree import TokenTree
from .base import CHILDREN, DEDUPLICATED, IID, SET_ORDER, TOP_K, WITHOUT_REPLACEMENT, Laws, Path


def children_of(law: Law, k: int, chance: Chance, kind: str) -> list[int]:
    """At most `k` tokens that follow, in the order in which a verifier has to try them.

    Args:
        law: [vocabulary] of the draft.
        k: children that the shape has room for.
        chance: asked for every draw.
        kind: one of CHILDREN.
    """
    if kind == TOP_K:
        # of equally likely tokens the first, so that the choice never depends on the sort
        best = np.argsort(-law, kind="stable")[:k]
        return [int(token) for token in best if law[token] > 0]
    if kind == WITHOUT_REPLACEMENT:
        return choose_without_replacement(chance, law, k)
    drawn = [chance.choose(law) for _ in range(k)]
    if kind == IID:
        return drawn
    assert kind in (DEDUPLICATED, SET_ORDER)
    different = list(dict.fromkeys(drawn))
    return sorted(different) if kind == SET_ORDER else different


def fill(laws: Laws, shape: Sequence[int], chance: Chance, kind: str, name: str = "") -> TokenTree:
    """Give each node of a shape a token; where a node gets fewer children than that, the rest is cut.

    Args:
        laws: of the draft.
        shape: [node] parent of each, an earlier one; -1: the root. The first child is the one tried first.
        chance: asked for every draw.
        kind: one of CHILDREN.
        name: provenance of every node.

    Raises:
        DraftError: there is no such kind.
    """
    check_choice(DraftError, CHILDREN, kind_of_children=kind)
    below: dict[int, list[int]] = {node: [] for node in range(-1, len(shape))}
    for node, parent in enumerate(shape):
        below[parent].append(node)
    parents: list[int] = []
    tokens: list[int] = []
    scores: list[float] = []
    q = {}
    # node of the shape, node of the tree, its text, its score
    level: list[tuple[int, int, Path, float]] = [(-1, -1, (), 1.0)] if shape else []
    while level:
        asking = [entry for entry in level if below[entry[0]]]
        if not asking:
            break
        level = []
        for (wanted, node, text, score), law in zip(asking, laws([x[2] for x in asking]), strict=True):
            q[node] = law
            chosen = children_of(law, len(below[wanted]), chance, kind)
            for child, token in zip(below[wanted], chosen, strict=False):
                parents.append(node)
                tokens.append(token)
                scores.append(score * float(law[token]))
                level.append((child, len(parents) - 1, (*text, token), scores[-1]))
    return TokenTree(tuple(parents), tuple(tokens), tuple(scores), (name,) * len(parents), q)

"""Expansions: every node of a level has the same number of children."""

from collections.abc import Sequence

from ..chance import Chance
from ..token_tree import TokenTree
from .base import IID, TOP_K, WITHOUT_REPLACEMENT, Laws
from .fill import fill
from .shapes import expansion_shape

SPECINFER = (1, 1, 3, 1, 1, 1, 1, 1)  # its default: 20 tokens, 3 chains that begin alike


def specinfer(laws: Laws, budget: int, chance: Chance, expansion: Sequence[int] = SPECINFER) -> TokenTree:
    """A node of level i has `expansion[i]` children, drawn independently; `token_tree.merge` joins drafts.

    Source: SpecInfer (2305.09781), expansion-based.
    """
    return fill(laws, expansion_shape(expansion, budget), chance, IID, "specinfer")


def k_ary(laws: Laws, budget: int, chance: Chance, k: int = 4) -> TokenTree:
    """A full tree of `k` different children a node, level by level, cut off at the budget."""
    return fill(laws, expansion_shape([k] * budget, budget), chance, WITHOUT_REPLACEMENT, "k_ary")


def k_ary_top_k(laws: Laws, budget: int, chance: Chance, k: int = 4) -> TokenTree:
    """The same shape with the `k` likeliest tokens, as DeFT's stored trees of 96 and more nodes have it."""
    return fill(laws, expansion_shape([k] * budget, budget), chance, TOP_K, "k_ary_top_k")

"""Sequoia: the shape that commits the most under a measured acceptance, the same every round."""

from collections.abc import Sequence
from functools import lru_cache

from ..chance import Chance
from ..token_tree import TokenTree
from .base import TOP_K, WITHOUT_REPLACEMENT, Laws
from .fill import fill
from .shapes import ANY_DEPTH, PRINTED_ACCEPTANCE, best_shape


def sequoia(
    laws: Laws,
    budget: int,
    chance: Chance,
    acceptance: Sequence[float] = PRINTED_ACCEPTANCE,
    max_depth: int = ANY_DEPTH,
) -> TokenTree:
    """The best shape, its children drawn without replacement. Source: Sequoia (2402.12374).

    Args:
        laws: of the draft.
        budget: nodes.
        chance: asked for every draw.
        acceptance: [rank] how likely the child of that rank is the accepted one; measure your own.
        max_depth: levels, which is calls of the draft.

    Raises:
        DraftError: `acceptance` is no probability vector.
    """
    return fill(laws, _shape(tuple(acceptance), budget, max_depth), chance, WITHOUT_REPLACEMENT, "sequoia")


def sequoia_greedy(
    laws: Laws,
    budget: int,
    chance: Chance,
    acceptance: Sequence[float] = PRINTED_ACCEPTANCE,
    max_depth: int = ANY_DEPTH,
) -> TokenTree:
    """The best shape with the likeliest tokens: for temperature 0, with an acceptance measured there."""
    return fill(laws, _shape(tuple(acceptance), budget, max_depth), chance, TOP_K, "sequoia_greedy")


@lru_cache(maxsize=32)
def _shape(acceptance: tuple[float, ...], budget: int, max_depth: int) -> tuple[int, ...]:
    return best_shape(acceptance, budget + 1, max_depth)

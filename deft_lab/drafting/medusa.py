"""Medusa's and EAGLE-1's trees: a published shape, filled with the likeliest tokens."""

from collections.abc import Sequence
from itertools import product

from ..chance import Chance
from ..errors import DraftError, TreeError, check_counts
from ..token_tree import TokenTree
from ..token_tree.convert import shape_from_ranks
from ..token_tree.topologies import find_topology
from .base import TOP_K, Laws
from .fill import fill

Ranks = Sequence[Sequence[int]]


def medusa(
    laws: Laws,
    budget: int,
    chance: Chance,
    topology: str = "mc_sim_7b_63",
    paths: Ranks | None = None,
    dense: Sequence[int] | None = None,
) -> TokenTree:
    """The first `budget` nodes of a topology; the child of rank r is the r-th likeliest token.

    The law of a node knows the tokens above it, where Medusa's heads know their depth alone.
    Source: Medusa (2401.10774).

    Args:
        laws: of the draft.
        budget: nodes, the topology is cut there.
        chance: not asked.
        topology: a published one (`deft_lab.token_tree.topologies()`).
        paths: rank paths in its place, parents and lower ranks first.
        dense: or the old notation: [1, 7, 6] is the top 7 of the first head, each with the top 6 of the next.

    Raises:
        DraftError: the topology is unknown or broken, or a rank lies beyond the vocabulary.
    """
    try:
        if dense is not None:
            paths = dense_paths(dense)
        ranks = (find_topology(topology) if paths is None else paths)[:budget]
        shape = shape_from_ranks(ranks)
    except TreeError as bad:
        raise DraftError(str(bad)) from bad
    worst = max((max(path) for path in ranks), default=0)
    if worst >= laws.vocab_size:
        raise DraftError(
            f"rank {worst} lies beyond the draft's vocabulary of {laws.vocab_size} tokens; choose a narrower "
            "topology"
        )
    return fill(laws, shape, chance, TOP_K, "medusa")


def eagle1(laws: Laws, budget: int, chance: Chance) -> TokenTree:
    """EAGLE-1's fixed tree of 25 nodes (2401.15077), filled with the likeliest tokens."""
    return medusa(laws, budget, chance, "eagle1_default_25")


def dense_paths(dense: Sequence[int]) -> list[tuple[int, ...]]:
    """The rank paths of Medusa's old notation, level by level; its first entry is the root, so it is 1.

    Raises:
        DraftError: the first entry is not 1, or another is no count.
    """
    for count in dense:
        check_counts(DraftError, 1, count=count)
    if not dense or dense[0] != 1:
        raise DraftError(f"dense={list(dense)!r}; the first entry is the root, which is one token: 1")
    tops = dense[1:]
    return [path for end in range(1, len(tops) + 1) for path in product(*map(range, tops[:end]))]

"""Token builders: who draws the tree that a target verifies. All ask a draft's `Laws` and give a TokenTree.

To add one: write it in a file here, add its line to TOKEN_BUILDERS, and draw its case by hand in
`tests/test_drafting.py`; a test fails without one.
"""

from ..chance import Chance, need_chance
from ..errors import DraftError, check_choice, check_counts
from ..token_tree import TokenTree
from .base import (
    CHILDREN,
    DEDUPLICATED,
    IID,
    SET_ORDER,
    TOP_K,
    WITHOUT_REPLACEMENT,
    Laws,
    TableLaws,
    TokenBuilder,
    check_options,
    check_values,
    need_laws,
)
from .beam import beam
from .chains import chain, chains, chains_iid
from .dynasurge import dynasurge, dynasurge_as_published
from .dytc import dytc
from .eagle2 import eagle2
from .expansion import k_ary, k_ary_top_k, specinfer
from .medusa import eagle1, medusa
from .ngram import ngram
from .opt_tree import opt_tree
from .sequoia import sequoia, sequoia_greedy

MOST_NODES = 4096  # a target's forward over more costs more than it could save
TOKEN_BUILDERS: dict[str, TokenBuilder] = {
    builder.name: builder
    for builder in (
        TokenBuilder("chain", chain, WITHOUT_REPLACEMENT, "one token after the other"),
        TokenBuilder("chains", chains, WITHOUT_REPLACEMENT, "chains whose first tokens differ"),
        TokenBuilder("chains_iid", chains_iid, IID, "independent chains"),
        TokenBuilder("specinfer", specinfer, IID, "so many children a level, drawn independently"),
        TokenBuilder("k_ary", k_ary, WITHOUT_REPLACEMENT, "k different children a node"),
        TokenBuilder("k_ary_top_k", k_ary_top_k, TOP_K, "the k likeliest children a node"),
        TokenBuilder("medusa", medusa, TOP_K, "a published shape with the likeliest tokens"),
        TokenBuilder("eagle1", eagle1, TOP_K, "EAGLE-1's 25 nodes"),
        TokenBuilder("sequoia", sequoia, WITHOUT_REPLACEMENT, "the best shape for a measured acceptance"),
        TokenBuilder("sequoia_greedy", sequoia_greedy, TOP_K, "that shape with the likeliest tokens"),
        TokenBuilder("dynasurge", dynasurge, DEDUPLICATED, "wide where unsure; repeats buy depth"),
        TokenBuilder("dynasurge_as_published", dynasurge_as_published, SET_ORDER, "the same, biased"),
        TokenBuilder("eagle2", eagle2, TOP_K, "expand along confidence, keep the best"),
        TokenBuilder("opt_tree", opt_tree, TOP_K, "the best path products, as deep as it pays"),
        TokenBuilder("beam", beam, TOP_K, "the best so many nodes a level, as a beam search"),
        TokenBuilder("dytc", dytc, TOP_K, "the draft and Max-Gram, each where it pays most"),
        TokenBuilder("ngram", ngram, TOP_K, "what followed in the text before; no draft"),
    )
}


def check_budget(budget: int) -> None:
    """Refuse a budget that is none.

    Raises:
        DraftError: it is below 1, or above MOST_NODES.
    """
    check_counts(DraftError, 1, budget=budget)
    if budget > MOST_NODES:
        raise DraftError(f"budget={budget}; at most {MOST_NODES} nodes are verified at once")


def find_token_builder(name: str) -> TokenBuilder:
    """The builder of that name.

    Raises:
        DraftError: there is none.
    """
    check_choice(DraftError, TOKEN_BUILDERS, token_builder=name)
    return TOKEN_BUILDERS[name]


def draft(name: str, laws: Laws, budget: int, chance: Chance, **options: object) -> TokenTree:
    """Build a token tree of at most `budget` nodes.

    Raises:
        DraftError: the builder is unknown, the budget is out of range, an option is not allowed, or there are
            no laws.
    """
    check_budget(budget)
    builder = find_token_builder(name)
    check_options(builder, options)
    need_laws(laws)
    need_chance(chance)
    return builder.build(laws, budget, chance, **options)


__all__ = [
    "CHILDREN", "DEDUPLICATED", "IID", "SET_ORDER", "TOKEN_BUILDERS", "TOP_K", "WITHOUT_REPLACEMENT", "Laws",
    "TableLaws", "TokenBuilder", "check_budget", "check_options", "check_values", "draft",
    "find_token_builder",
]  # fmt: skip

"""Token builders: who draws the tree that a target verifies. All ask a draft's `Laws` and give a TokenTree.

To add one: write it in a file here, add its line to TOKEN_BUILDERS, and draw its case by hand in
`tests/test_drafting.py`; a test fails without one.
"""

from ..errors import DraftError, check_counts
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
)
from .chains import chain

TOKEN_BUILDERS: dict[str, TokenBuilder] = {
    builder.name: builder
    for builder in (TokenBuilder("chain", chain, WITHOUT_REPLACEMENT, "one token after the other"),)
}


def find_token_builder(name: str) -> TokenBuilder:
    """The builder of that name.

    Raises:
        DraftError: there is none.
    """
    if name not in TOKEN_BUILDERS:
        raise DraftError(f"no token builder {name!r}; choose one of {', '.join(TOKEN_BUILDERS)}")
    return TOKEN_BUILDERS[name]


def draft(name: str, laws: Laws, budget: int, chance: object, **options: object) -> TokenTree:
    """Build a token tree of at most `budget` nodes.

    Raises:
        DraftError: the builder is unknown, the budget is below 1, or an option is not allowed.
    """
    check_counts(DraftError, 1, budget=budget)
    return find_token_builder(name).build(laws, budget, chance, **options)


__all__ = [
    "CHILDREN", "DEDUPLICATED", "IID", "SET_ORDER", "TOKEN_BUILDERS", "TOP_K", "WITHOUT_REPLACEMENT", "Laws",
    "TableLaws", "TokenBuilder", "draft", "find_token_builder",
]  # fmt: skip

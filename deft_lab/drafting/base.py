"""What a token builder is, and what it asks of a draft."""

import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ..errors import DraftError, check_counts
from ..token_tree import TokenTree

Path = tuple[int, ...]
# how the children of a node came about; it decides which verifiers are lossless (VERIFIERS)
TOP_K = "top-k"  # the likeliest tokens, no chance in it
IID = "iid"  # independent draws; repeats are kept
DEDUPLICATED = "deduplicated"  # independent draws, repeats dropped, draw order kept
WITHOUT_REPLACEMENT = "without replacement"  # in draw order
SET_ORDER = "set order"  # drawn, then sorted: no verifier that uses q is lossless
CHILDREN = (TOP_K, IID, DEDUPLICATED, WITHOUT_REPLACEMENT, SET_ORDER)


class Laws(Protocol):
    """Next-token laws of a draft, below the last committed token. A table or a model.

    `vocab_size`: tokens it knows. A call is one forward of the draft.
    """

    vocab_size: int

    def __call__(self, paths: Sequence[Path]) -> NDArray[np.float64]:
        """[path, vocabulary] law of what follows each path of tokens; () is the last committed token."""


@dataclass(frozen=True)
class TokenBuilder:
    """One way to draft.

    Args:
        name: in TOKEN_BUILDERS.
        build: (laws, budget, chance, **options) -> TokenTree of at most `budget` nodes.
        children: one of CHILDREN.
        what: a sentence.
    """

    name: str
    build: Callable[..., TokenTree]
    children: str
    what: str


class TableLaws:
    """Laws from a Markov table: what follows depends on the last token alone.

    Args:
        table: [token, vocabulary] probabilities.
        last: the last committed token.

    Raises:
        DraftError: there is no such table, or the token is none of it.
    """

    def __init__(self, table: NDArray[np.float64], last: int) -> None:
        try:
            self.table, self.last = np.asarray(table, dtype=np.float64), last
        except (TypeError, ValueError) as bad:
            raise DraftError(f"table is {table!r:.60}; give [token, vocabulary] probabilities") from bad
        if self.table.ndim != 2:
            raise DraftError(f"table has shape {self.table.shape}; give [token, vocabulary] probabilities")
        check_counts(DraftError, 0, last=last)
        if last >= len(self.table):
            raise DraftError(f"last={last}; the table has the tokens 0 .. {len(self.table) - 1}")
        self.vocab_size = self.table.shape[1]
        self.n_calls = 0

    def __call__(self, paths: Sequence[Path]) -> NDArray[np.float64]:
        self.n_calls += 1
        return self.table[[path[-1] if path else self.last for path in paths]]


def need_laws(laws: object) -> None:
    """Refuse what is no draft: no laws, nor a list of some.

    Raises:
        DraftError: it is none.
    """
    for one in laws if isinstance(laws, list | tuple) else [laws]:
        if not callable(one) or not hasattr(one, "vocab_size"):
            raise DraftError(
                f"laws is a {type(one).__name__}; TableLaws(table, last) makes some, or ModelLaws(model)"
            )


def check_options(builder: TokenBuilder, options: Mapping[str, object]) -> None:
    """Refuse options that a builder does not take, and values of another kind than it says.

    Raises:
        DraftError: one is.
    """
    taken = list(inspect.signature(builder.build).parameters.values())[3:]
    names = [parameter.name for parameter in taken]
    unknown = [name for name in options if name not in names]
    if unknown and not any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken):
        raise DraftError(
            f"token builder {builder.name!r} has no option {unknown[0]!r}; it takes "
            f"{', '.join(names) or 'none'}"
        )
    check_values(builder, options)


def check_values(builder: TokenBuilder, options: Mapping[str, object]) -> None:
    """Refuse values of options that are of another kind than the builder says.

    Raises:
        DraftError: one is.
    """
    hints = get_type_hints(builder.build)
    for name, value in options.items():
        if name in hints and not _fits(value, hints[name]):
            raise DraftError(
                f"option {name}={value!r} of token builder {builder.name!r}; it must be {_words(hints[name])}"
            )


def _fits(value: object, hint: Any) -> bool:
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if kind in (int, float):
        number = Integral if kind is int else Real
        return isinstance(value, number) and not isinstance(value, bool)
    if kind is Sequence:
        return (
            isinstance(value, Iterable)
            and isinstance(value, Sized)
            and not isinstance(value, str)
            and all(_fits(one, get_args(hint)[0]) for one in value)
        )
    return isinstance(value, kind) if kind in (str, bool, types.NoneType) else True


def _words(hint: Any) -> str:
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return " or ".join(_words(one) for one in get_args(hint) if one is not types.NoneType)
    if kind is Sequence:
        return f"a list, each entry {_words(get_args(hint)[0])}"
    return {int: "a whole number", float: "a number", str: "a name", bool: "true or false"}.get(
        kind, "of its kind"
    )

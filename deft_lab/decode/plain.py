"""What a session is given, in plain integers: lists, arrays and tensors are all the same to it."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from operator import index

from ..errors import DecodeError, check_kind
from .changes import Children


def ids_of(what: str, tokens: Iterable[int]) -> list[int]:
    """Token ids as plain integers, of a list, an array or a tensor.

    Raises:
        DecodeError: there is none, or one is no integer.
    """
    if isinstance(tokens, str) or not isinstance(tokens, Iterable):
        raise DecodeError(f"{what} is {tokens!r:.60}; it must be a list of token ids, as model.encode gives")
    found = tokens.tolist() if hasattr(tokens, "tolist") else list(tokens)
    if not found:
        raise DecodeError(f"{what} is empty; give it at least one token")
    return plain_ids(found)


def plain_ids(tokens: Iterable[int]) -> list[int]:
    """Integers of any kind as Python's own, which can be written down.

    Raises:
        DecodeError: one is no integer.
    """
    try:
        return [token if type(token) is int else index(token) for token in tokens]
    except TypeError as bad:
        raise DecodeError(f"{tokens!r:.60} holds what is no integer; tokens are ids") from bad


def plain_births(births: Mapping[int, Sequence[int]]) -> Mapping[int, Sequence[int]]:
    """Births in plain integers, whatever the task made them of.

    Raises:
        DecodeError: they are no mapping from leaves to lists of token ids.
    """
    check_kind(DecodeError, Mapping, "give {leaf: its next tokens}", births=births)
    found: dict[int, Sequence[int]] = {}
    for leaf, tokens in births.items():
        if type(tokens) is list and type(leaf) is int:  # as nearly always; asking abstract types takes long
            found[leaf] = plain_ids(tokens)
            continue
        if isinstance(tokens, str) or not isinstance(tokens, Iterable):
            raise DecodeError(f"leaf {leaf!r} gets {tokens!r:.60}; list its next tokens, [] to prune it")
        kind = Children if isinstance(tokens, Children) else list
        found[int(leaf) if isinstance(leaf, Integral) else leaf] = kind(plain_ids(tokens))
    return found

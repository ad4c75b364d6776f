"""Reading what a learner hands in: any form that says the right thing is fine."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DeftLabError
from ..token_tree import TokenTree, shape_from_ranks
from .contract import Complaint


def whole_numbers(got: Any) -> list[int] | None:
    """`got` as a list of whole numbers, whatever holds them; None if it holds anything else."""
    if isinstance(got, str | dict) or not isinstance(got, Iterable):
        return None
    numbers = list(got)
    try:
        whole = [int(value) for value in numbers]
        return whole if all(a == b for a, b in zip(whole, numbers, strict=True)) else None
    except (TypeError, ValueError):
        return None


def node_groups(got: Any) -> list[tuple[int, list[int]]] | None:
    """`got` as a list of (node, queries), or from a dict of them; None if it is neither."""
    if isinstance(got, dict):
        got = got.items()
    if isinstance(got, str) or not isinstance(got, Iterable):
        return None
    groups = []
    for pair in got:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            return None
        node, queries = whole_numbers([pair[0]]), whole_numbers(pair[1])
        if node is None or queries is None:
            return None
        groups.append((node[0], queries))
    return groups


def numbers(got: Any) -> NDArray[np.float64] | None:
    """`got` as float64 numbers: an array, a tensor, a number or a list of them; None if it is none."""
    if isinstance(got, str | dict) or got is None:
        return None
    if hasattr(got, "detach"):  # a tensor, of any device and type
        got = got.detach().cpu().double().numpy()
    try:
        return np.asarray(got, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def read_shape(got: Any) -> tuple[int, ...]:
    """The shape of a drawn token tree: its parents, of a list of them, of rank paths or of a TokenTree.

    Raises:
        DeftLabError: it is no tree.
    """
    got = getattr(got, "parents", got)
    if isinstance(got, str | dict) or not hasattr(got, "__len__") or not len(got):
        raise DeftLabError("a list of parents with at least one token is expected")
    try:
        if isinstance(got[0], list | tuple):
            return shape_from_ranks(got)
        parents = numbers(got)
        if parents is None or parents.ndim != 1 or (parents != np.round(parents)).any():
            raise DeftLabError("parents are whole numbers, -1 for the end of the text")
        return TokenTree(tuple(int(p) for p in parents), (0,) * len(parents)).parents
    except DeftLabError:
        raise
    except (TypeError, ValueError) as bad:
        raise DeftLabError(f"it cannot be read ({bad})") from bad


def token_shape(got: Any) -> tuple[int, ...] | None:
    """The same; None if it is no tree, or nothing yet."""
    try:
        return read_shape(got)
    except DeftLabError:
        return None


def compare(name: str, got: Any, expected: ArrayLike, tolerance: float = 1e-9) -> Complaint | None:
    """What is wrong with numbers that should be `expected`, each up to tolerance * (1 + its size)."""
    right, found = np.asarray(expected, dtype=np.float64), numbers(got)
    if found is None:
        return Complaint(f"{name} is not made of numbers", _described(right), shown(got))
    if found.shape != right.shape:
        return Complaint(f"{name} has another shape", _described(right), _described(found))
    with np.errstate(invalid="ignore"):
        near = np.isfinite(right) & (np.abs(found - right) <= tolerance * (1 + np.abs(right)))
    wrong = np.argwhere(~(near | (found == right)))
    if not len(wrong):
        return None
    first = tuple(wrong[0].tolist())
    place = f" at [{', '.join(map(str, first))}]" if first else ""
    of = f" ({len(wrong)} of {right.size} numbers are wrong)" if right.size > 1 else ""
    return Complaint(f"{name} is wrong{of}", f"{right[first]:.9g}{place}", f"{found[first]:.9g}{place}")


def compare_parts(got: Any, expected: Mapping[str, ArrayLike], tolerance: float = 1e-9) -> Complaint | None:
    """The same for an answer of several parts, by their names, such as (out, lse)."""
    names = list(expected)
    if not isinstance(got, tuple | list) or len(got) != len(names):
        return Complaint(f"the answer has {len(names)} parts", f"`({', '.join(names)})`", shown(got))
    complaints = (
        compare(f"`{name}`", part, expected[name], tolerance) for name, part in zip(names, got, strict=True)
    )
    return next((found for found in complaints if found), None)


def _described(value: NDArray[np.float64]) -> str:
    return f"shape {list(value.shape)}" if value.ndim else "one number"


def shown(value: Any) -> str:
    """`value` in at most a line."""
    text = repr(value)
    return f"`{text if len(text) <= 160 else text[:150] + ' ...'}`"

"""Reading what a learner hands in: any form that says the right thing is fine."""

from collections.abc import Iterable
from typing import Any


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


def shown(value: Any) -> str:
    """`value` in at most a line."""
    text = repr(value)
    return f"`{text if len(text) <= 160 else text[:150] + ' ...'}`"

"""Cutting rows of tokens at multiples of a chunk length: what most plans are made of."""

from typing import NamedTuple

import numpy as np

from ..errors import PlanError, check_counts
from ..tree import Tree
from ..tree._shape import Ints
from ..tree.core import MAX_TOKENS


class Pieces(NamedTuple):
    """Rows cut into pieces; [piece] each."""

    row: Ints  # the row that the piece is a part of
    start: Ints  # first token within the row
    stop: Ints  # one past the last
    cut: Ints  # number of the chunk_len-sized window that holds the piece


def cut(offset: Ints, length: Ints, chunk_len: int) -> Pieces:
    """Cut rows of `length` tokens that begin at `offset` wherever a multiple of `chunk_len` lies.

    Raises:
        PlanError: `chunk_len` is below 1.
    """
    check_counts(PlanError, 1, chunk_len=chunk_len)
    chunk_len = min(chunk_len, MAX_TOKENS)
    first = offset // chunk_len
    count = np.where(length > 0, (offset + length - 1) // chunk_len - first + 1, 0)
    row = np.repeat(np.arange(len(length)), count)
    number = first[row] + np.arange(len(row)) - (np.cumsum(count) - count)[row]
    start = np.maximum(number * chunk_len - offset[row], 0)
    stop = np.minimum((number + 1) * chunk_len - offset[row], length[row])
    return Pieces(row, start, stop, number)


def seen_nodes(tree: Tree) -> Ints:
    """Indices of the nodes that hold tokens which some query sees."""
    return tree.seen.node


def starts(key: Ints) -> Ints:
    """[run + 1] where runs of equal keys begin, and the end."""
    return np.concatenate((np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))), [len(key)]))

"""What a decode tells while it runs, for whoever watches: its beginning, its steps, its check."""

from collections.abc import Mapping
from typing import NamedTuple

from ..tree import Tree
from .events import Event


class Opening(NamedTuple):
    """Where a decode begins.

    Args:
        start: the tree after prefill: the prompt alone.
        prompt: its token ids.
        pieces: token id -> text.
    """

    start: Tree
    prompt: tuple[int, ...]
    pieces: Mapping[int, str]


class Told(NamedTuple):
    """One decode step.

    Args:
        step: its number, from 1.
        events: what it changes.
        pieces: token id -> text, of its tokens.
    """

    step: int
    events: tuple[Event, ...]
    pieces: Mapping[int, str]


class Compared(NamedTuple):
    """A branch beside the same branch decoded alone.

    Args:
        leaf: label of the branch's last node.
        n_tokens: decoded.
        n_same: of them, up to the first that differs.
        difference: the largest between two logits, over the tokens that are the same.
        tolerance: what rounding may explain.
    """

    leaf: int
    n_tokens: int
    n_same: int
    difference: float
    tolerance: float

    @property
    def equal(self) -> bool:
        """Whether tokens are the same and logits agree up to rounding."""
        return self.n_same == self.n_tokens and self.difference <= self.tolerance

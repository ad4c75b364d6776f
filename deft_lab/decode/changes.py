"""What a step changes, as the events of a trace; and drafted tokens on their way."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..errors import DecodeError
from ..trace import Event
from ..tree import Tree
from ..tree._shape import Ints
from ..tree.edits import Advance
from .visit import Visit


class Children(tuple[int, ...]):
    """Tokens of a branch that go into children even where it is one; births hold it instead of a list."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step was, for those who listen.

    Args:
        number: of the decode, from 1; 0: prefill.
        events: what changed before it.
        tree: that it saw.
        visit: what its attention read; its tensors may change at the next step.
    """

    number: int
    events: tuple[Event, ...]
    tree: Tree
    visit: Visit


@dataclass(frozen=True, eq=False)
class Drafts:
    """Drafted tokens that await their verdict; [token] each."""

    base: Tree  # that they hang from
    leaf: int  # the branch that they follow
    labels: tuple[int, ...] = ()  # their nodes
    parents: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()
    slots: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    logits: Tensor = field(default_factory=lambda: torch.empty(0))  # [token, vocabulary]

    def plus(
        self,
        labels: Sequence[int],
        parents: Sequence[int],
        tokens: Sequence[int],
        slots: Ints,
        logits: Tensor,
    ) -> "Drafts":
        """These, and others that were decoded after them."""
        return Drafts(
            self.base,
            self.leaf,
            (*self.labels, *labels),
            (*self.parents, *parents),
            (*self.tokens, *tokens),
            np.concatenate((self.slots, slots)),
            torch.cat((self.logits, logits)) if self.tokens else logits,
        )

    def base_before(self, label: int) -> Tree:
        """The tree without them, whose next node is `label`: labels of drafted tokens never come again."""
        return Tree._of(self.base._shape.relabelled(self.base.label, label), self.base.length)

    def prunes(self, step: int) -> list[Event]:
        """The events that end them."""
        first = [label for label, parent in zip(self.labels, self.parents, strict=True) if parent < 0]
        return [Event(step, "prune", label) for label in first]

    def check_path(self, path: Sequence[int]) -> None:
        """Refuse drafted tokens that do not follow each other from the branch's end on."""
        before = -1
        for i in path:
            if not 0 <= i < len(self.tokens) or self.parents[i] != before:
                raise DecodeError(
                    f"drafted tokens {list(path)} are no path from the branch's end; see the parents"
                )
            before = i


def tokens_of(change: Advance, births: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Leaf after the step -> the token that it gained."""
    found = {leaf: births[leaf][0] for leaf in change.appended}
    for leaf, children in change.forked.items():
        found |= zip(children, births[leaf], strict=True)
    return found


def step_events(
    step: int, change: Advance, births: Mapping[int, Sequence[int]], seated: Container[int]
) -> tuple[Event, ...]:
    """The events of a step, prunes first; `seated`: nodes that had a query at the last decode."""
    events = [Event(step, "prune", top) for top in change.pruned]
    events += [Event(step, "pause", leaf) for leaf in change.paused if leaf in seated]
    events += [Event(step, "resume", leaf) for leaf in change.appended if leaf not in seated]
    events += [Event(step, "append", leaf, tokens=(births[leaf][0],)) for leaf in change.appended]
    events += [
        Event(step, "fork", leaf, children=children, tokens=tuple(births[leaf]))
        for leaf, children in change.forked.items()
    ]
    return tuple(events)


def going_on(drafts: Drafts | None, leaf: int, recorded: bool) -> Drafts:
    """Drafts that more can follow; a trace has no word for a query that comes back to one of them."""
    if drafts is None or drafts.leaf != leaf:
        raise DecodeError(f"no drafted tokens below {leaf} to go on with; verify some first")
    if recorded:
        raise DecodeError("a decode that is recorded drafts in one forward; verify the whole tree at once")
    return drafts


def draft_events(
    step: int,
    leaf: int,
    labels: Sequence[int],
    parents: Sequence[int],
    tokens: Sequence[int],
    seated: Iterable[int],
) -> tuple[Event, ...]:
    """Pauses of who had a query, a fork of the branch, a sprout of each drafted token that others follow."""
    followers: dict[int, list[int]] = {}
    for i, parent in enumerate(parents):
        followers.setdefault(parent, []).append(i)
    return tuple(Event(step, "pause", label) for label in sorted(seated)) + tuple(
        Event(
            step,
            "fork" if parent < 0 else "sprout",
            leaf if parent < 0 else labels[parent],
            children=tuple(labels[i] for i in members),
            tokens=tuple(tokens[i] for i in members),
        )
        for parent, members in followers.items()
    )

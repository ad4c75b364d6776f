"""What a step changes, as the events of a trace; and drafted tokens on their way."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

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

    leaf: int  # the branch that they follow
    labels: tuple[int, ...]  # their nodes
    parents: tuple[int, ...]
    tokens: tuple[int, ...]
    slots: Ints
    logits: Tensor  # [token, vocabulary]

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


def draft_events(
    step: int, leaf: int, labels: Sequence[int], parents: Sequence[int], tokens: Sequence[int]
) -> tuple[Event, ...]:
    """A fork of the branch, and a sprout of each drafted token that others follow."""
    followers: dict[int, list[int]] = {}
    for i, parent in enumerate(parents):
        followers.setdefault(parent, []).append(i)
    return tuple(
        Event(
            step,
            "fork" if parent < 0 else "sprout",
            leaf if parent < 0 else labels[parent],
            children=tuple(labels[i] for i in members),
            tokens=tuple(tokens[i] for i in members),
        )
        for parent, members in followers.items()
    )

"""What a trace is made of: events, and windows of consecutive steps."""

from dataclasses import dataclass
from typing import NamedTuple

from ..tree._shape import Ints

KINDS = ("append", "fork", "prune", "accept", "pause", "resume", "extend", "sprout")


@dataclass(frozen=True, slots=True)
class Event:
    """One change of the tree.

    append: `node` gains `count` tokens at this step and at each of the `n_steps - 1` that follow.
    fork: `node` hands its query on to new `children`, each born with `count` tokens.
    sprout: the same, but `node` keeps its query: drafted tokens have a query each.
    prune: `node` and everything below it is freed.
    accept: `count` verified tokens move to the end of `node`; the drafts below it stay.
    pause, resume: the query of leaf `node` leaves it, or comes back; the node stays.
    extend: `count` given tokens are put at the end of leaf `node`, without a decode.
    `tokens` are the token ids of the event where they were recorded, in order of children and steps.
    """

    step: int
    kind: str
    node: int
    count: int = 1
    n_steps: int = 1
    children: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()


class Window(NamedTuple):
    """Consecutive steps side by side. Nodes are those alive at any of these steps, in preorder."""

    first_step: int
    length: Ints  # [step, node] tokens; 0 where the node is not alive
    queries: Ints  # [step, node] queries that see the node
    n_queries: Ints  # [step]

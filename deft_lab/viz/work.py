"""The programs of a rota as rectangles: time runs to the right, SMs lie below each other.

Where SMs have room their slots lie below each other within the SM. Where they have none (`by_slot`), the
first slots of all SMs come first, then the second ones: programs that start together are neighbours then.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..cost import Rota
from ..plan import Plan
from ..tree._shape import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pieces:
    """What is drawn in one colour: a program's time on one node, or several of them."""

    launch: Ints  # [piece] number of the launch
    group: Ints  # [piece] of the program; of several, of one of them
    node: Ints  # [piece] node index, -1: of no node
    top: Floats  # [piece] as a share of the whole height
    height: Floats  # [piece]
    begin: Floats  # [piece] as the rota's times
    end: Floats  # [piece]

    def take(self, rows: Ints) -> "Pieces":
        """Some of them, in this order."""
        return Pieces(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def pieces(work: Rota, *, by_slot: bool = False, largest: bool = False) -> Pieces:
    """Every program, divided among its nodes; `largest`: whole, in the colour of the one with most tokens."""
    timeline, plan = work.timeline, work.plan
    per_sm = np.array(timeline.n_slots)[timeline.launch] // work.n_sms
    row, chunk = _chunks_of(plan, work.group)
    if largest:
        chunk_len = plan.chunk_stop - plan.chunk_start
        order = np.lexsort((-chunk_len, np.repeat(np.arange(plan.n_groups), np.diff(plan.group_start))))
        most = order[plan.group_start[:-1]]  # of each group, the chunk with most tokens
        row = np.arange(len(work.group))
        chunk = np.where(work.group >= 0, most[work.group], -1)
    group, of_node = work.group[row], chunk >= 0
    share = np.zeros(len(row)), np.ones(len(row))
    if not largest:
        share = _shares(plan, group, chunk)
    sm, slot, per_sm = timeline.sm[row], timeline.slot[row], per_sm[row]
    place = slot * work.n_sms + sm if by_slot else sm * per_sm + slot
    begin, seconds = timeline.begin[row], (timeline.end - timeline.begin)[row]
    return Pieces(
        launch=timeline.launch[row],
        group=group,
        node=np.where(of_node, plan.chunk_node[chunk], -1),
        top=place / (work.n_sms * per_sm),
        height=1 / (work.n_sms * per_sm),
        begin=begin + share[0] * seconds,
        end=begin + share[1] * seconds,
    )


def _shares(plan: Plan, group: Ints, chunk: Ints) -> tuple[Floats, Floats]:
    """When a program of the group begins and ends with the chunk, as shares of its time."""
    of_node = chunk >= 0
    before, kv_len = plan.chunk_entry[chunk] - plan.kv_start[group], plan.kv_len[group]
    after = before + plan.chunk_stop[chunk] - plan.chunk_start[chunk]
    return np.where(of_node, before / kv_len, 0.0), np.where(of_node, after / kv_len, 1.0)


def _chunks_of(plan: Plan, group: Ints) -> tuple[Ints, Ints]:
    """(row, chunk) of every row and each chunk of its group; chunk -1 where there is no group."""
    n_chunks = np.where(group >= 0, np.diff(plan.group_start)[group], 1)
    row = np.repeat(np.arange(len(group)), n_chunks)
    first = np.where(group >= 0, plan.group_start[:-1][group], -1)
    chunk = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(n_chunks) - n_chunks, n_chunks)
    return row, chunk


def joined(work: Pieces, *, touching: bool, by_group: bool = False) -> Pieces:
    """Neighbours of one node as one piece: slots that do the same at the same time; `touching`: one after
    the other in the same slot, too. `by_group`: of one group only.
    """
    same = ("launch", "group", "node") if by_group else ("launch", "node")
    if touching:
        work = _joined(work, (*same, "top"), "begin", "end")
    bottom = replace(work, height=work.top + work.height)
    found = _joined(bottom, (*same, "begin", "end"), "top", "height")
    return replace(found, height=found.height - found.top)


def pieces_of_groups(work: Rota) -> Pieces:
    """What `joined(pieces(work, by_slot=True), touching=False, by_group=True)` gives, sooner.

    The heads of a group run side by side: joined before they are divided among nodes, they are few.
    """
    whole = joined(pieces(work, by_slot=True, largest=True), touching=False, by_group=True)
    plan, group = work.plan, whole.group
    row, chunk = _chunks_of(plan, group)
    share = _shares(plan, group[row], chunk)
    begin, seconds = whole.begin[row], (whole.end - whole.begin)[row]
    found = replace(
        whole.take(row),
        node=np.where(chunk >= 0, plan.chunk_node[chunk], -1),
        begin=begin + share[0] * seconds,
        end=begin + share[1] * seconds,
    )
    order = (found.top, found.launch, found.group, found.node, found.begin, found.end)
    return found.take(np.lexsort(order))


def _joined(work: Pieces, same: tuple[str, ...], low: str, high: str) -> Pieces:
    """Pieces with equal `same` whose [low, high] touch become one."""
    work = work.take(np.lexsort([getattr(work, name) for name in (low, *same)]))
    first, last = getattr(work, low), getattr(work, high)
    begins = np.ones(len(first), dtype=bool)
    begins[1:] = np.abs(first[1:] - last[:-1]) > 1e-9 * np.abs(last).max(initial=1e-9)
    for name in same:
        column = getattr(work, name)
        begins[1:] |= column[1:] != column[:-1]
    rows = np.flatnonzero(begins)
    found = work.take(rows)
    stop = np.append(rows[1:], len(first)) - 1
    columns = {name: getattr(found, name) for name in work.__dataclass_fields__} | {high: last[stop]}
    return Pieces(**columns)

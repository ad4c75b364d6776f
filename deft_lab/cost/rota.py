"""A rota: who runs on which SM and when, with the group and the query head of every program.

    rota(plan, geometry, hardware)    in seconds, as `predict` has them: kernels, tiles, slots of an SM
    unit_rota(plan, n_heads, n_sms)   in units of KV tokens: a model small enough to do by hand

The model of units: a program takes a tile of queries of a group and one query head, lasts one unit for each
`unit` KV tokens begun, and an SM holds one program. Its numbers compare plans; they are no times.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DeftLabError, check_counts
from ..geometry import Geometry
from ..hardware import Hardware
from ..methods import find_method
from ..methods.tiles import heads_of_tile, query_tile
from ..plan import Plan, need_plan
from ..tree._shape import Ints
from ..tree.views import count
from .latency import predict
from .programs import items
from .schedule import TimedLaunch, Timeline, check_rows, schedule

UNIT = 16  # KV tokens


@dataclass(frozen=True, eq=False)
class Rota:
    """A timeline of a plan, and what each of its programs works at.

    Args:
        plan: who meets whom.
        timeline: who runs where and when.
        group: [row] the group whose KV the program reads; -1: of no group (a reduction, an unfused step).
        head: [row] the first query head of the program.
        n_sms: SMs that there are.
        unit: KV tokens of a unit of time; None: times are in seconds.
    """

    plan: Plan
    timeline: Timeline
    group: Ints
    head: Ints
    n_sms: int
    unit: int | None = None

    def __repr__(self) -> str:
        unit = self.unit
        long = f"{self.makespan:g} units of {unit} KV tokens" if unit else f"{1e6 * self.makespan:.1f} us"
        return (
            f"Rota({count(len(self.group), 'program')} on {self.n_sms} SMs, {long}, "
            f"{100 * self.idle:.0f} % idle, of {self.plan!r})"
        )

    @property
    def makespan(self) -> float:
        """From the call, or the first program, to the end of the last program."""
        return self.timeline.duration

    @property
    def idle(self) -> float:
        """Share of the slots' time in which they stand idle while launches run, 0 to 1."""
        spans, slots = self.timeline.spans(), self.timeline.n_slots
        room = [n * (span.end - span.begin) for span, n in zip(spans, slots, strict=True)]
        # rounding may leave less than nothing
        return max(0.0, 1 - float((self.timeline.end - self.timeline.begin).sum()) / sum(room))

    @property
    def idle_sms(self) -> float:
        """Share of the SMs' time in which they hold no program at all while launches run, 0 to 1."""
        line = self.timeline
        order = np.lexsort((line.begin, line.sm))
        shift = line.sm[order] * (2 * line.duration)  # the SMs' times one after the other
        begin, end = line.begin[order] + shift, line.end[order] + shift
        covered = np.maximum.accumulate(np.append(-np.inf, end))[:-1]
        held = np.maximum(end - np.maximum(begin, covered), 0.0).sum()
        return max(0.0, float(1 - held / (self.n_sms * sum(span.end - span.begin for span in line.spans()))))

    @property
    def ideal(self) -> float:
        """The makespan if the work of each launch could be cut as finely as one likes."""
        timeline, waits = self.timeline, 0.0
        for span, before in zip(timeline.spans(), [0.0, *(s.end for s in timeline.spans())], strict=False):
            waits += span.begin - before
        worked = np.bincount(timeline.launch, timeline.end - timeline.begin, len(timeline.names))
        return waits + float((worked / np.array(timeline.n_slots)).sum())


def rota(plan: Plan, geometry: Geometry, hardware: Hardware, *, pack_heads: bool | None = None) -> Rota:
    """The timeline that `predict` finds for one call of one layer, with groups and heads.

    Args:
        plan: who meets whom.
        geometry: of the model; its layers do not matter.
        hardware: the machine.
        pack_heads: a program takes all query heads of a KV head. None: as the method does by default.
    """
    found = predict(plan, geometry, hardware, pack_heads=pack_heads)
    method, timeline = find_method(plan.method), found.timeline
    group = np.full(len(timeline.launch), -1)
    head = np.zeros_like(group)
    for i, launch in enumerate(found.timed):
        rows = slice(*np.searchsorted(timeline.launch, (i, i + 1)).tolist())
        program = timeline.program[rows]
        head[rows] = program % launch.heads * (geometry.n_q_heads // min(launch.heads, geometry.n_q_heads))
        if method.fused and i == 0:
            heads = heads_of_tile(method.packs_heads, geometry.q_per_kv, pack_heads)
            group[rows] = items(plan, query_tile(plan, heads))[0][program // launch.heads]
    return Rota(plan, timeline, group, head % geometry.n_q_heads, hardware.n_sms)


def unit_rota(
    plan: Plan, n_heads: int = 32, n_sms: int = 132, *, unit: int = UNIT, order: str = "heads"
) -> Rota:
    """The model of units: each program goes to the first SM that is free, in the order of the grid.

    Args:
        plan: who meets whom.
        n_heads: query heads, each with programs of its own.
        n_sms: SMs.
        unit: KV tokens that take one unit of time.
        order: what the grid counts outermost: "heads" (all groups of a head, then of the next), "groups".

    Raises:
        DeftLabError: a count is below 1, or the order is unknown.
    """
    need_plan(plan)
    check_counts(DeftLabError, 1, n_heads=n_heads, n_sms=n_sms, unit=unit)
    if order not in ("heads", "groups"):
        raise DeftLabError(f"no order {order!r}; what is outermost is 'heads' or 'groups'")
    of_item = items(plan, query_tile(plan, 1))[0]
    check_rows(n_heads * len(of_item))
    if order == "heads":
        group, head = np.tile(of_item, n_heads), np.repeat(np.arange(n_heads), len(of_item))
    else:
        group, head = np.repeat(of_item, n_heads), np.tile(np.arange(n_heads), len(of_item))
    duration = (-(-plan.kv_len // unit)).astype(np.float64)[group]
    return Rota(plan, schedule([TimedLaunch("attention", duration)], n_sms), group, head, n_sms, unit)

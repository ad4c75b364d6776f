"""Who runs where and when: programs are handed out in grid order, each to the first slot that is free.

slot: room for one program on an SM. A launch begins when the last program of the one before has ended,
and a wait after it. This is what the hardware does, as far as it is documented; durations come from
elsewhere (`latency`).
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import DeftLabError, check_counts, check_kind, check_numbers
from ..tree._shape import Ints
from ..tree.views import count

Floats = NDArray[np.float64]
MOST_ROWS = 10_000_000  # programs of a timeline, and slots: a gigabyte of rows


@dataclass(frozen=True, eq=False)
class TimedLaunch:
    """A launch whose programs have durations.

    Args:
        name: what the launch does.
        duration: [item] seconds of one of its programs.
        heads: programs of an item; program i * heads + h belongs to item i.
        per_sm: programs that an SM holds at once.
        wait: seconds from the end of the launch before, or from the beginning, to its first program.

    Raises:
        DeftLabError: a count is below 1, a duration is not positive and finite, or the wait is negative.
    """

    name: str
    duration: Floats
    heads: int = 1
    per_sm: int = 1
    wait: float = 0.0

    def __post_init__(self) -> None:
        check_counts(DeftLabError, 1, heads=self.heads, per_sm=self.per_sm)
        try:
            duration = np.asarray(self.duration, dtype=np.float64)
        except (TypeError, ValueError) as none:
            raise DeftLabError(f"duration={self.duration!r:.60}; list the seconds of each item") from none
        if duration.ndim != 1:
            raise DeftLabError(f"duration={self.duration!r:.60}; list the seconds of each item")
        bad = np.flatnonzero(~(np.isfinite(duration) & (duration > 0)))
        if len(bad):
            raise DeftLabError(
                f"launch {self.name!r}: item {bad[0]} takes {duration[bad[0]]} s; "
                "a duration is positive and finite"
            )
        check_numbers(DeftLabError, 0, **{f"launch {self.name!r}: wait": self.wait})
        object.__setattr__(self, "duration", duration)

    def __repr__(self) -> str:
        return f"TimedLaunch({self.name!r}, {count(self.n_programs, 'program')})"

    @property
    def n_programs(self) -> int:
        return len(self.duration) * self.heads

    def runs(self) -> tuple[list[float], list[int]]:
        """Neighbouring items of equal duration as one: (seconds, programs) of each run."""
        if not len(self.duration):
            return [], []
        first = np.flatnonzero(np.append(True, self.duration[1:] != self.duration[:-1]))
        count = np.diff(np.append(first, len(self.duration))) * self.heads
        return self.duration[first].tolist(), count.tolist()


class Span(NamedTuple):
    """When one launch runs."""

    name: str
    begin: float  # s: its first program starts
    end: float  # s: its last program ends
    busy: float  # share of its slots' time, from begin to end, that programs fill

    @property
    def tail(self) -> float:
        """Seconds that a slot stands idle before the end of the launch, on average."""
        return (self.end - self.begin) * (1 - self.busy)


@dataclass(frozen=True, eq=False)
class Timeline:
    """One row for each program, in the order of launches and grids. Times in seconds."""

    launch: Ints  # [row] number of the launch, an index into `names`
    program: Ints  # [row] number within the launch
    sm: Ints  # [row] where it runs
    slot: Ints  # [row] which of the SM's slots it takes
    begin: Floats  # [row]
    end: Floats  # [row]
    names: tuple[str, ...]  # of the launches
    n_slots: tuple[int, ...]  # slots of all SMs, for each launch

    def __repr__(self) -> str:
        programs, launches = count(len(self.launch), "program"), ", ".join(self.names)
        return f"Timeline({programs} of {launches}, {1e6 * self.duration:.1f} us)"

    @property
    def duration(self) -> float:
        """Seconds from the call to the end of the last program."""
        return float(self.end.max(initial=0.0))

    @property
    def busy(self) -> float:
        """Share of the slots' time that programs fill, over all launches and the waits before them."""
        spans = self.spans()
        begins = [0.0, *(span.end for span in spans)]
        room = [slots * (span.end - b) for span, slots, b in zip(spans, self.n_slots, begins, strict=False)]
        filled = float((self.end - self.begin).sum())
        return filled / sum(room) if sum(room) else 0.0

    @property
    def tail(self) -> float:
        """Seconds that a slot stands idle at the ends of launches, on average."""
        return sum(span.tail for span in self.spans())

    def spans(self) -> tuple[Span, ...]:
        """One for each launch, in order."""
        return tuple(self._span(i) for i in range(len(self.names)))

    def _span(self, number: int) -> Span:
        rows = slice(*np.searchsorted(self.launch, (number, number + 1)).tolist())
        begin, end = self.begin[rows], self.end[rows]
        first, last = float(begin.min()), float(end.max())
        room = (last - first) * self.n_slots[number]
        return Span(self.names[number], first, last, float((end - begin).sum()) / room if room else 0.0)


def schedule(launches: Sequence[TimedLaunch], n_sms: int) -> Timeline:
    """Hand out the programs of `launches`, one launch after the other, to `n_sms` SMs.

    Raises:
        DeftLabError: `n_sms` is below 1, a launch has no program, or there are more than MOST_ROWS.
    """
    check_kind(DeftLabError, Iterable, "list launches", launches=launches)
    launches = tuple(launches)
    for launch in launches:
        _check(launch, n_sms)
    check_rows(sum(launch.n_programs for launch in launches))
    rows = sum(launch.n_programs for launch in launches)
    number, program, slot = (np.empty(rows, dtype=np.int64) for _ in range(3))
    begin, end = np.empty(rows), np.empty(rows)
    clock, row = 0.0, 0
    for i, launch in enumerate(launches):
        clock += launch.wait
        here = slice(row, row + launch.n_programs)
        number[here], program[here] = i, np.arange(launch.n_programs)
        for first, when, slots in _hand_out(*launch.runs(), n_sms * launch.per_sm):
            slot[row + first : row + first + len(slots)] = slots
            begin[row + first : row + first + len(slots)] = clock + when
        end[here] = begin[here] + np.repeat(launch.duration, launch.heads)
        clock, row = float(end[here].max()), here.stop
    return Timeline(
        launch=number,
        program=program,
        sm=slot % n_sms,  # slot 0 of every SM is filled before slot 1 of any
        slot=slot // n_sms,
        begin=begin,
        end=end,
        names=tuple(launch.name for launch in launches),
        n_slots=tuple(n_sms * launch.per_sm for launch in launches),
    )


def finish(launch: TimedLaunch, n_sms: int) -> float:
    """Seconds from the first program of `launch` to the end of its last; as `schedule`, without the rows.

    Raises:
        DeftLabError: as `schedule`.
    """
    _check(launch, n_sms)
    n_slots = n_sms * launch.per_sm
    free = [(0.0, n_slots)]  # (when, how many slots), a heap
    last = 0.0
    for duration, left in zip(*launch.runs(), strict=True):
        when = 0.0
        rounds = (left - 1) // n_slots  # in which every slot takes a program, while more are left
        if rounds and max(free)[0] - free[0][0] <= duration:  # no slot comes round twice before another
            free = [(when + rounds * duration, slots) for when, slots in free]  # their order stays
            left -= rounds * n_slots
        while left:
            when, slots = free[0]
            if left < slots:
                free[0] = (when, slots - left)  # still the first
                heapq.heappush(free, (when + duration, left))
                break
            heapq.heapreplace(free, (when + duration, slots))
            left -= slots
        last = max(last, when + duration)  # slots become free later and later, so this is the run's last end
    return last


def _hand_out(durations: list[float], counts: list[int], n_slots: int) -> Iterator[tuple[int, float, Ints]]:
    """(first program, when, slots) of programs that start together; among free slots the lowest first."""
    free: list[tuple[float, int, Ints]] = [(0.0, 0, np.arange(n_slots))]
    program = 0
    for duration, left in zip(durations, counts, strict=True):
        while left:
            when, _, slots = heapq.heappop(free)
            if free and free[0][0] == when:
                same = [slots]
                while free and free[0][0] == when:
                    same.append(heapq.heappop(free)[2])
                slots = np.sort(np.concatenate(same))
            taken, rest = slots[:left], slots[left:]
            if len(rest):
                heapq.heappush(free, (when, int(rest[0]), rest))
            heapq.heappush(free, (when + duration, int(taken[0]), taken))
            yield program, when, taken
            program += len(taken)
            left -= len(taken)


def check_rows(n_programs: int) -> None:
    """Refuse a timeline that no memory holds.

    Raises:
        DeftLabError: it has more than MOST_ROWS.
    """
    if n_programs > MOST_ROWS:
        raise DeftLabError(
            f"{n_programs:,} programs or slots; a timeline holds {MOST_ROWS:,}, take fewer heads or SMs"
        )


def _check(launch: TimedLaunch, n_sms: int) -> None:
    check_kind(DeftLabError, TimedLaunch, "TimedLaunch(name, durations) makes one", launch=launch)
    check_counts(DeftLabError, 1, n_sms=n_sms)
    check_rows(n_sms * launch.per_sm)
    if not launch.n_programs:
        raise DeftLabError(f"launch {launch.name!r} has no program; leave it out")

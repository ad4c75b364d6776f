"""The timeline against a simulation that walks from slot to slot, and against cases small enough to draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_lab.cost.schedule import TimedLaunch, finish, schedule
from deft_lab.errors import DeftLabError


def by_hand(launches, n_sms):
    """Program by program: (launch, program, sm, slot, begin, end) of each."""
    rows, clock = [], 0.0
    for number, launch in enumerate(launches):
        clock += launch.wait
        free = {(slot, sm): clock for slot in range(launch.per_sm) for sm in range(n_sms)}
        program = 0
        for duration in launch.duration:
            for _ in range(launch.heads):
                place = min(free, key=lambda p: (free[p], p))
                begin = free[place]
                free[place] = begin + duration
                rows.append((number, program, place[1], place[0], begin, begin + duration))
                program += 1
        clock = max(row[5] for row in rows if row[0] == number)
    return rows


# quarters add up without rounding, so that ties are ties on both sides
durations = st.lists(st.integers(1, 12).map(lambda n: n / 4), min_size=1, max_size=25)
timed = st.builds(
    TimedLaunch,
    name=st.just("work"),
    duration=durations.map(np.array),
    heads=st.integers(1, 9),
    per_sm=st.integers(1, 3),
    wait=st.integers(0, 5).map(float),
)
many = st.lists(timed, min_size=1, max_size=3)
sms = st.integers(1, 7)


@given(many, sms)
def test_each_program_goes_to_the_first_free_slot(launches, n_sms):
    timeline = schedule(launches, n_sms)
    columns = (timeline.launch, timeline.program, timeline.sm, timeline.slot, timeline.begin, timeline.end)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == by_hand(launches, n_sms)


@given(many, sms)
def test_nobody_works_more_or_less_than_was_handed_out(launches, n_sms):
    timeline = schedule(launches, n_sms)
    given_out = sum(launch.duration.sum() * launch.heads for launch in launches)
    assert (timeline.end - timeline.begin).sum() == pytest.approx(given_out)
    for i, (launch, span) in enumerate(zip(launches, timeline.spans(), strict=True)):
        of_launch = timeline.launch == i
        slots = n_sms * launch.per_sm
        last = np.full(slots, span.begin)
        np.maximum.at(last, (timeline.slot * n_sms + timeline.sm)[of_launch], timeline.end[of_launch])
        # a slot works without a pause until it runs out of programs
        assert span.tail == pytest.approx((span.end - last).mean(), abs=1e-9)


@given(many, sms)
def test_two_programs_never_share_a_slot(launches, n_sms):
    timeline = schedule(launches, n_sms)
    order = np.lexsort((timeline.end, timeline.begin, timeline.slot, timeline.sm))
    same = (np.diff(timeline.sm[order]) == 0) & (np.diff(timeline.slot[order]) == 0)
    assert (timeline.begin[order][1:] >= timeline.end[order][:-1])[same].all()
    assert timeline.sm.max() < n_sms


@given(timed, sms)
def test_finish_is_the_end_of_the_schedule(launch, n_sms):
    assert finish(launch, n_sms) == pytest.approx(schedule([launch], n_sms).duration - launch.wait)


@given(timed, sms)
def test_no_launch_ends_before_its_work_is_done_or_much_later(launch, n_sms):
    share = launch.duration.sum() * launch.heads / (n_sms * launch.per_sm)
    longest = launch.duration.max()
    assert max(share, longest) - 1e-9 <= finish(launch, n_sms) <= share + longest + 1e-9


def test_a_whole_wave_leaves_no_tail():
    # SM 0 |##      SM 2 |##
    # SM 1 |##      SM 3 |##
    timeline = schedule([TimedLaunch("wave", np.full(4, 2.0))], n_sms=4)
    assert timeline.duration == 2 and timeline.busy == 1 and timeline.tail == 0
    assert timeline.sm.tolist() == [0, 1, 2, 3] and timeline.begin.tolist() == [0, 0, 0, 0]


def test_one_program_too_many_costs_a_wave():
    # SM 0 |####    SM 2 |##
    # SM 1 |##      SM 3 |##
    timeline = schedule([TimedLaunch("spill", np.full(5, 2.0))], n_sms=4)
    assert timeline.duration == 4 and timeline.busy == 10 / 16 and timeline.tail == 4 * 6 / 16
    assert timeline.sm.tolist() == [0, 1, 2, 3, 0] and timeline.begin[-1] == 2


def test_the_longest_last_makes_a_tail_that_the_longest_first_does_not():
    uneven = np.array([1.0, 1.0, 1.0, 1.0, 4.0])
    assert finish(TimedLaunch("last", uneven), 2) == 6
    assert finish(TimedLaunch("first", uneven[::-1]), 2) == 4


def test_every_sm_gets_a_program_before_any_gets_two():
    timeline = schedule([TimedLaunch("two on an SM", np.full(4, 1.0), per_sm=2)], n_sms=3)
    assert timeline.sm.tolist() == [0, 1, 2, 0] and timeline.slot.tolist() == [0, 0, 0, 1]
    assert timeline.n_slots == (6,) and timeline.duration == 1


def test_a_launch_waits_for_the_one_before():
    first, second = TimedLaunch("a", np.array([1.0, 3.0]), wait=5), TimedLaunch("b", np.array([1.0]), wait=2)
    timeline = schedule([first, second], n_sms=8)
    assert timeline.begin.tolist() == [5, 5, 10] and timeline.duration == 11
    assert [span[:3] for span in timeline.spans()] == [("a", 5, 8), ("b", 10, 11)]
    assert timeline.busy == pytest.approx(5 / (8 * 11))


def test_many_equal_programs_are_counted_not_walked():
    launch = TimedLaunch("a million", np.array([0.5]), heads=1_000_000, per_sm=2)
    assert finish(launch, n_sms=100) == 2500
    assert len(schedule([launch], n_sms=100).end) == 1_000_000


def test_no_launch_is_no_time():
    empty = schedule([], n_sms=4)
    assert empty.duration == empty.busy == empty.tail == 0 and empty.spans() == ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TimedLaunch("x", np.array([1.0, -2.0])), "launch 'x': item 1 takes -2.0 s; a duration is"),
        (lambda: TimedLaunch("x", np.zeros(3)), "item 0 takes 0.0 s; a duration is positive and finite"),
        (lambda: TimedLaunch("x", np.array([np.nan])), "item 0 takes nan s; a duration is positive"),
        (
            lambda: TimedLaunch("x", np.ones(1), wait=-1.0),
            "launch 'x': wait=-1.0; it must be a number of at least 0",
        ),
        (lambda: TimedLaunch("x", np.ones(1), heads=0), "heads=0; it must be an integer of at least 1"),
        (lambda: TimedLaunch("x", np.ones(1), per_sm=0), "per_sm=0; it must be an integer"),
        (lambda: schedule([TimedLaunch("x", np.ones(1))], 0), "n_sms=0; it must be an integer"),
        (lambda: schedule([TimedLaunch("x", np.ones(0))], 4), "launch 'x' has no program; leave it out"),
        (lambda: finish(TimedLaunch("x", np.ones(0)), 4), "launch 'x' has no program; leave it out"),
    ],
)
def test_bad_work_is_refused(make, message):
    with pytest.raises(DeftLabError, match=message):
        make()

"""What a value says of itself in a notebook or a traceback: one line, with what one wants to know first."""

from dataclasses import replace

import pytest

from deft_lab import LLAMA3_8B, Geometry, build_tree, plan_tree
from deft_lab.builders.growth import few_shot_growth
from deft_lab.cost import launches, predict, rota, unit_rota
from deft_lab.decode import Session, load_model
from deft_lab.hardware import H200
from deft_lab.speculative import speculate
from deft_lab.trace.recording import load_recording

PLAN = plan_tree(build_tree("few_shot", prompt=100, width=3, length=16), "deft_node")
LAYER = Geometry(4, 2, 16)


def test_a_trace_says_how_it_begins_and_how_long_it_is():
    trace = few_shot_growth(10, 2, 3)
    assert repr(trace) == f"Trace({len(trace.events)} events in 3 steps, from {trace.start!r})"
    one = few_shot_growth(10, 2, 1)
    assert repr(replace(one, header={"model": "target"})).endswith("in 1 step, from " + repr(one.start) + ")")


def test_a_recording_says_what_it_holds():
    recording = load_recording("tree_of_thoughts")
    assert repr(recording) == (
        f"Recording({len(recording.prompt)} tokens of prompt, whole, of {recording.trace!r})"
    )
    assert "cut off, of Trace(" in repr(replace(recording, is_complete=False))


def test_a_prediction_says_the_time_and_its_bound():
    found = predict(PLAN, LLAMA3_8B.layer, H200)
    assert repr(found) == f"Prediction({1e6 * found.seconds:.1f} us on H200 SXM, bound by {found.bound})"


def test_a_rota_says_how_long_it_takes_and_of_what():
    timed, units = rota(PLAN, LAYER, H200), unit_rota(PLAN, n_heads=2, n_sms=3, unit=16)
    n = len(units.group)
    assert repr(timed).endswith(f" us, {100 * timed.idle:.0f} % idle, of {PLAN!r})")
    assert repr(units) == (
        f"Rota({n} programs on 3 SMs, {units.makespan:g} units of 16 KV tokens, "
        f"{100 * units.idle:.0f} % idle, of {PLAN!r})"
    )


def test_launches_and_timelines_say_how_many_programs_they_have():
    first = launches(PLAN, LAYER)[0]
    found = predict(PLAN, LAYER, H200)
    assert (
        repr(first) == f"Launch('phase 1', {first.n_programs} programs, {first.requested:,} bytes requested)"
    )
    assert repr(found.timed[0]) == f"TimedLaunch('phase 1', {first.n_programs} programs)"
    n = len(found.timeline.launch)
    assert repr(found.timeline) == (
        f"Timeline({n} programs of phase 1, reduction, {1e6 * found.timeline.duration:.1f} us)"
    )


@pytest.fixture(scope="module")
def result():
    target, draft = load_model("target"), load_model("draft")
    return speculate(target, draft, "sort 7 2 9 by 3\n", budget=4, max_new_tokens=6)


def test_a_speculative_text_says_what_it_took(result):
    assert repr(result) == (
        f"SpeculationResult({len(result.tokens)} tokens in {len(result.rounds)} rounds of chain and naive, "
        f"ended by length, lossless)"
    )
    assert "lossy)" in repr(replace(result, lossless=False))


def test_a_round_says_what_it_accepted(result):
    done = result.rounds[0]
    assert repr(done) == f"Round({len(done.path)} of 4 drafted tokens accepted, committed {done.tokens})"


def test_a_session_says_whose_tree_it_steps():
    session = Session(load_model("target"), "radix", n_slots=64)
    assert repr(session) == "Session(target by radix, step 0, None)"
    session.prefill([5, 6, 7])
    session.step({0: [8, 9]})
    assert repr(session) == f"Session(target by radix, step 1, {session.tree!r})"

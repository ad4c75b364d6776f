"""Traces: the compiled replay against the same events applied as edits, one by one."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_lab import Trace, Tree
from deft_lab.builders.growth import beam_search_growth, few_shot_growth, star_growth
from deft_lab.builders.look_alike import TASKS, reasoning_template_like
from deft_lab.errors import TraceError
from deft_lab.trace import Event


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """A run of a few leaves that append, fork and are pruned; at least one leaf is always left."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_steps = draw(st.integers(1, 40))
    parent: dict[int, int] = {}
    leaves, n_labels, events = [0], 1, []
    for step in range(1, n_steps + 1):
        for leaf in list(leaves):
            what = rng.choice(["append", "fork", "prune", "wait"], p=[0.6, 0.15, 0.1, 0.15])
            siblings = [x for x in leaves if parent.get(x) == parent.get(leaf)]
            if what == "append":
                events.append(Event(step, "append", leaf, count=int(rng.integers(0, 3))))
            elif what == "fork" and len(leaves) < 12:
                born = tuple(range(n_labels, n_labels + int(rng.integers(1, 4))))
                n_labels += len(born)
                parent.update(dict.fromkeys(born, leaf))
                leaves = [x for x in leaves if x != leaf] + list(born)
                events.append(Event(step, "fork", leaf, count=1, children=born))
            elif what == "prune" and len(siblings) > 1:
                leaves.remove(leaf)
                events.append(Event(step, "prune", leaf))
    return Trace(Tree([-1], [int(rng.integers(1, 50))], next_label=1), tuple(events), n_steps, {"seed": 1})


def by_edits(trace: Trace) -> list[Tree]:
    """The tree of each step, by editing the one before: slow and plain."""
    tree, out = trace.start, []
    for step in range(1, trace.n_steps + 1):
        for event in trace.events:
            if event.step <= step < event.step + event.n_steps and event.kind in ("append", "accept"):
                tree = tree.set_length(event.node, int(tree.length[tree.index(event.node)]) + event.count)
            elif event.step == step and event.kind == "fork":
                assert event.children[0] == tree.next_label
                tree = tree.fork(event.node, len(event.children), event.count)
            elif event.step == step and event.kind == "prune":
                tree = tree.prune(event.node)
        out.append(tree)
    return out


@given(traces())
def test_the_replay_is_what_edits_make(trace):
    edited = by_edits(trace)
    assert list(trace.trees()) == edited
    assert all(trace.tree_at(step) == edited[step - 1] for step in range(1, trace.n_steps + 1))


@given(traces(), st.integers(1, 9))
def test_blocks_hold_what_the_trees_hold(trace, size):
    trees, step = list(trace.trees()), 1
    for window in trace.windows(size):
        assert window.first_step == step
        for length, queries, n_queries in zip(window.length, window.queries, window.n_queries, strict=True):
            tree = trees[step - 1]
            assert (n_queries, length.sum()) == (tree.n_queries, tree.n_tokens)
            assert (length * queries).sum() == tree.n_path_tokens
            step += 1
    assert step == trace.n_steps + 1


@pytest.mark.parametrize(
    "trace",
    [
        few_shot_growth(30, 5, 12),
        star_growth([1, 3, 2, 5], width=6, prompt=10, max_seq_len=40),
        beam_search_growth(20, 5, 30, seed=4),
        *(reasoning_template_like(task, 1).growth(50, 400) for task in TASKS),
    ],
    ids=["few-shot", "star", "beam search", *TASKS],
)
def test_the_growth_of_a_decode_is_what_edits_make(trace):
    assert list(trace.trees()) == by_edits(trace)


@given(traces())
def test_json_brings_back_an_equal_trace(trace):
    again = Trace.from_json(trace.to_json())
    assert again == trace and again.header == {"seed": 1}


@given(traces())
def test_the_widest_step_has_the_most_queries(trace):
    wide = [(t.n_queries, t.n_tokens) for t in trace.trees()]
    assert wide.index(max(wide)) == trace.widest() - 1


def test_a_run_longer_than_a_window_goes_on_across_its_edge():
    trace = reasoning_template_like("sorting", 2).growth()
    assert trace.n_steps > 3 * 512
    for step, tree in enumerate(trace.trees(), start=1):
        if step % 512 < 2 or step % 97 == 0:
            assert tree == trace.tree_at(step)


def test_a_step_may_accept_prune_and_fork_as_speculation_does():
    events = [Event(1, "fork", 0, children=(1, 2))]
    for step in range(2, 40):
        drafts = (2 * step - 3, 2 * step - 2)
        events += [Event(step, "accept", 0, count=2), *(Event(step, "prune", draft) for draft in drafts)]
        events += [Event(step, "fork", 0, children=(2 * step - 1, 2 * step))]
    trace = Trace(Tree([-1], [10]), tuple(events), 39)
    assert [tree.length.tolist() for tree in trace.trees()] == [[10 + 2 * t, 1, 1] for t in range(39)]
    assert [same.label.tolist()[1:] for same in trace.trees()] == [[2 * t + 1, 2 * t + 2] for t in range(39)]


def test_a_window_stays_small_when_every_step_has_new_nodes(monkeypatch):
    monkeypatch.setattr("deft_lab.trace.core.WINDOW_CELLS", 200)
    trace = few_shot_growth(30, 20, 60)
    windows = list(trace.windows())
    assert all(window.length.size <= 220 for window in windows) and len(windows) > 5
    assert sum(int(window.length.sum()) for window in windows) == sum(tree.n_tokens for tree in trace.trees())


def test_a_trace_can_be_copied_pickled_and_hashed():
    trace = few_shot_growth(30, 5, 12)
    again = pickle.loads(pickle.dumps(trace))
    assert again == trace == copy.deepcopy(trace) and hash(again) == hash(trace)
    assert not again.start.length.flags.writeable


def test_step_zero_is_the_prefilled_tree():
    trace = few_shot_growth(30, 5, 12)
    assert trace.tree_at(0) == trace.start == Tree([-1], [30])


START = Tree([-1, 0, 0], [5, 1, 1])


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([Event(1, "split", 1)], "no event kind 'split'; choose one of append, fork, prune, accept"),
        (
            [Event(1, "append", 7)],
            "append of node 7 at step 1: the node is unknown; an event names a live node",
        ),
        ([Event(1, "prune", 1), Event(2, "append", 1)], "append of node 1 at step 2: the node is dead"),
        (
            [Event(2, "append", 1), Event(1, "append", 2)],
            "comes after an event of step 2; events are ordered",
        ),
        ([Event(0, "append", 1)], "events are ordered, from step 1 on"),
        ([Event(1, "append", 0)], "no query sits there; only a leaf is appended to"),
        ([Event(1, "append", 1, count=-1)], "count=-1; it must be an integer of at least 0"),
        ([Event(1, "fork", 1)], "no children; a fork has at least one"),
        ([Event(1, "fork", 1, children=(2,))], "label 2 is taken; a new node needs a new label"),
        (
            [Event(1, "append", 1, n_steps=5), Event(3, "fork", 1, children=(3,))],
            "node 1 still grows at step 5; shorten that run",
        ),
        ([Event(1, "append", 1, n_steps=5), Event(3, "prune", 1)], "node 1 still grows at step 5"),
        ([Event(1, "prune", 0)], "it is the root; end the trace instead"),
        (
            [Event(1, "prune", 1), Event(1, "prune", 2)],
            "leave node 0 without descendants .*; prune node 0 instead",
        ),
        (
            [Event(1, "append", 1, n_steps=10), Event(2, "append", 1), Event(5, "fork", 1, children=(9,))],
            "node 1 still grows at step 10",
        ),
        ([Event(1.5, "append", 1)], "step=1.5; it must be an integer of at least 0"),
        ([Event(1, "fork", 1, children=("a",))], "child='a'; it must be an integer"),
    ],
)
def test_events_that_cannot_happen_are_refused(events, message):
    with pytest.raises(TraceError, match=message):
        Trace(START, tuple(events), 9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Trace(START, (), 0).widest(), "the trace has no step; there is no widest one"),
        (lambda: Trace(START, (), 2.5), "n_steps=2.5; it must be an integer of at least 0"),
        (lambda: Trace(START, (), 1, [1]), "header is a list; it must be a mapping"),
        (
            lambda: Trace.from_json(
                few_shot_growth().to_json().replace('"length": [4000]', '"length": [-1]')
            ),
            "the start of the trace is no tree: node 0 has length -1",
        ),
        (lambda: few_shot_growth().tree_at(400), "step 400 is outside the trace; its steps are 0..399"),
        (lambda: Trace(START, (), -1), "n_steps=-1; it must be an integer of at least 0"),
        (lambda: Trace(Tree([-1, 0], [1, 1], seat=[0, 1]), (), 1), "seats other than its leaves"),
        (
            lambda: star_growth([1, 2], prompt=50, max_seq_len=50),
            "max_seq_len=50 leaves no room after a prompt of 50",
        ),
        (lambda: star_growth([1, 0]), "an accept length is below 1"),
        (lambda: Trace.from_json(few_shot_growth().to_json()[:-9]), "the file may be cut short"),
        (lambda: Trace.from_json('{"schema": "deft_lab.trace/0"}'), "schema 'deft_lab.trace/0' where"),
    ],
)
def test_what_is_no_trace_is_refused(make, message):
    with pytest.raises(TraceError, match=message):
        make()


def test_branches_wait_resume_and_are_drafted_below():
    """A query leaves 1 for two decodes; tokens are drafted below 2, and two of them accepted."""
    events = (
        Event(1, "fork", 0, children=(1, 2)),
        Event(2, "pause", 1),
        Event(2, "append", 2),
        Event(3, "pause", 2),
        Event(3, "fork", 2, children=(3, 4)),
        Event(3, "sprout", 3, children=(5,)),
        Event(4, "prune", 3),
        Event(4, "prune", 4),
        Event(4, "accept", 2, count=2),
        Event(4, "resume", 1),
        Event(4, "resume", 2),
        Event(4, "append", 1),
        Event(4, "append", 2),
        Event(5, "extend", 1, count=3),
        Event(5, "append", 1),
        Event(5, "append", 2),
    )
    trace = Trace(Tree([-1], [10]), events, 5)
    seated = [tree.label[tree.seat].tolist() for tree in trace.trees()]
    assert seated == [[1, 2], [2], [3, 5, 4], [1, 2], [1, 2]]
    assert [tree.length.tolist() for tree in trace.trees()] == [
        [10, 1, 1], [10, 1, 2], [10, 1, 2, 1, 1, 1], [10, 2, 5], [10, 6, 6],
    ]  # fmt: skip
    queries = np.concatenate([window.n_queries for window in trace.windows(2)])
    assert queries.tolist() == [2, 1, 3, 2, 2]
    assert Trace.from_json(trace.to_json()) == trace


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([Event(1, "resume", 0)], "a query sits there"),
        ([Event(1, "fork", 0, children=(1, 2)), Event(2, "resume", 0)], "has children; only a leaf resumes"),
        ([Event(1, "fork", 0, children=(1, 2)), Event(2, "pause", 0)], "no query sits there"),
        (
            [Event(1, "fork", 0, children=(1, 2)), Event(2, "extend", 0)],
            "has children; only a leaf is extended",
        ),
        ([Event(1, "pause", 0), Event(2, "append", 0)], "no query sits there"),
    ],
)
def test_what_a_waiting_branch_cannot_do(events, words):
    with pytest.raises(TraceError, match=words):
        Trace(Tree([-1], [10]), tuple(events), 3)

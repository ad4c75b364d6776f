"""What accounts, models of time and pictures are told to refuse, with the value and what is allowed."""

import re

import numpy as np
import pytest

from deft_lab import LLAMA3_8B, Tree, plan_tree, traffic
from deft_lab.cost import (
    Constants,
    Tiles,
    TimedLaunch,
    count,
    count_run,
    count_steps,
    launches,
    predict,
    schedule,
    unit_rota,
)
from deft_lab.errors import DeftLabError
from deft_lab.hardware import H200
from deft_lab.viz import (
    Axis,
    Mark,
    Spot,
    Work,
    draw_arrays,
    draw_chunk_sweep,
    draw_counted,
    draw_io_bars,
    draw_lines,
    draw_reduction,
    draw_roofline,
    draw_strips,
    draw_timeline,
    draw_token_trees,
    draw_tree,
    released_arrays,
    stack,
    write_report,
)

NAN = float("nan")
TREE = Tree([-1, 0, 0], [10, 4, 3])
PLAN, LAYER = plan_tree(TREE, "deft_node"), LLAMA3_8B.layer
AXIS, FIGURE = Axis("x"), draw_tree(TREE)
MOVED = traffic(PLAN, LAYER, pack_heads=False)


def lines(points: object, **more: object) -> object:
    return draw_lines("a", {"a": points}, AXIS, AXIS, **more)


SLIPS = {
    "heads that are a word": (
        lambda: traffic(PLAN, LAYER, pack_heads="no"),
        "pack_heads='no'; it must be True",
    ),
    "counts of a plan": (lambda: count(PLAN), "tree is a Plan where a Tree is expected"),
    "a run of a tree": (lambda: count_run(TREE), "trace is a Tree where a Trace is expected; a growth of"),
    "steps of nothing": (lambda: count_steps(None), "trace is a NoneType where a Trace is expected"),
    "tiles in words": (lambda: launches(PLAN, LAYER, tiles="a"), "tiles is a str where a Tiles is expected"),
    "tiles of nothing": (lambda: Tiles(block_n=None), "block_n=None; it must be an integer of at least 1"),
    "a number of constants": (
        lambda: predict(PLAN, LAYER, H200, constants=1),
        "constants is a int where a Constants is expected",
    ),
    "a calibration of nothing": (lambda: Constants.from_json(None), "content is a NoneType where a Mapping"),
    "one duration": (lambda: TimedLaunch("x", 1.0), "duration=1.0; list the seconds of each item"),
    "durations in words": (lambda: TimedLaunch("x", ["a"]), "duration=['a']; list the seconds of each item"),
    "a wait in words": (
        lambda: TimedLaunch("x", [1.0], wait="a"),
        "wait='a'; it must be a number of at least",
    ),
    "a schedule of one": (
        lambda: schedule(TimedLaunch("x", [1.0]), 2),
        "launches is a TimedLaunch where a Iter",
    ),
    "a schedule of names": (lambda: schedule(["x"], 2), "launch is a str where a TimedLaunch is expected"),
    "a billion SMs": (
        lambda: schedule([TimedLaunch("x", [1.0])], 10**9),
        "1,000,000,000 programs or slots; a",
    ),
    "a billion heads": (
        lambda: unit_rota(PLAN, n_heads=10**9),
        "programs or slots; a timeline holds 10,000,000",
    ),
    "methods by number": (lambda: draw_io_bars(TREE, LAYER, 3), "methods=3; list names"),
    "a report by number": (lambda: write_report(TREE, 3, "x.html"), "methods=3; list names"),
    "a report of no title": (
        lambda: write_report(TREE, ["radix"], "x.html", title=None),
        "title is a NoneType where a str is expected",
    ),
    "a file of no name": (lambda: FIGURE.save(None), "path=None; name a file to write"),
    "a title that is a number": (lambda: stack(3, [FIGURE]), "title is a int where a str is expected"),
    "a picture's title": (lambda: draw_tree(TREE, title=3), "title is a int where a str is expected"),
    "figures by number": (lambda: stack("a", 3), "figures is a int where a Sequence is expected"),
    "a timeline of no geometry": (
        lambda: draw_timeline(PLAN, None),
        "geometry is a NoneType where a Geometry",
    ),
    "a timeline of a name": (
        lambda: draw_timeline(PLAN, LAYER, "h200", unit=16),
        "hardware is a str where a Hardware is expected",
    ),
    "token trees as a list": (lambda: draw_token_trees("x", [(-1,)]), "trees is a list where a Mapping"),
    "chances as a list": (
        lambda: draw_token_trees("x", {"a": (-1,)}, chances=[0.5]),
        "chances is a list where a Mapping is expected",
    ),
    "no panel in a row": (lambda: draw_token_trees("x", {"a": (-1,)}, per_row=0), "per_row=0; it must be an"),
    "lines as a list": (lambda: draw_lines("a", [(1, 2)], AXIS, AXIS), "lines is a list where a Mapping"),
    "a line of numbers": (lambda: lines([1, 2]), "line 'a' is [1, 2]; list its points (x, y), one at least"),
    "a line of no point": (lambda: lines([]), "line 'a' is []; list its points (x, y), one at least"),
    "points in words": (lambda: lines([(1, "a")]), "axis 'x': 'a' is no number"),
    "an axis by name": (lambda: draw_lines("a", {"a": [(1, 2)]}, "x", AXIS), "axis is a str where a Axis is"),
    "a mark by name": (lambda: lines([(1, 2)], marks=["a"]), "mark is a str where a Mark is expected"),
    "one mark": (lambda: lines([(1, 2)], marks=None), "marks is a NoneType where a Sequence is expected"),
    "strips as a list": (lambda: draw_strips("a", [Spot(1, "k")], AXIS), "strips is a list where a Mapping"),
    "a spot that is a number": (lambda: draw_strips("a", {"a": [1]}, AXIS), "spot is a int where a Spot is"),
    "a work of no number": (
        lambda: draw_roofline([Work("a", NAN, 1)], H200),
        "flop=nan; it must be a number",
    ),
    "a work by name": (lambda: draw_roofline(["a"], H200), "work is a str where a Work is expected"),
    "a roof by name": (
        lambda: draw_roofline([Work("a", 1, 1)], "h200"),
        "hardware is a str where a Hardware",
    ),
    "chunk lengths by number": (
        lambda: draw_chunk_sweep(TREE, LAYER, lengths=3),
        "lengths is a int where a Coll",
    ),
    "a count of a plan": (
        lambda: draw_counted(PLAN, MOVED),
        "modelled is a Plan where a Traffic is expected",
    ),
    "lines in words": (
        lambda: draw_counted(MOVED, MOVED, ["a"]),
        "line is a str where a SourceBytes is expected",
    ),
    "arrays of a tree": (lambda: released_arrays(TREE), "plan is a Tree where a Plan is expected"),
    "slots in words": (lambda: draw_arrays(PLAN, "a"), "slots='a'; it must be a list of integers"),
    "half a slot": (lambda: released_arrays(PLAN, [0.5] * 17), "it must be a list of integers"),
    "an LSE in words": (lambda: draw_reduction(PLAN, "a"), "lse='a'; give a number for each partial"),
}


@pytest.mark.parametrize(("slip", "message"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_answered_with_what_was_given_and_what_to_do(slip, message):
    with pytest.raises(DeftLabError, match=re.escape(message)):
        slip()


def test_points_may_be_rows_of_an_array():
    points = np.array([[1, 2], [2, 3]])
    assert (
        lines(points, marks=[Mark("m", np.int64(1), 2)]).svg
        == lines(points.tolist(), marks=[Mark("m", 1, 2)]).svg
    )

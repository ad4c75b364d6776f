"""Charts: places follow from values, nothing leaves the picture, and the roof is the machine's."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import SVG, check_document, parsed, shapes, text_of

from deft_lab import LLAMA3_8B, build_tree, plan_tree, traffic
from deft_lab.cost import flops
from deft_lab.errors import DeftLabError
from deft_lab.hardware import H200
from deft_lab.viz import Axis, Mark, Spot, Work, draw_lines, draw_roofline, draw_strips, theme
from deft_lab.viz.axes import Scale, short
from deft_lab.viz.chart import apart
from deft_lab.viz.roofline import ridge
from deft_lab.viz.svg import PROSE, text_width

LINES = {"one": [(1, 10.0), (10, 1000.0), (100, 100000.0)], "other": [(1, 12.0), (100, 90000.0)]}
LOG = Axis("tokens", log=True), Axis("bytes", log=True)
WORK = Work("a", flop=1e9, bytes=1e8, seconds=1e-3)


def figures():
    spots = [Spot(0.5, "modelled", "case a"), Spot(2.0, "modelled", "case b"), Spot(1.1, "counted")]
    return {
        "lines": draw_lines("Two lines", LINES, *LOG, marks=[Mark("here", 10, 500.0)], subtitle="below"),
        "linear": draw_lines("Linear", LINES, Axis("tokens"), Axis("bytes")),
        "strips": draw_strips("Strips", {"radix": spots, "deft_node": spots[:1]}, Axis("ratio", log=True)),
        "roof": draw_roofline([WORK, Work("on the roof", 1e9, 1e6)], H200, l2=True),
    }


every_chart = pytest.mark.parametrize("figure", figures().values(), ids=figures())


@every_chart
def test_a_chart_is_one_described_document_and_no_text_leaves_it(figure):
    check_document(figure)
    for text in parsed(figure).iter(f"{SVG}text"):
        size = theme.TITLE if text.get("class") == "title" else theme.SMALL
        width, x = PROSE * text_width(text.text, size), float(text.get("x"))
        left = x - width * {None: 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
        assert left >= 0 and left + width <= theme.WIDTH, text.text


def middles(figure, name):
    return [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for _, box in shapes(figure, name)]


def test_equal_factors_are_equal_steps_on_a_logarithmic_axis():
    (x0, y0), (x1, y1), (x2, y2), *_ = middles(figures()["lines"], "line")
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02) and y0 - y1 == pytest.approx(y1 - y2, abs=0.02)


def test_equal_differences_are_equal_steps_on_a_linear_axis_that_begins_at_zero():
    scale = Scale(Axis("tokens"), [10, 30], 100, 300)
    assert scale.at(0) == 100 and scale.at(20) - scale.at(10) == pytest.approx(scale.at(30) - scale.at(20))


@given(st.floats(1e-6, 1e12), st.floats(1.01, 1e9), st.booleans())
def test_ticks_are_few_round_and_within_the_axis(low, factor, log):
    scale = Scale(Axis("x", log=log), [low, low * factor], 0, 100)
    ticks = scale.ticks(8)
    assert len(ticks) <= 9 and ticks == sorted(ticks)
    for tick in ticks:
        assert -0.01 <= scale.at(tick) <= 100.01
        assert float(f"{tick:.1e}") == pytest.approx(tick) or not log


def test_powers_of_two_are_ticks_themselves():
    lengths = [32, 64, 128, 256, 512, 1024, 2048]
    scale = Scale(Axis("tokens of a chunk", log=True), lengths, 0, 100)
    assert scale.ticks(8) == lengths
    assert 0 < len(scale.ticks(4)) <= 4 and not set(scale.ticks(4)) & set(
        lengths
    )  # no room: round ones again
    assert Scale(Axis("x", log=True), [32, 33, 64], 0, 100).ticks(8) != [32, 33, 64]
    assert Scale(Axis("x"), [32, 64, 128], 0, 100).ticks(8) != [32, 64, 128]


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_names_keep_apart_and_in_order(places):
    moved = apart(sorted(places), 14)
    assert all(b - a >= 14 - 1e-9 for a, b in itertools.pairwise(moved))
    if all(b - a >= 14 for a, b in itertools.pairwise(sorted(places))):
        assert moved == pytest.approx(sorted(places))


def test_no_line_runs_through_the_name_of_a_crossing():
    counts = [64 * w for w in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000)]
    costs = {
        "saved": lambda n: 16e6 * n,
        "scores": lambda n: 520 * n * (1000 + n),
        "mask": lambda n: 2 * n * n,
    }
    lines = {name: [(n, float(cost(n))) for n in counts] for name, cost in costs.items()}
    marks = [Mark(f"{n:,} queries", n, 16e6 * n) for n in (29_769, 8_000_000)]
    figure = draw_lines("where they cross", lines, *LOG, marks=marks)
    label = next(text for text in parsed(figure).iter(f"{SVG}text") if text.text == "29,769 queries")
    x, y = float(label.get("x")), float(label.get("y"))
    paths = parsed(figure).iter(f"{SVG}path")
    drawn = [path.get("d") for path in paths if "fill:none" in path.get("style", "")]
    assert len(drawn) == 3
    for d in drawn:
        spots = [tuple(map(float, spot.split(","))) for spot in d[1:].split("L")]
        for (x0, y0), (x1, y1) in itertools.pairwise(spots):
            for part in range(201):
                a, b = x0 + part / 200 * (x1 - x0), y0 + part / 200 * (y1 - y0)
                inside = x <= a <= x + PROSE * text_width(label.text, theme.SMALL) and y - 9 <= b <= y + 2
                assert not inside


def test_a_value_that_does_not_fit_is_refused_by_name():
    with pytest.raises(DeftLabError, match="axis 'bytes'.*above 0"):
        draw_lines("no", {"one": [(1, 0.0)]}, *LOG)
    with pytest.raises(DeftLabError, match="nothing to draw"):
        draw_strips("no", {"radix": []}, Axis("ratio"))
    with pytest.raises(DeftLabError, match="no work"):
        draw_roofline([], H200)
    with pytest.raises(DeftLabError, match="work 'b'"):
        draw_roofline([WORK, Work("b", 0, 1)], H200)


def test_the_table_holds_every_value():
    assert figures()["lines"].table().rows[:3] == tuple(("one", *point) for point in LINES["one"])
    assert ("radix", "modelled", 0.5, "case a") in figures()["strips"].table().rows


def test_a_work_stands_at_its_intensity_and_rate_and_never_above_the_roof_without_a_time():
    rows = {
        row[0]: row
        for row in draw_roofline([WORK, Work("b", 1e9, 1e6), Work("c", 1e9, 1e9)], H200).table().rows
    }
    assert rows["a"][3:5] == (pytest.approx(10), pytest.approx(1e9 / 1e-3 / 1e12))
    assert rows["b"][4] == pytest.approx(H200.flop_per_s / 1e12)
    assert rows["c"][4] == pytest.approx(H200.hbm_bytes_per_s / 1e12)


def test_the_ridge_of_an_h200_is_reached_by_some_50_queries_of_llama3_8b():
    #  4 d Hq FLOP a query and token, 2 d e Hk bytes a token: 4 FLOP a byte and query
    def intensity(queries):
        plan = plan_tree(build_tree("star", prompt=1_000_000, width=queries), "radix")
        return flops(plan, LLAMA3_8B.layer).useful / traffic(plan, LLAMA3_8B.layer, "unique").total

    assert intensity(51) < ridge(H200) < intensity(53)


def test_short_numbers():
    assert [short(x) for x in (0, 0.5, 20, 999, 4000, 3e6, 2e12)] == [
        "0",
        "0.5",
        "20",
        "999",
        "4k",
        "3M",
        "2e12",
    ]
    assert [short(x) for x in (1024, 1500, 2048, 8192, 1234.5)] == [
        "1,024",
        "1.5k",
        "2,048",
        "8,192",
        "1.23k",
    ]
    assert "here" in text_of(figures()["lines"])

"""Token trees beside each other: what is drawn is what was handed over."""

import itertools

import pytest
from pictures import SVG, check_document, parsed, text_of

from deft_lab.builders import topologies
from deft_lab.drafting.shapes import best_shape, expansion_shape
from deft_lab.errors import DeftLabError, TreeError
from deft_lab.token_tree import shape_from_ranks
from deft_lab.viz import draw_token_trees, theme
from deft_lab.viz.svg import text_width

SHAPES = {
    "chain": tuple(range(-1, 15)),
    "star": (-1,) * 16,
    "full": expansion_shape([3, 3, 3], 39),
    "sequoia": best_shape((0.6, 0.2, 0.1), 17),
    "medusa": shape_from_ranks(topologies()["mc_sim_7b_63"]),
    "one": (-1,),
    "none": (),
}
NUMBERS = {name: {"expected length": len(shape) / 10, "bytes": "9 MB"} for name, shape in SHAPES.items()}


def circles(figure):
    return [
        (float(c.get("cx")), float(c.get("cy")), float(c.get("r")), c.get("class"))
        for c in parsed(figure).iter(f"{SVG}circle")
    ]


def stays_inside(figure):
    for text in parsed(figure).iter(f"{SVG}text"):
        size = {"title": theme.TITLE, "small": theme.SMALL}
        px = next((size[kind] for kind in text.get("class", "").split() if kind in size), theme.TEXT)
        width, x = 0.84 * text_width(text.text, px), float(text.get("x"))
        left = x - width * {None: 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
        assert left >= 0 and left + width <= theme.WIDTH and 0 < float(text.get("y")) < figure.height


def test_token_trees_are_one_described_document():
    figure = draw_token_trees("Trees", SHAPES, NUMBERS, note="A note.")
    check_document(figure)
    stays_inside(figure)
    assert "sequoia: 16 tokens" in figure.alt and "expected length 1.60" in figure.alt
    columns, rows = figure.table()
    assert columns == ("tree", "tokens", "levels", "expected length", "bytes")
    assert {row[0]: row[1] for row in rows} == {name: len(shape) for name, shape in SHAPES.items()}
    assert all(word in text_of(figure) for word in (*SHAPES, "A note.", "9 MB"))


@pytest.mark.parametrize("name", SHAPES)
def test_every_token_is_a_dot_below_its_parent(name):
    figure = draw_token_trees("Trees", {name: SHAPES[name]})
    *dots, root = circles(figure)
    assert len(dots) == len(SHAPES[name]) and root[3] == "c5"
    for (_, y, *_), parent in zip(dots, SHAPES[name], strict=True):
        assert y > (root[1] if parent < 0 else dots[parent][1])
    assert all(x - r >= 0 and x + r <= theme.WIDTH and y + r < figure.height for x, y, r, _ in dots)


@pytest.mark.parametrize("name", ["full", "sequoia", "medusa"])
def test_siblings_stand_in_their_order_and_no_two_dots_lie_on_each_other(name):
    *dots, _ = circles(draw_token_trees("Trees", {name: SHAPES[name]}))
    for (a, one), (b, other) in itertools.combinations(enumerate(SHAPES[name]), 2):
        if one == other:
            assert dots[a][0] < dots[b][0]
    assert len({(x, y) for x, y, *_ in dots}) == len(dots)


def test_a_likelier_token_is_a_larger_dot():
    *dots, _ = circles(draw_token_trees("Trees", {"chain": (-1, 0, 1)}, chances={"chain": (0.9, 0.5, 0.1)}))
    radius = [r for *_, r, _ in dots]
    assert radius[0] > radius[1] > radius[2] > 0
    assert (radius[0] / radius[1]) ** 2 == pytest.approx(0.9 / 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (({},), "no token tree to draw"),
        (({"a": (-1, 0)}, None, {"a": (1.0,)}), "1 chances for the 2 nodes of 'a'"),
    ],
)
def test_a_wrong_call_is_told(arguments, words):
    with pytest.raises(DeftLabError, match=words):
        draw_token_trees("Trees", *arguments)


def test_a_child_before_its_parent_is_refused():
    with pytest.raises(TreeError, match="a parent comes before its child"):
        draw_token_trees("Trees", {"a": (1, -1)})

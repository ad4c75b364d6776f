"""Every figure says the library's numbers three times: in its shapes, in its words and in its table."""

import itertools
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import (
    FIGURES,
    ROUNDING,
    SVG,
    check_document,
    every_figure,
    every_tree,
    parsed,
    shapes,
    text_of,
)
from trees import TREES, trees

from deft_lab import Tree, build_tree, plan_tree
from deft_lab.errors import DeftLabError
from deft_lab.viz import Table, draw_kv_memory, draw_split, draw_tree, stack, theme
from deft_lab.viz.nodes import node_paints
from deft_lab.viz.svg import PROSE, text_width
from deft_lab.viz.words import count, in_bytes, listed, round_bytes, times


@every_figure
@every_tree
def test_a_figure_is_one_described_self_contained_document(tree, draw):
    check_document(draw(tree))


@settings(max_examples=25)
@given(trees(most_nodes=60))
def test_any_tree_can_be_drawn(tree):
    for draw in FIGURES.values():
        check_document(draw(tree))


@every_figure
@every_tree
def test_no_text_leaves_the_picture(tree, draw):
    figure = draw(tree)
    for text in parsed(figure).iter(f"{SVG}text"):
        size = {"title": theme.TITLE, "small": theme.SMALL}
        px = next((size[kind] for kind in text.get("class", "").split() if kind in size), theme.TEXT)
        # prose is narrower than the labels that text_width keeps room for; tests/browser measures it
        width, x = PROSE * text_width(text.text, px), float(text.get("x"))
        left = x - width * {None: 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
        assert left >= 0 and left + width <= theme.WIDTH, text.text
        assert 0 < float(text.get("y")) < figure.height


# --- the tree


@every_tree
def test_a_node_is_as_wide_as_the_root_of_its_tokens(tree):
    bars = {int(data["node"]): box["width"] for data, box in shapes(draw_tree(tree), "node")}
    assert sorted(bars) == sorted(tree.label.tolist())
    length = dict(zip(tree.label.tolist(), tree.length.tolist(), strict=True))
    wide = {label: width for label, width in bars.items() if width > 2.1}  # the least width is 2 px
    scale = [width / math.sqrt(length[label]) for label, width in wide.items()]
    assert np.ptp(scale) <= 2 * ROUNDING if scale else True
    assert all(width > 0 for width in bars.values())


@every_tree
def test_children_stand_to_the_right_of_their_parent_and_siblings_below_each_other(tree):
    bars = {int(data["node"]): box for data, box in shapes(draw_tree(tree), "node")}
    box = [bars[label] for label in tree.label.tolist()]
    middle = [b["y"] + b["height"] / 2 for b in box]
    for node in range(tree.n_nodes):
        children = tree.children(node)
        for child in children:
            assert box[child]["x"] >= box[node]["x"] + box[node]["width"] - ROUNDING
        assert all(middle[a] < middle[b] for a, b in itertools.pairwise(children))
        if children:
            between = (middle[children[0]] + middle[children[-1]]) / 2
            assert middle[node] == pytest.approx(between, abs=2 * ROUNDING)


@every_tree
def test_the_words_of_a_tree_are_its_numbers(tree):
    figure = draw_tree(tree)
    for words in (
        count(tree.n_nodes, "node"),
        count(tree.n_queries, "query", "queries"),
        f"stores {count(tree.n_tokens, 'token')}",
        f"see {tree.n_path_tokens:,} in all",
    ):
        assert words in figure.alt
    columns, rows = figure.table()
    assert len(rows) == tree.n_nodes and len(columns) == len(rows[0])
    assert [row[0] for row in rows] == tree.label.tolist()
    assert sum(row[2] for row in rows) == tree.n_tokens
    assert sum(row[2] * row[3] for row in rows) == tree.n_path_tokens
    assert sum(row[4] for row in rows) == tree.n_queries


def test_a_figure_says_how_many_nodes_have_no_label():
    star = draw_tree(build_tree("star", width=256))
    labelled = len(re.findall(r"n\d+ · [\d,]+", text_of(star)))
    assert 20 < labelled < 257 and f"{labelled} of 257 nodes are labelled" in text_of(star)
    assert "labelled" not in text_of(draw_tree(build_tree("few_shot")))


def test_every_query_has_a_dot():
    tree = build_tree("medusa")
    dots = list(parsed(draw_tree(tree)).iter(f"{SVG}circle"))
    assert len(dots) == len(set(tree.seat.tolist())) == 64


def test_queries_have_the_caller_s_numbers():
    tree = Tree.from_parents([-1, 0, 0], [4, 2, 3], seat=[2, 1])
    figure = draw_tree(tree)
    middle = {data["node"]: box["y"] + box["height"] / 2 for data, box in shapes(figure, "node")}
    row = {text.text: float(text.get("y")) - 4 for text in parsed(figure).iter(f"{SVG}text")}
    assert row["q1"] == pytest.approx(middle["1"], abs=0.1)
    assert row["q0"] == pytest.approx(middle["2"], abs=0.1)
    assert re.findall(r"\bq\d\b", text_of(draw_kv_memory(tree))) == ["q1", "q0"]  # from top to bottom
    assert [cells[4] for cells in draw_split(plan_tree(tree, "radix")).table().rows] == ["q1", "q0"]


# --- the memory


@every_tree
def test_the_strips_are_to_one_scale(tree):
    drawn = shapes(draw_kv_memory(tree), "node", "copies")
    n_unique = int((tree.length > 0).sum())
    length = dict(zip(tree.label.tolist(), tree.length.tolist(), strict=True))
    copies = dict(zip(tree.label.tolist(), (tree.q_stop - tree.q_first).tolist(), strict=True))
    per_token = (theme.WIDTH - 62) / tree.n_tokens  # what the margins and the queries' names leave
    row = min(15, 240 / tree.n_queries)
    for i, (data, box) in enumerate(drawn):
        label = int(data["node"])
        assert box["width"] == pytest.approx(per_token * length[label], abs=2 * ROUNDING)
        if i >= n_unique:
            assert int(data["copies"]) == copies[label]
            assert box["height"] == pytest.approx(row * copies[label], abs=ROUNDING)
    assert [int(data["node"]) for data, _ in drawn[:n_unique]] == tree.label[tree.length > 0].tolist()
    node = dict(zip(tree.label.tolist(), range(tree.n_nodes), strict=True))
    top = min(box["y"] for _, box in drawn[n_unique:])
    for i, (data, box) in enumerate(drawn):
        v = node[int(data["node"])]
        above = sum(int(tree.length[u]) for u in tree.path(v)[:-1])
        tokens = int(tree.start[v]) if i < n_unique else above
        assert box["x"] == pytest.approx(48 + per_token * tokens, abs=ROUNDING)
        assert i < n_unique or box["y"] == pytest.approx(top + row * int(tree.q_first[v]), abs=ROUNDING)
    area = sum(int(data["copies"]) * length[int(data["node"])] for data, _ in drawn[n_unique:])
    assert area == tree.n_path_tokens


@every_tree
def test_the_words_of_the_memory_are_the_tree_s_numbers(tree):
    figure = draw_kv_memory(tree)
    assert count(tree.n_tokens, "token") in figure.alt and f"{times(tree.sharing)} times" in figure.alt
    assert count(tree.n_path_tokens, "token") in figure.alt
    *nodes, total = figure.table().rows
    assert total == ("all", tree.n_tokens, tree.n_queries, tree.n_path_tokens)
    assert sum(row[1] for row in nodes) == tree.n_tokens
    assert sum(row[3] for row in nodes) == tree.n_path_tokens


@every_tree
def test_a_node_has_one_paint_in_all_pictures(tree):
    def paints(figure):
        found = {}
        for rect in parsed(figure).iter(f"{SVG}rect"):
            if "data-node" in rect.attrib:
                found.setdefault(rect.get("data-node"), set()).add(rect.get("class").split()[0])
        return found

    in_tree, in_memory = paints(draw_tree(tree)), paints(draw_kv_memory(tree))
    in_plan = paints(draw_split(plan_tree(tree)))
    assert all(len(of) == 1 for of in in_tree.values())
    for other in (in_memory, in_plan):
        assert all(of == in_tree[node] for node, of in other.items())


def test_a_node_keeps_its_paint_when_others_go():
    tree = build_tree("few_shot", prompt=10, width=9, length=5)
    before = dict(zip(tree.label.tolist(), node_paints(tree), strict=True))
    smaller = tree.prune(3).prune(7)
    assert dict(zip(smaller.label.tolist(), node_paints(smaller), strict=True)) == {
        label: paint for label, paint in before.items() if label not in (3, 7)
    }
    assert len(set(before.values())) == len(before)


# --- figures and tables


def test_a_figure_shows_as_svg_and_as_words():
    figure = draw_tree(TREES["two leaves"])
    assert figure._repr_mimebundle_() == {"image/svg+xml": figure.svg, "text/plain": figure.alt}
    assert len(repr(figure)) < 400


def test_the_same_tree_gives_the_same_bytes():
    for draw in FIGURES.values():
        assert draw(TREES["lopsided"]).svg == draw(TREES["lopsided"]).svg


def test_titles_are_text_not_markup():
    figure = draw_tree(TREES["two leaves"], title='a < b & "c"')
    assert parsed(figure).find(f"{SVG}title").text == 'a < b & "c"'


def test_a_figure_is_saved_as_svg(tmp_path):
    figure = draw_tree(TREES["two leaves"])
    assert figure.save(tmp_path / "tree.svg").read_text(encoding="utf-8") == figure.svg
    with pytest.raises(DeftLabError, match="cannot save a figure as 'tree.png'; end the name in .svg"):
        figure.save(tmp_path / "tree.png")


def test_a_table_unpacks_and_shows_a_part_of_many_rows():
    columns, rows = table = draw_tree(build_tree("star", width=256)).table()
    assert isinstance(table, Table) and len(rows) == 257
    shown = table._repr_html_()
    assert shown.count("<tr>") == 61 and "... and 197 more rows" in shown and "<td>4,000</td>" in shown
    assert all(f">{name}</th>" in shown for name in columns)
    assert table._repr_markdown_().count("\n| ") == 61 and "197 more" in table._repr_markdown_()
    assert "&lt;" in Table(("<",), ((1,),))._repr_html_()


def test_words_in_a_table_begin_at_the_left_and_numbers_end_at_the_right():
    table = Table(("what", "size", "left out"), (("2 of KV", 4, "4.0 %"), ("Q", 10, "nan")))
    assert table._repr_markdown_().splitlines()[1] == "| :--- | ---: | ---: |"
    shown = table._repr_html_()
    left = ' style="text-align:left"'
    assert f"<th{left}>what</th>" in shown and f"<td{left}>Q</td>" in shown and shown.count(left) == 3


def test_figures_stack_without_overlap():
    figures = [draw(TREES["lopsided"]) for draw in FIGURES.values()]
    whole = stack("All", figures)
    check_document(whole)
    inner = parsed(whole).findall(f"{SVG}svg")
    assert [float(svg.get("y")) for svg in inner] == pytest.approx(
        np.cumsum([0, *(figure.height for figure in figures[:-1])]), abs=ROUNDING
    )
    assert whole.height == pytest.approx(sum(figure.height for figure in figures))
    assert all(figure.alt in whole.alt for figure in figures)
    assert not any("height:auto" in (svg.get("style") or "") for svg in inner)


@pytest.mark.parametrize("draw", [draw_tree, draw_kv_memory, FIGURES["split"]], ids=["tree", "kv", "split"])
def test_a_tree_too_large_for_a_picture_is_refused(draw):
    tree = build_tree("star", width=5000)
    with pytest.raises(DeftLabError, match=r"5,001 nodes are more than a picture can show \(5,000\); prune"):
        draw(tree)


# --- the look


@pytest.mark.parametrize("of", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_and_graphics_stand_out_in_both_themes(of):
    for text in (of.ink, of.muted):
        assert theme.contrast(text, of.background) >= 4.5
    assert theme.contrast(of.line, of.background) >= 3
    assert theme.contrast(of.muted, of.faint) >= 3  # the queries of a group on their track
    for color in theme.PALETTE:
        outline = theme.edge(color, of)
        assert theme.contrast(outline, of.background) >= 3 and theme.contrast(outline, of.faint) >= 3
        assert outline in theme.style()


def test_text_on_a_colour_can_be_read():
    for color in theme.PALETTE:
        assert theme.contrast(theme.text_on(color), color) >= 4.5


def test_contrast_is_that_of_the_standard():
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_the_style_stays_inside_the_figures():
    rules = re.sub(r"@media [^{]*{(.*?)}}", r"\1}", theme.style())
    for selector in re.findall(r"([^{}]+){", rules):
        assert all(".deft-fig" in part for part in selector.split(",")), selector


@pytest.mark.parametrize("room", ["viz", "widgets"])
def test_pictures_need_no_heavy_library(room):
    code = (
        f"import sys, deft_lab.{room}; print(sorted({{'torch', 'plotly', 'matplotlib'}} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


# --- numbers in words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (81_920, "81.92 kB"),
        (999_999, "1.00 MB"),
        (18_022_400, "18.02 MB"),
        (329_318_400, "329.3 MB"),
        (44.04e9, "44.04 GB"),
        (5e15, "5,000.0 TB"),
    ],
)
def test_bytes_in_words(value, words):
    assert in_bytes(value) == words


@given(st.integers(0, 10**15))
def test_bytes_in_words_are_the_bytes(value):
    digits, unit = in_bytes(value).split()
    back = float(digits.replace(",", "")) * 1000 ** ("B", "kB", "MB", "GB", "TB").index(unit)
    assert back == pytest.approx(value, rel=5.1e-3)


def test_words():
    assert round_bytes(500_000_000) == "500 MB" and round_bytes(1e9) == "1 GB" and round_bytes(0) == "0 B"
    assert count(1, "node") == "1 node" and count(2000, "query", "queries") == "2,000 queries"
    assert listed(["a", "b"]) == "a, b" and listed(list("abcdef"), most=4) == "a, b, ... (6 in all)"

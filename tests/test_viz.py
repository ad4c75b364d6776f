"""Every figure says the library's numbers three times: in its shapes, in its words and in its table."""

import itertools
import math
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import LLAMA3_8B, METHODS, Tree, build_tree, plan_tree, traffic
from deft_lab.cost import ACCOUNTS, ROLES
from deft_lab.errors import DeftLabError
from deft_lab.viz import Figure, Table, draw_io_bars, draw_kv_memory, draw_split, draw_tree, stack, theme
from deft_lab.viz.io_bars import ACCOUNT_WORDS, ROLE_PAINTS
from deft_lab.viz.svg import text_width
from deft_lab.viz.words import count, in_bytes, listed, round_bytes, times

LAYER = LLAMA3_8B.layer
SVG = "{http://www.w3.org/2000/svg}"
ROUNDING = 0.011  # px: coordinates have two decimals
WORST = TREES | {
    "chain of a thousand nodes": build_tree("chain", length=1000, n_nodes=1000),
    "a thousand leaves": build_tree("star", width=1000, prompt=1),
    "a long prompt": build_tree("few_shot", prompt=1_000_000, width=3, length=1),
}
FIGURES = {
    "tree": draw_tree,
    "kv": draw_kv_memory,
    "io": lambda tree: draw_io_bars(tree, LAYER),
    "split": lambda tree: draw_split(plan_tree(tree)),
}
every_tree = pytest.mark.parametrize("tree", WORST.values(), ids=WORST)
every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
every_method = pytest.mark.parametrize("method", METHODS)
every_account = pytest.mark.parametrize("account", ACCOUNTS)


def parsed(figure: Figure) -> ElementTree.Element:
    return ElementTree.fromstring(figure.svg)


def shapes(figure: Figure, *names: str) -> list[tuple[dict[str, str], dict[str, float]]]:
    """(data, box) of every rectangle that has these data-* attributes."""
    found = []
    for rect in parsed(figure).iter(f"{SVG}rect"):
        data = {key[5:]: value for key, value in rect.attrib.items() if key.startswith("data-")}
        if set(names) <= set(data):
            found.append((data, {key: float(rect.attrib[key]) for key in ("x", "y", "width", "height")}))
    return found


def text_of(figure: Figure) -> str:
    return "\n".join(text.text or "" for text in parsed(figure).iter(f"{SVG}text"))


def check_document(figure: Figure) -> None:
    root = parsed(figure)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title.text == figure.title and description.text == figure.alt
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == description.get("id")
    ids = re.findall(r'\bid="([^"]+)"', figure.svg)
    assert len(ids) == len(set(ids)) and set(re.findall(r"url\(#([^)]+)\)", figure.svg)) <= set(ids)
    assert "<script" not in figure.svg and figure.svg.count("http") == figure.svg.count("http://www.w3.org")
    assert "nan" not in figure.svg.lower().split("<style>")[0] and "inf" not in figure.svg.split("</desc>")[0]
    for shape in root.iter(f"{SVG}rect"):
        for key in ("width", "height"):
            value = shape.get(key, "0")
            assert value == "100%" or 0 <= float(value) < math.inf


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
        width, x = 0.84 * text_width(text.text, px), float(text.get("x"))
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
        f"see {tree.n_path_tokens:,}, {times(tree.sharing)} times as many",
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
    labelled = len(re.findall(r"n\d+ · [\d,]+", text_of(star))) - 1  # the heading explains one
    assert 20 < labelled < 257 and f"{labelled} of 257 nodes are labelled" in text_of(star)
    assert "labelled" not in text_of(draw_tree(build_tree("few_shot")))


def test_every_query_has_a_dot():
    tree = build_tree("medusa")
    dots = list(parsed(draw_tree(tree)).iter(f"{SVG}circle"))
    assert len(dots) == len(set(tree.seat.tolist())) == 64


def test_queries_have_the_caller_s_numbers():
    tree = Tree.from_parents([-1, 0, 0], [4, 2, 3], seat=[2, 1])
    lines = text_of(draw_tree(tree)).splitlines()
    assert lines.index("q1") + 1 == lines.index("n1 · 2") or "n1 · 2" in lines
    assert [line for line in lines if re.fullmatch(r"q\d", line)] in (["q1", "q0"], ["q0", "q1"])
    plan = draw_split(plan_tree(tree, "radix"))
    assert [row[4] for row in plan.table().rows] == ["q1", "q0"]


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


# --- the bytes


@every_account
@every_tree
def test_the_bars_are_as_long_as_their_bytes(tree, account):
    figure = draw_io_bars(tree, LAYER, account=account)
    moved = {name: traffic(plan_tree(tree, name), LAYER, account) for name in METHODS}
    bars = {(data["method"], data["role"]): box for data, box in shapes(figure, "method", "role")}
    expected = {(name, role): n for name, t in moved.items() for role, n in t.by_role().items() if n}
    assert set(bars) == set(expected)
    longest = max(t.total for t in moved.values())
    per_byte = sum(bars[key]["width"] for key in bars if moved[key[0]].total == longest) / (
        longest * sum(t.total == longest for t in moved.values())
    )
    for key, n in expected.items():
        assert bars[key]["width"] == pytest.approx(per_byte * n, abs=6 * ROUNDING)
    for name in METHODS:  # the pieces of a bar touch
        pieces = [bars[name, role] for role in ROLES if (name, role) in bars]
        for left, right in itertools.pairwise(pieces):
            assert left["x"] + left["width"] == pytest.approx(right["x"], abs=2 * ROUNDING)


@every_account
@every_tree
def test_the_words_and_the_table_of_the_bars_are_the_traffic(tree, account):
    figure = draw_io_bars(tree, LAYER, account=account)
    moved = [traffic(plan_tree(tree, name), LAYER, account) for name in METHODS]
    least = min(t.total for t in moved)
    columns, rows = figure.table()
    assert columns[:2] == ("method", "account") and len(rows) == len(METHODS)
    for row, t in zip(rows, moved, strict=True):
        assert row[:-1] == (t.method, account, *t.by_role().values(), t.total)
        assert row[-1] == pytest.approx(t.total / least, abs=1e-4)
        assert in_bytes(t.total) in figure.alt and in_bytes(t.total) in text_of(figure)
        assert f"{times(t.total / least)}×" in text_of(figure)
    assert f"account {account!r}" in figure.alt


@every_account
def test_an_account_is_never_missing_from_a_figure(account):
    figure = draw_io_bars(TREES["two leaves"], LAYER, account=account, title="Mine")
    assert figure.title == "Mine"
    assert f"Account “{account}”: {ACCOUNT_WORDS[account]}." in text_of(figure)


def test_what_an_account_does_not_count_is_said_and_is_not_zero():
    figure = draw_io_bars(TREES["two leaves"], LAYER, account="paper")
    assert "Not counted: Q, O, LSE, index." in text_of(figure)
    assert figure.table().rows[0][3] is None and "not counted" in figure.table()._repr_html_()


def test_methods_can_be_chosen_and_heads_packed():
    tree = build_tree("few_shot", prompt=4000, width=20, length=20)
    figure = draw_io_bars(tree, LAYER, ["radix", ("node", "paged")], pack_heads=True)
    assert [row[0] for row in figure.table().rows] == ["radix", "deft_node"]
    assert [row[2] for row in figure.table().rows] == [80_400 * 4096, 4400 * 4096]
    assert "query heads of a KV head packed" in figure.alt


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": []}, "no method to draw; name some of flash_decoding"),
        ({"methods": ["fast"]}, "no method 'fast'; choose one of flash_decoding"),
        ({"account": "mine"}, "no account 'mine'; choose one of paper, logged, requested, unique"),
        ({"account": "paper", "pack_heads": True}, "account 'paper' does not know pack_heads"),
    ],
)
def test_bars_that_cannot_be_drawn_are_refused(options, message):
    with pytest.raises(DeftLabError, match=message):
        draw_io_bars(TREES["two leaves"], LAYER, **options)


def test_every_role_and_account_has_paint_and_words():
    assert set(ROLE_PAINTS) == set(ROLES) and set(ACCOUNT_WORDS) == set(ACCOUNTS)
    assert len(set(ROLE_PAINTS.values())) == len(ROLES)


# --- the plan


@every_method
@every_tree
def test_a_plan_is_drawn_chunk_by_chunk(tree, method):
    plan = plan_tree(tree, method)
    figure = draw_split(plan)
    drawn = {}
    for data, box in shapes(figure, "node", "group"):
        drawn.setdefault(int(data["group"]), []).append((int(data["node"]), box))
    asked = {int(data["group"]): int(data["queries"]) for data, _ in shapes(figure, "group", "queries")}
    if plan.n_groups <= 40:
        assert sorted(drawn) == list(range(plan.n_groups))
    else:
        assert len(drawn) == 40 and {0, plan.n_groups - 1} <= set(drawn)
        assert f"40 groups are drawn, {plan.n_groups - 40:,} are left out" in figure.alt
        assert "are left out ..." in text_of(figure)
    for index, chunks in drawn.items():
        group = plan.groups[index]
        assert [node for node, _ in chunks] == [tree.label[chunk.node] for chunk in group.chunks]
        assert asked[index] == len(group.queries)
        for (_, box), chunk in zip(chunks, group.chunks, strict=True):
            width = 430 * (chunk.stop - chunk.start) / tree.n_tokens
            x = 56 + 430 * (tree.start[chunk.node] + chunk.start) / tree.n_tokens
            assert box["x"] == pytest.approx(min(x, 56 + 430 - 1), abs=ROUNDING)
            assert box["width"] == pytest.approx(max(1, width), abs=ROUNDING)


@every_method
@every_tree
def test_the_words_and_the_table_of_a_plan_are_its_numbers(tree, method):
    plan = plan_tree(tree, method)
    figure = draw_split(plan)
    assert METHODS[method].title in figure.alt and count(plan.n_groups, "group") in figure.alt
    assert f"read {count(int(plan.kv_start[-1]), 'token')}" in figure.alt
    assert count(plan.n_partials, "partial") in figure.alt
    _, rows = figure.table()
    assert [row[1] for row in rows] == plan.kv_len.tolist()
    assert [row[3] for row in rows] == plan.n_queries.tolist()


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
    assert all(f"<th>{name}</th>" in shown for name in columns)
    assert table._repr_markdown_().count("\n| ") == 61 and "197 more" in table._repr_markdown_()
    assert "&lt;" in Table(("<",), ((1,),))._repr_html_()


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

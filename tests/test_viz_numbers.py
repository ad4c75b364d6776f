"""Bars of bytes and pictures of plans are to scale, in shapes, words and tables."""

import itertools

import pytest
from pictures import (
    LAYER,
    ROUNDING,
    SVG,
    every_account,
    every_method,
    every_tree,
    parsed,
    shapes,
    text_of,
)
from trees import TREES

from deft_lab import METHODS, build_tree, plan_tree, traffic
from deft_lab.cost import ACCOUNTS, ROLES
from deft_lab.errors import DeftLabError
from deft_lab.viz import draw_io_bars, draw_split
from deft_lab.viz.io_bars import ACCOUNT_WORDS, ROLE_PAINTS
from deft_lab.viz.svg import text_width
from deft_lab.viz.theme import MARGIN, SMALL, WIDTH
from deft_lab.viz.words import count, in_bytes, times


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


@every_account
def test_it_is_said_which_kv_heads_were_counted(account):
    figure = draw_io_bars(TREES["two leaves"], LAYER, account=account)
    counted = "KV counted as of 32 heads, as for multi-head attention"
    assert (counted in text_of(figure)) == (counted in figure.alt) == (account in ("paper", "logged"))
    for line in text_of(figure).splitlines():
        assert MARGIN + 0.84 * text_width(line, SMALL) <= WIDTH, line
    assert figure.table().columns[-1] == "times the least" and "times the least" in text_of(figure)


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
            width = 395 * (chunk.stop - chunk.start) / tree.n_tokens
            x = 56 + 395 * (tree.start[chunk.node] + chunk.start) / tree.n_tokens
            assert box["x"] == pytest.approx(min(x, 56 + 395 - 1), abs=ROUNDING)
            assert box["width"] == pytest.approx(max(1, width), abs=ROUNDING)


def test_large_counts_of_a_plan_have_room_and_separators():
    figure = draw_split(plan_tree(build_tree("few_shot", prompt=2_000_000, width=2, length=1), "radix"))
    texts = {text.text: float(text.get("x")) for text in parsed(figure).iter(f"{SVG}text")}
    queries = min(box["x"] for _, box in shapes(figure, "group", "queries"))
    assert texts["2,000,001 tokens"] + 0.84 * text_width("2,000,001 tokens", SMALL) < queries
    assert "tokens 0 to 1,999,999 of" in figure.svg


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
    assert [row[3] for row in rows] == plan.q_len.tolist()

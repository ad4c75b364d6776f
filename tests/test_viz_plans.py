"""The pictures of a plan, who runs when and who sees what, say the library's numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import SVG, every_method, parsed, shapes, text_of
from trees import TREES, trees

from deft_lab import LLAMA3_8B, METHODS, Tree, build_tree, plan_tree
from deft_lab.cost import predict, rota, unit_rota
from deft_lab.errors import DeftLabError
from deft_lab.hardware import A100, H200
from deft_lab.viz import draw_mask, draw_timeline, theme
from deft_lab.viz.svg import PROSE, text_width
from deft_lab.viz.words import in_seconds
from deft_lab.viz.work import joined, pieces, pieces_of_groups

FEW_SHOT = build_tree("few_shot", prompt=4000, width=20, length=20)
TWO = Tree([-1, 0, 0], [33, 16, 17])


# --- the timeline


@every_method
def test_a_timeline_says_the_predicted_time(method):
    plan = plan_tree(FEW_SHOT, method)
    for hardware in (H200, A100):
        figure = draw_timeline(plan, LLAMA3_8B, hardware)
        predicted = in_seconds(predict(plan, LLAMA3_8B, hardware).seconds)
        assert predicted in figure.alt and predicted in text_of(figure) and hardware.name in figure.title
        assert len(figure.table().rows) == hardware.n_sms


@every_method
def test_the_words_of_a_timeline_fit_and_no_share_is_below_nothing(method):
    for tree in (FEW_SHOT, build_tree("medusa")):
        figure = draw_timeline(plan_tree(tree, method))
        assert "-0.0 %" not in text_of(figure) + figure.alt
        for text in parsed(figure).iter(f"{SVG}text"):
            if text.get("text-anchor") is None:
                assert float(text.get("x")) + PROSE * text_width(text.text, theme.SMALL) <= theme.WIDTH


def test_a_timeline_in_units_is_the_one_done_by_hand():
    #   SM 0: root of head 0, root of head 1      SM 1: two leaves of head 0, two leaves of head 1
    heads = replace(LLAMA3_8B, n_q_heads=2, n_kv_heads=2)
    figure = draw_timeline(plan_tree(TWO, "deft_node"), heads, replace(H200, n_sms=2), unit=16)
    bars = [(int(data["node"]), box) for data, box in shapes(figure, "node")]
    assert [node for node, _ in bars] == [0, 1, 2, 0, 1, 2]
    scale = (800 - 14 - 60) / 6
    assert [round(box["width"] / scale, 2) for _, box in bars] == [3, 1, 2, 3, 1, 2]
    assert [round((box["x"] - 60) / scale, 2) for _, box in bars] == [0, 0, 1, 3, 3, 4]
    assert figure.table().rows == ((0, 2, 6.0, 6.0), (1, 4, 6.0, 6.0))
    assert "6 units of 16 KV tokens" in figure.alt and "SMs idle for 0.0 % of the time" in figure.alt


def test_the_makespans_of_the_few_shot_tree_are_in_the_words():
    figure = draw_timeline(plan_tree(FEW_SHOT, "deft_node"), unit=16)
    assert "260 units of 16 KV tokens" in figure.alt and "70.3 units" in figure.alt


def test_a_program_is_divided_as_its_tokens_are():
    plan = plan_tree(TWO, "deft_flatten")  # one group: 33, 16 and 17 tokens
    found = pieces(unit_rota(plan, n_heads=1, n_sms=1))
    assert found.node.tolist() == [0, 1, 2]
    assert found.end - found.begin == pytest.approx(np.array([33, 16, 17]) * 5 / 66)
    whole = pieces(unit_rota(plan, n_heads=1, n_sms=1), largest=True)
    assert whole.node.tolist() == [0] and whole.end.tolist() == [5]


@settings(max_examples=25)
@given(trees(most_nodes=60), st.sampled_from(list(METHODS)), st.booleans(), st.booleans(), st.booleans())
def test_joining_pieces_changes_no_area(tree, method, by_slot, largest, touching):
    work = rota(plan_tree(tree, method), LLAMA3_8B.layer, H200)
    found = pieces(work, by_slot=by_slot, largest=largest)
    fewer = joined(found, touching=touching)

    def areas(of):
        return np.bincount(of.node + 1, of.height * (of.end - of.begin), tree.n_nodes + 1)

    assert len(fewer.node) <= len(found.node)
    assert areas(fewer) == pytest.approx(areas(found))
    slots = np.array(work.timeline.n_slots)[work.timeline.launch]
    seconds = (work.timeline.end - work.timeline.begin) / slots
    assert areas(found).sum() == pytest.approx(seconds.sum())
    assert (found.top >= 0).all() and (found.top + found.height <= 1 + 1e-9).all()


def test_a_timeline_stays_small():
    for method in METHODS:
        for tree in (FEW_SHOT, build_tree("medusa"), build_tree("k_ary", k=3, depth=5)):
            assert len(draw_timeline(plan_tree(tree, method)).svg) < 400_000, method


def test_a_unit_below_one_is_refused():
    with pytest.raises(DeftLabError, match="unit=0"):
        draw_timeline(plan_tree(TWO), unit=0)


# --- the mask


@every_method
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_a_mask_says_what_is_computed_for_nothing(tree, method):
    plan = plan_tree(tree, method)
    figure = draw_mask(plan)
    computed = sum(len(group.queries) * group.kv_len for group in plan.groups)
    rows = figure.table().rows
    assert sum(row[3] for row in rows) == computed
    assert sum(row[4] for row in rows) == tree.n_path_tokens
    assert all(row[5] == row[3] - row[4] >= 0 for row in rows)
    assert f"{computed - tree.n_path_tokens:,} for nothing" in figure.alt
    wasted = [data for data, _ in shapes(figure, "wasted")]
    assert bool(wasted) == (computed > tree.n_path_tokens)


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_a_mask_paints_what_each_query_sees(tree):
    drawn = {int(data["node"]): box for data, box in shapes(draw_mask(tree), "node")}
    row = min(18, 320 / tree.n_queries)
    for node in range(tree.n_nodes):
        seen_by = int(tree.q_stop[node] - tree.q_first[node])
        if not tree.length[node] or not seen_by:
            assert int(tree.label[node]) not in drawn
            continue
        box = drawn[int(tree.label[node])]
        assert box["height"] == pytest.approx(row * seen_by, abs=0.02)
        width = (800 - 62) * np.sqrt(tree.length[node]) / np.sqrt(tree.length).sum()
        assert box["width"] == pytest.approx(width, abs=0.02)
    rows = draw_mask(tree).table().rows
    assert sum(row[4] for row in rows) == tree.n_path_tokens


def test_the_queries_of_a_mask_have_the_caller_s_numbers():
    tree = Tree.from_parents([-1, 0, 0], [4, 2, 3], seat=[2, 1])
    names = [text.text for text in parsed(draw_mask(tree)).iter(f"{SVG}text") if text.text.startswith("q")]
    assert names == ["q1", "q0"]


@settings(deadline=None)
@given(trees(), st.sampled_from(list(METHODS)))
def test_pieces_of_groups_are_those_that_were_divided_before_they_were_joined(tree, method):
    work = rota(plan_tree(tree, method), LLAMA3_8B, H200)
    slow = joined(pieces(work, by_slot=True), touching=False, by_group=True)
    fast = pieces_of_groups(work)
    for name in slow.__dataclass_fields__:
        assert np.array_equal(getattr(slow, name), getattr(fast, name)), name

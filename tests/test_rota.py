"""A rota is the timeline of `predict`, with groups and heads; in units it has the numbers done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import trees

from deft_lab import LLAMA3_8B, METHODS, Tree, build_tree, plan_tree
from deft_lab.cost import Rota, predict, rota, unit_rota
from deft_lab.cost.schedule import TimedLaunch, schedule
from deft_lab.errors import DeftLabError
from deft_lab.hardware import H200
from deft_lab.viz.timeline import idle_words

LAYER = LLAMA3_8B.layer
FEW_SHOT = build_tree("few_shot", prompt=4000, width=20, length=20)


@pytest.mark.parametrize(
    ("method", "options", "by_heads", "by_groups"),
    [
        ("deft_node", {}, 260, 250),
        ("deft_node_chunk", {"chunk_len": 512}, 86, 72),
        ("deft_node_chunk", {"chunk_len": 128}, 74, 72),
        ("deft_flatten", {}, 72, 72),
    ],
)
def test_makespans_of_the_few_shot_tree_in_units(method, options, by_heads, by_groups):
    plan = plan_tree(FEW_SHOT, method, **options)
    assert unit_rota(plan).makespan == by_heads
    assert unit_rota(plan, order="groups").makespan == by_groups


def test_the_ideal_in_units_is_all_work_over_all_sms():
    # (250 + 20 x 2) units of a head, 32 heads, 132 SMs
    assert unit_rota(plan_tree(FEW_SHOT, "deft_node")).ideal == pytest.approx(290 * 32 / 132)
    assert round(unit_rota(plan_tree(FEW_SHOT, "deft_node")).ideal, 1) == 70.3


def test_units_of_two_leaves_on_two_sms():
    #   root: 33 tokens ──┬── leaf: 16 tokens        units: 3, 1, 2, for each of 2 heads
    #                     └── leaf: 17 tokens
    units = unit_rota(plan_tree(Tree([-1, 0, 0], [33, 16, 17]), "deft_node"), n_heads=2, n_sms=2)
    assert units.timeline.begin.tolist() == [0, 0, 1, 3, 3, 4]
    assert units.timeline.sm.tolist() == [0, 1, 1, 0, 1, 1]
    assert units.group.tolist() == [0, 1, 2, 0, 1, 2] and units.head.tolist() == [0, 0, 0, 1, 1, 1]
    assert units.makespan == 6 and units.ideal == 6 and units.idle == 0 and units.idle_sms == pytest.approx(0)


def test_a_tile_of_queries_is_a_program():
    star = plan_tree(build_tree("star", width=70, prompt=130), "deft_node")  # 70 queries: tiles of 32, 32, 6
    assert np.bincount(unit_rota(star, n_heads=1).group)[0] == 3


@settings(max_examples=25)
@given(trees(most_nodes=60), st.sampled_from(list(METHODS)), st.booleans())
def test_a_rota_is_the_predicted_timeline(tree, method, packs):
    plan = plan_tree(tree, method)
    found, work = predict(plan, LAYER, H200, pack_heads=packs), rota(plan, LAYER, H200, pack_heads=packs)
    assert work.makespan == pytest.approx(found.seconds)
    assert -1e-9 <= work.idle_sms <= work.idle + 1e-9 and 0 <= work.idle < 1
    assert 0 < work.ideal <= work.makespan * (1 + 1e-9)
    assert (work.head >= 0).all() and (work.head < LAYER.n_q_heads).all()
    assert (work.group < plan.n_groups).all()
    if METHODS[method].fused:  # every group is worked at by every head, once for each tile
        of_groups = work.group[work.timeline.launch == 0]
        heads = LAYER.n_q_heads // (4 if packs else 1)
        assert (work.group[work.timeline.launch > 0] == -1).all()
        count = np.bincount(of_groups, minlength=plan.n_groups)
        assert (count % heads == 0).all() and (count >= heads).all()


def test_a_wrong_order_or_count_is_refused():
    plan = plan_tree(FEW_SHOT)
    with pytest.raises(DeftLabError, match="'heads' or 'groups'"):
        unit_rota(plan, order="queries")
    with pytest.raises(DeftLabError, match="unit=0"):
        unit_rota(plan, unit=0)


def test_an_empty_slot_is_no_idle_sm():
    # 2 SMs of 2 slots; three programs of 4 s, one of 1 s: slot 1 of SM 1 is empty from 1 to 4
    plan = plan_tree(Tree([-1], [1]), "radix")
    line = schedule([TimedLaunch("all", np.array([4.0, 4.0, 4.0, 1.0]), per_sm=2)], n_sms=2)
    full = Rota(plan, line, np.zeros(4, int), np.zeros(4, int), n_sms=2)
    assert full.idle == pytest.approx(3 / 16) and full.idle_sms == pytest.approx(0)
    # one program of 4 s and one of 1 s, an SM each: of 16 slot seconds 11 are empty, SM 1 idles for 3 of 4
    line = schedule([TimedLaunch("all", np.array([4.0, 1.0]), per_sm=2)], n_sms=2)
    half = Rota(plan, line, np.zeros(2, int), np.zeros(2, int), n_sms=2)
    assert half.idle == pytest.approx(11 / 16) and half.idle_sms == pytest.approx(3 / 8)
    assert idle_words(half) == "SMs without a program for 37.5 % of the time, slots empty for 68.8 %"

"""The pictures of arrays and of reductions, and the inspector, say the plan's numbers."""

import numpy as np
import pytest
from pictures import SVG, check_document, parsed, shapes, text_of
from trees import TREES

from deft_lab import Tree, build_tree, plan_tree
from deft_lab.errors import DeftLabError
from deft_lab.tree.convert import from_nested
from deft_lab.viz import draw_arrays, draw_reduction, released_arrays
from deft_lab.widgets import inspect_arrays

SMALL = from_nested([6, [3, 2, 1], 4])
SLOTS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 14, 13, 8, 10, 11, 15]
KV_GUIDED = ("deft_node", "deft_node_chunk", "deft_tree_index", "deft_flatten")
every_tree = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
every_kv_guided = pytest.mark.parametrize("method", KV_GUIDED)


def test_the_arrays_of_a_small_tree_are_those_drawn_by_hand():
    #   n0: slots 0-5 ─┬─ n1: 6 7 9 ─┬─ n2: 12 14 (q0)
    #                  │             └─ n3: 13 (q1)
    #                  └─ n4: 8 10 11 15 (q2)
    node = {
        name: values.tolist()
        for name, values in released_arrays(plan_tree(SMALL, "deft_node"), SLOTS).items()
    }
    assert node == {
        "KV_indices": SLOTS, "KV_indices_offset": [0, 6, 9, 11, 12], "KV_len": [6, 3, 2, 1, 4],
        "KVMapQ_List": [0, 1, 2, 0, 1, 0, 1, 2], "KVMapQ_List_Offset": [0, 3, 5, 6, 7],
        "KVMapQ_List_Len": [3, 2, 1, 1, 1],
    }  # fmt: skip
    flat = released_arrays(plan_tree(SMALL, "deft_flatten", chunk_len=4), SLOTS)
    assert {name: values.tolist() for name, values in flat.items()} == {
        "block_kv": SLOTS, "block_lens": [4, 4, 4, 4],
        "block_bitmasks": [7, 7, 7, 7, 7, 7, 3, 3, 3, 1, 1, 2, 1, 1, 1, 1],
        "block_q": [0, 1, 2, 0, 1, 2, 0, 1, 2], "block_q_offset": [0, 3, 6, 8], "block_q_cnts": [3, 3, 2, 1],
    }  # fmt: skip


@every_tree
@every_kv_guided
def test_the_arrays_hold_every_entry_and_every_partial_of_the_plan(tree, method):
    plan = plan_tree(tree, method)
    arrays = (
        list(released_arrays(plan).values()) if plan.q_len.max() <= 64 or method != "deft_flatten" else []
    )
    if arrays:
        assert len(arrays[0]) == plan.kv_start[-1] and plan.n_partials in map(len, arrays)


@every_tree
@every_kv_guided
def test_whatever_is_small_enough_is_drawn_number_by_number(tree, method):
    plan = plan_tree(tree, method)
    if plan.kv_start[-1] > 120 or plan.n_partials > 120 or plan.q_len.max() > 64:
        with pytest.raises(DeftLabError):
            draw_arrays(plan)
        return
    figure = draw_arrays(plan)
    check_document(figure)
    per_token = 2 if method == "deft_flatten" else 1
    assert len(shapes(figure, "node")) == per_token * plan.kv_start[-1]
    assert len(shapes(figure, "query")) == plan.n_partials
    assert [row[0] for row in figure.table().rows] == list(released_arrays(plan))


def test_slots_are_the_ones_given_and_queries_are_the_caller_s():
    tree = Tree([-1, 0, 0], [2, 1, 1], seat=[2, 1])
    arrays = released_arrays(plan_tree(tree, "deft_node"), [9, 8, 7, 6])
    assert arrays["KV_indices"].tolist() == [9, 8, 7, 6] and arrays["KVMapQ_List"].tolist() == [1, 0, 1, 0]
    with pytest.raises(DeftLabError, match="3 slots for 4 tokens"):
        released_arrays(plan_tree(tree, "deft_node"), [9, 8, 7])


@pytest.mark.parametrize("method", ["radix", "flash_decoding", "tree_mask", "tree_waves"])
def test_a_method_without_such_arrays_is_refused(method):
    with pytest.raises(DeftLabError, match="has no such arrays"):
        draw_arrays(plan_tree(SMALL, method))


# --- the reduction


@every_tree
def test_a_reduction_is_drawn_partial_by_partial(tree):
    plan = plan_tree(tree, chunk_len=16)
    if plan.n_groups > 240 or tree.n_queries > 80:
        with pytest.raises(DeftLabError, match="more than this picture shows"):
            draw_reduction(plan)
        return
    figure = draw_reduction(plan)
    check_document(figure)
    assert len(shapes(figure, "group")) == plan.n_groups and f"{plan.n_partials:,} partial" in figure.alt
    weighted = draw_reduction(plan, np.zeros(plan.n_partials))
    check_document(weighted)
    assert len(shapes(weighted, "group")) == len(weighted.table().rows) == plan.n_partials


def test_a_cell_is_filled_as_far_as_its_partial_weighs():
    plan = plan_tree(SMALL, "deft_node")
    lse = np.log([1.0, 1.0, 3.0, 1.0, 2.0, 2.0, 1.0, 1.0])
    figure = draw_reduction(plan, lse - 500)  # a number added to all of them changes nothing
    # q0: groups 0, 1, 2 weigh 1, 1, 2; q1: groups 0, 1, 3 weigh 1, 2, 1; q2: groups 0, 4 weigh 3, 1
    by_hand = {(0, "q0"): 0.25, (1, "q0"): 0.25, (2, "q0"): 0.5, (0, "q1"): 0.25, (1, "q1"): 0.5,
               (3, "q1"): 0.25, (0, "q2"): 0.75, (4, "q2"): 0.25}  # fmt: skip
    assert {(g, q): float(w) for _, g, q, w in figure.table().rows} == pytest.approx(by_hand)
    tracks = [float(r.get("width")) for r in parsed(figure).iter(f"{SVG}rect") if r.get("class") == "track"]
    bars = [box["width"] for _, box in shapes(figure, "group")]
    shares = [float(w) for *_, w in figure.table().rows]
    assert np.allclose(bars, np.array(tracks) * shares, atol=0.02) and "weighs 0.75" in figure.alt
    with pytest.raises(DeftLabError, match="give one head"):
        draw_reduction(plan, np.zeros((8, 2)))


def test_the_few_shot_partials_are_counted():
    figure = draw_reduction(plan_tree(build_tree("few_shot", prompt=4000, width=20, length=20)))
    assert "658 partials in 35 groups" in figure.alt and "34 partials" in text_of(figure)


# --- the inspector


def test_the_inspector_says_what_a_node_and_a_query_have_to_do_with_the_arrays():
    inspector = inspect_arrays([6, [3, 2, 1], 4], chunk_len=4, slots=SLOTS)
    assert inspector.words["n1"] == "Node 1: 3 tokens, seen by 2 queries (q0, q1); in 2 groups: g1, g2."
    assert inspector.words["q1"].startswith("Query q1 sees n0, n1, n3; it is in 3 groups, g0, g1, g2, and")
    assert inspector.paths == {"q0": [0, 1, 2], "q1": [0, 1, 3], "q2": [0, 4]}


def test_the_inspector_lights_up_what_there_is():
    inspector = inspect_arrays(SMALL, "deft_node")
    inspector.pick = "n3"
    assert inspector.pick == "n3"
    inspector.pick = "n9"
    assert inspector.pick == ""


def test_the_inspector_leaves_a_picture_where_no_widget_runs():
    inspector = inspect_arrays(SMALL, "deft_node")
    data, _ = inspector._repr_mimebundle_()
    assert data["image/svg+xml"] == inspector.figure.svg and "KVMapQ_List" in data["image/svg+xml"]
    assert data["text/plain"] == inspector.alt and "DeFT-Node" in inspector.alt

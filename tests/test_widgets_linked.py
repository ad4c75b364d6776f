"""Linked views show the library's numbers: what Python sends, and what the page draws of it."""

import re
import time

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from node import run_script
from pictures import SVG, parsed, text_of
from trees import TREES, trees

from deft_lab import LLAMA3_8B, METHODS, Tree, build_tree, check_plan, load_tree, plan_tree
from deft_lab.cost import predict, rota, traffic
from deft_lab.errors import DeftLabError
from deft_lab.hardware import A100, H200, HARDWARE
from deft_lab.plan import Plan
from deft_lab.viz.beside import draw_methods
from deft_lab.viz.io_bars import ROLE_PAINTS
from deft_lab.viz.words import in_seconds, percent
from deft_lab.widgets import VIEWS, Comparison, compare, edit
from deft_lab.widgets.payload import as_text, of_method, payload

LAYER = LLAMA3_8B.layer
FEW_SHOT = build_tree("few_shot", prompt=4000, width=20, length=20)
any_method = st.sampled_from(list(METHODS))


def rows(part: bytes, columns: int, dtype: str = "<i4") -> np.ndarray:
    return np.frombuffer(part, dtype).reshape(-1, columns)


# --- the payload


@settings(max_examples=40)
@given(trees(most_nodes=60), any_method)
def test_groups_survive_the_journey(tree, method):
    plan = plan_tree(tree, method)
    sent = of_method(plan, LAYER, H200)
    chunks, groups = rows(sent["chunks"], 3), rows(sent["groups"], 3)
    node = np.array([tree.index(label) for label in chunks[:, 0]])
    start = np.append(0, np.cumsum(groups[:, 0]))
    again = Plan(tree, method, node, chunks[:, 1], chunks[:, 2], start, groups[:, 1], groups[:, 2])
    check_plan(again)
    assert [tuple(group) for group in again.groups] == [tuple(group) for group in plan.groups]
    assert sent["computed"] == sum(len(group.queries) * group.kv_len for group in plan.groups)
    assert (sent["n_groups"], sent["n_partials"]) == (plan.n_groups, plan.n_partials)


@settings(max_examples=40)
@given(trees(most_nodes=60), any_method, st.sampled_from([H200, A100]))
def test_pieces_are_the_programs_of_the_rota(tree, method, hardware):
    plan = plan_tree(tree, method)
    sent, work = of_method(plan, LAYER, hardware), rota(plan, LAYER, hardware)
    launch, group, label, first, slots = rows(sent["pieces"], 5).T
    begin, end = rows(sent["times"], 2, "<f4").astype(float).T
    seconds = work.timeline.end - work.timeline.begin
    names = work.timeline.names
    assert [part["name"] for part in sent["launches"]] == list(names)
    assert np.bincount(launch, slots * (end - begin), len(names)) == pytest.approx(
        np.bincount(work.timeline.launch, seconds, len(names)), rel=1e-3
    )
    of_group = work.group >= 0
    assert np.bincount(
        group[group >= 0], (slots * (end - begin))[group >= 0], plan.n_groups
    ) == pytest.approx(np.bincount(work.group[of_group], seconds[of_group], plan.n_groups), rel=1e-2)
    limits = np.array([part["n_slots"] for part in sent["launches"]])
    assert (first >= 0).all() and (slots >= 1).all() and (first + slots <= limits[launch]).all()
    assert ((label >= 0) == (group >= 0)).all() and set(label[label >= 0]) <= set(tree.label.tolist())
    assert sent["seconds"] == pytest.approx(predict(plan, LAYER, hardware).seconds)


def test_a_piece_names_its_slots_sm_by_sm():
    plan = plan_tree(FEW_SHOT, "deft_node")  # the prompt: one program for each of 32 heads, on SMs 0 to 31
    pieces = rows(of_method(plan, LAYER, H200)["pieces"], 5)
    prompt = pieces[pieces[:, 2] == 0]
    assert prompt.tolist() == [[0, 0, 0, 0, 32]]


@settings(max_examples=25)
@given(trees(most_nodes=60), any_method)
def test_bytes_are_those_of_the_accounts(tree, method):
    sent = payload(tree, [method], LAYER, H200)["methods"][method]["bytes"]
    for account, by_role in sent.items():
        assert by_role == traffic(plan_tree(tree, method), LAYER, account).by_role()


def test_bytes_of_packed_heads_are_sent_when_asked_for():
    sent = payload(FEW_SHOT, ["deft_node"], LAYER, H200, pack_heads=True)["methods"]["deft_node"]
    packed = traffic(plan_tree(FEW_SHOT, "deft_node"), LAYER, "requested", pack_heads=True)
    assert sent["bytes"]["requested"] == packed.by_role()
    assert sent["seconds"] == predict(plan_tree(FEW_SHOT, "deft_node"), LAYER, H200, pack_heads=True).seconds


def test_all_methods_of_300_nodes_are_sent_in_a_tenth_of_a_second():
    tree = build_tree("random", seed=3, n_nodes=300, prompt=400, max_length=20)
    seconds = []
    for _ in range(5):
        begin = time.process_time()
        sent = payload(tree, METHODS, LAYER, H200)
        seconds.append(time.process_time() - begin)
    assert min(seconds) < 0.1, seconds
    size = sum(
        len(part) for of in sent["methods"].values() for part in of.values() if isinstance(part, bytes)
    )
    assert size < 400_000


# --- traits


def test_plans_follow_the_tree_and_the_machine():
    editor = edit("few_shot")
    assert editor.plans["document"] == editor.tree.to_json() and editor.plans["hardware"] == "H200 SXM"
    editor.add(0, length=7)
    assert editor.plans["document"] == editor.tree.to_json() == editor.document
    editor.hardware = "a100"
    assert editor.plans["n_sms"] == 108
    editor.undo()
    assert editor.plans["document"] == FEW_SHOT.to_json()


def timed(editor) -> set[str]:
    return {name for name, of in editor.plans["methods"].items() if "pieces" in of}


def test_after_an_edit_the_timeline_of_the_chosen_method_comes_and_others_when_they_are_chosen():
    editor = edit("few_shot", method="deft_node")
    assert timed(editor) == set(METHODS)  # a page without a kernel can show them all
    editor.add(0, length=7)
    assert timed(editor) == {"deft_node"} and set(editor.plans["methods"]) == set(METHODS)
    editor.method = "radix"
    assert timed(editor) == {"radix"} and editor.plans["document"] == editor.tree.to_json()
    sent = editor.plans["methods"]
    for name, of in payload(editor.tree, METHODS, LAYER, H200)["methods"].items():
        assert sent[name].pop("seconds") == pytest.approx(of.pop("seconds"))
        assert sent[name] == {key: of[key] for key in sent[name]} and (name != "radix" or sent[name] == of)


def test_a_comparison_has_every_timeline_after_an_edit():
    shown = compare(FEW_SHOT)
    shown.tree = shown.tree.grow(3)
    assert timed(shown) == set(shown.methods)


def test_no_view_needs_no_plan():
    assert edit("few_shot", views=()).plans == {}


@pytest.mark.parametrize(
    ("trait", "wrong"), [("method", "deft"), ("hardware", "tpu"), ("account", "all"), ("views", ["tree"])]
)
def test_what_is_unknown_is_refused_with_what_is_known(trait, wrong):
    editor = edit("few_shot")
    with pytest.raises((DeftLabError, traitlets.TraitError), match="choose"):
        setattr(editor, trait, wrong)
    with pytest.raises((DeftLabError, traitlets.TraitError), match="choose"):
        edit("few_shot", **{trait: wrong})


# --- compare


def test_a_comparison_has_the_library_s_numbers():
    shown = compare(FEW_SHOT, ["radix", ("node", "paged"), "deft_flatten"], hardware="h100")
    assert isinstance(shown, Comparison) and list(shown.plans["methods"]) == shown.methods
    for name, _, groups, partials, _, kv, total, us in shown.table().rows:
        plan = plan_tree(FEW_SHOT, name)
        moved = traffic(plan, LAYER, "requested")
        assert (groups, partials, kv, total) == (plan.n_groups, plan.n_partials, moved.kv, moved.total)
        seconds = predict(plan, LAYER, HARDWARE["h100"]).seconds
        assert us == pytest.approx(1e6 * seconds, abs=0.01) and in_seconds(seconds) in shown.alt
    shown.account = "paper"
    assert shown.table().rows[0][6] == traffic(plan_tree(FEW_SHOT, "radix"), LAYER, "paper").total


def test_a_comparison_follows_its_tree_and_leaves_a_picture():
    shown = compare(FEW_SHOT)
    shown.tree = Tree([-1, 0, 0], [33, 16, 17])
    assert shown.document == shown.tree.to_json() == shown.plans["document"]
    data, _ = shown._repr_mimebundle_()
    assert data["image/svg+xml"].count('class="deft-fig"') == 1 + 2
    assert data["text/plain"] == shown.alt and "3 methods on a tree of 3 nodes" in shown.alt


def test_the_picture_of_a_comparison_is_short_and_has_one_scale_of_time():
    methods = ["flash_decoding", "radix", "tree_mask", "deft_flatten"]
    picture = compare(load_tree("few_shot_20x20"), methods).figure()
    assert picture.height < 1300
    plans = [plan_tree(load_tree("few_shot_20x20"), method) for method in methods]
    below = draw_methods(plans, LAYER, H200)
    seconds = dict(below.table().rows)
    for method, plan in zip(methods, plans, strict=True):
        predicted = predict(plan, LAYER, H200).seconds
        assert seconds[method] == pytest.approx(1e6 * predicted) and in_seconds(predicted) in text_of(below)
    # 288 us fill the width, and DeFT-Flatten its share of it
    tracks = {
        round(float(rect.get("x")) + float(rect.get("width")), 1)
        for rect in parsed(below).iter(f"{SVG}rect")
        if rect.get("class") == "track"
    }
    for us in seconds.values():
        assert any(abs(60 + (800 - 14 - 60) * us / max(seconds.values()) - end) < 0.2 for end in tracks)


def test_a_bundled_tree_is_compared_by_its_name():
    assert compare("beam_4", ["radix"]).tree == load_tree("beam_4")
    with pytest.raises(DeftLabError, match="beam_5"):
        compare("beam_5")


def test_a_comparison_of_nothing_is_refused():
    with pytest.raises(DeftLabError, match="no method to compare"):
        compare(FEW_SHOT, [])


# --- the page


def drawn(tree: Tree, methods, **more):
    plans = as_text(payload(tree, methods, LAYER, H200))
    return run_script("linked.mjs", {"document": tree.to_json(), "plans": plans, **more})


@pytest.mark.parametrize("name", ["two leaves", "lopsided", "random", "more than 64 queries on a node"])
def test_every_view_renders_and_says_the_numbers(name):
    tree = TREES[name]
    answer = drawn(tree, list(METHODS))
    plan = plan_tree(tree)
    work = rota(plan, LAYER, H200)
    for view in VIEWS:
        html = answer["html"][view]
        assert 'role="img"' in html and "<title" in html and "<desc" in html and "<details" in html, view
        assert "NaN" not in html and "undefined" not in html and "Infinity" not in html, view
        assert "Python has not answered" not in html
    assert f"{tree.n_tokens:,} token" in answer["html"]["memory"]
    assert percent(tree.n_path_tokens / (tree.n_queries * tree.n_tokens)) in answer["html"]["mask"]
    assert f"{plan.n_groups:,} group" in answer["html"]["groups"]
    for words in (in_seconds(work.makespan), percent(work.idle)):
        assert words in answer["html"]["timeline"]
    n_programs = np.bincount(work.timeline.launch).tolist()
    for launch, n in zip(work.timeline.names, n_programs, strict=True):  # in the words of draw_timeline
        assert f"{launch} ({n:,})" in answer["html"]["timeline"]
    for account, totals in answer["totals"].items():
        for method, total in totals.items():
            assert total == traffic(plan_tree(tree, method), LAYER, account).total, (account, method)


@pytest.mark.parametrize("name", ["two leaves", "lopsided", "random"])
def test_a_node_is_described_with_its_groups_and_sms(name):
    tree = TREES[name]
    answer = drawn(tree, ["deft_flatten", "flash_decoding"])
    for method, words in answer["described"].items():
        plan = plan_tree(tree, method)
        work = rota(plan, LAYER, H200)
        for node in range(tree.n_nodes):
            mine = [i for i, group in enumerate(plan.groups) if any(c.node == node for c in group.chunks)]
            of_node = np.isin(work.group, mine)
            said = words[node]
            assert said["groups"] == mine
            assert said["sms"] == sorted(set(work.timeline.sm[of_node].tolist()))
            n_bytes = int(tree.length[node]) * LAYER.kv_bytes_per_token
            assert said["words"].startswith(f"node {tree.label[node]}: ")
            assert said["words"].endswith(f"{n_bytes:,} B")


@pytest.mark.parametrize("name", ["lopsided", "more than 64 queries on a node"])
def test_the_shares_of_nodes_are_of_the_bytes_that_are_requested(name):
    tree = TREES[name]
    for method, shares in drawn(tree, list(METHODS))["shares"].items():
        plan = plan_tree(tree, method)
        read = np.zeros(tree.n_nodes)
        for group, times in zip(plan.groups, plan.n_tiles.tolist(), strict=True):
            for node, start, stop in group.chunks:
                read[node] += times * (stop - start)
        assert shares == pytest.approx(read / read.sum())


@pytest.mark.parametrize("name", ["lopsided", "random"])
def test_a_view_draws_every_node_and_lights_it_everywhere(name):
    tree = TREES[name]
    label = int(tree.label[tree.n_nodes - 1])
    answer = drawn(tree, list(METHODS), lit=label)
    seen = tree.label[(tree.length > 0) & (tree.q_stop > tree.q_first)].tolist()
    for view in ("memory", "mask", "groups", "timeline"):
        assert sorted(answer["labels"][view]) == sorted(seen), view
        assert f'data-lit="{label}"' in answer["lit"][view], view
    assert "share c" in answer["lit"]["bytes"]


@pytest.mark.parametrize("width", [2, 9, 30, 80])
def test_no_line_between_copies_crosses_the_name_of_a_node(width):
    answer = drawn(build_tree("few_shot", prompt=100, width=width, length=20), ["deft_node"])
    html = answer["html"]["memory"]
    lines = [
        float(y)
        for d in re.findall(r'd="([^"]*)" class="gap"', html)
        for y in re.findall(r"M[\d.]+,([\d.]+)H", d)
    ]
    names = [float(y) for y in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>n0<', html)]
    assert names and (lines or width == 80)
    assert not [(y, line) for y in names for line in lines if y - 9 < line < y]  # letters stand on y


def test_old_plans_are_marked_in_words():
    tree = TREES["lopsided"]
    edited = tree.set_length(int(tree.label[1]), 77)
    plans = as_text(payload(tree, list(METHODS), LAYER, H200))
    answer = run_script("linked.mjs", {"document": edited.to_json(), "plans": plans})
    for view, old in {
        "groups": True,
        "timeline": True,
        "bytes": True,
        "memory": False,
        "mask": False,
    }.items():
        assert ("Python has not answered" in answer["html"][view]) == old, view
    in_page = run_script("linked.mjs", {"document": edited.to_json(), "plans": plans, "account": "unique"})
    assert "Python has not answered" not in in_page["html"]["bytes"]


def test_a_timeline_that_is_not_here_is_said_and_nothing_old_is_drawn():
    tree = TREES["lopsided"]
    plans = as_text(payload(tree, list(METHODS), LAYER, H200, timelines=["radix"]))
    answer = run_script("linked.mjs", {"document": tree.to_json(), "plans": plans, "lit": 1})
    timeline = answer["html"]["timeline"]
    assert "The timeline of DeFT-Flatten is not here: Python has not answered yet." in timeline
    assert (
        "µs" not in timeline
        and answer["labels"]["timeline"] == []
        and "data-lit" not in answer["lit"]["timeline"]
    )
    for view in ("memory", "mask", "groups", "bytes"):
        assert answer["html"][view] == drawn(tree, list(METHODS))["html"][view], view


def test_plans_of_another_machine_are_marked_in_words():
    menus = {"hardware": [["h200", "H200 SXM"], ["a100", A100.name]], "method": [], "account": []}
    plans = as_text(payload(FEW_SHOT, ["deft_flatten"], LAYER, A100))
    answer = run_script("linked.mjs", {"document": FEW_SHOT.to_json(), "plans": plans, "menus": menus})
    assert f"Of {A100.name}, not of the machine chosen" in answer["html"]["timeline"]
    assert (
        "not of the machine chosen" not in drawn(FEW_SHOT, ["deft_flatten"], menus=menus)["html"]["timeline"]
    )


def test_without_plans_the_page_draws_what_it_can():
    answer = run_script("linked.mjs", {"document": FEW_SHOT.to_json(), "plans": {}, "account": "paper"})
    assert "290 pages of 16" in answer["html"]["memory"] and "91.4 %" in answer["html"]["mask"]
    assert "No plans yet" in answer["html"]["timeline"] and "flash_decoding" in answer["html"]["bytes"]


def test_large_pictures_go_on_a_canvas():
    tree = build_tree("random", seed=3, n_nodes=900, prompt=400, max_length=20)
    answer = drawn(tree, ["deft_flatten"])
    assert all("<canvas" in answer["html"][view] for view in ("memory", "mask", "groups", "timeline"))
    small = drawn(TREES["lopsided"], ["deft_flatten"])
    assert all("<canvas" not in small["html"][view] for view in VIEWS)


def test_methods_stand_beside_each_other():
    answer = drawn(FEW_SHOT, ["radix", "deft_node", "deft_flatten"])
    assert answer["compare"].count("<section") == 3
    for name in ("radix", "deft_node", "deft_flatten"):
        seconds = predict(plan_tree(FEW_SHOT, name), LAYER, H200).seconds
        assert in_seconds(seconds) in answer["compare"] and METHODS[name].title in answer["compare"]


def test_roles_have_one_colour_in_both_languages():
    paints = drawn(TREES["two leaves"], ["radix"])["rolePaints"]
    assert {role: (paint["color"], paint["hatch"]) for role, paint in paints.items()} == {
        role: tuple(paint) for role, paint in ROLE_PAINTS.items()
    }


def test_times_are_said_as_in_python():
    values = [10**power * digits for power in range(-9, 1) for digits in (1, 1.005, 2.345, 9.995, 9.999, 3.3)]
    answer = drawn(TREES["two leaves"], ["radix"], seconds=values)
    assert answer["seconds"] == [[in_seconds(value), in_seconds(value, short=True)] for value in values]

"""The whole editor without a browser: its bundle in Node, worked by keys; its trees and words are ours."""

from typing import Any

import pytest
from node import run_script

from deft_lab import LLAMA3_8B, METHODS, build_tree, plan_tree
from deft_lab.errors import TreeError
from deft_lab.hardware import H200
from deft_lab.tree import Tree
from deft_lab.widgets import VIEWS, edit
from deft_lab.widgets.page import TRAITS
from deft_lab.widgets.payload import as_text, payload

TREE = build_tree("few_shot", prompt=400, width=4, length=20)
OLD = ["bytes", "groups", "timeline"]  # views that wait for Python


def plans_of(tree: Tree, *timelines: str) -> dict[str, Any]:
    return as_text(payload(tree, METHODS, LLAMA3_8B.layer, H200, timelines=timelines or None))


def work(tree: Tree, *steps: dict[str, Any]) -> dict[str, Any]:
    """What the page shows at first and after each step, a key or what the kernel sends."""
    editor = edit(tree, views=list(VIEWS))
    editor.selection = [2]
    names = [*TRAITS, "selection"]
    traits = {name: as_text(getattr(editor, name)) for name in names}
    return run_script("editor.mjs", {"traits": traits, "steps": steps})


def key(name: str, **more: Any) -> dict[str, Any]:
    return {"key": name, **more}


def test_the_whole_editor_is_drawn_and_taken_away():
    found = work(TREE)
    (first,) = found["answers"]
    assert list(first["views"]) == list(VIEWS) and first["nodes"] == TREE.label.tolist()
    assert "5 nodes, 4 queries: 480 tokens stored, 1,680 read by per-branch attention" in first["says"]
    assert f"{plan_tree(TREE).n_groups} groups" in first["views"]["groups"] and first["old"] == []
    assert found["empty"] and found["left"] == 0


def test_an_edit_by_key_reaches_state_and_views_and_plans_end_the_waiting():
    after = TREE.fork(2, k=1, length=1)
    steps = key("Enter"), {"push": {"plans": plans_of(after, "deft_flatten")}}
    _, edited, planned = work(TREE, *steps)["answers"]
    assert edited["document"] == after.to_json() and edited["sent"] == 1
    assert [command["op"] for command in edited["commands"]] == ["add"] and edited["undone"] == []
    assert edited["nodes"] == after.label.tolist() and edited["selection"] == [int(after.label[3])]
    tokens = f"Unique: {after.n_tokens} tokens"
    assert tokens in edited["views"]["memory"] and edited["old"] == sorted(OLD, key=VIEWS.index)
    assert all("Python has not answered" in edited["views"][view] for view in OLD)
    assert planned["old"] == [] and f"of {after.n_tokens} in the tree" in planned["views"]["groups"]
    assert f"of {TREE.n_tokens} in the tree" in edited["views"]["groups"]  # said to be of the tree before


def test_a_view_is_drawn_anew_only_when_what_it_shows_has_changed():
    after = TREE.fork(2, k=1, length=1)
    steps = key("Enter"), {"push": {"plans": plans_of(after, "deft_flatten")}}, key("ArrowLeft")
    *_, planned, moved = work(TREE, *steps)["answers"]
    assert planned["drawn"] == [view for view in VIEWS if view != "memory"]
    assert moved["selection"] == [2] and moved["drawn"] == []


def test_a_method_without_its_timeline_waits_for_it():
    chosen = {"push": {"plans": plans_of(TREE, "deft_flatten"), "method": "radix"}}
    _, waits, here = work(TREE, chosen, {"push": {"plans": plans_of(TREE, "radix")}})["answers"]
    assert waits["old"] == ["timeline"]
    assert "The timeline of Radix Attention is not here" in waits["views"]["timeline"]
    assert "µs" not in waits["views"]["timeline"]
    assert here["old"] == [] and "Radix Attention on H200 SXM" in here["views"]["timeline"]


def test_undo_by_key_gives_the_identical_document_and_redo_the_edit():
    back, again = key("z", ctrlKey=True), key("Z", ctrlKey=True, shiftKey=True)
    _, grown, pruned, once, twice, redone = work(TREE, key("g"), key("Delete"), back, back, again)["answers"]
    assert grown["document"] == TREE.grow(1).to_json()
    assert pruned["document"] == TREE.grow(1).prune(2).to_json() and 2 not in pruned["nodes"]
    assert once["document"] == grown["document"] and twice["document"] == TREE.to_json()
    assert twice["old"] == [] and redone["document"] == grown["document"]  # the plans are of this tree again


def test_a_refusal_has_the_words_of_the_library_and_changes_nothing():
    _, root, refused, helped = work(TREE, key("Home"), key("Delete"), key("?"))["answers"]
    assert root["selection"] == [0]
    with pytest.raises(TreeError) as why:
        TREE.prune(0)
    assert refused["refused"] and refused["status"] == str(why.value)
    assert refused["document"] == TREE.to_json() and refused["commands"] == []
    assert helped["help"]

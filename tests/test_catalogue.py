"""Presets: every builder with its numbers, token trees, DeFT's templates where they are; refused values."""

import json

import pytest

from deft_lab import build_tree, load_tree
from deft_lab.builders import BUILDERS
from deft_lab.builders.templates import SpeculativeTemplate
from deft_lab.drafting import TOKEN_BUILDERS
from deft_lab.drafting.shapes import PRINTED_ACCEPTANCE, expected_length, medusa_shape
from deft_lab.errors import DeftLabError
from deft_lab.widgets import edit
from deft_lab.widgets.catalogue import CATALOGUE, DRAFTED, EXPANSIONS, find_preset, presets

# one value of each option that is not its default, and what it must make
OTHERS = {
    "chain": {"length": 10, "n_nodes": 3},
    "few_shot": {"prompt": 7, "width": 3, "length": 2},
    "star": {"width": 5, "prompt": 9},
    "k_ary": {"k": 3, "depth": 2, "length": 4, "prompt": 5},
    "random": {"seed": 3, "n_nodes": 12, "max_length": 9, "prompt": 40},
    "beam_search": {"prompt": 20, "width": 3, "n_steps": 9, "seed": 2},
    "reasoning_like": {"task": "set", "seed": 4},
    "mcts": {"n_iterations": 9, "n_actions": 2, "max_depth": 3, "length": 5, "prompt": 6, "seed": 1},
    "graph_of_thoughts": {"n_parts": 4, "n_candidates": 2, "length": 3, "prompt": 8, "seed": 5},
    "medusa": {"topology": "eagle1_default_25", "prompt": 11},
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_builder_takes_its_numbers(name):
    assert {option.name for option in CATALOGUE[name].options} == set(OTHERS[name])
    assert find_preset(name).tree(**OTHERS[name]) == build_tree(name, **OTHERS[name])
    editor = edit(name, **OTHERS[name])
    assert editor.tree == build_tree(name, **OTHERS[name])
    assert editor.source == {"name": name, "options": OTHERS[name]}


def test_no_builder_is_missing():
    assert set(OTHERS) == set(BUILDERS) - {"from_template"} <= set(CATALOGUE)
    assert set(CATALOGUE) - set(OTHERS) == {"sequoia", "specinfer", "k_ary_tokens", "drafted"}
    assert set(DRAFTED) <= set(TOKEN_BUILDERS)


def test_token_trees():
    tree = find_preset("sequoia").tree(size=32, prompt=100)
    assert tree.n_nodes == 33 and tree.n_queries == 32 and tree.length[0] == 100
    better = expected_length([int(p) - 2 for p in tree.parent[2:]], PRINTED_ACCEPTANCE)
    other = medusa_shape(PRINTED_ACCEPTANCE[::-1], 32)
    assert better > expected_length(other, PRINTED_ACCEPTANCE)
    # 1-1-3-1-1-1-1-1: the last committed token, two in a row, then three of 6
    assert find_preset("specinfer").tree(expansion=EXPANSIONS[0]).n_nodes == 2 + 2 + 3 * 6
    assert find_preset("k_ary_tokens").tree(k=3, budget=12).n_queries == 13
    for builder in DRAFTED:
        one, two = (find_preset("drafted").tree(builder=builder, budget=20, seed=seed) for seed in (1, 1))
        assert one == two and 2 < one.n_queries <= 21, builder


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("few_shot", {"width": 0}, "width=0; it must be an integer from 1 to 4000"),
        ("few_shot", {"width": "3"}, "width='3'; it must be an integer from 1 to 4000"),
        ("few_shot", {"width": True}, "width=True; it must be an integer"),
        ("few_shot", {"height": 2}, "has no option 'height'; it takes prompt, width, length"),
        ("k_ary", {"k": 9, "depth": 9}, "k=9, depth=9 make 435848050 nodes; at most 5000 can be shown"),
        ("medusa", {"topology": "mine"}, "topology='mine'; choose one of mc_sim_7b_63"),
        ("beam_4", {"width": 2}, "has no option 'width'; it takes no numbers"),
        ("#deft_tree=1_-1_5_0_0_1", {"width": 2}, "width can shape a preset only"),
    ],
)
def test_what_does_not_fit_is_refused(name, options, words):
    editor = edit("star")
    for refused in (lambda: edit(name, **options), lambda: editor.load(name, **options)):
        with pytest.raises(DeftLabError) as error:
            refused()
        assert words in str(error.value)
    assert editor.history == []


def test_loading_with_numbers_is_in_the_history_as_python():
    editor = edit("star")
    editor.load("random", seed=3, n_nodes=9)
    editor.load("reasoning_like", task="set")
    assert editor.history == ["load('random', seed=3, n_nodes=9)", "load('reasoning_like', task='set')"]
    again = edit("star")
    for call in editor.history:
        eval(f"again.{call}", {"again": again})
    assert again.tree == editor.tree and again.commands == editor.commands
    editor.undo()
    assert editor.tree == build_tree("random", seed=3, n_nodes=9)


def test_the_page_asks_for_numbers():
    editor, back = edit("star"), []
    editor.send = lambda content, buffers=None: back.append(content)
    editor._told(editor, {"kind": "preset", "name": "random", "options": {"seed": 4}}, None)
    assert editor.tree == build_tree("random", seed=4)
    assert back.pop() == {"kind": "said", "message": "loaded 'random', seed=4"}
    for wrong in ({"seed": -1}, {"seed": "x"}, {"path": "/etc/passwd"}):
        editor._told(editor, {"kind": "preset", "name": "random", "options": wrong}, None)
        assert back.pop()["kind"] == "refused"
    editor._told(editor, {"kind": "preset", "name": "random", "options": "seed"}, None)
    assert editor.tree == build_tree("random")


def test_templates_are_offered_where_they_lie(tmp_path, monkeypatch):
    monkeypatch.delenv("DEFT_LAB_TEMPLATES", raising=False)
    assert not [name for name in presets() if name.startswith("APPS")]
    (tmp_path / "Speculative_Decoding").mkdir()
    item = SpeculativeTemplate.from_tree(load_tree("eagle_26")).to_item()
    (tmp_path / "Speculative_Decoding/APPS_tree_size32.json").write_text(json.dumps(item))
    monkeypatch.setenv("DEFT_LAB_TEMPLATES", str(tmp_path))
    assert [name for name in presets() if name.startswith("APPS")] == ["APPS_tree_size32"]
    editor = edit("APPS_tree_size32", prompt=50)
    assert editor.tree.length[0] == 50 and editor.tree.n_nodes == load_tree("eagle_26").n_nodes
    assert next(one for one in editor.presets if one["name"] == "APPS_tree_size32").get("code") is None
    monkeypatch.setenv("DEFT_LAB_TEMPLATES", str(tmp_path / "gone"))
    assert not [name for name in presets() if name.startswith("APPS")]


def test_real_templates(templates, monkeypatch):
    monkeypatch.setenv("DEFT_LAB_TEMPLATES", str(templates))
    assert edit("docmergeToT", run=1).tree.n_nodes > 10
    with pytest.raises(DeftLabError, match="run=999; sorting128ToT.json has 77 complete runs"):
        edit("sorting128ToT", run=999)

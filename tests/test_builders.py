"""Builders: each has a case drawn by hand; sizes out of range are refused."""

import json
from collections.abc import Callable

import pytest

from deft_lab import Tree, build_tree
from deft_lab.builders import BUILDERS
from deft_lab.builders.growth import beam_search_growth
from deft_lab.builders.mcts import uct
from deft_lab.errors import TreeError


def template_file(tmp_path) -> str:
    nodes = {
        "0": {"id": 0, "value": 3, "start": -2, "end": 0, "children": [1, 2]},
        "1": {"id": 1, "value": 2, "start": 1, "end": 2, "children": [3, 4, 5]},
        "2": {"id": 2, "value": 4, "start": 1, "end": 4, "children": []},
        "3": {"id": 3, "value": 1, "start": 3, "end": 3, "children": []},
        "4": {"id": 4, "value": 2, "start": 3, "end": 4, "children": []},
        "5": {"id": 5, "value": 0, "start": 3, "end": 2, "children": []},
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps([{"incompleted": False, "prompt": "", "data": nodes}]))
    return str(path)


CASES: dict[str, tuple[Callable[..., dict], Tree]] = {
    #   0: 3 ── 1: 3 ── 2: 4
    "chain": (lambda tmp: {"length": 10, "n_nodes": 3}, Tree([-1, 0, 1], [3, 3, 4])),
    #   0: 9 ── three leaves of 1
    "star": (lambda tmp: {"width": 3, "prompt": 9}, Tree([-1, 0, 0, 0], [9, 1, 1, 1])),
    "few_shot": (lambda tmp: {"prompt": 9, "width": 2, "length": 4}, Tree([-1, 0, 0], [9, 4, 4])),
    #   0: 9 ──┬── 1: 5 ──┬── 3: 5        labels go level by level
    #          │          └── 4: 5
    #          └── 2: 5 ──┬── 5: 5
    #                     └── 6: 5
    "k_ary": (
        lambda tmp: {"k": 2, "depth": 2, "length": 5, "prompt": 9},
        Tree([-1, 0, 1, 1, 0, 4, 4], [9, 5, 5, 5, 5, 5, 5], label=[0, 1, 3, 4, 2, 5, 6]),
    ),
    "random": (lambda tmp: {"n_nodes": 2, "max_length": 1, "prompt": 6}, Tree([-1, 0], [6, 1])),
    # one beam is a chain, and all its tokens are the root's
    "beam_search": (lambda tmp: {"prompt": 6, "width": 1, "n_steps": 5}, Tree([-1], [11])),
    "medusa": (
        lambda tmp: {"topology": "eagle1_default_25", "prompt": 7},
        Tree(
            #   1: the last accepted token; below it the ranks 0, 1, 2, 3
            [-1, 0, 1, 2, 3, 4, 5, 5, 4, 4, 3, 3, 2, 12, 12, 2, 15, 15, 1, 18, 19, 18, 1, 22, 22, 1, 25],
            [7] + [1] * 26,
            # the queries come level by level, each level in the order of its ranks
            seat=[
                1,
                2,
                18,
                22,
                25,
                3,
                12,
                15,
                19,
                21,
                23,
                24,
                26,
                4,
                10,
                11,
                13,
                14,
                16,
                17,
                20,
                5,
                8,
                9,
                6,
                7,
            ],
        ),
    ),
    #   0: 9 ──┬── 1: 5    three thoughts: two actions of the prompt, and one below the better of them
    #          └── 2: 5 ── 3: 5
    "mcts": (
        lambda tmp: {"n_iterations": 3, "n_actions": 2, "length": 5, "prompt": 9, "seed": 1},
        Tree([-1, 0, 0, 2], [9, 5, 5, 5]),
    ),
    #   0: 9 ──┬── 1: 4 ── 4: 4 ── 7: 12 (a copy of 4, an answer of 8) ── 8: 16 (a copy of 4, an answer of 12)
    #          ├── 2: 4 ── 5: 4
    #          └── 3: 4 ── 6: 4           it is odd, and merged last
    "graph_of_thoughts": (
        lambda tmp: {"n_parts": 3, "n_candidates": 1, "length": 4, "prompt": 9},
        Tree(
            [-1, 0, 1, 2, 3, 0, 5, 0, 7],
            [9, 4, 4, 12, 16, 4, 4, 4, 4],
            seat=[6, 8, 4],  # queries are numbered as the leaves came
            label=[0, 1, 4, 7, 8, 2, 5, 3, 6],
        ),
    ),
    # the widest step is 3: node 2 has 3 of its 4 tokens, node 1 has forked, node 5 never lived
    "from_template": (
        lambda tmp: {"path": template_file(tmp)},
        Tree([-1, 0, 1, 1, 0], [3, 2, 1, 1, 3], seat=[4, 2, 3], label=[0, 1, 3, 4, 2]),
    ),
}


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_has_a_case_drawn_by_hand(builder, tmp_path):
    if builder == "reasoning_like":
        # drawn from a seed; its shape and growth have tests of their own in test_templates.py
        tree = build_tree(builder, task="set", seed=0)
        assert tree == build_tree(builder, task="set", seed=0) != build_tree(builder, task="set", seed=1)
        return
    options, expected = CASES[builder]
    made = build_tree(builder, **options(tmp_path))
    if builder == "medusa":
        assert (
            made.label[made.seat].tolist() == (1 + expected.query_order).tolist()
        )  # labels follow the queries
        expected = Tree(expected.parent, expected.length, _callers(expected), made.label)
    assert (made.parent.tolist(), made.length.tolist()) == (
        expected.parent.tolist(),
        expected.length.tolist(),
    )
    assert made.label.tolist() == expected.label.tolist() and made.seat.tolist() == expected.seat.tolist()
    assert made.query_order.tolist() == expected.query_order.tolist()


def _callers(tree: Tree) -> list[int]:
    """The seat of each query, in the caller's order."""
    return [int(tree.seat[list(tree.query_order).index(row)]) for row in range(tree.n_queries)]


def test_uct_follows_the_upper_confidence_bounds():
    # scores of the thoughts in the order of growth; with exploration 1:
    #   1 (.4) and 2 (.6) fill the root; 2 is better: 3 (0.) below it, then its mean is .3
    #   bounds .4 + sqrt(ln 3 / 1) = 1.45, .3 + sqrt(ln 3 / 2) = 1.04: 4 (.8) below 1, whose mean is .6
    #   .6 + sqrt(ln 4 / 2) = 1.43, .3 + sqrt(ln 4 / 2) = 1.13: 5 below 1
    scores = iter([0.4, 0.6, 0.0, 0.8, 0.5])
    assert uct(lambda parent, node: next(scores), 5, 2, 3, exploration=1.0) == [-1, 0, 0, 2, 1, 1]
    # without exploration it only deepens the best; at the depth limit a visit adds no node
    scores = iter([0.4, 0.6, 0.7, 0.1])
    assert uct(lambda parent, node: next(scores), 4, 2, 2, exploration=0.0) == [-1, 0, 0, 2, 2]
    assert uct(lambda parent, node: 1.0, 9, 1, 2) == [-1, 0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_a_search_is_asymmetric_and_repeats_by_seed(seed):
    tree = build_tree("mcts", n_iterations=64, n_actions=3, max_depth=5, seed=seed)
    assert tree == build_tree("mcts", n_iterations=64, n_actions=3, max_depth=5, seed=seed)
    assert tree != build_tree("mcts", n_iterations=64, n_actions=3, max_depth=5, seed=seed + 1)
    assert tree.depth.max() <= 5 and max(len(tree.children(i)) for i in range(tree.n_nodes)) == 3
    below = [tree.subtree_stop[child] - child for child in tree.children(0)]
    assert max(below) > min(below)


@pytest.mark.parametrize(("n_parts", "n_candidates"), [(1, 1), (2, 3), (5, 2), (8, 3)])
def test_a_graph_of_thoughts_merges_all_its_parts(n_parts, n_candidates):
    tree = build_tree("graph_of_thoughts", n_parts=n_parts, n_candidates=n_candidates, length=4, prompt=9)
    # parts, their answers, and one merge less than there are parts
    assert tree.n_nodes == 1 + n_parts + (2 * n_parts - 1) * n_candidates
    # the last answer holds all parts, and the copy of what lay on other paths
    last = int(tree.label.argmax())
    assert n_parts == 1 or tree.length[last] >= 4 * n_parts
    others = [build_tree("graph_of_thoughts", n_parts=4, seed=seed) for seed in range(9)]
    assert others[0] == build_tree("graph_of_thoughts", n_parts=4) and any(t != others[0] for t in others)


@pytest.mark.parametrize("width", [1, 2, 5, 16])
def test_a_beam_search_keeps_its_width(width):
    trace = beam_search_growth(prompt=20, width=width, n_steps=25, seed=width)
    trees = list(trace.trees())
    assert [tree.n_queries for tree in trees] == [width] * 25
    # every beam is one token longer after every step
    assert [set(tree.n_path_tokens_of_query.tolist()) for tree in trees] == [{20 + t} for t in range(1, 26)]
    # and no dead branch is kept
    assert all((tree.q_stop > tree.q_first).all() for tree in trees)


@pytest.mark.parametrize(
    ("builder", "options", "message"),
    [
        ("oak", {}, "no builder 'oak'; choose one of chain, star, few_shot"),
        ("medusa", {"topology": "mc_sim"}, "no topology 'mc_sim'; choose one of mc_sim_7b_63, vicuna"),
        ("few_shot", {"width": 0}, "width=0; it must be an integer of at least 1"),
        ("few_shot", {"length": -1}, "length=-1; it must be an integer of at least 0"),
        ("few_shot", {"prompt": "4000"}, "prompt='4000'; it must be an integer of at least 0"),
        (
            "few_shot",
            {"widht": 3},
            "builder 'few_shot' has no option 'widht'; it takes prompt, width, length",
        ),
        ("chain", {"n_nodes": 0}, "n_nodes=0; it must be an integer of at least 1"),
        ("k_ary", {"depth": -1}, "depth=-1; it must be an integer of at least 0"),
        ("k_ary", {"k": 0}, "k=0; it must be an integer of at least 1"),
        ("random", {"max_length": 0}, "max_length=0; it must be an integer of at least 1"),
        ("mcts", {"n_actions": 0}, "n_actions=0; it must be an integer of at least 1"),
        ("mcts", {"length": -1}, "length=-1; it must be an integer of at least 0"),
        ("graph_of_thoughts", {"n_parts": 0}, "n_parts=0; it must be an integer of at least 1"),
        ("beam_search", {"width": 0}, "width=0; it must be an integer of at least 1"),
        (
            "reasoning_like",
            {"task": "poetry"},
            "no task 'poetry'; choose one of document, keyword, set, sorting",
        ),
    ],
)
def test_options_out_of_range_are_refused(builder, options, message):
    with pytest.raises(TreeError, match=message):
        build_tree(builder, **options)


def test_a_builder_of_one_s_own_that_gives_no_tree_is_named(monkeypatch):
    monkeypatch.setitem(BUILDERS, "twig", lambda: [-1, 0])
    with pytest.raises(TreeError, match="what 'twig' built is a list where a Tree is expected"):
        build_tree("twig")

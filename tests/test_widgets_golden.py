"""What the page computes by itself equals the library, on 500 random trees and the named ones."""

import dataclasses
import json
from itertools import pairwise

import numpy as np
import pytest
from node import run_script
from trees import LENGTHS, LINKS, SEATS, TREES, random_tree

from deft_lab import LLAMA3_8B, METHODS, Tree, plan_tree, traffic
from deft_lab.errors import DeftLabError, TreeError
from deft_lab.viz.nodes import node_in_words, node_paints
from deft_lab.viz.theme import HATCHES, PALETTE
from deft_lab.viz.words import in_bytes
from deft_lab.widgets import links
from deft_lab.widgets.catalogue import CATALOGUE, as_entry
from deft_lab.widgets.commands import OPS, apply, said
from deft_lab.widgets.views import in_words

N_RANDOM = 500
PAGE = 16
GEOMETRY = LLAMA3_8B
BYTES = [0, 999, 1000, 1125, 1375, 99_950, 329_318_400, 999_949_999, 999_950_000, 7 * 10**13]
SHAPED = [
    ("chain", {"length": 10, "n_nodes": 3}),
    ("chain", {"length": 2, "n_nodes": 5}),
    ("few_shot", {"prompt": 7, "width": 3, "length": 2}),
    ("few_shot", {"width": 1}),
    ("star", {"width": 5}),
    *(
        ("k_ary", {"k": k, "depth": depth, "length": 4, "prompt": 5})
        for k in (1, 2, 3, 7)
        for depth in (0, 1, 2, 4)
    ),
    ("few_shot", {"width": 0}),
    ("few_shot", {"prompt": 10**9}),
    ("k_ary", {"k": 9, "depth": 9}),
    ("reasoning_like", {"task": "none"}),
    ("random", {"seed": -1}),
]
BROKEN = [
    "https://example.org/lab/tree/01.ipynb", "#", "#other=3", "#deft_tree=", "#deft_tree=1_-1_5_0_0", "words",
    "https://example.org/#deft_tree=1_-1.x_5.5_1_0~2_2", "#deft_tree=1_0*9999999_5_0_0_1",
    "#deft_tree=1_-1_5_0_0_0",
    "#deft_tree=1_-1.0_5%2A2_1_0%7E2_2", "#deft_tree=1_-1.0_5*2_1_0~2_2&more=1",
]  # fmt: skip
WRONG = [
    {"schema": "deft_lab.tree/2"},
    {"parent": [-1, 0]},
    {"parent": [-1, 0, 0, 2], "extra": 1},
    {"parent": [0, 0, 0]},
    {"parent": [-1, -1, 0]},
    {"parent": [-1, 2, 1]},
    {"parent": [-1, 0, -4]},
    {"parent": [-1, 0, 0, 1], "length": [1, 1, 1, 1], "label": [0, 1, 2, 3]},
    {"length": [3, -4, -1]},
    {"length": [2**30, 2**30, 1]},
    {"length": [0, 4, 0]},
    {"seat": [1, 7]},
    {"label": [0, 1, 1]},
    {"label": [0, -1, 5]},
    {"label": [0, 1]},
    {"label": [7, 4, 7]},
    {"length": 7},
    {"length": None},
    {"length": []},
    {"length": [3, "4", 5]},
    {"length": [3, 2.5, 5]},
    {"seat": [True, None]},
    {"next_label": 2},
    {"next_label": -1},
]


def wrong_texts() -> list[str]:
    good = {"schema": "deft_lab.tree/1", "parent": [-1, 0, 0], "length": [3, 4, 5], "seat": [1, 2]}
    good |= {"label": [0, 1, 2], "next_label": 3}
    texts = [json.dumps(good | wrong) for wrong in WRONG]
    return [*texts, json.dumps({name: good[name] for name in ("schema", "parent", "length")})]


def drawn_trees() -> list[Tree]:
    rng = np.random.default_rng(6)
    kinds = [(a, b, c) for a in LINKS for b in LENGTHS for c in SEATS]
    return [
        random_tree(*kinds[i % len(kinds)], int(rng.integers(1, 40 if i % 10 else 300)), rng)
        for i in range(N_RANDOM)
    ]


def command(tree: Tree, rng: np.random.Generator) -> dict:
    """Any command, with arguments of which some are refused."""
    op = str(rng.choice([name for name in OPS if name not in ("load", "all")]))
    label = tree.label.tolist()
    node, other = (int(rng.choice([*label, tree.next_label])) for _ in range(2))
    longest = int(tree.length.max())
    options = {
        "add": {"node": node, "length": int(rng.integers(-1, 5))},
        "fork": {"node": node, "k": int(rng.integers(0, 4)), "length": int(rng.integers(-1, 3))},
        "prune": {"node": node},
        "move": {"node": node, "parent": other},
        "split": {"node": node, "k": int(rng.integers(0, longest + 2))},
        "merge": {"node": node},
        "set_length": {"node": node, "length": int(rng.choice([-3, 0, 1, 17, 2**31]))},
        "grow": {"n": int(rng.integers(0, 3))},
    }
    return {"op": op, **options[op]}


def commands_of(tree: Tree, rng: np.random.Generator) -> list[dict]:
    """A chain of commands; every third tree also loads one, or does two at once."""
    chain = []
    for _ in range(8):
        chain.append(command(tree, rng))
        tree, _ = after(tree, chain[-1])
    one, two = command(tree, rng), command(tree, rng)
    loaded = {"op": "load", "name": "it's", "options": {"seed": 3, "task": "a'b"}, "document": START}
    return [*chain, {"op": "all", "commands": [one, two]}, loaded]


START = TREES["lopsided"].to_json()


def after(tree: Tree, edit: dict) -> tuple[Tree, dict]:
    try:
        tree = apply(tree, edit)
        return tree, {"said": said(edit), "document": tree.to_json()}
    except TreeError as refused:
        return tree, {"said": said(edit), "refused": str(refused)}


@pytest.fixture(scope="module")
def cases() -> list[tuple[Tree, list[dict]]]:
    rng = np.random.default_rng(60)
    return [(tree, commands_of(tree, rng)) for tree in [*TREES.values(), *drawn_trees()]]


@pytest.fixture(scope="module")
def answer(cases) -> dict:
    request = {
        "cases": [{"document": tree.to_json(), "commands": chain} for tree, chain in cases],
        "geometry": dataclasses.asdict(GEOMETRY),
        "pageSize": PAGE,
        "wrong": wrong_texts(),
        "bytes": BYTES,
        "shaped": [[as_entry(name, CATALOGUE[name]), values] for name, values in SHAPED],
        "broken": BROKEN,
    }
    return run_script("golden.mjs", request)


@pytest.fixture(scope="module")
def pairs(cases, answer) -> list[tuple[Tree, dict]]:
    assert len(cases) >= N_RANDOM
    return [(tree, page) for (tree, _), page in zip(cases, answer["cases"], strict=True)]


def test_files_are_read_and_written_alike(pairs):
    assert all(page["document"] == tree.to_json() for tree, page in pairs)


def test_derived_arrays(pairs):
    names = {
        "depth": "depth", "subtreeStop": "subtree_stop", "qFirst": "q_first", "qStop": "q_stop",
        "leaves": "leaves", "start": "start", "seat": "seat", "queryOrder": "query_order",
        "nPathTokensOfQuery": "n_path_tokens_of_query",
    }  # fmt: skip
    for tree, page in pairs:
        found = page["derived"]
        for theirs, ours in names.items():
            assert found[theirs] == getattr(tree, ours).tolist(), ours
        numbers = tree.n_tokens, tree.n_path_tokens, tree.n_queries, tree.n_nodes
        assert (found["nTokens"], found["nPathTokens"], found["nQueries"], found["nNodes"]) == numbers
        assert found["sharing"] == tree.sharing and found["path"] == list(tree.path(-1))


@pytest.mark.parametrize("account", ["paper", "unique"])
def test_bytes_of_every_method(pairs, account):
    for tree, page in pairs:
        for name in METHODS:
            moved = traffic(plan_tree(tree, name), GEOMETRY, account)
            found = page["accounts"][account][name]
            counted = {role: n for role, n in moved.by_role().items() if n is not None}
            assert {role: found[role] for role in counted} == counted
            assert found["total"] == moved.total and set(found) - set(counted) == {
                "account",
                "method",
                "total",
            }


def test_the_table_of_methods(answer):
    facts = {n: {"guided": m.guided, "fused": m.fused, "mask": m.mask} for n, m in METHODS.items()}
    assert answer["methods"] == facts


def test_memory_layouts(pairs):
    for tree, page in pairs:
        owner = np.repeat(tree.label, tree.length)
        pieces = page["unique"]
        assert np.array_equal(np.repeat([p[0] for p in pieces], [p[2] - p[1] for p in pieces]), owner)
        assert all(one[2] == other[1] for one, other in pairwise(pieces))
        for seat, copy in zip(tree.seat.tolist(), page["duplicated"], strict=True):
            path = [node for node in tree.path(seat) if tree.length[node]]
            assert [p[0] for p in copy] == tree.label[path].tolist()
            assert [p[2] - p[1] for p in copy] == tree.length[path].tolist()
            assert [p[1] for p in copy] == np.cumsum([0, *tree.length[path][:-1]]).tolist()
        assert len(page["pages"]) == -(-tree.n_tokens // PAGE)
        flat = [p[0] for one in page["pages"] for p in one for _ in range(p[2] - p[1])]
        assert flat == owner.tolist()
        assert all(0 <= p[1] < p[2] <= PAGE for one in page["pages"] for p in one)


def test_masks(pairs):
    n_by_token = 0
    for tree, page in pairs:
        query = np.arange(tree.n_queries)[:, None]
        sees = (tree.q_first <= query) & (query < tree.q_stop)
        assert page["mask"] == ["".join(row) for row in sees.astype(int).astype(str)]
        if page["tokens"] is not None:
            n_by_token += 1
            by_token = np.repeat(sees, tree.length, axis=1)
            assert page["tokens"] == ["".join(row) for row in by_token.astype(int).astype(str)]
    assert n_by_token > N_RANDOM / 2


def test_paints_and_words(pairs, answer):
    assert answer["palette"] == [list(PALETTE), list(HATCHES)]
    assert answer["bytes"] == [in_bytes(n) for n in BYTES]
    for tree, page in pairs:
        assert page["paints"] == [list(paint) for paint in node_paints(tree)]
        assert page["words"] == [in_words(tree), node_in_words(tree, tree.n_nodes - 1)]


def test_links(pairs):
    for tree, page in pairs:
        assert page["link"] == links.encode(tree) and page["linked"] == tree.to_json()
        assert links.decode(f"https://example.org/lab#deft_tree={page['link']}") == tree


def test_shapes_that_the_page_makes_itself(answer):
    for (name, values), theirs in zip(SHAPED, answer["shaped"], strict=True):
        try:
            ours = CATALOGUE[name].tree(**values).to_json()
        except DeftLabError as refused:
            ours = {"refused": str(refused)}
        assert theirs == ours, (name, values)


def test_broken_links_are_refused_alike(answer):
    refusals = 0
    for text, theirs in zip(BROKEN, answer["broken"], strict=True):
        try:
            ours = links.decode(text).to_json()
        except TreeError as refused:
            ours, refusals = {"refused": str(refused)}, refusals + 1
        assert theirs == ours, text
    assert refusals == len(BROKEN) - 2


def test_edits_and_their_refusals(cases, answer):
    tried, refused = set(), set()
    for (tree, chain), page in zip(cases, answer["cases"], strict=True):
        start, found = tree.to_json(), page["edits"]
        for edit, theirs in zip(chain, found["answers"], strict=True):
            tree, ours = after(tree, edit)
            assert theirs == ours, edit
            (refused if "refused" in ours else tried).add(edit["op"])
        assert found["atStart"] == start, "undoing everything gives the first document"
        assert found["atEnd"] == found["restored"] == tree.to_json()
    assert tried == set(OPS) and refused == set(OPS) - {"load"}


def test_every_kind_of_refusal_was_met(answer):
    said_by_page = [
        one["refused"] for page in answer["cases"] for one in page["edits"]["answers"] if "refused" in one
    ]
    for words in (
        "no node has the label", "is the root; it has no place", "is the root; pruning", "would make a cycle",
        "cannot split node", "only a node with one child", "a query sits on node", "it must be an integer of",
        "leave a tree without queries", "fit (slots are 32-bit)", "holds no token",
    ):  # fmt: skip
        assert any(words in message for message in said_by_page), words


def test_what_is_no_tree_is_refused_alike(answer):
    for text, theirs in zip(wrong_texts(), answer["wrong"], strict=True):
        with pytest.raises(TreeError) as refused:
            Tree.from_json(text)
        assert theirs == {"refused": str(refused.value)}
    with pytest.raises(TreeError) as refused:
        apply(TREES["one token"], {"op": "grwo"})
    assert answer["unknown"] == {"refused": str(refused.value)}

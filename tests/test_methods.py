"""Every method keeps the same promises; each also has one case drawn by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import METHODS, Tree, build_tree, check_plan, plan_tree
from deft_lab.bench.list_planner import LIST_PLANNERS
from deft_lab.bench.plan import plan_bytes
from deft_lab.errors import PlanError
from deft_lab.methods import find_method

every_method = pytest.mark.parametrize("method", METHODS)
every_tree = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
chunked = [m for m in METHODS if m not in ("tree_mask", "deft_node", "tree_waves")]
chunk_lens = st.sampled_from([1, 2, 7, 16, 128])


@every_method
@settings(max_examples=500)
@given(trees(), chunk_lens)
def test_each_query_meets_each_token_of_its_path_once(method, tree, chunk_len):
    plan = plan_tree(tree, method, **({"chunk_len": chunk_len} if method in chunked else {}))
    check_plan(plan)


heads_and_sms = st.fixed_dictionaries(
    {
        "q_per_kv": st.sampled_from([1, 3, 4, 8, 32, 100]),
        "n_kv_heads": st.sampled_from([1, 2, 8, 128]),
        "n_sms": st.sampled_from([1, 8, 132]),
    }
)


@settings(max_examples=500)
@given(trees(), heads_and_sms, st.sampled_from([1, 64, 1000]))
def test_tree_waves_is_exact_for_any_heads_and_sms(tree, options, times):
    tree = tree.with_length(tree.length * times)
    plan = plan_tree(tree, "tree_waves", **options)
    check_plan(plan)
    # a group is one tile: 64 rows, or as many as one query needs
    assert plan.q_len.max() <= max(1, 64 // options["q_per_kv"])


COLUMNS = (
    "chunk_node",
    "chunk_start",
    "chunk_stop",
    "group_start",
    "q_first",
    "q_stop",
    "kv_len",
    "kv_start",
)


@every_method
@settings(max_examples=60)
@given(trees(most_nodes=120), st.integers(0, 2**32 - 1))
def test_a_tree_that_grows_is_planned_as_one_made_anew(method, tree, seed):
    rng = np.random.default_rng(seed)
    for step in range(6):  # the root grows, or all nodes that are not empty
        grown = rng.integers(0, 90, tree.n_nodes) * ((tree.length > 0) if step % 2 else tree.parent < 0)
        tree = tree.with_length(tree.length + grown)
        anew = Tree(tree.parent, tree.length, tree.callers_seat(), tree.label)
        one, other = plan_tree(tree, method), plan_tree(anew, method)
        for name in COLUMNS:
            assert np.array_equal(getattr(one, name), getattr(other, name)), (step, name)
        assert all(map(np.array_equal, one.reduction(), other.reduction()))
        derived = replace(one).first_seen  # from the chunks, where a method may have given it
        assert derived is None if one.first_seen is None else np.array_equal(derived, one.first_seen)


@pytest.mark.parametrize("method", [name for name in METHODS if METHODS[name].guided == "kv"])
def test_plans_of_a_prefix_that_grows_share_what_lengths_leave_alone(method):
    tree = build_tree("star", width=64, prompt=4001)
    plans = [plan_tree(tree.set_length(0, 4001 + gained), method) for gained in range(0, 30, 2)]
    assert all(plan.reduction()[1] is plans[0].reduction()[1] for plan in plans)
    assert len({int(plan.kv_len.sum()) for plan in plans}) == len(plans)


def pairs(plan) -> dict[tuple[int, int], int]:
    """(query, flattened token) -> how often they meet, by walking every group."""
    tree, met = plan.tree, {}
    for group in plan.groups:
        for chunk in group.chunks:
            for query in group.queries:
                if chunk.node in tree.path(int(tree.seat[query])):
                    for token in range(chunk.start, chunk.stop):
                        key = (query, int(tree.start[chunk.node]) + token)
                        met[key] = met.get(key, 0) + 1
    return met


@every_method
@every_tree
def test_walking_the_groups_finds_each_pair_once(method, tree):
    if tree.n_path_tokens > 20_000:
        tree = tree.with_length(np.minimum(tree.length, 9))
    needed = {
        (query, token)
        for query, seat in enumerate(tree.seat)
        for node in tree.path(int(seat))
        for token in range(tree.start[node], tree.start[node + 1])
    }
    met = pairs(plan_tree(tree, method))
    assert set(met) == needed and set(met.values()) == {1}


@pytest.mark.parametrize("method", LIST_PLANNERS)
@given(trees(most_nodes=80))
def test_a_planner_of_lists_makes_the_same_groups(method, tree):
    lists = LIST_PLANNERS[method](tree)
    plan = plan_tree(tree, method)
    arrays = plan.arrays()
    assert lists.kv == [arrays.token[a:b].tolist() for a, b in itertools.pairwise(arrays.kv_start)]
    # the interval of a group's queries may hold one that sits on a node without tokens and sees nothing
    seen = [
        [
            q
            for q in group.queries
            if any(tree.q_first[c.node] <= q < tree.q_stop[c.node] for c in group.chunks)
        ]
        for group in plan.groups
    ]
    assert lists.queries == seen
    for i, words in enumerate(lists.mask):
        if len(lists.queries[i]) <= 64:
            assert plan.arrays().bit_mask(i, lists.queries[i]).tolist() == words


@given(trees())
def test_radix_reads_a_path_in_one_group(tree):
    plan = plan_tree(tree, "radix")
    assert plan.q_len.tolist() == [1] * tree.n_queries
    assert plan.kv_len.tolist() == tree.n_path_tokens_of_query.tolist()


@given(trees())
def test_the_node_methods_read_each_token_once(tree):
    seen = int(tree.length[tree.q_stop > tree.q_first].sum())
    for method in ("deft_node", "deft_node_chunk", "deft_flatten", "deft_tree_index", "tree_mask"):
        assert plan_tree(tree, method).kv_len.sum() == seen


@given(trees(), chunk_lens)
def test_flatten_fills_every_group_but_the_last(tree, chunk_len):
    lengths = plan_tree(tree, "deft_flatten", chunk_len=chunk_len).kv_len
    assert (lengths[:-1] == chunk_len).all() and 0 < lengths[-1] <= chunk_len


@given(trees(), chunk_lens)
def test_a_flash_decoding_chunk_is_full_but_for_the_last_of_a_path(tree, chunk_len):
    plan = plan_tree(tree, "flash_decoding", chunk_len=chunk_len)
    for _, rows in itertools.groupby(zip(plan.q_first, plan.kv_len, strict=True), key=lambda row: row[0]):
        lengths = [length for _, length in rows]
        assert lengths[:-1] == [chunk_len] * (len(lengths) - 1) and lengths[-1] <= chunk_len


@given(trees(), st.sampled_from(["deft_node", "deft_node_chunk", "deft_flatten", "deft_tree_index"]))
def test_a_plan_takes_memory_per_node_and_group_only(tree, method):
    plan = plan_tree(tree, method)
    assert plan_bytes(plan) <= 8 * (3 * (tree.n_nodes + plan.n_groups) + 3 * plan.n_groups + 1)


@given(trees(), st.sampled_from(["deft_node", "tree_mask"]))
def test_a_plan_of_whole_nodes_takes_no_memory_per_token(tree, method):
    longer = tree.with_length(tree.length * 100)
    assert plan_bytes(plan_tree(longer, method)) == plan_bytes(plan_tree(tree, method))


@given(trees())
def test_the_reduction_gathers_each_partial_once_in_group_order(tree):
    plan = plan_tree(tree, "deft_flatten", chunk_len=16)
    start, partial = plan.reduction()
    owner = [(query, group) for group, g in enumerate(plan.groups) for query in g.queries]
    assert sorted(partial.tolist()) == list(range(plan.n_partials)) == list(range(len(owner)))
    for query in range(tree.n_queries):
        mine = [owner[p] for p in partial[start[query] : start[query + 1]]]
        assert {q for q, _ in mine} == {query} and mine == sorted(mine)


# --- one case drawn by hand for each method; a chunk is written node[start:stop]
#
#   0: 5 tokens ──┬── 1: 2 tokens, query 1
#                 └── 2: 3 tokens ──┬── 3: 1 token, query 0
#                                   └── 4: 4 tokens, queries 2 and 3

DRAWN = Tree([-1, 0, 0, 2, 2], [5, 2, 3, 1, 4], seat=[3, 1, 4, 4])
# preorder queries: 0 is the caller's 1, 1 is 0, 2 is 2, 3 is 3
CASES = {
    "flash_decoding": (
        {"chunk_len": 6},
        [
            ("0", "0[0:5] 1[0:1]"), ("0", "1[1:2]"),
            ("1", "0[0:5] 2[0:1]"), ("1", "2[1:3] 3[0:1]"),
            ("2", "0[0:5] 2[0:1]"), ("2", "2[1:3] 4[0:4]"),
            ("3", "0[0:5] 2[0:1]"), ("3", "2[1:3] 4[0:4]"),
        ],
    ),
    "radix": (
        {},
        [
            ("0", "0[0:5] 1[0:2]"), ("1", "0[0:5] 2[0:3] 3[0:1]"),
            ("2", "0[0:5] 2[0:3] 4[0:4]"), ("3", "0[0:5] 2[0:3] 4[0:4]"),
        ],
    ),
    "tree_mask": ({}, [("0123", "0[0:5] 1[0:2] 2[0:3] 3[0:1] 4[0:4]")]),
    "deft_node": (
        {},
        [("0123", "0[0:5]"), ("0", "1[0:2]"), ("123", "2[0:3]"), ("1", "3[0:1]"), ("23", "4[0:4]")],
    ),
    "deft_node_chunk": (
        {"chunk_len": 2},
        [
            ("0123", "0[0:2]"), ("0123", "0[2:4]"), ("0123", "0[4:5]"), ("0", "1[0:2]"), ("123", "2[0:2]"),
            ("123", "2[2:3]"), ("1", "3[0:1]"), ("23", "4[0:2]"), ("23", "4[2:4]"),
        ],
    ),
    "deft_flatten": (
        {"chunk_len": 4},
        [
            ("0123", "0[0:4]"), ("0123", "0[4:5] 1[0:2] 2[0:1]"),
            ("123", "2[1:3] 3[0:1] 4[0:1]"), ("23", "4[1:4]"),
        ],
    ),
    "deft_tree_index": (
        {"chunk_len": 128},
        [("0123", "0[0:5]"), ("0", "1[0:2]"), ("123", "2[0:3]"), ("1", "3[0:1]"), ("23", "4[0:4]")],
    ),
    "tree_waves": (
        {"q_per_kv": 8, "n_kv_heads": 1, "n_sms": 4},
        [
            ("0123", "0[0:192]"), ("0123", "0[192:320] 1[0:64]"), ("12", "3[0:64] 4[0:128]"),
            ("123", "2[0:128]"), ("3", "4[0:128]"), ("23", "4[128:256]"),
            ("0", "1[64:128]"), ("123", "2[128:192]"),
        ],
    ),
}  # fmt: skip

# tree_waves counts in KV tiles of 64 tokens, so its tree has 64 times the tokens. With 8 query heads a KV
# head a narrow tile (16 rows) holds 2 queries, a wide one (64 rows) 8. A wave: 2 programs on each of 4 SMs.
#
#   KV tiles:      0 0 0 0 0 1 1 │ 2 2 2 │ 3 4 4 4 4
#   runs:          0 and 2 have more queries than a narrow tile, so each is a run; 1 is short and adds no
#                  query to the run of 0, so it joins it; 3 and 4 form one
#   8 pieces?      0 0 0 | 0 0 1 | 1 │ 2 2 | 2 │ 3 4 | 4 4 | 4, of 7/3 KV tiles at most; but 3 4 is seen by
#                  queries 1, 2 and 3, two narrow tiles: 9 groups, one too many. The second try:
#   7 pieces:      0 0 0 | 0 0 1 | 1 │ 2 2 | 2 │ 3 4 4 | 4 4
#   8 groups:      3 4 4 has a tile for queries 1 and 2; query 3 does not see 3, so its tile keeps 4 4; what
#                  is left of 1 is for query 0 alone
#   order:         3 KV tiles, 3, 3, then 2, 2, 2, then 1, 1
#
# (One program an SM, 4 groups, would leave 7 tiles to the longest; that is worth it up to 6.)
DRAWN_LONG = DRAWN.with_length(64 * DRAWN.length)


def drawn(plan) -> list[tuple[str, str]]:
    return [
        ("".join(map(str, g.queries)), " ".join(f"{c.node}[{c.start}:{c.stop}]" for c in g.chunks))
        for g in plan.groups
    ]


@every_method
def test_the_case_drawn_by_hand(method):
    options, groups = CASES[method]
    assert drawn(plan_tree(DRAWN_LONG if method == "tree_waves" else DRAWN, method, **options)) == groups


def test_a_small_tree_is_one_group_of_tree_waves():
    # 15 tokens, less than a KV tile, and 4 queries: nothing to cut
    assert drawn(plan_tree(DRAWN, "tree_waves")) == CASES["tree_mask"][1]


def test_a_split_path_is_what_flash_decoding_reads():
    assert drawn(plan_tree(DRAWN, "radix", chunk_len=6)) == CASES["flash_decoding"][1]


# --- the example of 262 tokens: a root of 200 forks into n1 .. n4; n1 forks into n5 .. n7

EXAMPLE = build_tree("few_shot", prompt=200, width=4, length=5).fork(1, k=3, length=0).grow(7)


def test_the_example_tree():
    assert EXAMPLE.label.tolist() == [0, 1, 5, 6, 7, 2, 3, 4] and EXAMPLE.n_tokens == 262
    assert EXAMPLE.query_order.tolist() == [3, 4, 5, 0, 1, 2]


def test_the_examples_node_groups():
    plan = plan_tree(EXAMPLE, "deft_node")
    assert plan.q_len.tolist() == [6, 3, 1, 1, 1, 1, 1, 1]
    assert plan.kv_len.tolist() == [200, 5, 7, 7, 7, 12, 12, 12]


def test_the_examples_flatten_groups_and_masks():
    plan = plan_tree(EXAMPLE, "deft_flatten")
    assert plan.kv_len.tolist() == [128, 128, 6] and plan.q_len.tolist() == [6, 6, 1]
    callers = [sorted(EXAMPLE.query_order[g.queries.start : g.queries.stop].tolist()) for g in plan.groups]
    assert callers == [[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [2]]
    by_caller = np.argsort(EXAMPLE.query_order)  # bit i is the caller's query i
    runs = [
        (len(list(run)), word)
        for word, run in itertools.groupby(plan.arrays().bit_mask(1, by_caller.tolist()).tolist())
    ]
    assert runs == [
        (72, 0b111111), (5, 0b111000), (7, 0b1000), (7, 0b10000), (7, 0b100000),
        (12, 0b1), (12, 0b10), (6, 0b100),
    ]  # fmt: skip
    assert plan.arrays().bit_mask(2).tolist() == [0b1] * 6
    assert plan.arrays().bit_mask(2, by_caller.tolist()).tolist() == [0b100] * 6


@pytest.mark.parametrize(
    ("tree", "groups", "partials"),
    [
        (build_tree("few_shot", prompt=4000, width=20, length=200), (63, 21, 72), (689, 40, 680)),
        (build_tree("few_shot", prompt=4000, width=20, length=20), (35, 21, 52), (658, 40, 660)),
    ],
    ids=["few-shot 20 x 200", "few-shot 20 x 20"],
)
def test_groups_and_partials_of_the_papers_examples(tree, groups, partials):
    plans = [plan_tree(tree, method) for method in ("deft_flatten", "deft_node", "deft_node_chunk")]
    assert tuple(plan.n_groups for plan in plans) == groups
    assert tuple(plan.n_partials for plan in plans) == partials


# --- names


@every_method
def test_the_released_runners_names_are_aliases(method):
    assert find_method(METHODS[method].modes).name == method
    assert plan_tree(DRAWN, METHODS[method].modes).method == method


def test_the_released_runners_names_are_the_published_ones():
    assert {m.modes: m.name for m in METHODS.values()} == {
        ("seq", "unpaged"): "flash_decoding",
        ("tree", "unpaged"): "tree_mask",
        ("seq", "paged"): "radix",
        ("node", "paged"): "deft_node",
        ("node_chunk", "paged"): "deft_node_chunk",
        ("flatten", "paged"): "deft_flatten",
        ("tree_index", "paged"): "deft_tree_index",
        ("waves", "paged"): "tree_waves",  # ours; not published
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan_tree([6, 3], "radix"), "plan_tree takes a Tree, not a list; build one with"),
        (lambda: plan_tree(DRAWN, ["radix"]), r"no method \['radix'\]; choose one of"),
        (lambda: plan_tree(DRAWN, "deft_flatten", chunk_len=2.5), "chunk_len=2.5; it must be an integer"),
        (
            lambda: plan_tree(DRAWN, "flatten"),
            "no method 'flatten'; choose one of flash_decoding, tree_mask, radix",
        ),
        (
            lambda: plan_tree(DRAWN, ("flatten", "unpaged")),
            r"no method for .mode, mem. \('flatten', 'unpaged'\)",
        ),
        (
            lambda: plan_tree(DRAWN, "deft_node", chunk_len=4),
            "method 'deft_node' has no option 'chunk_len'; it takes none",
        ),
        (
            lambda: plan_tree(DRAWN, "tree_waves", chunk_len=4),
            "method 'tree_waves' has no option 'chunk_len'; it takes q_per_kv, n_kv_heads, n_sms",
        ),
        (lambda: plan_tree(DRAWN, "tree_waves", n_sms=0), "n_sms=0; it must be an integer of at least 1"),
        (lambda: plan_tree(DRAWN, "deft_flatten", chunk=4), "has no option 'chunk'; it takes chunk_len"),
        (
            lambda: plan_tree(DRAWN, "deft_flatten", chunk_len=0),
            "chunk_len=0; it must be an integer of at least 1",
        ),
    ],
)
def test_unknown_names_and_options_list_the_known_ones(call, message):
    with pytest.raises(PlanError, match=message):
        call()


def test_what_stands_in_methods_and_is_none_is_named(monkeypatch):
    monkeypatch.setitem(METHODS, "mine", lambda tree: None)
    with pytest.raises(PlanError, match=r"METHODS\['mine'\] is a function where a Method is expected"):
        plan_tree(Tree([-1], [3]), "mine")
    assert find_method(("flatten", "paged")).name == "deft_flatten"
    with pytest.raises(PlanError, match="no method for"):
        find_method(("oak", "paged"))

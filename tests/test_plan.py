"""A plan: reading and printing it, and what check_plan finds."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import METHODS, Plan, Tree, build_tree, check_plan, plan_tree
from deft_lab.errors import PlanError

#   0: 7 tokens ──┬── 1: 2 tokens, query 0
#                 └── 2: 3 tokens, query 1
SMALL = TREES["two leaves"]


def plan_of(*groups: tuple[tuple[int, int], list[tuple[int, int, int]]], tree: Tree = SMALL) -> Plan:
    """A plan from ((q_first, q_stop), [(node, start, stop), ...]) a group."""
    chunks = np.array([chunk for _, row in groups for chunk in row]).reshape(-1, 3)
    start = np.cumsum([0, *(len(row) for _, row in groups)])
    first, stop = np.array([queries for queries, _ in groups]).T
    return Plan(tree, "by hand", *chunks.T, start, first, stop)


WHOLE = ((0, 2), [(0, 0, 7)]), ((0, 1), [(1, 0, 2)]), ((1, 2), [(2, 0, 3)])


def test_an_exact_plan_passes():
    check_plan(plan_of(*WHOLE))
    check_plan(plan_of(((0, 2), [(0, 0, 7), (2, 0, 3), (1, 0, 2)])))


BROKEN = {
    "a missing chunk": (
        plan_of(*WHOLE[:2]),
        "query 1 meets token 0 of node 2 never, and must meet it exactly once",
    ),
    "a missing query": (
        plan_of(((0, 1), [(0, 0, 7)]), *WHOLE[1:]),
        "query 1 meets token 0 of node 0 never",
    ),
    "a gap": (
        plan_of(((0, 2), [(0, 0, 3), (0, 4, 7)]), *WHOLE[1:]),
        "query 0 meets token 3 of node 0 never",
    ),
    "a short end": (plan_of(((0, 2), [(0, 0, 6)]), *WHOLE[1:]), "query 0 meets token 6 of node 0 never"),
    "a late start": (plan_of(((0, 2), [(0, 1, 7)]), *WHOLE[1:]), "query 0 meets token 0 of node 0 never"),
    "an overlap": (
        plan_of(((0, 2), [(0, 0, 4), (0, 3, 7)]), *WHOLE[1:]),
        "query 0 meets token 3 of node 0 more than once",
    ),
    "two breaks, the first by node, query and token": (
        plan_of(((1, 2), [(0, 0, 7)]), ((1, 2), [(0, 0, 7)]), *WHOLE[1:]),
        "query 0 meets token 0 of node 0 never",
    ),
    "a group twice": (plan_of(*WHOLE, WHOLE[2]), "query 1 meets token 0 of node 2 more than once"),
    "tokens past the node": (
        plan_of(((0, 2), [(0, 0, 8)]), *WHOLE[1:]),
        "chunk 0 takes tokens 0:8 of node 0, which has 7",
    ),
    "an empty chunk": (plan_of(((0, 2), [(0, 0, 7), (1, 1, 1)])), "chunk 1 takes tokens 1:1 of node 1"),
    "a node outside": (plan_of(((0, 2), [(3, 0, 1)])), "a chunk names a node outside 0..2"),
    "a query outside": (plan_of(((0, 3), [(0, 0, 7)])), "a group has no queries, or queries outside 0..1"),
    "no query": (plan_of(((1, 1), [(0, 0, 7)])), "a group has no queries"),
    "an empty group": (
        replace(plan_of(*WHOLE), group_start=np.array([0, 1, 1, 3])),
        "group 1 holds no chunk; leave it out",
    ),
    "chunks without a group": (
        replace(plan_of(*WHOLE), group_start=np.array([0, 1, 2, 2])),
        "group_start does not run from 0 to the 3 chunks",
    ),
}


@pytest.mark.parametrize(("plan", "message"), BROKEN.values(), ids=BROKEN)
def test_the_first_broken_pair_is_named(plan, message):
    with pytest.raises(PlanError, match="method 'by hand': " + message):
        check_plan(plan)


@given(trees(most_nodes=60), st.sampled_from(sorted(METHODS)), st.data())
def test_any_plan_with_one_number_wrong_is_refused(tree, method, data):
    plan = plan_tree(tree, method)
    name = data.draw(st.sampled_from(["chunk_start", "chunk_stop", "q_first", "q_stop"]))
    column = getattr(plan, name).copy()
    place = data.draw(st.integers(0, len(column) - 1))
    column[place] += data.draw(st.sampled_from([-1, 1]))
    if name in ("q_first", "q_stop"):
        # a query more or less matters only if it sees a chunk of the group
        group = slice(plan.group_start[place], plan.group_start[place + 1])
        changed = min(int(getattr(plan, name)[place]), int(column[place]))
        node = plan.chunk_node[group]
        inside = 0 <= changed < tree.n_queries
        if inside and not ((tree.q_first[node] <= changed) & (changed < tree.q_stop[node])).any():
            check_plan(replace(plan, **{name: column}))
            return
    wrong = replace(plan, **{name: column})
    if name in ("chunk_start", "chunk_stop"):
        inside = (
            0 <= wrong.chunk_start[place] < wrong.chunk_stop[place] <= tree.length[plan.chunk_node[place]]
        )
        # a tile of tree_waves also reads what lies between the tokens that its queries see; nobody misses it
        if inside and meets_nobody(plan, place):
            check_plan(wrong)
            return
    with pytest.raises(PlanError):
        check_plan(wrong)


def meets_nobody(plan: Plan, chunk: int) -> bool:
    """True if none of the queries of the chunk's group sees the chunk."""
    [group] = [g for g in range(plan.n_groups) if plan.group_start[g] <= chunk < plan.group_start[g + 1]]
    path_of = [plan.tree.path(int(plan.tree.seat[q])) for q in plan.groups[group].queries]
    return not any(plan.chunk_node[chunk] in path for path in path_of)


def test_printing_a_plan_shows_who_meets_whom():
    tree = Tree([-1, 0, 0], [7, 2, 3], seat=[2, 1])
    assert str(plan_tree(tree, "deft_flatten", chunk_len=8)).splitlines() == [
        "Plan(deft_flatten: 2 groups, 12 tokens read by group, 4 partials)",
        "  group 0: 8 tokens of node 0[0:7] + node 1[0:1]  x  queries 1, 0",
        "  group 1: 4 tokens of node 1[1:2] + node 2[0:3]  x  queries 1, 0",
    ]
    long = str(plan_tree(build_tree("star", width=40), "deft_node")).splitlines()
    assert (
        long[1].endswith("queries 0, 1, 2, 3, 4, 5, 6, 7, ... (40 in all)") and "17 more groups" in long[-1]
    )


def test_a_group_reads_as_chunks_and_queries():
    group = plan_tree(SMALL, "deft_flatten", chunk_len=8).groups[-1]
    assert group.queries == range(2) and group.kv_len == 4
    assert [tuple(chunk) for chunk in group.chunks] == [(1, 1, 2), (2, 0, 3)]
    assert len(plan_tree(SMALL, "deft_node").groups[:2]) == 2


def test_a_pickled_plan_is_the_same_and_read_only():
    plan = pickle.loads(pickle.dumps(plan_tree(SMALL)))
    assert str(plan) == str(plan_tree(SMALL)) and not plan.q_first.flags.writeable


def test_a_plan_is_read_only():
    plan = plan_tree(SMALL)
    with pytest.raises(ValueError, match="read-only"):
        plan.q_first[0] = 1


def test_a_changed_plan_remembers_nothing_of_the_old_one():
    plan = plan_tree(SMALL, "deft_node")
    assert plan.kv_len.tolist() == [7, 2, 3] and plan.q_len.tolist() == [2, 1, 1] and plan.n_partials == 4
    shorter = replace(plan, chunk_stop=plan.chunk_stop - 1, q_stop=plan.q_stop + 1)
    assert shorter.kv_len.tolist() == [6, 1, 2] and shorter.q_len.tolist() == [3, 2, 2]
    assert shorter.kv_start.tolist() == [0, 6, 7, 9] and shorter.n_partials == 7
    for name in ("kv_len", "q_len", "kv_start", "partial_start"):
        assert not getattr(plan, name).flags.writeable


def test_a_word_of_mask_holds_64_queries():
    plan = plan_tree(TREES["more than 64 queries on a node"], "deft_flatten")
    with pytest.raises(PlanError, match=r"group 0 has 70 queries and a word 64 bits; .*range\(0, 64\)"):
        plan.arrays().bit_mask(0)
    full = (1 << 64) - 1
    assert set(plan.arrays().bit_mask(0, range(64)).tolist()) == {full}
    assert set(plan.arrays().bit_mask(0, range(64, 70)).tolist()) == {0b111111}


@pytest.mark.parametrize("queries", [1, 32, 33, 64, 65, 300])
def test_any_number_of_queries_may_sit_on_a_node(queries):
    tree = Tree([-1, 0], [3, 2], seat=[1] * queries)
    for method in METHODS:
        check_plan(plan_tree(tree, method))
    assert plan_tree(tree, "deft_node").n_tiles.tolist() == [-(-queries // 32)] * 2

"""Judges of notebook 13: they look at the finished groups, and attend by the finished plan."""

from typing import Any

import numpy as np

from ...attention import dense_attention, partial_attention, reduce_partials
from ...errors import DeftLabError
from ...plan import Plan, check_plan
from ...tree import Tree
from ..answers import shown
from ..contract import Case, Complaint
from ..trees import cases

BUDGETS = (1, 6, 20, 128)
MOST_TOKENS = 700  # of trees on which attention is computed by definition


def needed(tree: Tree) -> list[int]:
    """Nodes that some query must read."""
    read = {node for seat in tree.seat.tolist() for node in tree.path(seat)}
    return sorted(node for node in read if tree.length[node])


def lists() -> list[Case]:
    """Trees with budgets that cut, fit and overflow."""
    return [list_case(tree, BUDGETS[i % len(BUDGETS)]) for i, tree in enumerate(cases())]


def list_case(tree: Tree, budget: int) -> Case:
    def remake(smaller: Tree) -> Case:
        return list_case(smaller, budget)

    return Case((tree, budget), f"a budget of {budget}", tree, remake, known=budget)


def judge_lists(case: Case, got: Any) -> Complaint | None:
    """Every needed node once and in order, no group over its budget, none closed too early."""
    tree, budget = case.tree, case.known
    assert tree is not None
    groups = [[int(node) for node in group] for group in got]
    flat = [node for group in groups for node in group]
    if not all(groups):
        return Complaint("a group is empty", got=shown(groups))
    if flat != needed(tree):
        return Complaint(
            "not every node that is read stands once, in order", shown(needed(tree)), shown(flat)
        )
    sizes = [sum(int(tree.length[node]) for node in group) for group in groups]
    for group, size in zip(groups, sizes, strict=True):
        if size > budget and len(group) > 1:
            return Complaint(f"a group holds more than {budget} tokens", got=f"{shown(group)}: {size} tokens")
    for (group, size), following in zip(zip(groups, sizes, strict=True), groups[1:], strict=False):
        if size + int(tree.length[following[0]]) <= budget:
            return Complaint(
                f"node {following[0]} would still have fitted", got=f"{shown(group)}: {size} tokens"
            )
    return None


def trees() -> list[Case]:
    """Trees, each with groups of a few whole nodes."""
    return [plan_case(tree, 1 + i % 4) for i, tree in enumerate(cases())]


def plan_case(tree: Tree, most: int) -> Case:
    nodes = needed(tree)
    groups = [nodes[i : i + most] for i in range(0, len(nodes), most)]

    def remake(smaller: Tree) -> Case:
        return plan_case(smaller, most)

    return Case((tree, groups), f"groups of at most {most} nodes", tree, remake, known=groups)


def judge_plan(case: Case, got: Any) -> Complaint | None:
    """The plan is of this tree, has these groups, is exact, and attention by it is attention as defined."""
    tree = case.tree
    assert tree is not None
    if not isinstance(got, Plan):
        return Complaint("a `Plan` is wanted", got=type(got).__name__)
    if got.tree is not tree or got.method != "whole_nodes":
        return Complaint("the plan must be of the tree it was given, and named 'whole_nodes'")
    try:
        found = [[chunk.node for chunk in group.chunks] for group in got.groups]
        check_plan(got)
    except DeftLabError as error:
        return Complaint(str(error))
    if found != case.known:
        return Complaint("these are not the groups", shown(case.known), shown(found))
    for group in got.groups:
        seen = {q for chunk in group.chunks for q in range(tree.q_first[chunk.node], tree.q_stop[chunk.node])}
        if (min(seen), max(seen) + 1) != (group.queries.start, group.queries.stop):
            return Complaint("a group has queries that see none of its nodes, or lacks one that does")
    if tree.n_path_tokens > MOST_TOKENS:
        return None
    rng = np.random.default_rng(1)
    q, (k, v) = rng.normal(size=(tree.n_queries, 2, 4)), rng.normal(size=(2, tree.n_tokens, 1, 4))
    out = reduce_partials(*partial_attention(q, k, v, got), got)
    if not np.allclose(out, dense_attention(q, k, v, tree)):
        return Complaint("attention by this plan differs from attention as defined")
    return None

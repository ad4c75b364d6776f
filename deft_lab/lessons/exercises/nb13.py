"""Exercises of notebook 13: a grouping of one's own, as lists of nodes and then as a plan."""

from ..contract import Exercise
from . import nb13_mutants as mutants
from .nb13_judges import judge_lists, judge_plan, lists, trees

# --- solutions: the learner is shown the source of what the tests run


def whole_nodes(tree, budget):
    groups, room = [], 0
    for node in range(tree.n_nodes):
        if tree.length[node] == 0 or tree.q_first[node] == tree.q_stop[node]:
            continue  # no tokens, or nobody to see them
        if not groups or tree.length[node] > room:
            groups.append([])
            room = budget
        groups[-1].append(node)
        room -= tree.length[node]
    return groups


def plan_of_groups(tree, groups):
    import numpy as np

    from deft_lab.plan import Plan

    node = np.concatenate(groups)
    border = np.cumsum([0] + [len(group) for group in groups])
    first = np.array([tree.q_first[group].min() for group in groups])
    stop = np.array([tree.q_stop[group].max() for group in groups])
    return Plan(tree, "whole_nodes", node, 0 * node, tree.length[node], border, first, stop)


# --- the exercises

EXERCISES = (
    Exercise(
        key="13.1",
        title="pack whole nodes",
        difficulty=3,
        importance=3,
        minutes=15,
        task="""
            Write `whole_nodes(tree, budget)`, which returns groups as lists of node indices. Go through the
            nodes in their order and put each into the group that is open, if it still fits: a group holds at
            most `budget` tokens. If it does not fit, open a new group. A node longer than the budget gets a
            group of its own, and that group is full. Leave out nodes without tokens and nodes that no query
            sees (`tree.q_first[node] == tree.q_stop[node]`).
        """,
        skeleton="def whole_nodes(tree, budget):\n    # return [[node, ...], ...]\n    ...",
        hints=(
            "Keep two things while you walk: the groups, and how much room is left in the last of them.",
            """
            A new group begins with `room = budget`, and every node takes `tree.length[node]` from it. For a
            node that is too long for any group, the room becomes negative, so nothing else fits behind it.
            """,
            """
            `if not groups or tree.length[node] > room: groups.append([]); room = budget`, then append the
            node and subtract its length.
            """,
        ),
        solution=whole_nodes,
        why="""
            **Why it is right.** Each node with tokens and queries is appended exactly once. The room never
            rises while a group is open, so no group but that of a single long node exceeds the budget. It is
            DeFT-Flatten without the knife: no node is cut, so a query that sees a node meets it in one group,
            and leaves one partial fewer for every cut that did not happen. The price is the balance: the
            longest node decides how long the longest group is.
        """,
        judge=judge_lists,
        cases=lists,
        mutants=mutants.WHOLE_NODES,
    ),
    Exercise(
        key="13.2",
        title="from lists to a plan",
        difficulty=3,
        importance=4,
        minutes=15,
        task="""
            Write `plan_of_groups(tree, groups)`, which turns such lists into a `Plan` named `"whole_nodes"`.
            A `Plan` wants flat arrays: the node, the first token and the stop of each chunk; where in them
            each group begins (one number more than there are groups); and for each group its first query and
            one past its last. A group's queries are all that see at least one of its nodes.
        """,
        skeleton='def plan_of_groups(tree, groups):\n    # return Plan(tree, "whole_nodes", ...)\n    ...',
        hints=(
            "Chunks of whole nodes begin at token 0 and stop at the node's length. Which queries see a node?",
            """
            `tree.q_first[node]` and `tree.q_stop[node]` are the interval of queries that see it. A group
            needs the smallest first and the largest stop of its nodes.
            """,
            """
            `node = np.concatenate(groups)`, `border = np.cumsum([0] + [len(g) for g in groups])`, and then
            `Plan(tree, "whole_nodes", node, 0 * node, tree.length[node], border, first, stop)`.
            """,
        ),
        solution=plan_of_groups,
        why="""
            **Why it is right.** Nodes that follow each other in depth-first order are seen by queries that
            follow each other, so the union of their intervals has no hole that matters: a query inside it
            that sees none of the nodes gets nothing from the group, because a query meets only the nodes of
            its path. `check_plan` proves the rest: every query meets every token of its path exactly once.
        """,
        judge=judge_plan,
        cases=trees,
        mutants=mutants.PLAN_OF_GROUPS,
    ),
)

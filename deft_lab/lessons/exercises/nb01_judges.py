"""Judges of notebook 01: what is wrong with an answer.

They close the parent links under "and its parent too", as a matrix; the solutions follow paths.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TreeError
from ...tree import Tree
from ...tree.convert import from_nested
from ...tree.views import count
from ..answers import node_groups, shown, whole_numbers
from ..contract import Complaint

WANTED_NODES, LEAST, MOST = 12, 2.9, 3.1  # of exercise 01.4


def sees(tree: Tree) -> NDArray[np.bool_]:
    """[query, node] True if the node is on the query's path: the closure of the parent links."""
    reach = np.eye(tree.n_nodes, dtype=bool)
    reach[np.arange(1, tree.n_nodes), tree.parent[1:]] = True
    while not np.array_equal(further := reach @ reach, reach):
        reach = further
    return reach[tree.seat]


def judge_count(tree: Tree, got: Any) -> Complaint | None:
    pair = whole_numbers(got)
    if pair is None or len(pair) != 2:
        return Complaint("the answer is a pair of whole numbers", "`(unique, total)`", shown(got))
    tokens = [node for node, n in enumerate(tree.length.tolist()) for _ in range(n)]
    expected = [len(tokens), int(sees(tree)[:, tokens].sum())]
    if pair == expected:
        return None
    wrong = [name for name, a, b in zip(("unique", "total"), pair, expected, strict=True) if a != b]
    why = f"the *{wrong[0]}* is wrong" if len(wrong) == 1 else "both numbers are wrong"
    if pair == expected[::-1]:
        why = "these are the right numbers in the wrong order"
    return Complaint(why, shown(tuple(expected)), shown(tuple(pair)))


def ask_every_node(function: Any, tree: Tree) -> list[Any]:
    return [function(tree, node) for node in range(tree.n_nodes)]


def judge_queries(tree: Tree, got: list[Any]) -> Complaint | None:
    for node, answer in enumerate(got):
        expected = np.flatnonzero(sees(tree)[:, node]).tolist()
        listed = whole_numbers(answer)
        if listed is None:
            return Complaint(
                "the answer is a list of query numbers", f"node {node}: {shown(expected)}", shown(answer)
            )
        if sorted(listed) != expected:
            return Complaint(
                f"the list for node {node} is wrong",
                f"node {node}: {shown(expected)}",
                shown(sorted(listed)),
            )
    return None


def judge_groups(tree: Tree, got: Any) -> Complaint | None:
    groups = node_groups(got)
    if groups is None:
        return Complaint("the answer is a list of pairs", "`[(node, [query, ...]), ...]`", shown(got))
    why = broken_rule(tree, groups)
    if why is None:
        return None
    needed = [(n, np.flatnonzero(row).tolist()) for n, row in enumerate(sees(tree).T)]
    expected = [(node, queries) for node, queries in needed if queries and tree.length[node]]
    return Complaint(why, shown(expected), shown(groups))


def broken_rule(tree: Tree, groups: list[tuple[int, list[int]]]) -> str | None:
    """The first rule that the groups break."""
    to_meet = sees(tree) & (tree.length > 0)
    taken = set()
    for node, queries in groups:
        if not 0 <= node < tree.n_nodes:
            return f"there is no node {node}"
        if node in taken:
            return f"node {node} is in two groups, so its KV would be read twice"
        taken.add(node)
        if tree.length[node] == 0:
            return f"node {node} holds no token, so its group would read nothing"
        if not queries:
            return f"the group of node {node} has no query, so its KV would be read for nobody"
        for query in queries:
            if not 0 <= query < tree.n_queries or not sees(tree)[query, node]:
                return f"query {query} does not see node {node}"
            if not to_meet[query, node]:
                return f"query {query} meets node {node} twice in one group"
            to_meet[query, node] = False
    for query, node in np.argwhere(to_meet):
        return f"query {query} never meets node {node}, which is on its path"
    return None


def judge_tree(_: None, got: Any) -> Complaint | None:
    tree = getattr(got, "tree", got)  # the state of an explorer is an answer too
    if not isinstance(tree, Tree):
        try:
            tree = from_nested(tree)
        except TreeError as bad:
            return Complaint(f"this is no tree: {bad}", "`[length, child, child, ...]`", shown(got))
    stored, total = int(tree.length.sum()), int((sees(tree) * tree.length).sum())
    misses = []
    if tree.n_nodes != WANTED_NODES:
        misses.append(
            f"it has {count(abs(tree.n_nodes - WANTED_NODES), 'node')} too "
            f"{'many' if tree.n_nodes > WANTED_NODES else 'few'}"
        )
    if not LEAST <= total / stored <= MOST:
        misses.append(f"it shares too {'much' if total / stored > MOST else 'little'}")
    if not misses:
        return None
    return Complaint(
        " and ".join(misses),
        f"{WANTED_NODES} nodes, sharing ratio {LEAST} to {MOST}",
        f"{tree.n_nodes} nodes, sharing ratio {total} / {stored} = {total / stored:.3f}",
        tree,
    )

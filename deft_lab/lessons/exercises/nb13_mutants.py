"""Known wrong answers to the exercises of notebook 13, by what is wrong with them."""

from typing import Any

import numpy as np

from ...plan import Plan


def pack(tree: Any, budget: Any, keep: Any = None, most_is_less: bool = False, refill: bool = False) -> Any:
    """The walk of the solution, with its weak places as options."""
    keep = keep or (lambda n: tree.length[n] and tree.q_first[n] < tree.q_stop[n])
    groups: list[list[int]] = []
    room = 0
    for node in filter(keep, range(tree.n_nodes)):
        length = int(tree.length[node])
        if not groups or length > room or (most_is_less and length == room):
            groups.append([])
            room = budget
        groups[-1].append(node)
        room = budget if refill else room - length
    return groups


def plan(tree: Any, groups: Any, **changed: Any) -> Any:
    """The plan of the solution, with some arrays exchanged."""
    node = np.concatenate(groups)
    arrays = {
        "node": node,
        "start": 0 * node,
        "stop": tree.length[node],
        "border": np.cumsum([0] + [len(g) for g in groups]),
        "first": np.array([tree.q_first[g].min() for g in groups]),
        "last": np.array([tree.q_stop[g].max() for g in groups]),
        "name": "whole_nodes",
    }
    a = {**arrays, **{name: make(arrays) for name, make in changed.items()}}
    return Plan(tree, a["name"], a["node"], a["start"], a["stop"], a["border"], a["first"], a["last"])


WHOLE_NODES = {
    "keeps nodes without tokens": lambda t, b: pack(t, b, lambda n: t.q_first[n] < t.q_stop[n]),
    "keeps nodes that nobody sees": lambda t, b: pack(t, b, lambda n: t.length[n] > 0),
    "drops nodes that are too long": lambda t, b: pack(
        t, b, lambda n: 0 < t.length[n] <= b and t.q_first[n] < t.q_stop[n]
    ),
    "never lets a group get full": lambda t, b: pack(t, b, most_is_less=True),
    "counts each node alone": lambda t, b: pack(t, b, refill=True),
    "one group for each node": lambda t, b: [[n] for group in pack(t, b) for n in group],
    "one group for everything": lambda t, b: [[n for group in pack(t, b) for n in group]],
    "by length, longest first": lambda t, b: sorted(pack(t, b), key=lambda g: -sum(t.length[g])),
    "counts nodes instead of tokens": lambda t, b: [
        flat[i : i + b] for flat in [[n for g in pack(t, b) for n in g]] for i in range(0, len(flat), b)
    ],
    "loses the last group": lambda t, b: pack(t, b)[:-1],
    "begins with an empty group": lambda t, b: [[], *pack(t, b)],
}

PLAN_OF_GROUPS = {
    "the first node's queries": lambda t, g: plan(
        t, g, last=lambda a: np.array([t.q_stop[group[0]] for group in g])
    ),
    "the last node's queries": lambda t, g: plan(
        t, g, first=lambda a: np.array([t.q_first[group[-1]] for group in g])
    ),
    "every query in every group": lambda t, g: plan(
        t, g, first=lambda a: 0 * a["first"], last=lambda a: 0 * a["last"] + t.n_queries
    ),
    "drops the last token of each node": lambda t, g: plan(t, g, stop=lambda a: np.maximum(a["stop"] - 1, 1)),
    "begins at the second token": lambda t, g: plan(
        t, g, start=lambda a: np.minimum(a["start"] + 1, a["stop"] - 1)
    ),
    "a group for each node": lambda t, g: plan(t, [[n] for group in g for n in group]),
    "another name": lambda t, g: plan(t, g, name=lambda a: "deft_node"),
    "leaves out the last group": lambda t, g: plan(t, g[:-1]) if len(g) > 1 else g,
    "the lists themselves": lambda t, g: g,
    "lengths counted from the text's beginning": lambda t, g: plan(
        t, g, start=lambda a: t.start[a["node"]], stop=lambda a: t.start[a["node"]] + a["stop"]
    ),
}

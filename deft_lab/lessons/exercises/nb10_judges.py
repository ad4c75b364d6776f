"""Judges of notebook 10: masks by closing parent links, ledgers from the plans, and predicted times."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...builders import topologies
from ...cost import predict
from ...errors import TreeError
from ...geometry import LLAMA3_8B
from ...hardware import H200
from ...methods import plan_tree
from ...tree import Tree
from ...tree.convert import from_nested
from ..answers import numbers, shown
from ..contract import Case, Complaint
from ..trees import cases

LEAST_SHARING, MARGIN = 1.5, 0.1  # of exercise 10.3
DEFT = ("deft_node", "deft_node_chunk", "deft_flatten")
METHODS = ("flash_decoding", "radix", "tree_mask", "deft_node")
Choices = list[list[int]]


# --- 10.1


def choice_cases() -> Iterator[Case]:
    yield of_choices([[0]], "one guess")
    yield of_choices([[0], [1], [2]], "three siblings")
    yield of_choices([[0], [0, 0], [0, 0, 0]], "a chain")
    yield of_choices([[0], [1], [0, 0], [0, 1], [1, 0], [0, 0, 0]], "a small tree")
    yield of_choices([[1, 0], [0, 1], [1], [0, 0, 0], [0, 0], [0]], "a small tree, unsorted")
    rng = np.random.default_rng(10)
    for name in ("mc_sim_7b_63", "eagle1_default_25"):
        paths = [list(map(int, path)) for path in topologies()[name]]
        yield of_choices(paths, name)
        yield of_choices([paths[i] for i in rng.permutation(len(paths))], f"{name}, shuffled")
    for seed in range(4):
        yield of_choices(random_choices(np.random.default_rng(seed)), "random choices")
    yield of_choices([[rank] for rank in range(12)], "ranks of two digits")


def of_choices(choices: Choices, words: str) -> Case:
    return Case((choices,), f"{words}, {len(choices)} in all")


def random_choices(rng: np.random.Generator) -> Choices:
    """A tree grown by random children, in random order."""
    paths: Choices = [[]]
    for _ in range(int(rng.integers(2, 20))):
        above = paths[int(rng.integers(len(paths)))]
        n_children = sum(len(p) == len(above) + 1 and p[:-1] == above for p in paths)
        paths.append([*above, n_children])
    return [paths[i] for i in 1 + rng.permutation(len(paths) - 1)]


def right_mask(choices: Choices) -> NDArray[np.int64]:
    """The closure of the parent links, in Medusa's order."""
    names = [(), *sorted(map(tuple, choices), key=lambda path: (len(path), path))]
    place = {path: i for i, path in enumerate(names)}
    reach = np.eye(len(names), dtype=np.int64)
    for path in names[1:]:  # parents come first
        reach[place[path]] |= reach[place[path[:-1]]]
    return reach


def judge_mask(case: Case, got: Any) -> Complaint | None:
    right, found = right_mask(case.arguments[0]), numbers(got)
    n = len(right)
    if found is None or found.shape != (n, n):
        came = shown(got) if found is None else f"shape {list(found.shape)}"
        return Complaint(f"the mask has {n} rows and columns ({case.words})", f"shape [{n}, {n}]", came)
    if wrong := np.argwhere(found != right).tolist():
        row, column = wrong[0]
        sees = "sees" if right[row, column] else "does not see"
        why = f"row {row} {sees} column {column} ({case.words})"
        return Complaint(why, shown(right[row].tolist()), shown(found[row].tolist()))
    return None


# --- 10.2


def seen_cases() -> list[Tree]:
    """The trees of which every node is seen by a query."""
    return [tree for tree in cases() if (tree.q_stop > tree.q_first).all()]


def judge_ledger(tree: Tree, got: Any) -> Complaint | None:
    if not isinstance(got, dict) or set(got) != set(METHODS):
        return Complaint("the answer is a dict of four methods", shown(dict.fromkeys(METHODS)), shown(got))
    for method in METHODS:
        plan = plan_tree(tree, method)
        copies = method == "flash_decoding"  # it knows sequences only, each with KV of its own
        stored = int(tree.n_path_tokens_of_query.sum()) if copies else int(tree.length.sum())
        right = (stored, int(plan.kv_len.sum()), int((plan.kv_len * plan.q_len).sum()))
        triple = numbers(got[method])
        if triple is None or triple.shape != (3,):
            return Complaint(f"`{method}` has three numbers", "(stored, read, computed)", shown(got[method]))
        for name, expected, value in zip(("stored", "read", "computed"), right, triple.tolist(), strict=True):
            if expected != value:
                return Complaint(f"what `{method}` has *{name}* is wrong", shown(right), shown(got[method]))
    return None


# --- 10.3


def microseconds(tree: Tree, method: str) -> float:
    return 1e6 * predict(plan_tree(tree, method), LLAMA3_8B.layer, H200).seconds


def judge_loss(_: None, got: Any) -> Complaint | None:
    tree = getattr(got, "tree", got)  # the state of an editor is an answer too
    if not isinstance(tree, Tree):
        try:
            tree = from_nested(tree)
        except TreeError as bad:
            return Complaint(f"this is no tree: {bad}", "`[length, child, child, ...]`", shown(got))
    if tree.n_tokens > 10**6:
        return Complaint("the tree is needlessly large", "at most a million tokens", f"{tree.n_tokens:,}")
    if tree.n_queries < 2:
        return Complaint("one query shares nothing", "two queries or more", f"{tree.n_queries}", tree)
    if tree.sharing < LEAST_SHARING:
        found = f"{tree.n_path_tokens} / {tree.n_tokens} = {tree.sharing:.2f}"
        return Complaint("it shares too little", f"a sharing ratio of {LEAST_SHARING} or more", found, tree)
    radix = microseconds(tree, "radix")
    times = {method: microseconds(tree, method) for method in DEFT}
    best = min(times, key=lambda method: times[method])
    if radix <= (1 - MARGIN) * times[best]:
        return None
    why = f"here Radix is not faster by {MARGIN:.0%}"
    found = f"Radix {radix:.1f} µs, {best} {times[best]:.1f} µs"
    return Complaint(why, f"Radix at most {(1 - MARGIN) * times[best]:.1f} µs", found, tree)

"""Judges of notebook 05: they walk every program of a plan and add up its shopping list.

The solutions multiply counts of the tree; nothing here does. Who sees what is the closure of parent links.
"""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np

from ...cost import traffic
from ...errors import DeftLabError, TreeError
from ...geometry import LLAMA3_8B, Geometry
from ...methods import plan_tree
from ...tree import Tree
from ...tree.convert import from_nested
from ..answers import shown, whole_numbers
from ..contract import Case, Complaint
from ..trees import cases
from .nb01_judges import sees

GEOMETRIES = (
    Geometry(n_q_heads=32, n_kv_heads=8, head_dim=128),  # Llama-3-8B
    Geometry(n_q_heads=4, n_kv_heads=4, head_dim=64),
    Geometry(n_q_heads=8, n_kv_heads=1, head_dim=32, dtype_bytes=4),
)
N_RANDOM = 36  # random trees; with those drawn by hand, 50 in all
TILE, CHUNK = 32, 128  # queries of a program, tokens of a chunk
LEAST_SHARING, MOST_NODES = 1.5, 200  # of exercise 05.4


def layer_cases() -> list[Case]:
    """Trees, each with one of the geometries."""
    return [layer_case(tree, g) for tree, g in zip(cases(N_RANDOM), cycle(GEOMETRIES), strict=False)]


def layer_case(tree: Tree, geometry: Geometry) -> Case:
    words = (
        f"{geometry.n_q_heads} query heads, {geometry.n_kv_heads} KV heads of {geometry.head_dim}, "
        f"{geometry.dtype_bytes} bytes an element"
    )
    return Case((tree, geometry), words, tree, lambda smaller: layer_case(smaller, geometry))


def node_programs(tree: Tree) -> Iterator[tuple[int, int]]:
    """(tokens, queries) of every program of DeFT-Node, for one query head."""
    for node, seen in enumerate(sees(tree).T):
        queries = np.flatnonzero(seen).tolist()
        while queries:
            yield int(tree.length[node]), len(queries[:TILE])
            queries = queries[TILE:]


def judge_kv(case: Case, got: Any) -> Complaint | None:
    tree, geometry = case.arguments
    tokens = [node for node, n in enumerate(tree.length.tolist()) for _ in range(n)]
    rows = {"Radix": [int(row[tokens].sum()) for row in sees(tree)]}
    rows["DeFT-Node"] = [n for n, _ in node_programs(tree)]
    expected = [0, 0]
    for _ in range(geometry.n_q_heads):
        for i, loads in enumerate(rows.values()):
            for n in loads:
                for matrix in ("K", "V"):
                    expected[i] += len(matrix) * n * geometry.head_dim * geometry.dtype_bytes
    return compare(got, expected, tuple(rows))


def judge_partials(case: Case, got: Any) -> Complaint | None:
    tree, geometry = case.arguments
    expected = []
    for longest in (max(1, int(tree.length.max())), CHUNK):
        pairs = 0
        for node, seen in enumerate(sees(tree).T):
            tokens = list(range(int(tree.length[node])))
            while tokens:
                pairs += int(seen.sum())
                tokens = tokens[longest:]
        floats = [geometry.head_dim + 1] * pairs * geometry.n_q_heads if pairs > tree.n_queries else []
        expected.append(sum(4 * n + 4 * n for n in floats))  # written, and read
    return compare(got, expected, ("DeFT-Node", "DeFT-Node-Chunk"))


def judge_unfused(case: Case, got: Any) -> Complaint | None:
    tree, geometry = case.arguments
    scores = [len(tree.seat) * int(tree.length.sum())] * geometry.n_q_heads
    mask, matrices = 0, 0
    for reads, writes in ((0, 1), (1, 1), (1, 1), (1, 1), (1, 0)):  # QK^T, scale, mask, softmax, PV
        matrices += sum(scores) * (reads + writes) * geometry.dtype_bytes
    mask += scores[0] * geometry.dtype_bytes
    return compare(got, [mask, matrices], ("mask", "scores"))


def compare(got: Any, expected: list[int], names: tuple[str, ...]) -> Complaint | None:
    """What is wrong with a pair of byte counts, and by which factor."""
    pair = whole_numbers(got)
    if pair is None or len(pair) != len(expected):
        form = f"`({', '.join(name.lower().replace('-', '_') for name in names)})`"
        return Complaint("the answer is a pair of whole numbers", form, shown(got))
    if pair == expected:
        return None
    if pair == expected[::-1]:
        return Complaint("these are the right numbers in the wrong order", shown(expected), shown(pair))
    wrong = [
        f"the bytes of {name} are {a / b:.4g} times what they should be"
        if b
        else f"the bytes of {name} should be none"
        for name, a, b in zip(names, pair, expected, strict=True)
        if a != b
    ]
    return Complaint(", and ".join(wrong), shown(tuple(expected)), shown(tuple(pair)))


def judge_losing_tree(_: None, got: Any) -> Complaint | None:
    tree = getattr(got, "tree", got)  # the state of an explorer is an answer too
    wanted = f"at most {MOST_NODES} nodes, sharing ratio {LEAST_SHARING} or more, fewest bytes with `radix`"
    if not isinstance(tree, Tree):
        try:
            tree = from_nested(tree)
        except TreeError as bad:
            return Complaint(f"this is no tree: {bad}", "`[length, child, child, ...]`", shown(got))
    if tree.n_nodes > MOST_NODES:
        return Complaint(f"it has {tree.n_nodes:,} nodes", wanted)
    try:
        asked = {m: of_layer(tree, m) for m in ("radix", "deft_node", "deft_flatten")}
    except DeftLabError as bad:
        return Complaint(f"this tree cannot be planned: {bad}", wanted, shown(got))
    said = ", ".join(f"{name} {total:,} B" for name, total in asked.items())
    if tree.sharing < LEAST_SHARING:
        return Complaint("it shares too little", wanted, f"sharing ratio {tree.sharing:.3f}; {said}", tree)
    if asked["radix"] >= min(asked.values()) and min(asked, key=lambda m: asked[m]) != "radix":
        why = f"`{min(asked, key=lambda m: asked[m])}` still asks for fewer bytes than `radix`"
        return Complaint(why, wanted, f"sharing ratio {tree.sharing:.3f}; {said}", tree)
    return None


def of_layer(tree: Tree, method: str) -> int:
    return traffic(plan_tree(tree, method), LLAMA3_8B.layer, "requested").total

"""Trees for tests: a few by name, and a strategy that draws them.

The drawn ones have 1 to 300 queries and whatever real decodes and editors can make: nodes without
tokens, one-token nodes, seats on inner nodes, several on one node, nodes that nobody sees, long chains.
"""

import numpy as np
from hypothesis import strategies as st

from deft_lab import Tree, build_tree
from deft_lab.builders import bundled_trees, load_tree

TREES: dict[str, Tree] = {
    "one token": Tree([-1], [1]),
    "chain of three": Tree([-1, 0, 1], [3, 2, 4]),
    "two leaves": Tree([-1, 0, 0], [7, 2, 3]),
    "leaves without tokens": Tree([-1, 0, 0, 0], [5, 0, 3, 0]),
    "root without tokens": Tree([-1, 0, 0], [0, 4, 200]),
    "lopsided": Tree([-1, 0, 1, 2, 0, 4, 4, 4], [130, 1, 1, 300, 2, 60, 1, 129]),
    "more than 64 queries on a node": build_tree("star", width=70, prompt=130),
    "random": build_tree("random", seed=3, n_nodes=25, prompt=60, max_length=20),
} | {name: load_tree(name) for name in bundled_trees() if load_tree(name).n_path_tokens < 60_000}

LINKS = ("random", "deep", "star", "comb", "chain")
LENGTHS = ("one token", "short", "with zeros", "long root")
SEATS = ("leaves", "every node", "some nodes", "crowded")


@st.composite
def trees(draw: st.DrawFn, most_nodes: int = 300) -> Tree:
    """A tree; links, lengths and seats are of a drawn kind, details come from a drawn seed."""
    kind = draw(st.sampled_from(LINKS))
    n = draw(st.integers(1, 1000 if kind == "chain" and most_nodes >= 300 else most_nodes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return random_tree(kind, draw(st.sampled_from(LENGTHS)), draw(st.sampled_from(SEATS)), n, rng)


def random_tree(links: str, lengths: str, seats: str, n: int, rng: np.random.Generator) -> Tree:
    """A tree of `n` nodes; the kinds are of LINKS, LENGTHS and SEATS."""
    before = np.arange(1, n)
    parents = {
        "random": lambda: rng.integers(0, before),
        "deep": lambda: before - 1 - rng.integers(0, np.minimum(before, 3)),
        "star": lambda: np.zeros(n - 1),
        "comb": lambda: before - 1 - (before - 1) % 2,
        "chain": lambda: before - 1,
    }
    parent = np.append(-1, parents[links]()).astype(int)
    length = _lengths(lengths, n, rng)
    seat = _seats(seats, parent, rng)
    if not length.sum():
        length[0] = 1
    seen = _path_tokens(parent, length)
    length[0] += (seen[seat] == 0).any()
    return Tree.from_parents(parent, length, seat)


def _lengths(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "one token":
        return np.ones(n, dtype=int)
    if kind == "with zeros":
        return rng.integers(0, 4, n) * (rng.random(n) < 0.6)
    length = rng.integers(1, 6, n)
    if kind == "long root":
        length[0] = rng.integers(1, 400)
    return length


def _seats(kind: str, parent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(parent)
    leaves = np.setdiff1d(np.arange(n), parent)
    if kind == "leaves":
        return leaves[:300]
    if kind == "every node":
        return rng.permutation(n)[:300]
    return rng.integers(0, n, rng.integers(1, min(2 * n, 300) + 1 if kind == "crowded" else min(n, 300) + 1))


def _path_tokens(parent: np.ndarray, length: np.ndarray) -> np.ndarray:
    total = length.copy()
    for node in range(1, len(parent)):
        total[node] += total[parent[node]]
    return total

"""A tree in other notations: nested lists, networkx graphs, and Medusa's lists of rank paths.

Each pair is a round trip. What a notation cannot hold is refused, not dropped.
"""

from collections.abc import Sequence
from reprlib import repr as short  # lists can be nested deeper than Python recurses
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import TreeError, check_counts, check_kind
from .core import Tree

if TYPE_CHECKING:
    import networkx as nx

MOST_NESTED = 1_000_000
Nested = int | Sequence[Any]


def from_nested(nested: Nested) -> Tree:
    """A tree from `[length, child, child, ...]`; a leaf may be its length alone: `[4000, 20, [5, 3, 3]]`.

    Raises:
        TreeError: an entry is neither a length nor such a list.
    """
    parent: list[int] = []
    length: list[int] = []
    stack: list[tuple[int, Any]] = [(-1, nested)]
    while stack:
        above, entry = stack.pop()
        if len(parent) >= MOST_NESTED:
            raise TreeError(f"more than {MOST_NESTED:,} nodes; does a list contain itself?")
        row = [entry] if _is_length(entry) else entry
        if not isinstance(row, list | tuple) or not row or not _is_length(row[0]):
            raise TreeError(
                f"{short(entry)} is no node; write [length, child, child, ...], or a length alone for a leaf"
            )
        stack.extend((len(parent), child) for child in reversed(row[1:]))
        parent.append(above)
        length.append(row[0])
    return Tree(parent, length)


def _is_length(entry: object) -> bool:
    return isinstance(entry, int | np.integer) and not isinstance(entry, bool)


def to_nested(tree: Tree) -> Nested:
    """The tree as nested lists; labels are not part of this notation.

    Raises:
        TreeError: the seats are not the leaves in preorder.
    """
    _check_plain(tree, "nested lists")
    rows: list[list[Any]] = [[int(n)] for n in tree.length]
    for i in range(tree.n_nodes - 1, 0, -1):
        rows[i][1:] = rows[i][:0:-1]  # the children came last to first
        rows[tree.parent[i]].append(rows[i] if len(rows[i]) > 1 else rows[i][0])
    rows[0][1:] = rows[0][:0:-1]
    return rows[0] if len(rows[0]) > 1 else int(tree.length[0])


def from_networkx(graph: "nx.DiGraph") -> Tree:
    """A tree from a directed graph whose edges run from parent to child.

    Nodes are non-negative integers, the labels. Attribute `length`: tokens. Attribute `queries`: the
    caller's numbers of the queries that sit there; if no node has it, the leaves are the seats.

    Raises:
        TreeError: it is no directed, rooted tree, a length is missing, or the queries are not 0 .. n - 1.
    """
    import networkx as nx

    check_kind(TreeError, nx.Graph, "build one with networkx", graph=graph)
    if not graph.is_directed() or graph.number_of_nodes() == 0 or not nx.is_arborescence(graph):
        raise TreeError(
            f"the graph ({graph.number_of_nodes()} nodes, {graph.number_of_edges()} edges) is no "
            "directed, rooted tree; every node but one needs exactly one parent, and no cycle"
        )
    names = list(graph.nodes)
    if not all(isinstance(name, int | np.integer) and name >= 0 for name in names):
        raise TreeError(
            "node names are the labels and must be integers of at least 0; relabel the graph first"
        )
    place = {name: i for i, name in enumerate(names)}
    bare = [name for name in names if "length" not in graph.nodes[name]]
    if bare:
        raise TreeError(f"node {bare[0]} has no attribute 'length'; give every node its number of tokens")
    above = [next(iter(graph.predecessors(name)), None) for name in names]
    parent = [-1 if name is None else place[name] for name in above]
    for name in names:
        rows = graph.nodes[name].get("queries", ())
        if not isinstance(rows, list | tuple) or not all(_is_length(row) for row in rows):
            raise TreeError(
                f"node {name} has queries={rows!r:.60}; it must be a list of the numbers of its queries"
            )
    sitting = sorted((q, place[name]) for name in names for q in graph.nodes[name].get("queries", ()))
    seat = None
    if any("queries" in graph.nodes[name] for name in names):
        numbers = [query for query, _ in sitting]
        if numbers != list(range(len(sitting))):
            raise TreeError(f"the queries are numbered {numbers[:6]}; number them 0 .. n - 1, each once")
        seat = [node for _, node in sitting]
    return Tree.from_parents(parent, [graph.nodes[name]["length"] for name in names], seat, names)


def to_networkx(tree: Tree) -> "nx.DiGraph":
    """A directed graph in preorder, with the attributes that `from_networkx` reads."""
    import networkx as nx

    graph = nx.DiGraph()
    queries: list[list[int]] = [[] for _ in range(tree.n_nodes)]
    for row, node in zip(tree.query_order.tolist(), tree.seat.tolist(), strict=True):
        queries[node].append(row)
    for label, length, rows in zip(tree.label.tolist(), tree.length.tolist(), queries, strict=True):
        graph.add_node(label, length=length, queries=tuple(rows))
    graph.add_edges_from(
        (int(tree.label[p]), int(tree.label[i])) for i, p in enumerate(tree.parent) if p >= 0
    )
    return graph


def from_medusa(paths: Sequence[Sequence[int]], prompt: int = 1000) -> Tree:
    """A token tree below `prompt` tokens, from Medusa's lists of child ranks.

    The root of the token tree, the last accepted token, is implicit in the paths. Every token is a node
    with a query, in the order: that root, then the paths from short to long, in order of ranks; the
    prompt is a node without one.

    Raises:
        TreeError: a path is empty, listed twice, lacks its parent path, or skips a rank.
    """
    check_counts(TreeError, 0, prompt=prompt)
    check_kind(TreeError, Sequence, "list the paths", paths=paths)
    for path in paths:
        if not isinstance(path, list | tuple) or not all(_is_length(rank) for rank in path):
            raise TreeError(f"{path!r:.60} is no path; write the ranks of its tokens, such as [0, 2]")
    ranks = [tuple(path) for path in paths]
    known = set(ranks)
    for path in ranks:
        if not path:
            raise TreeError("an empty path; the root is implicit, leave it out")
        if len(path) > 1 and path[:-1] not in known:
            raise TreeError(f"path {list(path)} hangs below {list(path[:-1])}, which is not listed; add it")
        if (path[-1] > 0 and (*path[:-1], path[-1] - 1) not in known) or path[-1] < 0:
            raise TreeError(
                f"path {list(path)} skips rank {path[-1] - 1}; a Tree keeps the order of children only"
            )
    if len(known) < len(ranks):
        raise TreeError(f"{len(ranks) - len(known)} paths are listed twice; list each once")
    ordered = sorted(known, key=lambda path: (len(path), path))
    place = {(): 1} | {path: i for i, path in enumerate(ordered, start=2)}
    parent = [-1, 0] + [place[path[:-1]] for path in ordered]
    return Tree.from_parents(parent, [prompt] + [1] * (len(ordered) + 1), range(1, len(parent)))


def to_medusa(tree: Tree) -> list[list[int]]:
    """The rank paths of a tree made by `from_medusa`, from short to long.

    Raises:
        TreeError: it is not a prompt with one token tree of one-token nodes, each with one query.
    """
    top = tree.children(0)
    tokens_only = len(top) == 1 and bool((tree.length[1:] == 1).all())
    if not tokens_only or not np.array_equal(tree.seat, np.arange(1, tree.n_nodes)):
        raise TreeError(
            f"{tree!r} is no token tree: it needs a prompt, below it one token, "
            "and from there one-token nodes with one query each"
        )
    path: dict[int, list[int]] = {top[0]: []}
    for node in range(top[0], tree.n_nodes):
        for rank, child in enumerate(tree.children(node)):
            path[child] = [*path[node], rank]
    return sorted((p for p in path.values() if p), key=lambda p: (len(p), p))


def _check_plain(tree: Tree, notation: str) -> None:
    check_kind(TreeError, Tree, "build one with build_tree or Tree", tree=tree)
    if not np.array_equal(tree.seat, tree.leaves) or not np.array_equal(
        tree.query_order, np.arange(tree.n_queries)
    ):
        raise TreeError(
            f"{notation} hold one query a leaf, in preorder; {tree!r} has other seats, use to_json"
        )

"""Plans of the query-guided methods: one query with chunks of its own path."""

import numpy as np

from ..plan import Plan
from ..tree import Tree
from ..tree._shape import Ints
from ._cut import cut, seen_nodes, starts


def paths(tree: Tree) -> tuple[Ints, Ints, Ints]:
    """Every node with tokens on every query's path: (query, node, offset in the path), paths in order."""
    node = seen_nodes(tree)
    count = tree.q_stop[node] - tree.q_first[node]
    row = np.repeat(np.arange(len(node)), count)
    query = tree.q_first[node][row] + np.arange(len(row)) - (np.cumsum(count) - count)[row]
    order = np.argsort(query, kind="stable")  # keeps the nodes of a query in preorder, so along its path
    query, node = query[order], node[row][order]
    stop = np.cumsum(tree.length[node])
    path_start = np.concatenate(([0], stop))[np.searchsorted(query, np.arange(tree.n_queries))]
    return query, node, stop - tree.length[node] - path_start[query]


def chunked_paths(tree: Tree, method: str, chunk_len: int | None) -> Plan:
    """The plan of one group per query and `chunk_len` tokens of its path; None: per query."""
    query, node, offset = paths(tree)
    if chunk_len is None:
        chunk_len = int((offset + tree.length[node]).max())
    pieces = cut(offset, tree.length[node], chunk_len)
    owner = query[pieces.row]
    group_start = starts(owner * (int(pieces.cut.max()) + 1) + pieces.cut)
    first = owner[group_start[:-1]]
    return Plan(
        tree, method, node[pieces.row], pieces.start, pieces.stop, group_start, first, first + 1, query_tile=1
    )

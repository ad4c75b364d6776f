"""DeFT-Flatten: the KV of all nodes laid end to end, depth first, and cut evenly across node borders.

Source: J. Yao et al., "DeFT", arXiv 2404.00242, section 3.3 (flattened tree KV splitting), Algorithm 3.
"""

import numpy as np

from ..plan import Plan
from ..tree import Tree
from ._cut import cut, seen_nodes, starts
from .base import CHUNK_LEN, QUERY_TILE, Method


def plan_deft_flatten(tree: Tree, chunk_len: int = CHUNK_LEN) -> Plan:
    """Groups of exactly `chunk_len` tokens (the last may be short) with the union of their nodes' queries.

    Nodes that follow each other in preorder are seen by one interval of queries together, so the union
    is an interval; bits inside the kernel tell who sees which token. (Where a seat on a node without
    tokens lies between two nodes, the interval holds that query too: its partial is empty.)
    """
    node = seen_nodes(tree)
    length = tree.length[node]
    pieces = cut(np.cumsum(length) - length, length, chunk_len)
    of_chunk = node[pieces.row]
    group_start = starts(pieces.cut)
    return Plan(
        tree, METHOD.name, of_chunk, pieces.start, pieces.stop, group_start,
        tree.q_first[of_chunk[group_start[:-1]]],
        np.maximum.reduceat(tree.q_stop[of_chunk], group_start[:-1]), QUERY_TILE,
    )  # fmt: skip


METHOD = Method(
    name="deft_flatten",
    title="DeFT-Flatten",
    modes=("flatten", "paged"),
    plan=plan_deft_flatten,
    layout="paged",
    guided="kv",
    kernel="one program per group, query head and tile of queries, with one mask word a token",
    mask="bits",
)

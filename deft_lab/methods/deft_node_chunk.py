"""DeFT-Node-Chunk: the groups of DeFT-Node, each node's KV cut into chunks of b_s tokens.

Source: J. Yao et al., "DeFT", arXiv 2404.00242, section 4 (ablation of the split).
"""

import numpy as np

from ..plan import Plan
from ..tree import Tree
from ._cut import cut, seen_nodes
from .base import CHUNK_LEN, QUERY_TILE, Method


def plan_deft_node_chunk(tree: Tree, chunk_len: int = CHUNK_LEN) -> Plan:
    """One group per chunk; the last chunk of a node may be short, so many short nodes stay unbalanced."""
    return chunked_nodes(tree, METHOD.name, chunk_len)


def chunked_nodes(tree: Tree, method: str, chunk_len: int) -> Plan:
    """The plan of one group per chunk of a node, under the name of `method`."""
    node = seen_nodes(tree)
    pieces = cut(np.zeros_like(node), tree.length[node], chunk_len)
    of_chunk = node[pieces.row]
    return Plan(
        tree, method, of_chunk, pieces.start, pieces.stop, np.arange(len(of_chunk) + 1),
        tree.q_first[of_chunk], tree.q_stop[of_chunk], QUERY_TILE,
    )  # fmt: skip


METHOD = Method(
    name="deft_node_chunk",
    title="DeFT-Node-Chunk",
    modes=("node_chunk", "paged"),
    plan=plan_deft_node_chunk,
    layout="paged",
    guided="kv",
    kernel="one program per chunk of a node, query head and tile of queries; a second pass reduces",
)

"""DeFT-Node: one group per node. Each KV token is read once, by all the queries that see it.

Source: J. Yao et al., "DeFT", arXiv 2404.00242, section 3.3 (KV-guided grouping).
"""

import numpy as np

from ..plan import Plan
from ..tree import Tree
from ._cut import seen_nodes
from .base import QUERY_TILE, Method


def plan_deft_node(tree: Tree) -> Plan:
    """A node's KV with all queries below it. Balanced only as far as the nodes are of equal length."""
    node = seen_nodes(tree)
    return Plan(
        tree, METHOD.name, node, np.zeros_like(node), tree.length[node], np.arange(len(node) + 1),
        tree.q_first[node], tree.q_stop[node], QUERY_TILE,
    )  # fmt: skip


METHOD = Method(
    name="deft_node",
    title="DeFT-Node",
    modes=("node", "paged"),
    plan=plan_deft_node,
    layout="paged",
    guided="kv",
    kernel="one program per node, query head and tile of queries; a second pass reduces over the path",
)

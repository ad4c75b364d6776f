"""Tree attention with a dense mask, as in Medusa: all queries with all KV, in unfused steps.

Source: T. Cai et al., "Medusa", arXiv 2401.10774, section 3.1.
"""

import numpy as np

from ..plan import Plan
from ..tree import Tree
from ._cut import seen_nodes
from .base import Method


def plan_tree_mask(tree: Tree) -> Plan:
    """A single group. It computes l x N_tree scores, whatever the tree looks like."""
    node = seen_nodes(tree)
    bounds, stop = np.array([0, len(node)]), np.array([tree.n_queries])
    return Plan(tree, METHOD.name, node, np.zeros_like(node), tree.length[node], bounds, bounds[:1], stop)


METHOD = Method(
    name="tree_mask",
    title="Tree Attention (Medusa)",
    modes=("tree", "unpaged"),
    plan=plan_tree_mask,
    layout="unpaged",
    guided="kv",
    kernel="five launches: QK^T, scale, add the mask, softmax, PV, each through memory in 16 bits",
    fused=False,
    mask="dense",
)

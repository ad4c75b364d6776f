"""DeFT-Tree-Index: the groups of DeFT-Node-Chunk, with a node -> slot table that stays on the device.

The table grows by one element per token, so a step uploads the query lists only. The DeFT authors call
it work in progress (their released code, mode `tree_index`).
"""

from ..plan import Plan
from ..tree import Tree
from .base import CHUNK_LEN, Method
from .deft_node_chunk import chunked_nodes


def plan_deft_tree_index(tree: Tree, chunk_len: int = CHUNK_LEN) -> Plan:
    """One group per chunk of a node, as DeFT-Node-Chunk."""
    return chunked_nodes(tree, METHOD.name, chunk_len)


METHOD = Method(
    name="deft_tree_index",
    title="DeFT-Tree-Index",
    modes=("tree_index", "paged"),
    plan=plan_deft_tree_index,
    layout="paged",
    guided="kv",
    kernel="as DeFT-Node-Chunk, with KV slots looked up in a table on the device",
)

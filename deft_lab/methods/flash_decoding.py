"""Flash-Decoding: each query with chunks of its own copy of its path. Shares neither memory nor reads.

Source: T. Dao et al., "Flash-Decoding for long-context inference", 2023.
"""

from ..plan import Plan
from ..tree import Tree
from ._paths import chunked_paths
from .base import CHUNK_LEN, Method


def plan_flash_decoding(tree: Tree, chunk_len: int = CHUNK_LEN) -> Plan:
    """One group per query and `chunk_len` tokens of its path; the last one of a path may be short."""
    return chunked_paths(tree, METHOD.name, chunk_len)


METHOD = Method(
    name="flash_decoding",
    title="Flash-Decoding",
    modes=("seq", "unpaged"),
    plan=plan_flash_decoding,
    layout="unpaged",
    guided="query",
    kernel="one program per query, query head and chunk of the path; a second pass reduces the chunks",
    copies=True,
)

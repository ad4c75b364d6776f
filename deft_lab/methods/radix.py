"""Radix attention: each query with its whole path, read through a page table. Shares memory, not reads.

Source: L. Zheng et al., "SGLang: efficient execution of structured language model programs",
arXiv 2312.07104.
"""

from ..plan import Plan
from ..tree import Tree
from ._paths import chunked_paths
from .base import Method


def plan_radix(tree: Tree, chunk_len: int | None = None) -> Plan:
    """One group per query; with `chunk_len`, the path is split into such chunks (split KV)."""
    return chunked_paths(tree, METHOD.name, chunk_len)


METHOD = Method(
    name="radix",
    title="Radix Attention",
    modes=("seq", "paged"),
    plan=plan_radix,
    layout="paged",
    guided="query",
    kernel="one program per query and query head walks the pages of the path",
)

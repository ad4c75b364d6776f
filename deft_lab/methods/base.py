"""What a method is: a name, a plan, a memory layout, and how its kernel works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..plan import Plan

CHUNK_LEN = 128  # b_s: KV tokens of a chunk in the paper and the released code
QUERY_TILE = 32  # M_q: queries of a tile in the released kernels (the paper speaks of 64)


@dataclass(frozen=True)
class Method:
    """A way to compute tree attention.

    Args:
        name: its key in METHODS.
        title: its name in papers.
        modes: the released runner's (mode, mem) pair that selects it.
        plan: from a tree (and options) to a plan.
        layout: "paged": a node's KV is stored once, in pages; "unpaged": in one contiguous buffer.
        guided: "query": a group is one query with (part of) its path; "kv": a group is some KV with all
            queries that see it.
        kernel: what one launch does, in one sentence.
        fused: False where scores, mask and softmax go through memory.
        mask: what tells queries and tokens apart inside a group: nothing, a dense matrix, bit words, or words
            that hold an interval of queries.
        copies: True where each query stores its whole path, shared prefixes again and again.
        packs_heads: True where a program takes all query heads of a KV head unless told otherwise.
    """

    name: str
    title: str
    modes: tuple[str, str]
    plan: Callable[..., Plan]
    layout: Literal["paged", "unpaged"]
    guided: Literal["query", "kv"]
    kernel: str
    fused: bool = True
    mask: Literal["none", "dense", "bits", "intervals"] = "none"
    copies: bool = False
    packs_heads: bool = False

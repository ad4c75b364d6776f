"""A planner of the released code's kind: Python lists, a value per token. The yardstick for `bench plan`.

It keeps one list entry per KV token, query and mask word, and walks them in loops. Also an independent
second opinion: the tests compare its lists with `Plan.arrays()`.
"""

from dataclasses import dataclass, field

from ..methods import CHUNK_LEN
from ..tree import Tree


@dataclass
class Lists:
    """Per-token metadata; one inner list a group."""

    kv: list[list[int]] = field(default_factory=list)  # flattened tokens
    queries: list[list[int]] = field(default_factory=list)  # preorder queries
    mask: list[list[int]] = field(default_factory=list)  # word a token: bit i is the group's i-th query


def tokens_and_queries(tree: Tree) -> tuple[list[list[int]], list[list[int]]]:
    """For each node its flattened tokens and the queries that see it, found by walking up from each seat."""
    tokens, first = [], 0
    for length in tree.length.tolist():
        tokens.append(list(range(first, first + length)))
        first += length
    seen_by: list[list[int]] = [[] for _ in tokens]
    parent = tree.parent.tolist()
    for query, node in enumerate(tree.seat.tolist()):
        while node >= 0:
            seen_by[node].append(query)
            node = parent[node]
    return tokens, seen_by


def node_lists(tree: Tree) -> Lists:
    """Groups of DeFT-Node."""
    lists = Lists()
    for tokens, queries in zip(*tokens_and_queries(tree), strict=True):
        if tokens and queries:
            lists.kv.append(tokens)
            lists.queries.append(queries)
    return lists


def node_chunk_lists(tree: Tree, chunk_len: int = CHUNK_LEN) -> Lists:
    """Groups of DeFT-Node-Chunk."""
    lists, nodes = Lists(), node_lists(tree)
    for tokens, queries in zip(nodes.kv, nodes.queries, strict=True):
        for first in range(0, len(tokens), chunk_len):
            lists.kv.append(tokens[first : first + chunk_len])
            lists.queries.append(list(queries))
    return lists


def flatten_lists(tree: Tree, chunk_len: int = CHUNK_LEN) -> Lists:
    """Groups and mask words of DeFT-Flatten."""
    lists, nodes = Lists(), node_lists(tree)
    flat = [
        (token, queries) for tokens, queries in zip(nodes.kv, nodes.queries, strict=True) for token in tokens
    ]
    for first in range(0, len(flat), chunk_len):
        row = flat[first : first + chunk_len]
        queries: list[int] = []
        last: list[int] | None = None
        for _, seen_by in row:
            if seen_by is not last:
                queries = sorted(set(queries) | set(seen_by))
            last = seen_by
        place = {query: i for i, query in enumerate(queries)}
        words: list[int] = []
        last, word = None, 0
        for _, seen_by in row:
            if seen_by is not last:
                last, word = seen_by, sum(1 << place[query] for query in seen_by)
            words.append(word)
        lists.kv.append([token for token, _ in row])
        lists.queries.append(queries)
        lists.mask.append(words)
    return lists


LIST_PLANNERS = {"deft_node": node_lists, "deft_node_chunk": node_chunk_lists, "deft_flatten": flatten_lists}

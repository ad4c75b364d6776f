"""Known wrong answers to the exercises of notebook 02, by what is wrong with them."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def below(tree: Any, node: int) -> list[int]:
    return list(range(tree.q_first[node], tree.q_stop[node]))


def places(tree: Any, node: int) -> list[int]:
    return list(range(tree.start[node], tree.start[node] + tree.length[node]))


def seen(tree: Any) -> list[int]:
    return [n for n in range(tree.n_nodes) if tree.length[n] and below(tree, n)]


# --- 02.1


def arrays(tree: Any, slots: Any, **change: Callable[..., Any]) -> tuple[list[int], ...]:
    """The six arrays, with one thing done differently."""
    queries_of = change.get("queries", below)
    tokens_of = change.get("tokens", places)
    nodes = change.get("nodes", seen)(tree)
    kv = [[slots[t] for t in tokens_of(tree, n)] for n in nodes]
    q = [queries_of(tree, n) for n in nodes]
    if "as_tokens" in change:
        kv = [tokens_of(tree, n) for n in nodes]
    kv_len, q_len = [len(row) for row in kv], [len(row) for row in q]
    offsets = change.get("offsets", lambda lengths: [sum(lengths[:i]) for i in range(len(lengths))])
    flat = ([s for row in kv for s in row], [x for row in q for x in row])
    return flat[0], offsets(kv_len), kv_len, flat[1], offsets(q_len), q_len


def _changed(**change: Callable[..., Any]) -> Callable[..., Any]:
    return lambda tree, slots: arrays(tree, slots, **change)


def _every_node(tree: Any) -> list[int]:
    return list(range(tree.n_nodes))


NODE_ARRAYS = {
    "tokens instead of slots": _changed(as_tokens=list),
    "offsets that end a group": _changed(offsets=lambda n: np.cumsum(n).tolist()),
    "offsets one short": _changed(offsets=lambda n: [max(0, sum(n[:i]) - 1) for i in range(len(n))]),
    "idle groups too": _changed(nodes=_every_node),
    "only the leaves": _changed(nodes=lambda t: [n for n in seen(t) if n in t.leaves]),
    "no root": _changed(nodes=lambda t: seen(t)[1:]),
    "the last query is missing": _changed(queries=lambda t, n: below(t, n)[:-1]),
    "seats instead of queries": _changed(queries=lambda t, n: [t.seat[q] for q in below(t, n)]),
    "every query in every group": _changed(queries=lambda t, n: list(range(t.n_queries))),
    "stops at 32 queries": _changed(queries=lambda t, n: below(t, n)[:32]),
    "a group has its whole path": _changed(tokens=lambda t, n: [x for m in t.path(n) for x in places(t, m)]),
    "the last token is missing": _changed(tokens=lambda t, n: places(t, n)[:-1]),
    "lengths of nodes as offsets": lambda t, s: tuple(
        part if i != 1 else [int(t.length[n]) for n in seen(t)] for i, part in enumerate(arrays(t, s))
    ),
    "swaps KV and queries": lambda t, s: (*arrays(t, s)[3:], *arrays(t, s)[:3]),
    "five arrays": lambda t, s: arrays(t, s)[:5],
}


# --- 02.2


def chunks(tree: Any, chunk_len: int, stop: Callable[[int, int], int] = min) -> list[tuple[Any, ...]]:
    return [
        (n, a, stop(a + chunk_len, int(tree.length[n])), below(tree, n))
        for n in seen(tree)
        for a in range(0, int(tree.length[n]), chunk_len)
    ]


CHUNK_GROUPS = {
    "drops a short rest": lambda t, c: [g for g in chunks(t, c) if g[2] - g[1] == c],
    "reaches beyond the node": lambda t, c: chunks(t, c, lambda a, b: a),
    "the rest joins the last chunk": lambda t, c: [
        (n, a, a + c if b - a >= 2 * c else b, q)
        for n, a, b, q in ((n, a, int(t.length[n]), below(t, n)) for n, a, _, _ in chunks(t, c))
        if b - a >= c or a == 0
    ],
    "whole nodes": lambda t, c: [(n, 0, int(t.length[n]), below(t, n)) for n in seen(t)],
    "the stop is a length": lambda t, c: [(n, a, b - a, q) for n, a, b, q in chunks(t, c)],
    "tokens of the tree, not of the node": lambda t, c: [
        (n, int(t.start[n]) + a, int(t.start[n]) + b, q) for n, a, b, q in chunks(t, c)
    ],
    "only the first chunk gets the queries": lambda t, c: [
        (n, a, b, q if a == 0 else q[:1]) for n, a, b, q in chunks(t, c)
    ],
    "a token lies in two chunks": lambda t, c: [(n, max(0, a - 1), b, q) for n, a, b, q in chunks(t, c)],
    "half chunks": lambda t, c: chunks(t, c // 2),
    "nodes that nobody sees": lambda t, c: [
        (n, a, min(a + c, int(t.length[n])), below(t, n))
        for n in range(t.n_nodes)
        for a in range(0, int(t.length[n]), c)
    ],
    "every query": lambda t, c: [(n, a, b, list(range(t.n_queries))) for n, a, b, _ in chunks(t, c)],
}


# --- 02.3


def flat(tree: Any) -> list[tuple[int, int]]:
    return [(token, n) for n in seen(tree) for token in places(tree, n)]


def flattened(tree: Any, c: int, queries: Callable[..., Any], tokens: Any = None) -> list[Any]:
    row = flat(tree) if tokens is None else tokens
    pieces = [row[i : i + c] for i in range(0, len(row), c)]
    return [([token for token, _ in piece], queries(tree, [n for _, n in piece])) for piece in pieces]


def union(tree: Any, nodes: list[int]) -> list[int]:
    return sorted({q for n in nodes for q in below(tree, n)})


FLATTEN_GROUPS = {
    "every query": lambda t, c: flattened(t, c, lambda t, _: list(range(t.n_queries))),
    "only those that see the first token": lambda t, c: flattened(t, c, lambda t, n: below(t, n[0])),
    "only those that see all tokens": lambda t, c: flattened(
        t, c, lambda t, n: sorted(set.intersection(*(set(below(t, m)) for m in n)))
    ),
    "a query for each node that it sees": lambda t, c: flattened(
        t, c, lambda t, n: [q for m in sorted(set(n)) for q in below(t, m)]
    ),
    "cuts at the borders of nodes": lambda t, c: [
        ([int(t.start[n]) + i for i in range(a, b)], q) for n, a, b, q in chunks(t, c)
    ],
    "drops the short rest": lambda t, c: [g for g in flattened(t, c, union) if len(g[0]) == c],
    "pads the rest with its last token": lambda t, c: [
        (tokens + tokens[-1:] * (c - len(tokens)), q) for tokens, q in flattened(t, c, union)
    ],
    "tokens that nobody sees": lambda t, c: flattened(
        t, c, union, [(token, n) for n in range(t.n_nodes) for token in places(t, n)]
    ),
    "nodes instead of tokens": lambda t, c: [
        ([n for _, n in flat(t)[i : i + c]], union(t, [n for _, n in flat(t)[i : i + c]]))
        for i in range(0, len(flat(t)), c)
    ],
    "shortest nodes first": lambda t, c: flattened(
        t, c, union, [(x, n) for n in sorted(seen(t), key=lambda n: t.length[n]) for x in places(t, n)]
    ),
    "seats instead of queries": lambda t, c: flattened(
        t, c, lambda t, n: sorted({int(t.seat[q]) for q in union(t, n)})
    ),
    "stops at 32 queries": lambda t, c: flattened(t, c, lambda t, n: union(t, n)[:32]),
}


# --- 02.4


def words(tree: Any, nodes: Any, queries: Any, place: Callable[..., int]) -> list[int]:
    return [sum({1 << place(i, q) for i, q in enumerate(queries) if q in below(tree, n)}) for n in nodes]


MASK_WORDS = {
    "highest bit first": lambda t, n, q: words(t, n, q, lambda i, _: len(q) - 1 - i),
    "32 bits only": lambda t, n, q: [w % 2**32 for w in words(t, n, q, lambda i, _: i)],
    "1 means hidden": lambda t, n, q: [2 ** len(q) - 1 - w for w in words(t, n, q, lambda i, _: i)],
    "the shift is off by one": lambda t, n, q: words(t, n, q, lambda i, _: i + 1),
    "a word a query": lambda t, n, q: [
        sum(1 << j for j, node in enumerate(n) if query in below(t, node)) for query in q
    ],
    "only queries that sit on the node": lambda t, n, q: [
        sum(1 << i for i, query in enumerate(q) if t.seat[query] == node) for node in n
    ],
    "how many see it": lambda t, n, q: [len(set(q) & set(below(t, node))) for node in n],
    "everybody sees everything": lambda t, n, q: [2 ** len(q) - 1 for _ in n],
    "the number of the query, not its place": lambda t, n, q: words(t, n, q, lambda _, query: query),
    "the last query is missing": lambda t, n, q: words(t, n, q[:-1], lambda i, _: i),
    "booleans": lambda t, n, q: [[query in below(t, node) for query in q] for node in n],
}


# --- 02.5


def counted(groups: Any) -> dict[tuple[int, int], int]:
    met: dict[tuple[int, int], int] = {}
    for tokens, queries in groups:
        for pair in ((q, x) for q in queries for x in tokens):
            met[pair] = met.get(pair, 0) + 1
    return met


def needed(tree: Any) -> set[tuple[int, int]]:
    return {(q, x) for q, s in enumerate(tree.seat) for n in tree.path(s) for x in places(tree, n)}


def per_query(pairs: Any) -> Counter[int]:
    return Counter(q for q, _ in each_time(pairs))


def per_token(pairs: Any) -> Counter[int]:
    return Counter(x for _, x in each_time(pairs))


def each_time(pairs: Any) -> Iterator[tuple[int, int]]:
    """A pair as often as it is met: those of `counted`, or of `needed`."""
    return Counter(pairs).elements()


IS_EXACT = {
    "always": lambda t, g: True,
    "never": lambda t, g: False,
    "nothing is missing": lambda t, g: needed(t) <= set(counted(g)),
    "nothing is foreign": lambda t, g: set(counted(g)) <= needed(t),
    "the right pairs, however often": lambda t, g: set(counted(g)) == needed(t),
    "the right number of pairs": lambda t, g: sum(counted(g).values()) == len(needed(t)),
    "no pair twice": lambda t, g: max(counted(g).values(), default=0) <= 1,
    "every token is read once": lambda t, g: (
        sorted(x for tokens, _ in g for x in tokens) == sorted({x for _, x in needed(t)})
    ),
    "each query meets as many as it sees": lambda t, g: all(
        sum(n for (query, _), n in counted(g).items() if query == q)
        == sum(query == q for query, _ in needed(t))
        for q in range(t.n_queries)
    ),
    "each token is met as often as it is seen": lambda t, g: per_token(counted(g)) == per_token(needed(t)),
    "each query and each token as often as they should": lambda t, g: (
        per_token(counted(g)) == per_token(needed(t)) and per_query(counted(g)) == per_query(needed(t))
    ),
    "nothing is foreign, and the right number of pairs": lambda t, g: (
        set(counted(g)) <= needed(t) and sum(counted(g).values()) == len(needed(t))
    ),
    "nothing is missing or doubled": lambda t, g: all(counted(g).get(p) == 1 for p in needed(t)),
    "a word": lambda t, g: "exact" if counted(g) == dict.fromkeys(needed(t), 1) else "",
}

"""Known wrong answers to the exercises of notebook 01, by what is wrong with them."""

from typing import Any


def queries_at(tree: Any, node: int) -> list[int]:
    return [q for q, seat in enumerate(tree.seat) if node in tree.path(seat)]


def seen(tree: Any) -> list[int]:
    return [n for n in range(tree.n_nodes) if tree.length[n] and queries_at(tree, n)]


def count(tree: Any, path: Any, seats: Any) -> int:
    return sum(sum(tree.length[n] for n in path(seat)) for seat in seats)


COUNT_TOKENS = {
    "takes the leaves for the seats": lambda t: (sum(t.length), count(t, t.path, t.leaves)),
    "leaves out the query's own node": lambda t: (sum(t.length), count(t, lambda s: t.path(s)[:-1], t.seat)),
    "leaves out the root": lambda t: (sum(t.length), count(t, lambda s: t.path(s)[1:], t.seat)),
    "lets every query see every token": lambda t: (sum(t.length), sum(t.length) * t.n_queries),
    "sees the parent, but nothing above": lambda t: (
        sum(t.length),
        count(t, lambda s: t.path(s)[-2:], t.seat),
    ),
    "counts a length once": lambda t: (sum(set(t.length.tolist())), t.n_path_tokens),
    "stores only what is seen from the leaves": lambda t: (
        sum(t.length[sorted({n for s in t.seat for n in t.path(s)})]),
        t.n_path_tokens,
    ),
    "swaps the pair": lambda t: (t.n_path_tokens, t.n_tokens),
    "counts nodes, not tokens": lambda t: (t.n_nodes, sum(len(t.path(s)) for s in t.seat)),
    "counts an empty node as one token": lambda t: (sum(max(n, 1) for n in t.length), t.n_path_tokens),
    "returns the ratio": lambda t: t.n_path_tokens / t.n_tokens,
}

QUERIES_OF = {
    "only queries on the node itself": lambda t, n: [q for q, s in enumerate(t.seat) if s == n],
    "not the queries on the node itself": lambda t, n: [q for q in queries_at(t, n) if t.seat[q] != n],
    "only down to the children": lambda t, n: [q for q, s in enumerate(t.seat) if s == n or t.parent[s] == n],
    "seats instead of queries": lambda t, n: [s for s in t.seat if n in t.path(s)],
    "takes the leaves for the seats": lambda t, n: [q for q, s in enumerate(t.leaves) if n in t.path(s)],
    "walks the wrong way": lambda t, n: [q for q, s in enumerate(t.seat) if s in t.path(n)],
    "all later queries, siblings too": lambda t, n: [q for q, s in enumerate(t.seat) if s >= n],
    "stops at 32 queries": lambda t, n: queries_at(t, n)[:32],
    "stops at 64 queries": lambda t, n: queries_at(t, n)[:64],
    "nobody needs an empty node": lambda t, n: queries_at(t, n) if t.length[n] else [],
    "one query a node": lambda t, n: sorted({t.seat[q]: q for q in queries_at(t, n)}.values()),
}

SPLIT_BY_NODE = {
    "empty nodes too": lambda t: [(n, queries_at(t, n)) for n in range(t.n_nodes) if queries_at(t, n)],
    "unseen nodes too": lambda t: [(n, queries_at(t, n)) for n in range(t.n_nodes) if t.length[n]],
    "no group for the root": lambda t: [(n, queries_at(t, n)) for n in seen(t) if n],
    "leaves only": lambda t: [(n, queries_at(t, n)) for n in seen(t) if n in t.leaves],
    "every query in every group": lambda t: [(n, list(range(t.n_queries))) for n in seen(t)],
    "a group a query: split by query": lambda t: [
        (n, [q]) for q in range(t.n_queries) for n in t.path(t.seat[q]) if t.length[n]
    ],
    "only queries on the node itself": lambda t: [
        (n, [q for q, s in enumerate(t.seat) if s == n]) for n in seen(t) if n in t.seat
    ],
    "one query twice": lambda t: [(n, [*queries_at(t, n), queries_at(t, n)[0]]) for n in seen(t)],
    "drops queries after the 32nd": lambda t: [(n, queries_at(t, n)[:32]) for n in seen(t)],
    "drops queries after the 64th": lambda t: [(n, queries_at(t, n)[:64]) for n in seen(t)],
    "tiles of 32 queries as groups": lambda t: [
        (n, queries_at(t, n)[i : i + 32]) for n in seen(t) for i in range(0, len(queries_at(t, n)), 32)
    ],
    "drops one-token nodes": lambda t: [(n, queries_at(t, n)) for n in seen(t) if t.length[n] > 1],
    "lengths in the place of nodes": lambda t: [(int(t.length[n]), queries_at(t, n)) for n in seen(t)],
}

MY_TREE = {
    "eleven nodes": [20, *[7] * 10],
    "thirteen nodes": [8, *[3] * 12],
    "shares too little": [10, *[4] * 11],
    "shares too much": [12, *[4] * 11],
    "twelve leaves and a root": [11, *[4] * 12],
    "a chain shares nothing": [3, [3, [3, [3, [3, [3, [3, [3, [3, [3, [3, 3]]]]]]]]]]],
    "three queries, nothing shared": [0, *[3] * 3],
    "no list": {"prompt": 11, "branches": 11},
    "lengths as text": ["11", *["4"] * 11],
    "a negative length": [11, *[4] * 10, -4],
    "a number": 3,
}

"""Known wrong answers to the exercises of notebook 05, by what is wrong with them."""

from typing import Any


def kv(radix: Any, node: Any, heads: str = "n_q_heads", matrices: int = 2) -> Any:
    """An answer to 05.1 from two counts of tokens."""

    def answer(tree: Any, g: Any) -> tuple[int, int]:
        unit = matrices * g.head_dim * g.dtype_bytes * getattr(g, heads)
        return int(radix(tree)) * unit, int(node(tree)) * unit

    return answer


def path_tokens(tree: Any) -> int:
    return sum(sum(tree.length[v] for v in tree.path(s)) for s in tree.seat)


def tiled(tree: Any, tile: int = 32) -> int:
    return sum(
        n * -(-(b - a) // tile) for n, a, b in zip(tree.length, tree.q_first, tree.q_stop, strict=True)
    )


KV_BYTES = {
    "programs per KV head": kv(path_tokens, tiled, heads="n_kv_heads"),
    "K without V": kv(path_tokens, tiled, matrices=1),
    "DeFT-Node reads every token once": kv(path_tokens, lambda t: sum(t.length)),
    "tiles of 64 queries": kv(path_tokens, lambda t: tiled(t, 64)),
    "a token for each query that sees it": kv(path_tokens, path_tokens),
    "tiles rounded down": kv(
        path_tokens,
        lambda t: sum(n * ((b - a) // 32) for n, a, b in zip(t.length, t.q_first, t.q_stop, strict=True)),
    ),
    "a tile too many at 32": kv(
        path_tokens,
        lambda t: sum(n * ((b - a) // 32 + 1) for n, a, b in zip(t.length, t.q_first, t.q_stop, strict=True)),
    ),
    "Radix reads the leaves' paths": kv(
        lambda t: sum(sum(t.length[v] for v in t.path(leaf)) for leaf in t.leaves), tiled
    ),
    "two bytes whatever the type": lambda t, g: (
        4 * g.head_dim * g.n_q_heads * int(path_tokens(t)),
        4 * g.head_dim * g.n_q_heads * int(tiled(t)),
    ),
    "swaps the pair": lambda t, g: kv(path_tokens, tiled)(t, g)[::-1],
}


def partials(
    row: Any = lambda g: 4 * (g.head_dim + 1),
    ways: int = 2,
    chunk: int = 128,
    heads: str = "n_q_heads",
    direct: bool = True,
    empty: bool = False,
) -> Any:
    """An answer to 05.2 with one thing changed."""

    def answer(tree: Any, g: Any) -> tuple[int, ...]:
        found = [0, 0]
        for seat in tree.seat:
            for node in tree.path(seat):
                n = max(int(tree.length[node]), 1 if empty else 0)
                found[0] += n > 0
                found[1] += -(-n // chunk)
        unit = ways * row(g) * getattr(g, heads)
        return tuple(unit * n if n > tree.n_queries or not direct else 0 for n in found)

    return answer


PARTIAL_BYTES = {
    "written, never read": partials(ways=1),
    "no LSE": partials(row=lambda g: 4 * g.head_dim),
    "in the type of the KV": partials(row=lambda g: g.dtype_bytes * (g.head_dim + 1)),
    "the LSE as wide as the output": partials(row=lambda g: 8 * g.head_dim),
    "one partial for each KV head": partials(heads="n_kv_heads"),
    "chunks of 64": partials(chunk=64),
    "partials even where a query has only one": partials(direct=False),
    "partials of nodes without tokens": partials(empty=True),
    "one partial a group, not one a query": lambda t, g: tuple(
        8 * (g.head_dim + 1) * g.n_q_heads * sum(-(-int(n) // c) for n in t.length) for c in (10**9, 128)
    ),
    "swaps the pair": lambda t, g: partials()(t, g)[::-1],
}


def unfused(passes: int = 8, pairs: Any = None, heads: str = "n_q_heads", mask_heads: bool = False) -> Any:
    """An answer to 05.3 with one thing changed."""

    def answer(tree: Any, g: Any) -> tuple[int, int]:
        n = int(pairs(tree)) if pairs else tree.n_queries * int(sum(tree.length))
        unit = n * g.dtype_bytes
        return unit * (g.n_q_heads if mask_heads else 1), passes * unit * getattr(g, heads)

    return answer


UNFUSED_BYTES = {
    "writes but does not read": unfused(passes=4),
    "forgets one pass": unfused(passes=7),
    "reads the scores before there are any": unfused(passes=9),
    "softmax in float32, as the logs count it": unfused(passes=10),
    "only the pairs that see each other": unfused(pairs=path_tokens),
    "leaves for queries": unfused(pairs=lambda t: len(t.leaves) * int(sum(t.length))),
    "scores for each KV head": unfused(heads="n_kv_heads"),
    "a mask for each head": unfused(mask_heads=True),
    "queries by queries": unfused(pairs=lambda t: t.n_queries**2),
    "two bytes whatever the type": lambda t, g: (
        2 * t.n_queries * int(sum(t.length)),
        16 * t.n_queries * int(sum(t.length)) * g.n_q_heads,
    ),
}

LOSING_TREE = {
    "the few-shot tree": [4000, *[200] * 20],
    "a chain": [3, [3, [3, 3]]],
    "short, but few queries": [3, 3, 3, 3, 3],
    "shares too little": [1, *[30] * 64],
    "one node": [5],
    "many short branches on a long prompt": [500, *[1] * 64],
    "ten-token branches": [10, *[10] * 64],
    "a thousand branches": [3, *[3] * 1000],
    "no tree": "short and wide",
    "a negative length": [3, *[3] * 63, -3],
}

"""Known wrong answers to the exercises of notebook 08, by what is wrong with them."""

from collections.abc import Callable
from typing import Any

from ...cost import traffic
from ...geometry import LLAMA3_8B
from ...methods import plan_tree
from .nb08_judges import CHUNKS


def weighed(tree: Any, factor: float, tiles: Callable[[int], float], length: Any = None) -> float:
    """factor * sum(length * tiles) / sum(length), over the nodes that somebody sees."""
    length = tree.length if length is None else length
    queries = (tree.q_stop - tree.q_first).tolist()
    seen = [n for n in range(tree.n_nodes) if queries[n]]
    return factor * sum(length[n] * tiles(queries[n]) for n in seen) / max(1, sum(length[n] for n in seen))


def up(n: int, tile: int) -> int:
    return -(-n // tile)


MULTIPLIER = {
    "forgets the tiles": lambda t, hq, hk, m: hq / hk,
    "forgets the heads": lambda t, hq, hk, m: weighed(t, 1, lambda q: up(q, m)),
    "the heads upside down": lambda t, hq, hk, m: weighed(t, hk / hq, lambda q: up(q, m)),
    "rounds down": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: max(1, q // m)),
    "one tile more": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: q // m + 1),
    "parts of a tile": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: q / m),
    "nodes weigh the same": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: up(q, m), [1] * t.n_nodes),
    "all queries on every node": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: up(t.n_queries, m)),
    "all query heads": lambda t, hq, hk, m: weighed(t, hq, lambda q: up(q, m)),
    "once for every query": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: q),
    "always tiles of 32": lambda t, hq, hk, m: weighed(t, hq / hk, lambda q: up(q, 32)),
    "holds what nobody sees": lambda t, hq, hk, m: (
        weighed(t, hq / hk, lambda q: up(q, m))
        * sum(t.length[n] for n in range(t.n_nodes) if t.q_stop[n] > t.q_first[n])
        / t.n_tokens
    ),
}


def tile_of(rows: int) -> int:
    size = 16
    while size < rows:
        size *= 2
    return size


def packed(hq: int, hk: int, n: int, **wrong: Any) -> Any:
    """The packed grid with some parts replaced."""
    heads = hq // hk
    rows = wrong.get("rows", lambda program, row: (program * heads + row % heads, row // heads))
    return wrong.get("programs", hk), wrong.get("tile", tile_of(heads * n)), rows


PACKING = {
    "as published": lambda hq, hk, n: (hq, 32, lambda program, row: (program + row * 0, row)),
    "as published, with larger tiles": lambda hq, hk, n: (
        hq, tile_of(n), lambda program, row: (program + row * 0, row)
    ),
    "packed, but tiles of 32 rows": lambda hq, hk, n: packed(hq, hk, n, tile=32),
    "tiles as large as the queries": lambda hq, hk, n: packed(hq, hk, n, tile=max(8, tile_of(n) // 2)),
    "heads dealt in turn": lambda hq, hk, n: packed(
        hq, hk, n, rows=lambda program, row: (program + row % (hq // hk) * hk, row // (hq // hk))
    ),
    "a program a query head, packed": lambda hq, hk, n: packed(hq, hk, n, programs=hq),
    "every row a query of its own": lambda hq, hk, n: packed(
        hq, hk, n, rows=lambda program, row: (program * (hq // hk) + row % (hq // hk), row)
    ),
    "only the first head of each": lambda hq, hk, n: packed(
        hq, hk, n, rows=lambda program, row: (program * (hq // hk) + row * 0, row // (hq // hk))
    ),
    "the wrong program": lambda hq, hk, n: packed(
        hq, hk, n, rows=lambda program, row: (row % (hq // hk), row // (hq // hk))
    ),
    "a tile that is no power of two": lambda hq, hk, n: packed(hq, hk, n, tile=(hq // hk) * n * 3),
    "one program for all heads": lambda hq, hk, n: (
        1, tile_of(hq * n), lambda program, row: (row % hq, row // hq)
    ),
    "two parts": lambda hq, hk, n: (hk, tile_of(hq // hk * n)),
}  # fmt: skip


def least(tree: Any, method: str = "deft_flatten", account: str = "requested", role: str = "total") -> int:
    def cost(n: int) -> int:
        return getattr(traffic(plan_tree(tree, method, chunk_len=n), LLAMA3_8B.layer, account), role) or 0

    return min(CHUNKS, key=cost)


BEST_CHUNK = {
    "always the published 128": lambda t: 128,
    "always the longest": lambda t: CHUNKS[-1],
    "always the shortest": lambda t: CHUNKS[0],
    "counts KV only": lambda t: least(t, role="kv"),
    "counts partials only": lambda t: max(
        CHUNKS, key=lambda n: (-plan_tree(t, "deft_flatten", chunk_len=n).n_partials, -n)
    ),
    "cuts nodes instead": lambda t: least(t, method="deft_node_chunk"),
    "the paper's account": lambda t: least(t, account="paper"),
    "the most bytes": lambda t: max(
        CHUNKS,
        key=lambda n: traffic(plan_tree(t, "deft_flatten", chunk_len=n), LLAMA3_8B.layer, "requested").total,
    ),
    "the bytes, not the length": lambda t: (
        traffic(plan_tree(t, "deft_flatten", chunk_len=128), LLAMA3_8B.layer, "requested").total
    ),
    "the longest that is not longer than the tree": lambda t: max(
        [n for n in CHUNKS if n <= t.n_tokens] or [16]
    ),
}

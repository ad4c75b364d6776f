"""Running a learner's piece of a kernel: the stripped kernel over a tree, in Triton's interpreter.

Every access is watched: an address outside the tensors is reported with its line, before memory is touched.
The partials are reduced in NumPy.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import DeftLabError
from ..tree import Tree

DIM, TILE_N, TILE_M = 16, 16, 32
HEADS = (2, 1)  # query heads, KV heads; more where a piece chooses among them
LARGE = 60.0  # times the usual queries: scores so large that exp(score) is infinite
LOW = 60.0  # the first number of a query, and less than 0 that of a key: every score is near -900


class Run(NamedTuple):
    """What came of one run.

    Args:
        out: [query, q_head, dim]; None if the kernel was stopped.
        exact: the same, by the plain definition.
        problem: why it was stopped.
        kv_requested: bytes of K and V that were asked for.
        kv_unique: bytes of K and V that any kernel must read.
    """

    out: Any
    exact: Any
    problem: str = ""
    kv_requested: int = 0
    kv_unique: int = 0


class Launch(NamedTuple):
    """A grid and a tile: programs for each item, rows of a tile, and which head and query each row is."""

    programs: int
    tile_rows: int
    rows: Callable[..., Any]


def kernel_cases() -> Iterator[Tree]:
    """Small trees, since the interpreter takes milliseconds for each program; each breaks a habit."""
    yield Tree([-1], [1])
    yield Tree([-1], [16])  # exactly a tile
    yield Tree([-1], [37])  # two tiles and a bit
    yield Tree([-1, 0, 0], [20, 1, 3])  # a one-token node
    yield Tree([-1, 0, 0], [7, 0, 3])  # a branch that has not begun
    yield Tree([-1, 0], [18, 2], seat=[0] * 3 + [1] * 2)  # queries on an inner node
    yield Tree([-1, 0], [20, 5], seat=[1] * 33)  # more queries than a tile of 32 rows
    yield Tree([-1], [9], seat=[0] * 66)  # and more than a word has bits
    rng = np.random.default_rng(0)
    parent = np.concatenate(([-1], rng.integers(0, np.arange(1, 5))))
    yield Tree.from_parents(parent, np.concatenate(([rng.integers(1, 40)], rng.integers(0, 20, 4))))


def run_kernel(
    tree: Tree,
    pieces: dict[str, Callable[..., Any]],
    launch: Launch | None = None,
    heads: tuple[int, int] = HEADS,
) -> Run:
    """Run stage 1 over `tree` with some pieces replaced, then reduce.

    Args:
        tree: half of all trees get queries so large that a softmax without a running maximum overflows, a
            quarter gets scores so low that none but minus infinity is weightless beside them.
        pieces: by name.
        launch: one program per query head unless it says otherwise.
        heads: query heads, KV heads.
    """
    import torch
    from triton.runtime.errors import InterpreterError

    from ..counter import count_bytes
    from . import stripped_kernel as kernel

    (n_q_heads, n_kv_heads), rng = heads, np.random.default_rng(tree.n_tokens)
    q = rng.normal(size=(tree.n_queries, n_q_heads, DIM)) * (LARGE if tree.n_tokens % 2 else 1.0)
    k, v = rng.normal(size=(2, tree.n_tokens, n_kv_heads, DIM))
    if tree.n_tokens % 4 == 0:
        q[..., 0], k[..., 0] = LOW, -LOW
    slots = rng.permutation(tree.n_tokens)  # token -> slot
    launch = launch or Launch(n_q_heads, TILE_M, kernel.rows)
    members = launch.tile_rows * launch.programs // n_q_heads
    items, place_of_query = _items(tree, members)
    pool = [np.empty((tree.n_tokens, n_kv_heads, DIM)) for _ in range(2)]
    for into, values in zip(pool, (k, v), strict=True):
        into[slots] = values
    given = {
        "q": torch.tensor(q, dtype=torch.float32),
        "kv": [torch.tensor(x, dtype=torch.float32) for x in pool],
        "partials": torch.full((n_q_heads, len(place_of_query), DIM), float("nan")),
        "lse": torch.full((n_q_heads, len(place_of_query)), float("nan")),
        "index": [torch.tensor(items, dtype=torch.int32), torch.tensor(slots, dtype=torch.int32)],
    }
    names = ("kv_offset", "scores", "meet", "store")
    parts = {name: pieces.get(name, getattr(kernel, name)) for name in names} | {"rows": launch.rows}
    exact = _exact(tree, q, k, v)
    try:
        with count_bytes(given) as counted:
            kernel.stage_1[(len(items), launch.programs)](
                given["q"], *given["kv"], given["partials"], given["lse"], *given["index"],
                DIM**-0.5, len(place_of_query), n_q_heads, n_kv_heads, DIM, launch.tile_rows, TILE_N, **parts,
            )  # fmt: skip
    except DeftLabError as bad:
        return Run(None, exact, str(bad))
    except InterpreterError as wrapped:  # what a piece raised, with its own traceback
        raise wrapped.__cause__ or wrapped from None
    out = _reduced(tree, given["partials"].numpy(), given["lse"].numpy(), place_of_query)
    seen = int(tree.length[tree.q_stop > tree.q_first].sum())
    return Run(out, exact, "", counted.bytes("kv"), 2 * 4 * seen * n_kv_heads * DIM)


def _items(tree: Tree, members: int) -> tuple[Any, Any]:
    """[item, 5] of nodes and tiles of their queries, and [place] the query of each partial."""
    items, place_of_query = [], []
    for node in range(tree.n_nodes):
        for first in range(int(tree.q_first[node]), int(tree.q_stop[node]), members):
            n = min(members, int(tree.q_stop[node]) - first)
            if tree.length[node]:
                items.append((tree.start[node], tree.length[node], first, n, len(place_of_query)))
                place_of_query += range(first, first + n)
    return np.array(items), np.array(place_of_query)


def _reduced(tree: Tree, partials: Any, lse: Any, place_of_query: Any) -> Any:
    """[query, q_head, dim]: the partials of each query, weighed by their LSE."""
    out = np.empty((tree.n_queries, partials.shape[0], DIM))
    for query in range(tree.n_queries):
        mine = np.flatnonzero(place_of_query == query)
        weight = np.exp(lse[:, mine] - lse[:, mine].max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        out[query] = np.einsum("hp,hpd->hd", weight, partials[:, mine])
    return out


def _exact(tree: Tree, q: Any, k: Any, v: Any) -> Any:
    """Attention as defined, query by query and head by head."""
    out = np.empty(q.shape)
    n_q_heads, n_kv_heads = q.shape[1], k.shape[1]
    owner = np.repeat(np.arange(tree.n_nodes), tree.length)
    for query in range(tree.n_queries):
        sees = (tree.q_first[owner] <= query) & (query < tree.q_stop[owner])
        for head in range(n_q_heads):
            kv = head * n_kv_heads // n_q_heads
            score = k[sees, kv] @ q[query, head] / DIM**0.5
            weight = np.exp(score - score.max())
            out[query, head] = weight / weight.sum() @ v[sees, kv]
    return out

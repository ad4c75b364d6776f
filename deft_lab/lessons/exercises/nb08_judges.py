"""Judges of notebook 08: programs are walked one by one, and tokens too; the solutions use closed forms."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...geometry import LLAMA3_8B
from ...tree import Tree
from ..answers import numbers, shown, whole_numbers
from ..contract import Case, Complaint
from ..kernel_runs import Launch, Run, run_kernel
from ..trees import cases, few_shot
from .nb01_judges import sees
from .nb07_judges import judge_run

CHUNKS = (16, 32, 64, 128, 256, 512)  # of exercise 08.3
MASK_TILE = 32  # queries that a tile of the published kernels holds
GEOMETRIES = ((32, 8, 32), (4, 4, 32), (8, 1, 16), (12, 4, 64))  # query heads, KV heads, rows of a tile
PACKED_HEADS = (8, 2)  # of exercise 08.2


# --- 08.1


def multiplier_cases() -> list[Case]:
    full = [Tree([-1], [9], seat=[0] * rows) for *_, rows in GEOMETRIES]  # a tile without an empty row
    return [_case(tree, *GEOMETRIES[i % len(GEOMETRIES)]) for i, tree in enumerate([*full, *cases()])]


def _case(tree: Tree, n_q_heads: int, n_kv_heads: int, tile_rows: int) -> Case:
    words = f"{n_q_heads} query heads, {n_kv_heads} KV heads, tiles of {tile_rows} rows, and this tree:"
    return Case(
        (tree, n_q_heads, n_kv_heads, tile_rows), words, tree,
        remake=lambda smaller: _case(smaller, n_q_heads, n_kv_heads, tile_rows),
    )  # fmt: skip


def judge_multiplier(case: Case, got: Any) -> Complaint | None:
    tree, n_q_heads, n_kv_heads, tile_rows = case.arguments
    requested, unique, seen = 0, 0, sees(tree)
    for node in range(tree.n_nodes):
        below = int(seen[:, node].sum())
        for _ in range(n_q_heads):
            waiting = below
            while waiting > 0:  # one program: a tile of queries with the whole node
                requested += int(tree.length[node])
                waiting -= tile_rows
        unique += n_kv_heads * int(tree.length[node]) * (below > 0)
    expected = requested / unique
    found = numbers(got)
    if found is None or found.size != 1:
        return Complaint("the answer is one number", f"`{expected:.6g}`", shown(got))
    if abs(float(found.reshape(())) - expected) <= 1e-9 * expected:
        return None
    why = f"the programs request {requested:,} rows of K, and {unique:,} are different"
    return Complaint(why, f"`{expected:.6g}`", shown(got))


# --- 08.2


def ask_packing(function: Callable[..., Any], tree: Tree) -> Run | Complaint | None:
    """Run the stripped kernel with the learner's grid, tile and rows."""
    most = int((tree.q_stop - tree.q_first).max())
    got = function(*PACKED_HEADS, most)
    if not isinstance(got, tuple | list) or len(got) != 3:
        return None if got is None else _form(shown(got))
    sizes = whole_numbers(got[:2])
    if sizes is None or not callable(got[2]):
        return _form(shown(got))
    programs, tile_rows = sizes
    if programs < 1 or tile_rows < 1 or tile_rows & (tile_rows - 1):
        return Complaint(
            "Triton takes tiles of 1, 2, 4, 8, ... rows, and at least one program",
            got=f"{programs} programs, {tile_rows} rows",
        )
    if tile_rows * programs < PACKED_HEADS[0]:
        return Complaint(
            f"{programs} programs of {tile_rows} rows do not hold one query in all {PACKED_HEADS[0]} heads"
        )
    return run_kernel(tree, {}, Launch(programs, tile_rows, got[2]), heads=PACKED_HEADS)


def _form(got: str) -> Complaint:
    return Complaint("the answer has three parts", "`(programs, tile_rows, rows)`, `rows` a function", got)


def judge_packing(tree: Tree, run: Any) -> Complaint | None:
    if isinstance(run, Complaint):
        return run
    if run is None:
        return _form("`None`")
    if (wrong := judge_run(tree, run)) is not None:
        return wrong
    if run.kv_requested == run.kv_unique:
        return None
    ratio = run.kv_requested / run.kv_unique
    return Complaint(
        "the outputs are right, but K and V are requested more often than once",
        f"{run.kv_unique:,} bytes of K and V, 1.00 times",
        f"{run.kv_requested:,} bytes, {ratio:.2f} times",
    )


# --- 08.3


def chunk_cases() -> list[Tree]:
    return [*cases(2), few_shot(20, 80, 8), few_shot(1, 40, 40), few_shot(10, 120, 6)]


def judge_chunk(tree: Tree, got: Any) -> Complaint | None:
    sizes = whole_numbers([got])
    if sizes is None or sizes[0] not in CHUNKS:
        return Complaint("the answer is one of the chunk lengths", f"one of {CHUNKS}", shown(got))
    totals = {n: flatten_bytes(tree, n) for n in CHUNKS}
    least = min(totals.values())
    if totals[sizes[0]] == least:
        return None
    best = next(n for n, total in totals.items() if total == least)
    return Complaint(
        "another length moves fewer bytes",
        f"{best} tokens: {least:,} bytes",
        f"{sizes[0]} tokens: {totals[sizes[0]]:,} bytes",
    )


def flatten_bytes(tree: Tree, chunk_len: int) -> int:
    """Bytes that DeFT-Flatten requests in a layer of Llama-3-8B, token by token and query by query."""
    heads, dim = LLAMA3_8B.n_q_heads, LLAMA3_8B.head_dim
    below = [np.flatnonzero(row).tolist() for row in sees(tree).T]  # [node] the queries that see it
    seen_by = [below[node] for node in range(tree.n_nodes) for _ in range(int(tree.length[node]))]
    seen_by = [queries for queries in seen_by if queries]  # [token]
    chunks = [seen_by[i : i + chunk_len] for i in range(0, len(seen_by), chunk_len)]
    partials_of = np.zeros(tree.n_queries, dtype=int)
    total = 0
    for chunk in chunks:
        # queries in between sit in the tile too
        span = range(min(token[0] for token in chunk), max(token[-1] for token in chunk) + 1)
        partials_of[span] += 1
        for _ in range(0, len(span), MASK_TILE):
            # 6 fields of 4 bytes, and per token a slot, a mask word, and K and V of 2 bytes a number
            total += heads * (6 * 4 + len(chunk) * (4 + 8 + 2 * dim * 2))
    direct = (partials_of == 1).all()
    for n in partials_of.tolist():
        total += heads * n * dim * 2  # Q
        total += heads * dim * 2  # O
        if not direct:
            # a partial and its LSE of 4 bytes a number, written and read; its place; where they start
            total += heads * (n * (2 * 4 * dim + 2 * 4 + 4) + 2 * 4)
    return total

"""Records data/kernel_runs/: kernels on a small tree with small tiles, line by line, in Triton's interpreter.

python tools/make_kernel_runs.py            write them
python tools/make_kernel_runs.py --check    compare those that are there with a fresh recording
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deft_lab import Geometry, Pool, Tree, ops, plan_tree
from deft_lab.kernel_run import KernelRun, write_kernel_run
from deft_lab.kernel_run.files import SUFFIX, to_json
from deft_lab.kernels import deft_flatten, deft_node, reduce, tree_waves
from deft_lab.ops.triton_backend import LOG2_E, KernelTable
from deft_lab.stepping import Named, record_run

FOLDER = Path(__file__).parents[1] / "data" / "kernel_runs"
# root 6 ─┬─ 3 ─┬─ 2 (query 0)
#         │     └─ 4 (query 1)
#         └─ 2 (query 2)
TREE = Tree([-1, 0, 1, 1, 0], [6, 3, 2, 4, 2])
GEOMETRY = Geometry(2, 1, 4)  # two query heads read one KV head of four dimensions
TILE = 4  # tokens of a KV tile: small enough to see every number
PLANS: dict[str, dict[str, int]] = {
    "deft_node": {},
    "deft_flatten": {"chunk_len": 6},
    "tree_waves": {"q_per_kv": 2, "n_kv_heads": 1},
}


def record(method: str) -> KernelRun:
    """Both phases of a method on TREE."""
    rng = np.random.default_rng(7)
    tree, d = TREE, GEOMETRY.head_dim
    q, k, v = (
        torch.tensor(np.round(rng.normal(size=(n, heads, d)), 1), dtype=torch.float32)
        for n, heads in ((tree.n_queries, 2), (tree.n_tokens, 1), (tree.n_tokens, 1))
    )
    pool = Pool(n_pages=18, page_size=1, geometry=GEOMETRY, dtype=torch.float32, device="cpu", seed=1)
    pool.write(pool.take_tree(tree), k, v)
    table = ops.lower(plan_tree(tree, method, **PLANS[method]), pool, backend="triton")
    out = torch.full_like(q, float("nan"))
    with record_run(f"{method} on a tree of 5 nodes", _named(table, q, out), tree) as recorded:
        _phase_1(table, q, out)
        if not table.bucket.direct:
            _phase_2(table, out)
    expected = ops.tree_attention(q, table.plan, pool, backend="torch")
    assert torch.allclose(out, expected, atol=1e-5), f"the recorded kernels of {method} are wrong"
    return recorded.run()


def _named(table: KernelTable, q: torch.Tensor, out: torch.Tensor) -> dict[str, Named]:
    tree, section, pool = table.plan.tree, table.upload.section, table.store
    node_of_token = np.repeat(np.arange(tree.n_nodes), tree.length)
    node_of_slot = np.full(pool.k.shape[1], -1)
    node_of_slot[pool.slots(tree)] = node_of_token
    named = {
        "q": Named(q, ("query", "q_head", "D")),
        "k": Named(pool.k[0], ("slot", "kv_head", "D"), node_of_slot.tolist()),
        "v": Named(pool.v[0], ("slot", "kv_head", "D"), node_of_slot.tolist()),
        "item": Named(section("item").view(-1, 8), ("item", "field"), keep=True),
        "place": Named(section("place"), ("partial",), keep=True),
        "row": Named(section("row"), ("query",), keep=True),
        "slot": Named(section("slot"), ("token",), node_of_token.tolist(), keep=True),
        "word": Named(section("word"), ("token",), node_of_token.tolist(), keep=True),
        "partials": Named(table.partials, ("q_head", "place", "D")),
        "lse": Named(table.lse, ("q_head", "place")),
        "start": Named(section("start"), ("query",), keep=True),
        "o": Named(out, ("query", "q_head", "D")),
    }
    return {name: each for name, each in named.items() if each.tensor.numel()}


def _phase_1(table: KernelTable, q: torch.Tensor, out: torch.Tensor) -> None:
    section, bucket, d = table.upload.section, table.bucket, GEOMETRY.head_dim
    target = out if bucket.direct else table.partials
    k, v, scale = table.store.k[0], table.store.v[0], d**-0.5 * LOG2_E
    shape = {"N_Q_HEADS": 2, "N_KV_HEADS": 1, "D": d, "D_PAD": d, "BLOCK_N": TILE}
    flags = {"PERMUTED": bucket.permuted, "DIRECT": bucket.direct}
    tables = (section("item"), section("place"), section("row"), section("slot"))
    n_places = table.partials.shape[1]
    if table.plan.method == "tree_waves":
        tree_waves.tree_waves_kernel[(bucket.n_items,)](
            q, k, v, k, v, target, table.lse, *tables, section("word"), scale, n_places, **shape, **flags,
            WIDE=8, NARROW=8, WIDE_STAGES=1, NARROW_STAGES=1, HALF=16, SHAPES=bucket.shapes, FLAT=False,
            PDL=False, PREFETCH=False,
        )  # fmt: skip
        return
    words = (section("word"),) if table.plan.method == "deft_flatten" else ()
    kernels = {"deft_node": deft_node.deft_node_kernel, "deft_flatten": deft_flatten.deft_flatten_kernel}
    kernels[table.plan.method][(bucket.n_items * 2,)](
        q, k, v, target, table.lse, *tables, *words, scale, n_places, **shape, **flags, HEADS=1,
        BLOCK_M=TILE, STAGES=1,
    )  # fmt: skip


def _phase_2(table: KernelTable, out: torch.Tensor) -> None:
    section, d = table.upload.section, GEOMETRY.head_dim
    reduce.reduce_kernel[(table.bucket.n_queries * 2,)](
        table.partials, table.lse, section("start"), section("row"), out, table.partials.shape[1],
        N_Q_HEADS=2, D=d, D_PAD=d, BLOCK_P=TILE, PERMUTED=table.bucket.permuted, PDL=False,
    )  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Equal JSON, with floats equal to three digits: machines add up in different orders."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=2e-3, abs_tol=1e-5)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def spelled(text: str) -> Any:
    """A file's content with its values in place, without the versions that made it."""
    data = json.loads(text)
    for moment in data["moments"]:
        moment[5] = [data["values"][x] if i % 2 else x for i, x in enumerate(moment[5])]
    return [data[name] for name in data if name not in ("made", "values")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check, stale = parser.parse_args().check, []
    for method in PLANS:
        run, path = record(method), FOLDER / f"{method}{SUFFIX}"
        if not check:
            write_kernel_run(run, path)
        elif not path.is_file() or not same(spelled(path.read_text("utf-8")), spelled(to_json(run))):
            stale.append(path.name)
        size = f"{path.stat().st_size:,} bytes" if path.is_file() else "missing"
        print(f"{path.name}: {len(run.programs)} programs, {len(run)} moments, {size}")
    if stale:
        print(f"{', '.join(stale)}: a fresh recording differs; run tools/make_kernel_runs.py and commit")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())

"""The compiled kernels against float64, up to 300 queries and 128k tokens; captured graphs replayed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from deft_lab import METHODS, Geometry, Pool, Tree, build_tree, load_tree, ops, plan_tree
from deft_lab.kv import Unpaged
from deft_lab.ops.tables import host_tables

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]

LLAMA3 = Geometry(32, 8, 128)
TREES: dict[str, Tree] = {
    "one token": Tree([-1], [1]),
    "few-shot 20": build_tree("few_shot", prompt=700, width=20, length=33),
    "Medusa": build_tree("medusa", prompt=1000),
    "star of 300": build_tree("star", width=300, prompt=500),
    "random": load_tree("random_100"),
    "odd seats": load_tree("odd_seats"),
    "reasoning": load_tree("reasoning_keyword"),
    "unshared": load_tree("unshared_32"),
    "chain of 1000 nodes": load_tree("chain_1000"),
    "128k tokens, 6 branches": build_tree("few_shot", prompt=131072 - 6 * 300, width=6, length=300),
    "128k tokens, 1 query": Tree([-1], [131072]),
    "128k tokens, 200 leaves": Tree([-1] + [0] * 200, [131072 - 200 * 37] + [37] * 200),
}
SMALL = ("few-shot 20", "odd seats", "random")
TOLERANCE = 3e-3
UNFUSED_TOLERANCE = 3e-2  # tree_mask rounds its scores to 16 bits


def filled(tree: Tree, geometry=LLAMA3, dtype=torch.bfloat16, page_size=16, seed=1):
    """(q, pool): random numbers on the GPU; slots that belong to no token hold NaN."""
    generator = torch.Generator(device="cuda").manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, device="cuda").to(dtype)

    pool = Pool(
        -(-tree.n_tokens // page_size) + tree.n_nodes,
        page_size,
        geometry,
        dtype=dtype,
        device="cuda",
        seed=seed,
    )
    heads = (geometry.n_kv_heads, geometry.head_dim)
    pool.write(pool.take_tree(tree), draw(tree.n_tokens, *heads), draw(tree.n_tokens, *heads))
    return draw(tree.n_queries, geometry.n_q_heads, geometry.head_dim), pool


def reference(q, pool, tree: Tree) -> torch.Tensor:
    """[query, q_head, dim] float64, from paths and softmax alone."""
    slots = torch.as_tensor(pool.slots(tree), device="cuda")
    keys, values = pool.k[0][slots].double(), pool.v[0][slots].double()
    q_per_kv = q.shape[1] // keys.shape[1]
    out = torch.empty(q.shape, dtype=torch.float64, device="cuda")
    for row, seat in enumerate(tree.callers_seat()):
        tokens = np.concatenate([np.arange(tree.start[i], tree.start[i + 1]) for i in tree.path(int(seat))])
        at = torch.as_tensor(tokens, device="cuda")
        mine = q[row].double().view(-1, q_per_kv, q.shape[2])
        scores = torch.einsum("hgd,thd->hgt", mine, keys[at]) * q.shape[2] ** -0.5
        out[row] = torch.einsum("hgt,thd->hgd", scores.softmax(-1), values[at]).flatten(0, 1)
    return out


def relative(out, expected) -> float:
    return float((out.double() - expected).norm() / expected.norm())


def poisoned(table) -> None:
    for memory in (table.partials, table.lse, table.out):
        memory.fill_(float("nan"))


def run(q, pool, tree, method, pack_heads=None, **options):
    found = METHODS[method]
    store = pool
    if found.layout == "unpaged":
        store = Unpaged.from_pool(pool, tree, "path" if found.copies else "none")
    table = ops.lower(plan_tree(tree, method, **options), store, backend="triton", pack_heads=pack_heads)
    poisoned(table)
    out = torch.full_like(q, float("nan"))
    return ops.attend(q, table, out=out)


@pytest.mark.parametrize("name", TREES)
def test_every_method_is_right_in_bfloat16(name):
    tree = TREES[name]
    q, pool = filled(tree)
    expected = reference(q, pool, tree)
    for method, found in METHODS.items():
        if not found.fused and tree.n_queries * tree.n_tokens > 1 << 23:
            continue  # tree_mask keeps two matrices of 32 heads: too large for a test
        if found.copies and tree.n_path_tokens > 1 << 23:
            continue
        for pack_heads in (None,) if found.packs_heads else (None, True):
            error = relative(run(q, pool, tree, method, pack_heads), expected)
            assert error <= (TOLERANCE if found.fused else UNFUSED_TOLERANCE), (method, pack_heads, error)


@pytest.mark.parametrize(
    "name", ["few-shot 20", "Medusa", "reasoning", "unshared", "128k tokens, 6 branches"]
)
def test_whole_tiles_are_right_too(name):
    """A pool in depth-first order: tree_waves loads through the tensor memory accelerator."""
    tree = TREES[name]
    q, pool = filled(tree, page_size=1, seed=None)
    table = ops.lower(plan_tree(tree, "tree_waves"), pool, backend="triton")
    assert table.flat
    assert relative(run(q, pool, tree, "tree_waves"), reference(q, pool, tree)) <= TOLERANCE


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "geometry",
    [
        Geometry(4, 4, 16), Geometry(8, 4, 32), Geometry(6, 2, 64), Geometry(10, 2, 80), Geometry(12, 2, 96),
        Geometry(16, 1, 128), Geometry(8, 1, 256), Geometry(4, 4, 256),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("page_size", [1, 64])
def test_every_geometry_and_page_size(geometry, dtype, page_size):
    for name in SMALL:
        q, pool = filled(TREES[name], geometry, dtype, page_size, seed=None if page_size == 1 else 1)
        expected = reference(q, pool, TREES[name])
        for method, found in METHODS.items():
            for pack_heads in (None,) if found.packs_heads else (None, True):
                error = relative(run(q, pool, TREES[name], method, pack_heads), expected)
                assert error <= (TOLERANCE if found.fused else UNFUSED_TOLERANCE), (method, pack_heads, error)


@pytest.mark.parametrize("method", METHODS)
def test_two_runs_are_bit_equal(method):
    for name in ("random", "128k tokens, 6 branches"):
        q, pool = filled(TREES[name])
        first = run(q, pool, TREES[name], method)
        assert all(torch.equal(first, run(q, pool, TREES[name], method)) for _ in range(5))


def grown(tree: Tree, step: int, rng: np.random.Generator) -> Tree:
    """One decode step later: a leaf forks every third step, one dies every fifth, all grow by a token."""
    leaves = tree.label[tree.leaves]
    if step % 3 == 0 and len(leaves) < 40:
        return tree.fork(int(rng.choice(leaves)), int(rng.integers(2, 5)))
    if step % 5 == 0 and len(leaves) > 4:
        return tree.prune(int(rng.choice(leaves)))
    return tree.grow(1)


@pytest.mark.parametrize("method", METHODS)
def test_one_captured_graph_serves_fifty_plans(method):
    """Growth, forks and prunes: other lengths, groups and counts; the same addresses, the same graph."""
    check_replays(method)


def check_replays(method: str) -> None:
    rng = np.random.default_rng(0)
    tree = build_tree("few_shot", prompt=300, width=6, length=20)
    pool = Pool(6000, 16, LLAMA3, dtype=torch.bfloat16, device="cuda", seed=1)

    def write_new(tree):
        lack = {
            label: length - pool.n_tokens(label)
            for label, length in zip(tree.label.tolist(), tree.length.tolist(), strict=True)
        }
        pool.give_back([label for label in pool.labels if label not in lack])
        slots = np.concatenate(list(pool.take(lack).values()))
        k, v = torch.randn(2, len(slots), 8, 128, device="cuda").bfloat16()
        pool.write(slots, k, v)

    write_new(tree)
    plan = plan_tree(tree, method)
    heads = 4 if METHODS[method].packs_heads else 1
    bucket = ops.Bucket.of(host_tables(plan, pool, heads)).grown(40)
    if method == "deft_tree_index":
        bucket = replace(bucket, n_nodes=400, n_slots=20000)
    table = ops.lower(plan, pool, backend="triton", bucket=bucket)
    q = torch.randn(bucket.n_queries, 32, 128, device="cuda").bfloat16()
    out = torch.empty_like(q)
    ops.attend(q, table, out=out)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        ops.attend(q, table, out=out)
    for step in range(50):
        tree = grown(tree, step + 1, rng)
        write_new(tree)
        q.copy_(torch.randn_like(q))
        ops.lower(plan_tree(tree, method), pool, into=table)
        out.fill_(float("nan"))
        graph.replay()
        n = tree.n_queries
        bound = TOLERANCE if METHODS[method].fused else UNFUSED_TOLERANCE
        assert relative(out[:n], reference(q[:n], pool, tree)) <= bound, (step, tree)


def test_running_allocates_nothing():
    q, pool = filled(TREES["random"])
    for method in METHODS:
        table = ops.lower(plan_tree(TREES["random"], method), pool, backend="triton")
        out = torch.empty_like(q)
        ops.attend(q, table, out=out)
        torch.cuda.synchronize()
        before = torch.cuda.memory_stats()["allocation.all.allocated"]
        ops.attend(q, table, out=out)
        assert torch.cuda.memory_stats()["allocation.all.allocated"] == before, method


def test_auto_takes_triton_for_sixteen_bits_only():
    _, pool = filled(TREES["odd seats"])
    plan = plan_tree(TREES["odd seats"])
    assert isinstance(ops.lower(plan, pool), ops.KernelTable)
    _, pool = filled(TREES["odd seats"], dtype=torch.float32)
    assert isinstance(ops.lower(plan, pool), ops.PlanTable)


def test_float32_is_right_where_it_is_asked_for():
    tree = TREES["odd seats"]
    q, pool = filled(tree, Geometry(4, 2, 64), torch.float32)
    for method in METHODS:
        assert relative(run(q, pool, tree, method), reference(q, pool, tree)) <= 1e-5

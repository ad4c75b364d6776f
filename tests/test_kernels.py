"""The Triton kernels, interpreted, against the float64 oracle, in memory that is NaN where nobody wrote.

Scattered slots, pages of every size, every dtype, GQA ratio and head size. What a GPU adds (speed, graphs) is
tested in tests/gpu.
"""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from counting import MIXED, NAMED, SHIFTS, attended, few_heads, random_step, small_cases  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from trees import TREES, trees  # noqa: E402

from deft_lab import METHODS, Pool, Tree, ops, plan_tree  # noqa: E402
from deft_lab.errors import AttentionError  # noqa: E402
from deft_lab.kv import PAGE_SIZES, Unpaged  # noqa: E402

pytestmark = pytest.mark.usefixtures("poisoned_empty")

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 3e-3, torch.float16: 3e-3}
# Medusa's scores pass through 16 bits four times
MASKED = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 3e-3}
# every ratio 1, 2, 3, 4, 8, 16 and every head size, once at least
GEOMETRIES = [
    (4, 4, 16), (4, 2, 32), (3, 1, 64), (6, 2, 80), (8, 2, 96), (8, 1, 128), (16, 1, 16), (2, 1, 256),
]  # fmt: skip
LABELS = ["x".join(map(str, geometry)) for geometry in GEOMETRIES]
every_method = pytest.mark.parametrize("method", METHODS)
unpaged = [name for name, method in METHODS.items() if method.layout == "unpaged"]


def bound(method, dtype) -> float:
    return (MASKED if method == "tree_mask" else TOLERANCE)[dtype]


def right(step, table, **options) -> bool:
    return step.error(attended(step, table, **options)) <= bound(table.plan.method, step.q.dtype)


@pytest.mark.parametrize(("tree", "method"), small_cases(130))
def test_every_named_tree(tree, method):
    step = random_step(NAMED[tree], few_heads(NAMED[tree]))
    assert right(step, step.lower(method))


@every_method
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=LABELS)
def test_every_gqa_ratio_and_head_size(geometry, method):
    *heads, dim = geometry
    step = random_step(MIXED, tuple(heads), dim)
    assert right(step, step.lower(method))
    kind = torch.bfloat16 if dim % 64 else torch.float16
    step = random_step(MIXED, tuple(heads), dim, dtype=kind)
    assert right(step, step.lower(method, pack_heads=True))


@every_method
@settings(max_examples=20)
@given(
    tree=trees(most_nodes=9),
    heads=st.sampled_from([(1, 1), (2, 2), (4, 2), (3, 1), (8, 1)]),
    dim=st.sampled_from([16, 32, 80]),
    dtype=st.sampled_from(sorted(TOLERANCE, key=str)),
    page_size=st.sampled_from(PAGE_SIZES),
    flat=st.booleans(),
    pack=st.sampled_from([None, True]),
    chunk_len=st.sampled_from([16, 128]),
)
def test_drawn_trees(method, tree, heads, dim, dtype, page_size, flat, pack, chunk_len):
    step = random_step(tree, heads, dim, dtype=dtype, page_size=page_size, flat=flat)
    options = {} if method in ("tree_mask", "deft_node", "tree_waves") else {"chunk_len": chunk_len}
    if method == "tree_waves":
        options = {"q_per_kv": heads[0] // heads[1], "n_kv_heads": heads[1], "n_sms": chunk_len}
    table = step.lower(method, pack_heads=pack, **options)
    # 2^-9 is the most that one rounding to bfloat16 moves a number; a query or two do not average
    few = dtype != torch.float32 and tree.n_queries * heads[0] * dim < 1000
    assert step.error(attended(step, table)) <= bound(method, dtype) * (2 if few else 1)


@every_method
@pytest.mark.parametrize("shift", sorted(SHIFTS))
def test_scores_far_from_zero(shift, method):
    """Log-sum-exps near the shift, so that a forgotten rescale or a wrong neutral element shows."""
    step = random_step(TREES["root without tokens"], shift=shift)
    assert step.error(attended(step, step.lower(method))) <= (1e-4 if abs(shift) > 50 else 1e-5)


@pytest.mark.parametrize(
    ("tree", "heads", "shapes"),
    [
        (Tree([-1], [70], seat=[0] * 100), (1, 1), "wide"),
        (Tree([-1], [70], seat=[0] * 17), (4, 1), "both"),
        (Tree([-1, 0, 0], [70, 90, 50], seat=[1] * 10 + [2] * 10), (4, 1), "both"),
        (TREES["more than 64 queries on a node"], (4, 1), "wide"),
        (TREES["two leaves"], (4, 2), "narrow"),
        (Tree([-1], [65], seat=[0] * 16), (1, 1), "narrow"),
    ],
    ids=["100 seats", "17 seats of 4", "two nodes of ten", "star", "two leaves", "16 seats"],
)
@pytest.mark.parametrize("flat", [False, True], ids=["slots", "flat"])
def test_tile_shapes_of_our_own_method(tree, heads, shapes, flat):
    step = random_step(tree, heads, flat=flat)
    table = step.lower("tree_waves", q_per_kv=heads[0] // heads[1], n_kv_heads=heads[1], n_sms=4)
    assert (table.bucket.shapes, table.flat) == (shapes, flat)
    assert right(step, table)


@pytest.mark.parametrize("heads", [(1, 1), (8, 1), (16, 1)], ids=str)
@pytest.mark.parametrize("flat", [False, True], ids=["slots", "flat"])
def test_our_own_plan_serves_heads_that_it_was_not_made_for(heads, flat):
    """Tiles of 16 queries, planned for 4 heads each, must not lose a query where each has 8 or 16."""
    step = random_step(Tree([-1, 0, 0], [70, 3, 66], seat=[1] * 20 + [2] * 5), heads, flat=flat)
    assert right(step, step.lower("tree_waves"))


@pytest.mark.parametrize("dtype", sorted(TOLERANCE, key=str), ids=str)
@pytest.mark.parametrize("dim", [16, 64, 80, 256])
def test_whole_tiles_where_the_pool_is_in_order(dim, dtype):
    """Descriptors take rows of a power of two; a last tile that would run over the end is moved back."""
    step = random_step(TREES["lopsided"], (4, 2), dim, dtype=dtype, flat=True)
    table = step.lower("tree_waves")
    assert table.flat == (dim != 80)
    assert right(step, table)


@pytest.mark.parametrize(("tree", "flat"), [(Tree([-1], [200], [0] * 5), True), (TREES["two leaves"], False)])
def test_whole_tiles_read_nothing_before_a_tree_that_begins_later(tree, flat):
    step = random_step(tree, flat=True)
    pool = Pool(tree.n_tokens + 9, 1, step.pool.geometry)
    pool.take({99: 9})
    pool.write(pool.take_tree(tree), step.k, step.v)
    assert pool.slots(tree)[0] == 9
    step = step._replace(pool=pool)
    table = step.lower("tree_waves")
    assert table.flat == flat  # a short item's only tile would reach into slots that nobody wrote
    assert right(step, table)


@pytest.mark.parametrize("tree", ["lopsided", "odd_seats", "leaves without tokens", "mixed"])
@pytest.mark.parametrize("method", unpaged)
def test_unpaged_copies(method, tree):
    step = random_step(NAMED[tree])
    table = step.lower(method, paged=False)
    assert isinstance(table.store, Unpaged)
    out = attended(step, table)
    assert step.error(out) <= 1e-5
    assert torch.equal(out, attended(step, step.lower(method)))


@every_method
def test_outputs_come_back_in_the_callers_order(method):
    step = random_step(MIXED)
    order = np.array([3, 0, 4, 2, 1])
    turned = Tree(MIXED.parent, MIXED.length, seat=[[5, 2, 3, 2, 1][i] for i in order])
    table = ops.lower(plan_tree(turned, method), step.pool, backend="triton")
    out = ops.attend(step.q[order].contiguous(), table)
    assert torch.equal(out, attended(step, step.lower(method))[order])


@every_method
def test_another_scale(method):
    step = random_step(MIXED)
    assert step.error(attended(step, step.lower(method), scale=0.7), 0.7) <= 1e-5


@pytest.mark.parametrize(("method", "flat"), [*((name, False) for name in METHODS), ("tree_waves", True)])
def test_layers_are_kept_apart(flat, method):
    step = random_step(TREES["lopsided"])
    pool = Pool(999, 1, replace(step.pool.geometry, n_layers=2), seed=None if flat else 5)
    slots = pool.take_tree(step.tree)
    pool.write(slots, step.v, step.k, layer=0)
    pool.write(slots, step.k, step.v, layer=1)
    table = ops.lower(plan_tree(step.tree, method), pool, backend="triton")
    assert table.flat == (flat and method == "tree_waves")
    for layer, mine in enumerate((step._replace(k=step.v, v=step.k), step)):
        assert right(mine, table, layer=layer)


@every_method
def test_the_order_of_slots_changes_no_bit(method):
    outs = []
    for seed in (1, 2):
        step = random_step(MIXED)
        pool = Pool(MIXED.n_tokens, 1, step.pool.geometry, seed=seed)
        pool.write(pool.take_tree(MIXED), step.k, step.v)
        table = ops.lower(plan_tree(MIXED, method), pool, backend="triton")
        outs += [attended(step, table), attended(step, table)]
    assert all(torch.equal(outs[0], out) for out in outs[1:])  # and two runs of one table agree


@pytest.mark.parametrize("method", ["deft_node", "deft_flatten", "deft_tree_index", "radix", "tree_waves"])
def test_partials_are_those_of_the_torch_backend(method):
    """Outputs and natural log-sum-exps, those of queries that see nothing of their group included."""
    step = random_step(MIXED)
    # 64: groups that begin in one leaf and end in another
    options = {"chunk_len": 64} if method in ("deft_flatten", "radix") else {}
    table = step.lower(method, **options)
    assert not table.bucket.direct
    attended(step, table)
    out, lse = ops.partial_attention(
        step.q, step.pool.k[0], step.pool.v[0], ops.lower(table.plan, step.pool, backend="torch")
    )
    place = table.upload.section("place").long()
    torch.testing.assert_close(table.partials[:, place].transpose(0, 1), out, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(table.lse[:, place].T, lse, atol=1e-5, rtol=1e-5)


def test_a_query_that_sees_nothing_of_its_group_leaves_zeros_and_no_weight():
    #   root 5 ──┬── 2 (query 0)
    #            ├── no token (query 1): between queries 0 and 2, so the group of the leaves holds it too
    #            └── 3 (query 2)
    step = random_step(Tree([-1, 0, 0, 0], [5, 2, 0, 3]))
    table = step.lower("deft_flatten", chunk_len=5)
    out = attended(step, table)
    lse, partials = table.lse, table.partials
    assert (lse == -torch.inf).sum() == 4  # query 1's second partial, in four heads
    assert (partials[lse == -torch.inf] == 0).all()
    assert step.error(out) <= 1e-5


@every_method
def test_phase_1_alone_writes_the_output_where_each_query_has_one_partial(method):
    step = random_step(Tree([-1], [9], seat=[0, 0, 0]))
    table = step.lower(method)
    assert table.bucket.direct
    assert METHODS[method].fused == (not table.partials.numel())
    assert right(step, table)
    if METHODS[method].fused:
        wide = replace(table.bucket, direct=False)
        two_phases = ops.lower(table.plan, step.pool, backend="triton", bucket=wide)
        assert right(step, two_phases)


@every_method
def test_rows_beyond_the_queries_are_left_alone(method):
    step = random_step(MIXED)
    table = ops.lower(
        plan_tree(MIXED, method), step.pool, backend="triton", bucket=step.lower(method).bucket.grown(2)
    )
    q = torch.cat((step.q, torch.full((4, 4, 16), float("nan"))))
    out = torch.full_like(q, 7.0)
    ops.attend(q, table, out=out)
    assert (out[5:] == 7).all()
    assert step.error(out[:5]) <= 1e-5


def refused(message, call):
    with pytest.raises(AttentionError, match=message):
        call()


def test_a_call_that_does_not_fit_is_refused():
    step = random_step(MIXED)
    table = step.lower("deft_node")
    refused("scale=0; the Triton kernels take a positive factor", lambda: ops.attend(step.q, table, scale=0))
    refused("scale=-0.5; the Triton", lambda: ops.attend(step.q, table, scale=-0.5))
    refused("q is not contiguous; pass", lambda: ops.attend(step.q.mT.contiguous().mT, table))
    refused(
        r"q has shape .5, 2, 16.; the plan has 5 queries and the store's geometry 4 query heads of 16",
        lambda: ops.attend(step.q[:, :2].contiguous(), table),
    )
    refused(r"q has shape .4, 4, 16.; the plan has 5 queries", lambda: ops.attend(step.q[:4], table))
    refused(r"q has shape .5, 4, 8.;", lambda: ops.attend(step.q[..., :8].contiguous(), table))


def test_a_table_that_does_not_fit_is_refused():
    step, other = random_step(MIXED), random_step(MIXED)
    plan, table = plan_tree(MIXED, "deft_node"), step.lower("deft_node")

    def lower(plan, store=step.pool, **options):
        return lambda: ops.lower(plan, store, backend="triton", **options)

    refused("'tree_waves' always packs heads", lower(plan_tree(MIXED, "tree_waves"), pack_heads=False))
    refused(
        "the table is of method 'deft_node' and its own store",
        lower(plan_tree(MIXED, "radix"), into=table),
    )
    refused("the table is of method 'deft_node'", lower(plan, other.pool, into=table))
    refused("and no bucket", lower(plan, into=table, bucket=table.bucket))
    refused("the table holds 1 heads a tile; lower into a new one", lower(plan, into=table, pack_heads=True))
    tight = random_step(TREES["two leaves"]).lower("deft_node").bucket
    refused(
        r"the plan needs n_items=4, its bucket has room for 3; lower it into a table of a larger bucket "
        r"\(Bucket.grown\)",
        lower(plan, bucket=tight),
    )

"""tree_attention on torch against the float64 oracle, for every method, dtype, GQA ratio and page size."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import METHODS, Geometry, Pool, Tree, ops, plan_tree, traffic, tree_attention
from deft_lab.attention import dense_attention, partial_attention
from deft_lab.errors import AttentionError, PlanError
from deft_lab.kv import PAGE_SIZES, Unpaged
from deft_lab.ops import torch_backend
from deft_lab.ops.node_table import NodeTable

pytestmark = pytest.mark.usefixtures("poisoned_empty")

HEADS = ((1, 1), (4, 4), (4, 2), (6, 2), (8, 1), (32, 1))
DIM = 16
# (element of q, element of k) whose product moves every score by 4 times the shift; exact in 16 bits
SHIFTS = {-200: (32.0, -25.0), -20: (16.0, -5.0), 0: (0.0, 0.0), 60: (16.0, 15.0)}
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 3e-3, torch.float16: 3e-3}


def filled_pool(
    tree: Tree, heads=(4, 2), *, dtype=torch.float32, page_size=16, shift=0, seed=0, device="cpu"
):
    """(q, pool, k, v): random inputs with q and k moved so that every log-sum-exp lies near `shift`."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(tree.n_queries, heads[0], DIM, generator=generator)
    k, v = torch.randn(2, tree.n_tokens, heads[1], DIM, generator=generator)
    q[..., 0], k[..., 0] = SHIFTS[shift]
    q, k, v = (x.to(dtype).to(device) for x in (q, k, v))
    geometry = Geometry(*heads, DIM)
    pool = Pool(tree.n_tokens + tree.n_nodes, page_size, geometry, dtype=dtype, device=device, seed=seed)
    pool.write(pool.take_tree(tree), k, v)
    return q, pool, k, v


def oracle(q, k, v, tree) -> np.ndarray:
    return dense_attention(*(x.cpu().double().numpy() for x in (q, k, v)), tree)


def error(out, reference) -> float:
    """||o - ref|| / ||ref|| in the 2-norm."""
    return float(np.linalg.norm(out.cpu().double().numpy() - reference) / np.linalg.norm(reference))


@settings(max_examples=500)
@given(
    tree=trees(),
    heads=st.sampled_from(HEADS),
    dtype=st.sampled_from(sorted(TOLERANCE, key=str)),
    page_size=st.sampled_from(PAGE_SIZES),
    shift=st.sampled_from(sorted(SHIFTS)),
    chunk_len=st.sampled_from([16, 128]),
)
def test_every_method_agrees_with_the_oracle(tree, heads, dtype, page_size, shift, chunk_len):
    q, pool, k, v = filled_pool(tree, heads, dtype=dtype, page_size=page_size, shift=shift)
    reference = oracle(q, k, v, tree)
    bound = 1e-4 if dtype == torch.float32 and abs(shift) > 50 else TOLERANCE[dtype]
    for name, method in METHODS.items():
        options = {}
        if name == "tree_waves":
            options = {"q_per_kv": heads[0] // heads[1], "n_kv_heads": heads[1], "n_sms": chunk_len}
        elif name not in ("tree_mask", "deft_node"):
            options = {"chunk_len": chunk_len}
        out = tree_attention(q, plan_tree(tree, name, **options), pool)
        assert out.dtype == dtype and out.shape == q.shape and out.isfinite().all()
        if method.fused or dtype == torch.float32:  # 16-bit scores are tree_mask's own: see the lesson below
            assert error(out, reference) <= bound, name


@pytest.mark.parametrize("shift", SHIFTS)
def test_shifts_move_the_log_sum_exp_as_far_as_they_say(shift):
    tree = TREES["random"]
    q, _, k, v = filled_pool(tree, shift=shift)
    plan = plan_tree(tree, "radix")
    _, lse = partial_attention(*(x.double().numpy() for x in (q, k, v)), plan)
    assert abs(lse - shift).max() < 8


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_sixteen_bit_scores_cost_tree_mask_its_digits(dtype, record_property):
    """A lesson: with the same inputs, rounding the scores makes an error that float32 scores do not have."""
    tree = TREES["random"]
    errors = {}
    for shift in SHIFTS:
        q, pool, k, v = filled_pool(tree, dtype=dtype, shift=shift)
        reference = oracle(q, k, v, tree)
        errors[shift] = [
            error(tree_attention(q, plan_tree(tree, m), pool), reference) for m in ("tree_mask", "radix")
        ]
        print(f"{dtype}, LSE {shift}: tree_mask {errors[shift][0]:.1e}, radix {errors[shift][1]:.1e}")
    record_property("errors", str(errors))
    assert errors[0][0] > errors[0][1]
    assert errors[-200][0] > 10 * errors[-200][1]


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_slots_changes_no_bit(method):
    tree = TREES["lopsided"]
    outs = []
    for seed in (None, 1, 2):
        q, _, k, v = filled_pool(tree)
        pool = Pool(tree.n_tokens, 1, Geometry(4, 2, DIM), seed=seed)
        pool.write(pool.take_tree(tree), k, v)
        outs.append(tree_attention(q, plan_tree(tree, method), pool))
    assert torch.equal(outs[0], outs[1]) and torch.equal(outs[0], outs[2])


@pytest.mark.parametrize(("method", "copies"), [("flash_decoding", "path"), ("tree_mask", "none")])
@settings(max_examples=40)
@given(tree=trees(most_nodes=60))
def test_unpaged_kv_changes_no_bit(method, copies, tree):
    q, pool, _, _ = filled_pool(tree)
    plan = plan_tree(tree, method)
    unpaged = tree_attention(q, plan, Unpaged.from_pool(pool, tree, copies))
    assert torch.equal(unpaged, tree_attention(q, plan, pool))


def test_outputs_come_back_in_the_callers_order():
    tree = TREES["two leaves"]
    turned = Tree(tree.parent, tree.length, seat=[2, 1])
    q, pool, _, _ = filled_pool(tree)
    out = tree_attention(q, plan_tree(tree), pool)
    assert torch.equal(tree_attention(q.flip(0), plan_tree(turned), pool), out.flip(0))


@pytest.mark.parametrize("dim", [16, 64, 80, 128])
def test_head_sizes_and_scales(dim):
    tree = TREES["random"]
    q = torch.randn(tree.n_queries, 4, dim)
    k, v = torch.randn(2, tree.n_tokens, 2, dim)
    pool = Pool(tree.n_tokens, 1, Geometry(4, 2, dim))
    pool.write(pool.take_tree(tree), k, v)
    reference = dense_attention(q.numpy(), k.numpy(), v.numpy(), tree, scale=0.3)
    for method in METHODS:
        assert error(tree_attention(q, plan_tree(tree, method), pool, scale=0.3), reference) < 1e-5


def test_layers_are_kept_apart():
    tree = TREES["two leaves"]
    pool = Pool(99, 1, Geometry(4, 2, DIM, n_layers=2))
    slots = pool.take_tree(tree)
    q = torch.randn(tree.n_queries, 4, DIM)
    for layer in range(2):
        k, v = torch.randn(2, tree.n_tokens, 2, DIM)
        pool.write(slots, k, v, layer)
        reference = dense_attention(q.numpy(), k.numpy(), v.numpy(), tree)
        assert error(tree_attention(q, plan_tree(tree), pool, layer=layer), reference) < 1e-5


def test_runs_are_repeatable_to_the_bit():
    q, pool, _, _ = filled_pool(TREES["random_100"])
    plan = plan_tree(TREES["random_100"])
    assert torch.equal(tree_attention(q, plan, pool), tree_attention(q, plan, pool))


def poke(tensor, value, *place):
    tensor[place] = value
    return tensor


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda q, p, s: tree_attention(q, p, s, backend="cuda"),
            "no backend 'cuda'; choose one of auto, torch, triton",
        ),
        (
            lambda q, p, s: tree_attention(q[:1], p, s),
            r"q has shape .1, 4, 16.; the tree has 2 queries .*\(2, q_head, 16\)",
        ),
        (lambda q, p, s: tree_attention(q[..., :8], p, s), "q has shape .2, 4, 8."),
        (lambda q, p, s: tree_attention(q[:, :3], p, s), "q has 3 heads, not a multiple of the 2 KV heads"),
        (
            lambda q, p, s: tree_attention(q.half(), p, s),
            "q is torch.float16 on cpu, the KV torch.float32 on cpu; convert",
        ),
        (
            lambda q, p, s: tree_attention(q.to("meta"), p, s),
            "q is torch.float32 on meta, the KV torch.float32 on cpu",
        ),
        (lambda q, p, s: tree_attention(q, p, s, layer=1), "layer=1; the KV has layers 0..0"),
        (
            lambda q, p, s: tree_attention(poke(q, float("nan"), 1, 2), p, s),
            "q holds NaN or Inf, first in row 1, head 2",
        ),
        (
            lambda q, p, s: (poke(s.k, float("inf"), 0, 3, 1), tree_attention(q, p, s)),
            "k holds NaN or Inf, first in slot 3",
        ),
        (
            lambda q, p, s: (poke(s.v, float("nan"), 0, 0), tree_attention(q, p, s)),
            "v holds NaN or Inf, first in slot 0",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused(call, message):
    tree = TREES["two leaves"]
    q, _, k, v = filled_pool(tree)
    pool = Pool(tree.n_tokens, 1, Geometry(4, 2, DIM))
    pool.write(pool.take_tree(tree), k, v)
    with pytest.raises(AttentionError, match=message):
        call(q, plan_tree(tree), pool)


def test_slots_that_nobody_wrote_are_noticed():
    tree = TREES["two leaves"]
    pool = Pool(99, 1, Geometry(4, 2, DIM))
    pool.take_tree(tree)
    with pytest.raises(AttentionError, match="k holds NaN or Inf, first in slot 0 .was it written.."):
        tree_attention(torch.randn(2, 4, DIM), plan_tree(tree), pool)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(tree=trees(most_nodes=50), elements=st.sampled_from([1, 3000, 1 << 22]))
def test_partials_are_those_of_the_numpy_twin(method, tree, elements):
    """Outputs and natural log-sum-exps, empty partials included, however groups are cut into tiles."""
    q, pool, k, v = filled_pool(tree)
    plan = plan_tree(tree, method)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_backend, "BATCH_ELEMENTS", elements)
        out, lse = ops.partial_attention(q, pool.k[0], pool.v[0], ops.lower(plan, pool))
    twin_out, twin_lse = partial_attention(*(x.double().numpy() for x in (q, k, v)), plan)
    np.testing.assert_allclose(out.numpy(), twin_out, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(lse.numpy(), twin_lse, rtol=1e-5, atol=1e-5)


def test_a_large_group_is_computed_in_tiles():
    plan = plan_tree(TREES["more than 64 queries on a node"], "deft_node")
    for tiles in torch_backend._batches(plan, 32, 1024):
        assert (
            len(tiles.group) * plan.kv_len[tiles.group].max() * tiles.q_len.max() * 32
        ) <= torch_backend.BATCH_ELEMENTS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_backend, "BATCH_ELEMENTS", 130 * 32 * 8)
        widths = [int(tiles.q_len.max()) for tiles in torch_backend._batches(plan, 32, 0)]
    assert max(widths) <= 8 * 130 and widths[0] == 8


def test_scores_that_overflow_are_told():
    tree = TREES["two leaves"]
    pool = Pool(tree.n_tokens, 1, Geometry(4, 2, DIM), dtype=torch.float16)
    k = torch.full((tree.n_tokens, 2, DIM), 100.0).half()
    pool.write(pool.take_tree(tree), k, k)
    q = torch.full((2, 4, DIM), 100.0).half()
    with pytest.raises(
        AttentionError, match="the scores of 'tree_mask' overflow: .q. reaches 100 in torch.float16"
    ):
        tree_attention(q, plan_tree(tree, "tree_mask"), pool)
    assert tree_attention(q, plan_tree(tree), pool).isfinite().all()


def test_a_plan_of_an_unknown_method_is_refused():
    tree = TREES["two leaves"]
    q, pool, _, _ = filled_pool(tree)
    mine = replace(plan_tree(tree), method="mine")
    with pytest.raises(PlanError, match="no method 'mine'; choose one of"):
        tree_attention(q, mine, pool)
    with pytest.raises(PlanError, match="no method 'mine'"):
        traffic(mine, Geometry(4, 2, 16))


def test_the_node_table_uploads_what_is_new_and_nothing_of_a_dead_node():
    tree = TREES["two leaves"]
    pool = Pool(99, 1, Geometry(4, 2, DIM), seed=1)
    pool.take_tree(tree)
    table = NodeTable(*NodeTable.room_for(tree), torch.device("cpu"))

    def held(label: int) -> list[int]:
        start = table.row_start[table.row_of(np.array([label]))].item()
        return table.slots[start : start + pool.n_tokens(label)].tolist()

    table.take_in(tree, pool)
    assert table.uploaded == tree.n_tokens == 12
    tree = tree.grow(1)  # a token for each of the two leaves
    pool.take_tree(tree)
    table.take_in(tree, pool)
    assert table.uploaded == 2
    pool.give_back([1])
    pool.take({7: 2})  # somebody else gets the slots
    pool.take_tree(tree)
    table.take_in(tree, pool)
    assert table.uploaded == 3
    for label in tree.label.tolist():
        assert held(label) == pool.slots_of(label)[0].tolist()

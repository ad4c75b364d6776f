"""Accounts against brute force and published numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trace import traces
from trees import TREES, trees

from deft_lab import LLAMA3_8B, METHODS, Geometry, Trace, Tree, build_tree, flops, plan_tree, traffic
from deft_lab.builders.growth import few_shot_growth
from deft_lab.cost import ACCOUNTS, ROLES, Counts, count, count_run, run_traffic
from deft_lab.errors import DeftLabError

GEOMETRY = Geometry(n_q_heads=6, n_kv_heads=2, head_dim=8, n_layers=5)
methods = st.sampled_from(sorted(METHODS))


def by_hand(plan, account: str, geometry: Geometry, pack_heads: bool = False) -> dict[str, int | None]:
    """The bytes of a plan, by walking its groups, layers and heads one at a time."""
    tree, method = plan.tree, METHODS[plan.method]
    d, e, layers = geometry.head_dim, geometry.dtype_bytes, geometry.n_layers
    queries, stored = tree.n_queries, sum(n.length for n in tree.nodes)
    paths = sum(tree.nodes[i].length for seat in tree.seat for i in tree.path(int(seat)))
    out: dict[str, int | None] = dict.fromkeys(ROLES)
    if account == "unique":
        out["kv"] = 2 * stored * d * e * geometry.n_kv_heads * layers
        out["q"] = out["o"] = queries * d * e * geometry.n_q_heads * layers
    elif account == "requested":
        kv = q = partial = lse = 0
        for group in plan.groups:
            step = plan.query_tile or len(group.queries)
            for first in range(0, len(group.queries), step):
                rows = len(group.queries[first : first + step])
                for head in range(geometry.n_q_heads):
                    if not pack_heads or head % geometry.q_per_kv == 0:
                        kv += 2 * group.kv_len * d * e * layers
                    q += rows * d * e * layers
                    if method.fused:
                        partial += 2 * 4 * rows * d * layers
                        lse += 2 * 4 * rows * layers
                    else:
                        partial += 8 * rows * group.kv_len * e * layers
        out |= {
            "kv": kv,
            "q": q,
            "o": queries * d * e * geometry.n_q_heads * layers,
            "partials": partial,
            "lse": lse,
        }
    else:
        unit = geometry.n_q_heads * layers * e
        tokens = paths if plan.method in ("flash_decoding", "radix") else stored
        if account == "logged" and plan.method in ("deft_node", "deft_node_chunk", "deft_tree_index"):
            tokens = sum(node.length * -(-len(node.queries) // 32) for node in tree.nodes)
        out["kv"] = 2 * d * tokens * unit
        out["partials"] = out["mask"] = 0
        if plan.method == "tree_mask":
            out["partials"] = (8 if account == "paper" else 10) * queries * stored * unit
            out["mask"] = queries * stored * layers * e
        if plan.method == "deft_flatten":
            out["mask"] = 8 * stored * layers
    return out


@settings(max_examples=300)
@given(trees(most_nodes=100), methods, st.sampled_from(ACCOUNTS))
def test_every_account_is_what_walking_the_plan_counts(tree, method, account):
    plan = plan_tree(tree, method)
    assert traffic(plan, GEOMETRY, account).by_role() == by_hand(plan, account, GEOMETRY)


@given(trees(most_nodes=100), methods)
def test_packing_heads_divides_the_kv_by_the_gqa_ratio(tree, method):
    plan = plan_tree(tree, method)
    packed = traffic(plan, GEOMETRY, pack_heads=True)
    assert packed.by_role() == by_hand(plan, "requested", GEOMETRY, pack_heads=True)
    assert traffic(plan, GEOMETRY).kv == GEOMETRY.q_per_kv * packed.kv


@given(trees(), methods)
def test_no_method_requests_less_than_the_floor(tree, method):
    if (tree.q_stop == tree.q_first).any():
        return  # tokens that nobody sees are stored, but not requested
    plan = plan_tree(tree, method)
    assert traffic(plan, GEOMETRY, pack_heads=True).kv >= traffic(plan, GEOMETRY, "unique").kv


@given(traces(), methods, st.sampled_from(ACCOUNTS))
def test_the_bytes_of_a_run_are_the_sum_of_its_steps(trace, method, account):
    steps = [traffic(plan_tree(tree, method), GEOMETRY, account) for tree in trace.trees()]
    total = steps[0]
    for step in steps[1:]:
        total = total + step
    assert run_traffic(trace, method, GEOMETRY, account) == total
    counted = Counts()
    for tree in trace.trees():
        counted += count(tree)
    assert count_run(trace) == counted


@given(trees(), methods)
def test_useful_operations_do_not_depend_on_the_method(tree, method):
    found = flops(plan_tree(tree, method), GEOMETRY)
    assert found.useful == 4 * 8 * 6 * 5 * sum(tree.n_path_tokens_of_query.tolist())
    assert found.computed >= found.useful
    if method in ("flash_decoding", "radix", "deft_node", "deft_node_chunk", "deft_tree_index"):
        assert found.computed == found.useful


def test_tree_mask_computes_every_pair():
    tree = TREES["lopsided"]
    assert (
        flops(plan_tree(tree, "tree_mask"), LLAMA3_8B).computed
        == 4 * 128 * 32 * 32 * tree.n_queries * tree.n_tokens
    )


# --- published numbers, GB per step on Llama-3-8B


@pytest.mark.parametrize(
    ("tree", "method", "account", "kv_gb", "digits"),
    [
        ("few-shot 20", "radix", "paper", 44.04, 2),
        ("few-shot 20", "deft_flatten", "paper", 4.19, 2),
        ("few-shot 20", "radix", "unique", 1.05, 2),
        ("star 256", "radix", "paper", 537.0, 1),
        ("star 256", "deft_flatten", "paper", 2.23, 2),
        ("star 256", "deft_node", "logged", 16.91, 2),
        ("star 256", "deft_node_chunk", "logged", 16.91, 2),
        ("star 256", "deft_flatten", "logged", 2.23, 2),
        ("star 256", "deft_flatten", "requested", 17.5, 1),
        ("star 256", "deft_flatten", "unique", 0.56, 2),
    ],
)
def test_worked_examples(tree, method, account, kv_gb, digits):
    made = {
        "few-shot 20": build_tree("few_shot", prompt=4000, width=20, length=200),
        "star 256": build_tree("star", width=256, prompt=4000),
    }[tree]
    assert round(traffic(plan_tree(made, method), LLAMA3_8B, account).kv / 1e9, digits) == kv_gb


def test_bytes_of_a_token():
    one = Tree([-1], [1])
    assert traffic(plan_tree(one, "radix"), LLAMA3_8B, "paper").kv == 524_288
    assert traffic(plan_tree(one, "radix"), LLAMA3_8B, "unique").kv == 131_072
    assert LLAMA3_8B.kv_bytes_per_token == 4096


def test_the_first_notebooks_ratio():
    tree, layer = build_tree("few_shot", prompt=4000, width=20, length=20), LLAMA3_8B.layer
    per_branch = traffic(plan_tree(tree, "radix"), layer, pack_heads=True).kv
    by_node = traffic(plan_tree(tree, "deft_node"), layer, pack_heads=True).kv
    assert (round(per_branch / 1e6, 1), round(by_node / 1e6, 1)) == (329.3, 18.0)
    assert round(per_branch / by_node, 2) == 18.27 == round(tree.sharing, 2)


def test_query_tiles_read_kv_again():
    # 40 queries on a node of 256 tokens, tiles of 32: 2 x 256 + 320 tokens are read where 576 are stored
    tree = build_tree("few_shot", prompt=256, width=40, length=8)
    plan = plan_tree(tree, "deft_node")
    ratio = traffic(plan, LLAMA3_8B).kv / traffic(plan, LLAMA3_8B, "unique").kv
    assert ratio == 4 * (2 * 256 + 320) / 576 and round(ratio, 2) == 5.78


def test_a_role_that_is_not_counted_is_none_and_left_out_of_the_total():
    moved = traffic(plan_tree(TREES["two leaves"], "deft_flatten"), GEOMETRY, "requested")
    assert moved.mask is None and moved.index is None
    assert moved.total == moved.kv + moved.q + moved.o + moved.partials + moved.lse


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: traffic(p, LLAMA3_8B, "papers"),
            "no account 'papers'; choose one of paper, logged, requested, unique",
        ),
        (
            lambda p: traffic(p, LLAMA3_8B, "paper", pack_heads=True),
            "account 'paper' does not know pack_heads",
        ),
        (lambda p: run_traffic(few_shot_growth(), "node", LLAMA3_8B), "no method 'node'; choose one of"),
        (
            lambda p: run_traffic(Trace(Tree([-1], [1]), (), 0), "radix", LLAMA3_8B, "requested"),
            "the trace has no step",
        ),
        (
            lambda p: traffic(p, LLAMA3_8B, "paper") + traffic(p, LLAMA3_8B, "logged"),
            "cannot add logged/deft_flatten to paper/deft_flatten",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(call, message):
    with pytest.raises(DeftLabError, match=message):
        call(plan_tree(TREES["two leaves"]))

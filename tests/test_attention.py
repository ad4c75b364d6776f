"""The grouped twin against the oracle, and the laws of partials."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import METHODS, Tree, plan_tree
from deft_lab.attention import attend_group, dense_attention, group_tokens, partial_attention, reduce_partials
from deft_lab.errors import AttentionError


def random_qkv(
    tree: Tree, seed: int = 0, heads: tuple[int, int] = (4, 2), dim: int = 8, slots: int | None = None
):
    rng = np.random.default_rng(seed)
    q = rng.normal(size=(tree.n_queries, heads[0], dim))
    k, v = rng.normal(size=(2, slots or tree.n_tokens, heads[1], dim))
    return q, k, v


def test_the_oracle_is_softmax_over_the_path():
    #   0: 2 tokens ──┬── 1: 1 token, query 1
    #                 └── 2: 1 token, query 0
    tree = Tree([-1, 0, 0], [2, 1, 1], seat=[2, 1])
    q = np.array([[[1.0]], [[2.0]]])
    k = np.log(np.array([1.0, 2.0, 3.0, 4.0])).reshape(4, 1, 1)
    v = np.array([10.0, 20.0, 30.0, 40.0]).reshape(4, 1, 1)
    # query 0 sees tokens 0, 1, 3 with weights 1, 2, 4; query 1 tokens 0, 1, 2 with weights 1, 4, 9
    expected = [(10 + 2 * 20 + 4 * 40) / 7, (10 + 4 * 20 + 9 * 30) / 14]
    np.testing.assert_allclose(dense_attention(q, k, v, tree).ravel(), expected, rtol=1e-15)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60)
@given(tree=trees(most_nodes=60), seed=st.integers(0, 99))
def test_partials_reduce_to_the_oracle(method, tree, seed):
    q, k, v = random_qkv(tree, seed, slots=tree.n_tokens + 5)
    slots = np.random.default_rng(seed).permutation(tree.n_tokens + 5)[: tree.n_tokens]
    plan = plan_tree(tree, method)
    out = reduce_partials(*partial_attention(q, k, v, plan, slots), plan)
    np.testing.assert_allclose(out, dense_attention(q, k, v, tree, slots), rtol=1e-10, atol=1e-12)


@given(tree=trees(most_nodes=40), heads=st.sampled_from([(1, 1), (4, 4), (4, 1), (6, 2)]))
def test_every_head_layout_agrees_with_the_oracle(tree, heads):
    q, k, v = random_qkv(tree, heads=heads)
    plan = plan_tree(tree, "deft_flatten", chunk_len=5)
    out = reduce_partials(*partial_attention(q, k, v, plan), plan)
    np.testing.assert_allclose(out, dense_attention(q, k, v, tree), rtol=1e-10, atol=1e-12)


def test_a_partial_is_attention_over_what_its_query_sees():
    tree = TREES["lopsided"]
    q, k, v = random_qkv(tree)
    plan = plan_tree(tree, "deft_flatten")
    for group in range(plan.n_groups):
        token, sees = group_tokens(plan, group)
        out, lse = attend_group(q, k, v, plan, group)
        for i, query in enumerate(plan.groups[group].queries):
            mine = token[sees[i]]
            scores = (
                np.einsum("hd,thd->ht", q[tree.query_order[query]], np.repeat(k[mine], 2, axis=1)) / 8**0.5
            )
            np.testing.assert_allclose(lse[i], np.log(np.exp(scores).sum(axis=1)), rtol=1e-12)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            mixed = np.einsum("ht,thd->hd", weights, np.repeat(v[mine], 2, axis=1))
            np.testing.assert_allclose(out[i], mixed / weights.sum(axis=1, keepdims=True), rtol=1e-10)


def test_a_query_that_sees_nothing_of_a_group_weighs_nothing():
    tree = TREES["leaves without tokens"]
    plan = plan_tree(tree, "deft_flatten", chunk_len=6)
    wide = plan_tree(Tree([-1, 0, 0, 0], [5, 1, 0, 1]), "deft_flatten", chunk_len=8)
    assert wide.groups[0].queries == range(3)
    q, k, v = random_qkv(tree)
    whole = partial_attention(q, k, v, plan)
    np.testing.assert_allclose(reduce_partials(*whole, plan), dense_attention(q, k, v, tree), rtol=1e-12)
    # a group of the two outer leaves alone: the middle query lies in the interval and sees none of it
    tree = Tree([-1, 0, 0, 0], [5, 1, 0, 1])
    plan = plan_tree(tree, "deft_flatten", chunk_len=5)
    q, k, v = random_qkv(tree)
    out, lse = attend_group(q, k, v, plan, 1)
    assert plan.groups[1].queries == range(3)
    assert (out[1] == 0).all() and np.isneginf(lse[1]).all() and np.isfinite(lse[[0, 2]]).all()
    result = reduce_partials(*partial_attention(q, k, v, plan), plan)
    np.testing.assert_allclose(result, dense_attention(q, k, v, tree), rtol=1e-12)


@given(trees(most_nodes=30), st.integers(0, 9), st.floats(-500, 500))
def test_shifting_every_score_changes_no_output(tree, seed, shift):
    q, k, v = random_qkv(tree, seed)
    plan = plan_tree(tree, "deft_node")
    out, lse = partial_attention(q, k, v, plan)
    shifted = reduce_partials(out, lse + shift, plan)
    np.testing.assert_allclose(shifted, reduce_partials(out, lse, plan), rtol=1e-9, atol=1e-9)


@given(trees(most_nodes=30), st.integers(0, 9), st.integers(1, 40))
def test_how_a_plan_is_cut_changes_no_output(tree, seed, chunk_len):
    q, k, v = random_qkv(tree, seed)
    whole, cut = plan_tree(tree, "radix"), plan_tree(tree, "deft_flatten", chunk_len=chunk_len)
    one = reduce_partials(*partial_attention(q, k, v, whole), whole)
    two = reduce_partials(*partial_attention(q, k, v, cut), cut)
    np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)


def test_swapping_siblings_changes_no_output():
    tree = Tree([-1, 0, 0], [4, 3, 2])
    q, k, v = random_qkv(tree)
    swapped = Tree.from_parents([-1, 0, 0], [4, 2, 3], seat=[2, 1])
    slots = np.array([0, 1, 2, 3, 7, 8, 4, 5, 6])
    plan = plan_tree(swapped, "deft_node")
    out = reduce_partials(*partial_attention(q, k, v, plan, slots), plan)
    np.testing.assert_allclose(out, dense_attention(q, k, v, tree), rtol=1e-12)


Q, K, V = random_qkv(TREES["two leaves"])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((Q[:1], K, V), "q has 1 rows for 2 queries; give one row a query"),
        ((np.concatenate([Q, Q]), K, V), "q has 4 rows for 2 queries"),
        ((Q, K[:5], V[:5]), "k has 5 rows for 12 tokens; give one a token, or pass slots"),
        ((Q, K, V[:, :1]), r"k \(12, 2, 8\) and v \(12, 1, 8\) do not fit"),
        ((Q[:, :3], K, V), "the q_heads are a multiple of the kv_heads"),
        ((Q[0], K, V), r"q is \(4, 8\); it must be a numpy array"),
        ((Q.tolist(), K, V), "q is list; it must be a numpy array"),
        ((Q, K, V, np.arange(-1, 11)), "12 slots in -1..10; give one for each of the 12 tokens, in 0..11"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays, message):
    tree = TREES["two leaves"]
    q, k, v, *slots = arrays
    with pytest.raises(AttentionError, match=message):
        dense_attention(q, k, v, tree, *slots)
    with pytest.raises(AttentionError, match=message):
        partial_attention(q, k, v, plan_tree(tree), *slots)


def test_partials_of_another_plan_are_refused():
    tree = TREES["two leaves"]
    out, lse = partial_attention(Q, K, V, plan_tree(tree, "deft_node"))
    with pytest.raises(
        AttentionError, match="are not the 2 partials of .*radix.*; reduce partials with the plan"
    ):
        reduce_partials(out, lse, plan_tree(tree, "radix"))

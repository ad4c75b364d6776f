"""Shapes of token trees: the best ones, their expected length, and the notations they are kept in."""

import json
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_lab.builders.templates import SpeculativeTemplate
from deft_lab.chance import Dice
from deft_lab.drafting import TableLaws, draft
from deft_lab.drafting.sequoia_dp import shape_of, solve
from deft_lab.drafting.shapes import (
    PRINTED_ACCEPTANCE,
    best_shape,
    best_size,
    expansion_shape,
    expected_length,
    greedy_shape,
    medusa_shape,
)
from deft_lab.errors import DraftError, TreeError
from deft_lab.token_tree import (
    growmap_of,
    level_by_level,
    medusa_buffers,
    ranks_of,
    read_growmap,
    shape_from_growmap,
    shape_from_ranks,
    topologies,
    widths,
    write_growmap,
)
from deft_lab.token_tree.convert import bare

# name -> (widths, leaves), counted by hand from the published lists
PUBLISHED = {
    "mc_sim_7b_63": ((1, 10, 28, 23, 2), 42),
    "vicuna_7b_stage2": ((1, 10, 23, 23, 7), 42),
    "vicuna_7b_stage1_ablation": ((1, 10, 21, 25, 7), 42),
    "vicuna_7b_stage1": ((1, 10, 32, 20, 1), 44),
    "vicuna_13b_stage2": ((1, 10, 19, 25, 9), 42),
    "vicuna_13b_stage1": ((1, 10, 29, 23, 1), 44),
    "vicuna_33b_stage2": ((1, 10, 24, 24, 5), 43),
    "vicuna_33b_stage1": ((1, 10, 34, 19), 46),
    "zephyr_stage2": ((1, 10, 27, 23, 3), 44),
    "eagle1_default_25": ((1, 4, 8, 8, 3, 2), 15),
}
vectors = st.lists(st.floats(0.001, 1), min_size=1, max_size=5).map(lambda p: [x / (sum(p) + 0.3) for x in p])
shapes = st.lists(st.integers(0, 10**6), max_size=30).map(
    lambda at: [x % (i + 1) - 1 for i, x in enumerate(at)]
)


@pytest.mark.parametrize("name", topologies())
def test_published_topologies_have_their_widths_and_leaves(name):
    shape = shape_from_ranks(topologies()[name])
    expected, leaves = PUBLISHED[name]
    assert widths(shape) == expected
    assert len(bare(shape).leaves) == leaves


@cache
def ordered_trees(n):
    """Every ordered tree of n nodes, as nested tuples of subtrees."""
    return forests(n - 1)


@cache
def forests(n):
    """Every ordered forest of n nodes."""
    if n == 0:
        return [()]
    return [
        (first, *rest)
        for size in range(1, n + 1)
        for first, rest in product(ordered_trees(size), forests(n - size))
    ]


def length_of(tree, acceptance):
    """F of nested tuples."""
    return 1 + sum(p * length_of(t, acceptance) for p, t in zip(acceptance, tree, strict=False))


@pytest.mark.parametrize("acceptance", [PRINTED_ACCEPTANCE, (0.2, 0.5, 0.05, 0.1), (0.1, 0.1, 0.7)])
@pytest.mark.parametrize("n", range(1, 10))
def test_the_dynamic_program_finds_what_brute_force_finds(n, acceptance):
    trees = ordered_trees(n)
    assert len(trees) == [1, 1, 2, 5, 14, 42, 132, 429, 1430][n - 1]
    shape = shape_of(solve(np.array(acceptance), n, n), n)
    assert len(shape) == n - 1
    best = max(length_of(tree, acceptance) for tree in trees)
    assert expected_length(shape, acceptance) == pytest.approx(best, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(vectors, st.integers(1, 40), st.integers(1, 12))
def test_greedy_equals_the_program_where_acceptance_falls_with_the_rank(acceptance, size, max_depth):
    falling = sorted(acceptance, reverse=True)
    table = solve(np.array(falling), size, max_depth)
    if table.best[-1, size] > 0:
        exact = expected_length(shape_of(table, size), falling)
        assert exact == pytest.approx(table.best[-1, size])
        assert expected_length(greedy_shape(falling, size, max_depth), falling) == pytest.approx(exact)
    assert len(widths(greedy_shape(falling, size, max_depth))) <= 1 + max_depth


@pytest.mark.parametrize(
    ("size", "length", "levels"),
    [
        (4, 2.291, (1, 1, 1, 1)),
        (8, 2.732, None),
        (16, 3.130, None),
        (32, 3.501, (1, 5, 5, 7, 5, 6, 1, 1, 1)),
        (64, 3.855, (1, 6, 12, 14, 9, 11, 7, 1, 1, 1, 1)),
    ],
)
def test_sequoias_published_lengths_from_the_printed_entries(size, length, levels):
    shape = best_shape(PRINTED_ACCEPTANCE, size)
    assert expected_length(shape, PRINTED_ACCEPTANCE) == pytest.approx(length, abs=2e-3)
    assert levels in (None, widths(shape))


def test_the_printed_entries_give_these_lengths():
    lengths = {n: expected_length(best_shape(PRINTED_ACCEPTANCE, n), PRINTED_ACCEPTANCE) for n in (32, 64)}
    assert lengths == {32: pytest.approx(3.4995, abs=1e-4), 64: pytest.approx(3.8541, abs=1e-4)}
    fixed = {(1, 8): 2.688, (4, 8): 3.187, (5, 8): 3.239}
    for (k, depth), length in fixed.items():
        chains = expansion_shape([k] + [1] * (depth - 1), 1000)
        assert expected_length(chains, PRINTED_ACCEPTANCE) == pytest.approx(length, abs=2e-3)


def test_where_acceptance_rises_with_the_rank_greed_is_not_enough():
    rising = (0.3, 0.02, 0.6)
    assert best_shape(rising, 4) == (-1, -1, -1)  # to get at the third child
    assert greedy_shape(rising, 4) == (-1, 0, 1)


def test_the_size_fits_the_hardware():
    # Sequoia's demo: times 10, 10, 10, 12, 14, 18 and a draft of 0.3 make a chain of 4 nodes
    slow = {1: 10, 2: 10, 4: 10, 8: 12, 16: 14, 32: 18}
    choice = best_size(PRINTED_ACCEPTANCE, slow, 0.3)
    assert (choice.size, choice.depth) == (4, 3)
    assert choice.time_per_token == pytest.approx((3 * 0.3 + 10) / choice.expected_length)
    # a target for whom tokens are free wants the largest tree, a dear draft none
    assert best_size(PRINTED_ACCEPTANCE, dict.fromkeys(slow, 10), 0.0).size == 32
    assert best_size(PRINTED_ACCEPTANCE, slow, 1000).size == 1


def test_medusas_search_follows_the_heads():
    #   0: .6   1: .2   00: .3   01: .06   10: .1   000: .03: the best four are 0, 00, 1, 10
    assert ranks_of(medusa_shape([[0.6, 0.2], [0.5, 0.1], [0.1, 0.0]], 5)) == [(0,), (0, 0), (1,), (1, 0)]
    wide = medusa_shape([[0.08] * 12] * 8, 400)
    assert widths(wide)[1] == 10 and len(widths(wide)) <= 6


def test_medusas_buffers_are_the_published_ones():
    made = medusa_buffers(shape_from_ranks([(0,), (0, 0), (0, 1), (0, 2), (1,), (1, 0), (1, 1), (1, 2)]))
    assert made.tree_indices.tolist() == [0, 1, 2, 11, 12, 13, 11, 12, 13]
    assert made.position_ids.tolist() == [0, 1, 1, 2, 2, 2, 2, 2, 2]
    assert made.retrieve_indices.tolist() == [
        [0, 2, 8],
        [0, 2, 7],
        [0, 2, 6],
        [0, 1, 5],
        [0, 1, 4],
        [0, 1, 3],
    ]
    wanted = np.eye(9, dtype=int)
    wanted[:, 0] = wanted[3:6, 1] = wanted[6:, 2] = 1
    assert made.attn_mask.tolist() == wanted.tolist()


def test_a_short_path_of_medusas_is_padded():
    made = medusa_buffers(shape_from_ranks([(0,), (1,), (0, 0)]))
    assert made.retrieve_indices.tolist() == [[0, 1, 3], [0, 2, -1]]
    assert medusa_buffers(()).retrieve_indices.tolist() == [[0]]  # the root alone
    with pytest.raises(TreeError, match="a node has 3 children, a head 2 candidates"):
        medusa_buffers((-1, -1, -1), top_k=2)


@given(shapes)
def test_notations_come_back(shape):
    sorted_shape = level_by_level(shape)
    assert shape_from_ranks(ranks_of(shape)) == tuple(shape)
    assert shape_from_growmap(growmap_of(shape)) == sorted_shape
    assert shape_from_growmap(json.loads(json.dumps(growmap_of(shape)))) == sorted_shape


@given(shapes)
def test_a_growmap_keeps_its_invariants(shape):
    made = growmap_of(shape)
    assert sorted(made) == sorted(("size", "roots", "branches", "Successors", "mask", "depth"))
    assert [node for level in made["roots"] for node in level] == list(range(made["size"]))
    for level, counts in zip(made["roots"], made["branches"], strict=True):
        assert counts == [len(made["Successors"][node]) for node in level]
    assert set(made["branches"][-1]) == {0} and made["roots"][0] == [0]
    assert all(row[0] == 1 for row in made["mask"])


@pytest.mark.parametrize("ending", ["json", "pt"])
def test_growmap_files_come_back(ending, tmp_path):
    shape = best_shape(PRINTED_ACCEPTANCE, 32)
    path = tmp_path / f"L32.{ending}"
    write_growmap(path, shape)
    assert read_growmap(path) == level_by_level(shape)


def test_a_growmap_of_tensors_is_read_without_running_anything(tmp_path):
    import pickle

    (tmp_path / "bad.pt").write_bytes(pickle.dumps(print, protocol=2))
    with pytest.raises(TreeError, match="cannot read the growmap"):
        read_growmap(tmp_path / "bad.pt")
    with pytest.raises(TreeError, match="cannot read the growmap"):
        read_growmap(tmp_path / "missing.json")


def broken(**changes):
    return growmap_of((-1, -1, 0)) | changes


@pytest.mark.parametrize(
    ("growmap", "message"),
    [
        ({"size": 1}, "a growmap has the keys size, roots"),
        (broken(size=0), "size=0; it must be an integer from 1"),
        (broken(size=10**6), "it must be an integer from 1 to 4097"),
        (broken(Successors=[[1, 2], [3], [], [1]]), "is not the next level"),  # a cycle
        (broken(Successors=[[1, 2], [3], [3], []]), "is not the next level"),  # two parents
        (broken(Successors=[[2, 1], [3], [], []]), "is not the next level"),
        (broken(Successors=[[1, 2], 3, [], []]), "are lists of lists"),
        (broken(roots=[[0], [1, 2, 3]]), "is not the next level"),
        (broken(roots=[[0, 1], [2], [3]]), "is not the next level"),
        (broken(roots=[[0], [2, 1], [3]]), "must list the nodes 0 .. 3 level by level"),
        (broken(branches=[[2], [0, 1], [0]]), "'branches' does not follow"),
        (broken(depth=[0, 1, 1, 1]), "'depth' does not follow"),
        (broken(mask=np.eye(4, dtype=int)), "'mask' does not follow"),
        (broken(mask="none"), "'mask' does not follow"),
    ],
)
def test_a_broken_growmap_is_refused(growmap, message):
    with pytest.raises(TreeError, match=message):
        shape_from_growmap(growmap)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([[]], "an empty path"),
        ([[0], [0]], "listed twice"),
        ([[0, 0]], r"comes before its parent \[0\]"),
        ([[1]], "comes before the rank 0"),
        ([[-1]], "comes before the rank"),
    ],
)
def test_broken_rank_paths_are_refused(paths, message):
    with pytest.raises(TreeError, match=message):
        shape_from_ranks(paths)


def test_a_shape_goes_into_defts_speculative_template_and_back():
    shape = level_by_level(shape_from_ranks(topologies()["mc_sim_7b_63"]))
    template = SpeculativeTemplate(tuple(ranks_of(shape)), 1 + len(shape), ())
    again = SpeculativeTemplate.from_item(template.to_item())
    assert shape_from_ranks(again.paths) == shape
    assert again.tree(prompt=5).n_nodes == 65


def test_a_drafted_tree_is_written_in_every_notation():
    tree = draft("sequoia", TableLaws(np.full((8, 8), 1 / 8), 0), 20, Dice(0))
    assert growmap_of(tree.parents)["size"] == 21 == len(medusa_buffers(tree.parents).position_ids)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_shape([[0.1, 0.2], [0.1, 0.2]], 4), "must not rise with the rank"),
        (lambda: best_shape([0.1, 0.2], 2000), "the dynamic program goes to 1024"),
        (lambda: shape_of(solve(np.array([0.5]), 9, 3), 9), "no tree of 9 nodes has 3 levels"),
        (lambda: greedy_shape([0.5], 0), "size=0"),
        (lambda: greedy_shape([[[0.5]]], 3), "acceptance has shape"),
        (lambda: greedy_shape(["a"], 3), "holds no numbers"),
        (lambda: best_size([0.5], {}, 1.0), "t_target is empty; give the time of one size"),
        (lambda: best_size([0.5], {4: 0.0}, 1.0), "a forward of the target takes no time"),
    ],
)
def test_shapes_that_cannot_be_are_refused(call, message):
    with pytest.raises(DraftError, match=message):
        call()

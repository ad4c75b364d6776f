"""Edits: each returns a new tree, keeps labels, and moves seats by one rule."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import trees

from deft_lab import Tree
from deft_lab.errors import TreeError
from deft_lab.tree.edits import advance, drop, hang

#   0: 10 tokens ──┬── 1: 4 tokens ──┬── 2: 2 tokens, query 0
#                  │                 └── 3: 3 tokens, query 1
#                  └── 4: 5 tokens, query 2
SMALL = Tree([-1, 0, 1, 1, 0], [10, 4, 2, 3, 5])


def seats(tree: Tree) -> list[int]:
    """The label on which each of the caller's queries sits."""
    out = [0] * tree.n_queries
    for row, node in zip(tree.query_order.tolist(), tree.seat.tolist(), strict=True):
        out[row] = int(tree.label[node])
    return out


def lengths(tree: Tree) -> dict[int, int]:
    return dict(zip(tree.label.tolist(), tree.length.tolist(), strict=True))


def test_growing_lengthens_the_leaves_of_a_plain_tree():
    assert lengths(SMALL.grow()) == {0: 10, 1: 4, 2: 3, 3: 4, 4: 6}
    assert seats(SMALL.grow(7)) == [2, 3, 4]


@given(trees(), st.integers(1, 5))
def test_growing_gives_every_query_tokens_that_no_other_sees(tree, n):
    grown = tree.grow(n)
    before, after = np.empty(tree.n_queries, int), np.empty(tree.n_queries, int)
    before[tree.query_order] = tree.n_path_tokens_of_query
    after[grown.query_order] = grown.n_path_tokens_of_query
    assert (after == before + n).all()
    assert grown.n_tokens == tree.n_tokens + n * tree.n_queries


def test_growing_a_shared_or_inner_seat_adds_a_leaf():
    tree = Tree([-1, 0], [5, 2], seat=[1, 0, 1]).grow(3)
    assert seats(tree) == [2, 3, 4]
    assert lengths(tree) == {0: 5, 1: 2, 2: 3, 3: 3, 4: 3}
    assert [tree.nodes[tree.index(x)].parent for x in (2, 3, 4)] == [tree.index(1), 0, tree.index(1)]


def test_forking_a_leaf_hands_its_query_on():
    tree = SMALL.fork(2, k=2, length=6)
    assert seats(tree) == [3, 4, 5, 6]
    assert lengths(tree) == {0: 10, 1: 4, 2: 2, 5: 6, 6: 6, 3: 3, 4: 5}
    assert tree.label.tolist() == [0, 1, 2, 5, 6, 3, 4]


def test_forking_an_inner_node_adds_queries():
    assert seats(SMALL.fork(1, k=1)) == [2, 3, 4, 5]


def test_forking_a_token_tree_keeps_all_seats():
    tree = Tree([-1, 0, 1], [9, 1, 1], seat=[1, 2]).fork(2, k=2)
    assert seats(tree) == [1, 2, 3, 4]


def test_pruning_the_last_child_seats_its_parent():
    tree = SMALL.prune(2).prune(3)
    assert seats(tree) == [4, 1]
    assert lengths(tree) == {0: 10, 1: 4, 4: 5}


def test_pruning_a_subtree_removes_its_queries():
    assert seats(SMALL.prune(1)) == [4] and lengths(SMALL.prune(1)) == {0: 10, 4: 5}


def test_moving_a_subtree_takes_its_labels_lengths_and_queries():
    tree = SMALL.move(1, 4)
    assert tree.label.tolist() == [0, 4, 1, 2, 3]
    assert seats(tree) == [2, 3] and lengths(tree) == lengths(SMALL)
    assert seats(SMALL.move(4, 2)) == [3, 4]


def test_a_moved_node_becomes_the_last_child():
    tree = Tree([-1, 0, 0, 0], [1, 2, 3, 4]).move(1, 0)
    assert tree.label.tolist() == [0, 2, 3, 1] and seats(tree) == [1, 2, 3]


def test_queries_keep_their_order_through_a_prune():
    tree = Tree([-1, 0, 0, 0], [1, 2, 3, 4], seat=[3, 1, 2]).prune(1)
    assert seats(tree) == [3, 2]


def test_labels_are_never_used_twice():
    tree = SMALL.prune(4).fork(2)
    assert tree.label.tolist() == [0, 1, 2, 5, 6, 3] and tree.next_label == 7


@given(trees(), st.data())
def test_merging_undoes_a_split(tree, data):
    long = np.flatnonzero(tree.length > 1)
    if not len(long):
        return
    node = int(data.draw(st.sampled_from(long.tolist())))
    label = int(tree.label[node])
    cut = tree.split(label, data.draw(st.integers(1, int(tree.length[node]) - 1)))
    assert (cut.n_tokens, cut.n_path_tokens, cut.n_nodes) == (
        tree.n_tokens, tree.n_path_tokens, tree.n_nodes + 1,
    )  # fmt: skip
    back = cut.merge(label)
    assert (seats(back), lengths(back)) == (seats(tree), lengths(tree))
    assert back.parent.tolist() == tree.parent.tolist()


@given(trees(most_nodes=30), st.data())
def test_a_run_of_edits_keeps_a_valid_tree(tree, data):
    """The constructor checks every tree that an edit makes; here edits are tried until one is refused."""
    used = set(tree.label.tolist())
    for _ in range(6):
        node, other = (int(data.draw(st.sampled_from(tree.label.tolist()))) for _ in range(2))
        edit = data.draw(st.sampled_from(["fork", "prune", "move", "split", "merge", "set_length", "grow"]))
        arguments = {"move": (node, other), "split": (node, 1), "set_length": (node, 3), "grow": ()}
        before = set(tree.label.tolist())
        try:
            tree = getattr(tree, edit)(*arguments.get(edit, (node,)))
        except TreeError:
            continue
        new = set(tree.label.tolist()) - before
        assert not new & used, "a label was used twice"
        used |= new


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda: SMALL.grow(0), "n=0; it must be an integer of at least 1"),
        (lambda: SMALL.fork(1, k=0), "k=0; it must be an integer of at least 1"),
        (lambda: SMALL.fork(1, length=-1), "length=-1; it must be an integer of at least 0"),
        (lambda: SMALL.fork(8), "no node has the label 8"),
        (lambda: SMALL.prune(0), "node 0 is the root; pruning it would leave no tree"),
        (lambda: SMALL.move(0, 1), "node 0 is the root; it has no place to move to"),
        (
            lambda: SMALL.move(1, 3),
            "node 3 lies in the subtree of node 1; moving it there would make a cycle",
        ),
        (lambda: SMALL.move(1, 1), "node 1 lies in the subtree of node 1"),
        (lambda: SMALL.split(1, 4), "cannot split node 1 at token 4; it has 4 tokens, so k must be in 1..3"),
        (lambda: SMALL.split(1, 0), "k=0; it must be an integer of at least 1"),
        (lambda: SMALL.merge(1), "node 1 has 2 children; only a node with one child can take it in"),
        (lambda: SMALL.merge(4), "node 4 has 0 children"),
        (
            lambda: Tree([-1, 0], [1, 1], seat=[0, 1]).merge(0),
            "a query sits on node 0; merging would let it see",
        ),
        (lambda: Tree([-1, 0], [1, 1], seat=[1, 1]).prune(1), "every query sits below node 1"),
        (lambda: SMALL.set_length(4, 2.7), "length=2.7; it must be an integer of at least 0"),
        (lambda: SMALL.set_length(4, 2**63), "length holds 9223372036854775808; integers fit into 64 bits"),
        (lambda: SMALL.set_length(4, -5), "length=-5; it must be an integer of at least 0"),
        (lambda: Tree([-1], [1]).set_length(0, 0), "path of the seat on node 0 holds no token"),
    ],
)
def test_an_edit_that_would_break_the_tree_is_refused(edit, message):
    with pytest.raises(TreeError, match=message):
        edit()


class TestSteps:
    """`advance`, `drop` and `hang`: what a decode does to its tree."""

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, 10**9))
    def test_advance_does_what_single_edits_do(self, seed):
        rng = random.Random(seed)
        tree = Tree([-1], [3])
        for _ in range(5):
            births, expected = {}, tree
            leaves = tree.label[tree.callers_seat()].tolist()
            for leaf in leaves:
                births[leaf] = rng.choice([1, 1, 2, 3, 0])
            if not any(births.values()):
                births[leaves[0]] = 1
            change = advance(tree, births)
            for leaf, n in births.items():
                if n == 1:
                    expected = expected.set_length(leaf, int(expected.length[expected.index(leaf)]) + 1)
                elif n > 1:
                    expected = expected.fork(leaf, n, 1)
            for leaf in (leaf for leaf, n in births.items() if n == 0):
                top = expected.index(leaf)
                while len(expected.children(int(expected.parent[top]))) == 1:
                    top = int(expected.parent[top])
                expected = expected.prune(int(expected.label[top]))
            assert change.tree.label.tolist() == expected.label.tolist()
            assert change.tree.length.tolist() == expected.length.tolist()
            assert change.tree.parent.tolist() == expected.parent.tolist()
            assert set(change.gone) == set(tree.label.tolist()) - set(expected.label.tolist())
            tree = change.tree

    def test_a_leaf_that_is_not_named_pauses(self):
        tree = Tree([-1, 0, 0], [3, 1, 1])
        change = advance(tree, {1: 1})
        assert change.paused == (2,) and change.tree.seat.tolist() == [1]
        again = advance(change.tree, {2: 1})
        assert again.forked == {2: (3,)} and again.paused == (1,)
        assert advance(tree, {1: 1, 2: 1}, forks={1}).forked == {1: (3,)}

    def test_drop_takes_what_is_left_without_children(self):
        tree = Tree([-1, 0, 1, 1, 0], [3, 1, 1, 1, 1])
        change = drop(tree, [2, 3])
        assert change.tree == Tree([-1, 0], [3, 1], label=[0, 4], next_label=5)
        assert change.pruned == (2, 1) and set(change.gone) == {1, 2, 3}

    def test_hang_seats_every_token_and_nothing_else(self):
        tree, labels = hang(Tree([-1, 0, 0], [3, 1, 1]), 1, [-1, 0, 0, -1])
        assert labels == (3, 4, 5, 6)
        assert tree.label.tolist() == [0, 1, 3, 4, 5, 6, 2]
        assert tree.label[tree.callers_seat()].tolist() == [3, 4, 5, 6]

    def test_bad_input(self):
        tree = Tree([-1, 0, 0], [3, 1, 1])
        for words, call in (
            ("leaves no query", lambda: advance(tree, {1: 0, 2: 0})),
            ("leaves no query", lambda: drop(tree, [1, 2])),
            ("only a leaf gets tokens", lambda: advance(tree, {0: 1})),
            ("only leaves are dropped", lambda: drop(tree, [0])),
            ("hangs below a leaf", lambda: hang(tree, 0, [-1])),
            ("no node has the label 9", lambda: advance(tree, {9: 1})),
            (r"births\[1\]=-1", lambda: advance(tree, {1: -1})),
            ("one query a leaf", lambda: advance(Tree([-1], [3], seat=[0, 0]), {0: 1})),
        ):
            with pytest.raises(TreeError, match=words):
                call()

"""A Tree: what follows from links and lengths, and what is refused."""

import copy
import pickle

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import Tree
from deft_lab.errors import TreeError
from deft_lab.tree.convert import to_networkx

every_tree = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)


@given(trees())
def test_what_a_tree_derives_is_what_networkx_finds(tree):
    graph = to_networkx(tree)
    place = {label: i for i, label in enumerate(tree.label.tolist())}
    assert [place[x] for x in nx.dfs_preorder_nodes(graph, int(tree.label[0]))] == list(range(tree.n_nodes))
    depth = nx.single_source_shortest_path_length(graph, int(tree.label[0]))
    for i, label in enumerate(tree.label.tolist()):
        assert depth[label] == tree.depth[i]
        below = {place[x] for x in nx.descendants(graph, label)} | {i}
        assert below == set(range(i, tree.subtree_stop[i]))
        queries = {q for x in [label, *nx.descendants(graph, label)] for q in graph.nodes[x]["queries"]}
        assert queries == set(tree.query_order[tree.q_first[i] : tree.q_stop[i]].tolist())
    assert tree.leaves.tolist() == sorted(place[x] for x in graph if graph.out_degree(x) == 0)


@given(trees())
def test_a_query_sees_the_tokens_of_its_path(tree):
    seen = [sum(int(tree.length[i]) for i in tree.path(int(seat))) for seat in tree.seat]
    assert tree.n_path_tokens_of_query.tolist() == seen
    assert tree.n_path_tokens == sum(seen)
    assert tree.n_tokens == tree.length.sum() == tree.start[-1]
    assert tree.sharing == sum(seen) / tree.n_tokens


@given(trees(most_nodes=40))
def test_a_node_view_says_what_the_arrays_say(tree):
    for i, node in enumerate(tree.nodes):
        assert node.children == tuple(np.flatnonzero(tree.parent == i).tolist()) == tree.children(i)
        assert (node.index, node.label, node.length) == (i, tree.label[i], tree.length[i])
        assert (node.parent is None) == (i == 0)
        assert set(node.queries) == {q for q, seat in enumerate(tree.seat) if i in tree.path(int(seat))}


@given(trees(), st.randoms(use_true_random=False))
def test_nodes_given_in_any_order_make_the_same_tree(tree, random):
    names = list(range(tree.n_nodes))
    random.shuffle(names)
    # names[i] is where node i goes
    parent, length = [0] * len(names), [0] * len(names)
    for i, name in enumerate(names):
        parent[name] = -1 if i == 0 else names[tree.parent[i]]
        length[name] = int(tree.length[i])
    seat = [0] * tree.n_queries
    for row, node in zip(tree.query_order, tree.seat, strict=True):
        seat[row] = names[node]
    other = Tree.from_parents(parent, length, seat)
    assert (other.n_tokens, other.n_path_tokens, other.n_queries) == (
        tree.n_tokens, tree.n_path_tokens, tree.n_queries,
    )  # fmt: skip
    mine, theirs = np.empty(tree.n_queries, int), np.empty(tree.n_queries, int)
    mine[tree.query_order] = tree.n_path_tokens_of_query
    theirs[other.query_order] = other.n_path_tokens_of_query
    assert mine.tolist() == theirs.tolist()


@given(trees())
def test_json_brings_back_an_equal_tree(tree):
    again = Tree.from_json(tree.to_json())
    assert again == tree and hash(again) == hash(tree)
    assert again.next_label == tree.next_label


def test_trees_that_differ_in_one_thing_are_not_equal():
    tree = Tree([-1, 0, 0], [3, 1, 1])
    others = (
        Tree([-1, 0, 1], [3, 1, 1]),
        Tree([-1, 0, 0], [3, 1, 2]),
        Tree([-1, 0, 0], [3, 1, 1], seat=[2, 1]),
        Tree([-1, 0, 0], [3, 1, 1], label=[0, 1, 3]),
        Tree([-1, 0, 0], [3, 1, 1], next_label=9),
    )
    assert all(tree != other for other in others) and tree != "tree"


def test_a_tree_cannot_be_changed_in_place():
    tree = TREES["two leaves"]
    with pytest.raises(ValueError, match="read-only"):
        tree.length[0] = 1
    with pytest.raises(AttributeError, match="immutable; make a changed copy with an edit"):
        tree.length = np.array([1, 1, 1])


def test_the_callers_arrays_stay_the_callers():
    length = np.array([7, 2, 3])
    tree = Tree([-1, 0, 0], length)
    length[0] = 99
    assert tree.length.tolist() == [7, 2, 3]


@every_tree
def test_printing_draws_every_node_of_a_small_tree(tree):
    lines = str(tree).splitlines()
    assert lines[0] == repr(tree)
    assert len(lines) == 1 + min(tree.n_nodes, 40) + (tree.n_nodes > 40)


def test_the_drawing_of_a_small_tree():
    assert str(Tree([-1, 0, 1, 0], [7, 1, 3, 2], seat=[2, 2, 3])).splitlines() == [
        "Tree(4 nodes, 3 queries, 13 tokens, sharing 2.38x)",
        "node 0: 7 tokens",
        "├── node 1: 1 token",
        "│   └── node 2: 3 tokens, 2 queries",
        "└── node 3: 2 tokens, 1 query",
    ]


def test_lengths_can_change_without_rebuilding():
    tree = TREES["lopsided"]
    longer = tree.with_length(tree.length + 1)
    assert longer == Tree(tree.parent, tree.length + 1) and longer.n_tokens == tree.n_tokens + tree.n_nodes
    assert longer.subtree_stop is tree.subtree_stop


def test_steps_share_what_is_seen_until_an_edit_or_a_node_that_fills():
    #   root 5 ──┬── 2 (query 0)
    #            ├── 0 (query 1)
    #            └── 3 (nobody)
    tree = Tree([-1, 0, 0, 0], [5, 2, 0, 3], seat=[1, 2])
    assert tree.seen.node.tolist() == [0, 1] and not tree.seen.whole
    assert (tree.seen.q_first.tolist(), tree.seen.q_stop.tolist()) == ([0, 0], [2, 1])
    assert tree.seen_start.tolist() == [0, 5, 7, 7, 7]
    longer = tree.with_length([6, 9, 0, 1])
    assert longer.seen is tree.seen and longer.seen_start.tolist() == [0, 6, 15, 15, 15]
    made = []
    for step in (tree, longer):
        assert step.seen.once("name", lambda: made.append(0) or "made once") == "made once"
    assert len(made) == 1
    filled = longer.grow()
    assert filled.seen.node.tolist() == [0, 1, 2] and tree.seen.node.tolist() == [0, 1]
    assert tree.with_length([5, 2, 0, 0]).seen.whole
    for edited in (tree.fork(1), tree.prune(3), tree.move(3, 1)):
        assert edited.seen is not tree.seen
    with pytest.raises(ValueError, match="read-only"):
        tree.seen.node[0] = 1


@given(trees(most_nodes=40))
def test_what_is_seen_is_what_some_path_holds(tree):
    """Also where the nodes that are empty change again and again, more often than a Shape remembers."""
    for shift in range(20):
        length = np.where(np.arange(tree.n_nodes) % 7 == shift % 7, tree.length, tree.length * (shift % 2))
        try:
            tree_ = tree.with_length(length)
        except TreeError:  # a query would see nothing
            continue
        on_paths = {node for seat in tree.seat.tolist() for node in tree.path(seat)}
        held = [node in on_paths and tokens > 0 for node, tokens in enumerate(length.tolist())]
        assert tree_.seen.node.tolist() == np.flatnonzero(held).tolist()
        counted = np.concatenate(([0], np.cumsum(np.where(held, length, 0))))
        assert tree_.seen_start.tolist() == counted.tolist()
        assert tree_.seen.whole == (counted[-1] == tree_.n_tokens)


REFUSED = {
    "two roots": (([-1, -1], [1, 1]), "nodes 0, 1 have no parent; a tree has one root"),
    "no node": (([], []), "parent has shape .0,.; it must be a list of at least one integer"),
    "a parent after its child": (([-1, 2, 0], [1, 1, 1]), "node 1 has parent 2; .* it must be in 0..0"),
    "a root with a parent": (([0, 0], [1, 1]), "node 0 has parent 0; .* -1, it is the root"),
    "not in preorder": (([-1, 0, 0, 1], [1, 1, 1, 1]), "node 3 .parent 1. is not in depth-first preorder"),
    "a negative length": (([-1, 0], [1, -4]), "node 1 has length -4; a length is 0 tokens or more"),
    "a huge length": (([-1, 0], [1, 2**40]), "holds 1,099,511,627,777 tokens; at most 2,147,483,647 fit"),
    "lengths that are huge together": (([-1, 0], [2**30, 2**30]), "holds 2,147,483,648 tokens"),
    "lists of lists": (([[-1], [0, 1]], [1, 1]), "parent is .*; it must be a list of integers"),
    "a number of 65 bits": (
        ([2**64 - 1], [1]),
        "parent holds 18446744073709551615; integers fit into 64 bits",
    ),
    "fractions": (([-1, 0], [1, 0.5]), "length.1. is 0.5; it must be an integer"),
    "nothing": ((None, None), "parent is None; it must be a list of integers"),
    "a hole": (([-1, 0], [1, None]), "length.1. is None; it must be an integer"),
    "not a number": (([-1, 0], [float("nan"), 1]), "length.0. is nan; it must be an integer"),
    "lengths of 71 bits": (([-1, 0], [1, 2**70]), "length holds 1180591620717411303424; integers fit into"),
    "lengths and nodes that differ in number": (([-1, 0], [1]), "2 parents but 1 lengths"),
    "a seat outside": (([-1, 0], [1, 1], [2]), "query 0 sits on node 2; the nodes are 0..1"),
    "a negative seat": (([-1, 0], [1, 1], [1, -1]), "query 1 sits on node -1; the nodes are 0..1"),
    "no seat": (([-1, 0], [1, 1], []), "seat has shape .0,.; it must be a list of at least one integer"),
    "a path without tokens": (([-1, 0, 0], [0, 0, 1]), "path of the seat on node 1 holds no token"),
    "labels twice": (([-1, 0], [1, 1], [1], [3, 3]), "nodes 0 and 1 have the label 3; .* distinct"),
    "a negative label": (([-1, 0], [1, 1], [1], [3, -1]), "node 1 has the label -1; labels are 0 or more"),
    "too few labels": (([-1, 0], [1, 1], [1], [3]), "1 labels for 2 nodes"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_tree_is_refused(arguments, message):
    with pytest.raises(TreeError, match=message):
        Tree(*arguments)


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        ([1, 2, 0], "nodes 0, 1, 2 cannot be reached from a root: .* runs in a cycle"),
        ([-1, 2, 1], "nodes 1, 2 cannot be reached from a root"),
        ([-1, 1], "nodes 1 cannot be reached from a root"),
        ([-1, -1, 0], "nodes 0, 1 have no parent; a tree has one root"),
        ([-1, 5], "node 1 has parent 5; it must be -1 .the root. or in 0..1"),
    ],
)
def test_links_that_make_no_tree_are_refused_in_any_order(parent, message):
    with pytest.raises(TreeError, match=message):
        Tree.from_parents(parent, [1] * len(parent))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            TREES["two leaves"].to_json()[:40],
            "not valid JSON at character 40 of 40 .*; the file may be cut short",
        ),
        ("[1, 2]", "a JSON list where an object with schema 'deft_lab.tree/1' is expected"),
        ('{"schema": "deft_lab.tree/99"}', "schema 'deft_lab.tree/99' where 'deft_lab.tree/1' is expected"),
        (
            '{"schema": "deft_lab.tree/1", "parent": [-1]}',
            "fields missing: .'label', 'length'.*unknown: none",
        ),
        (TREES["one token"].to_json().replace('"next', '"x": 1, "next'), "unknown: .'x'."),
        (TREES["one token"].to_json().replace("[1]", '["a"]'), "length.0. is 'a'; it must be an integer"),
        (None, "None is no text; pass what stands in the file"),
        (b"\xff", "not JSON that deft_lab wrote"),
        ("[" * 100_000, "not JSON that deft_lab wrote"),
    ],
)
def test_a_broken_tree_file_is_refused(text, message):
    with pytest.raises(TreeError, match=message):
        Tree.from_json(text)


def test_a_label_taken_for_an_index_is_answered_with_the_difference():
    tree = Tree([-1, 0], [3, 2], label=[0, 70])
    for ask in (tree.path, tree.children):
        with pytest.raises(
            TreeError, match=r"no node has the index 70; the indices are 0..1 .tree.index.label."
        ):
            ask(70)
    assert tree.children(-1) == tree.nodes[-1].children == () and tree.path(-1) == (0, 1)


def test_a_copied_or_pickled_tree_is_equal_and_read_only():
    tree = TREES["odd_seats"]
    for again in (pickle.loads(pickle.dumps(tree)), copy.deepcopy(tree)):
        assert again == tree and again.next_label == tree.next_label
        assert not again.length.flags.writeable and not again.parent.flags.writeable


def test_an_unknown_label_lists_the_known_ones():
    with pytest.raises(TreeError, match="no node has the label 9; the labels are 0, 1, 2"):
        TREES["two leaves"].index(9)

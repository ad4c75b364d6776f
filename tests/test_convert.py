"""Other notations: each pair is a round trip, and what a notation cannot hold is refused."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import Tree
from deft_lab.builders import topologies
from deft_lab.errors import TreeError
from deft_lab.tree.convert import from_medusa, from_nested, from_networkx, to_medusa, to_nested, to_networkx

nested_lists = st.recursive(
    st.integers(1, 50),
    lambda below: st.tuples(st.integers(1, 50), st.lists(below, min_size=1, max_size=4)),
    max_leaves=20,
).map(lambda entry: _as_list(entry))


def _as_list(entry):
    return entry if isinstance(entry, int) else [entry[0], *map(_as_list, entry[1])]


@given(nested_lists)
def test_nested_lists_come_back(nested):
    assert to_nested(from_nested(nested)) == nested


def test_a_nested_list_reads_as_a_tree():
    assert from_nested([4000, 20, [5, 3, [3]]]) == Tree([-1, 0, 0, 2, 2], [4000, 20, 5, 3, 3])


@given(trees())
def test_networkx_brings_back_an_equal_tree(tree):
    again = from_networkx(to_networkx(tree))
    assert again.next_label <= tree.next_label
    assert Tree.from_json(again.to_json()) == again
    for name in ("parent", "length", "seat", "query_order", "label"):
        assert getattr(again, name).tolist() == getattr(tree, name).tolist()


def test_a_graph_without_queries_seats_its_leaves():
    graph = nx.DiGraph([(7, 3), (7, 5)])
    nx.set_node_attributes(graph, 4, "length")
    tree = from_networkx(graph)
    assert tree.label.tolist() == [7, 3, 5] and tree.label[tree.seat].tolist() == [3, 5]


@pytest.mark.parametrize("name", topologies())
def test_published_topologies_come_back(name):
    paths = topologies()[name]
    tree = from_medusa(paths, prompt=100)
    assert to_medusa(tree) == sorted(paths, key=lambda path: (len(path), path))
    assert tree.n_queries == len(paths) + 1 and tree.n_tokens == 100 + len(paths) + 1


def test_a_medusa_path_reads_as_a_branch():
    #   context ── root token ──┬── [0] ──┬── [0, 0]
    #                           │         └── [0, 1]
    #                           └── [1]
    tree = from_medusa([[0], [1], [0, 0], [0, 1]], prompt=9)
    assert tree.parent.tolist() == [-1, 0, 1, 2, 2, 1]
    assert tree.label.tolist() == [0, 1, 2, 4, 5, 3]  # labels in the order of the sorted paths
    assert tree.query_order.tolist() == [0, 1, 3, 4, 2]
    assert tree.n_path_tokens_of_query.tolist() == [10, 11, 12, 12, 11]


def graph(*edges: tuple[int, int], **attributes: object) -> nx.DiGraph:
    out = nx.DiGraph(edges)
    nx.set_node_attributes(out, attributes.get("length", 1), "length")
    return out


def endless() -> list:
    nested: list = [5]
    nested.append(nested)
    return nested


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (lambda: from_nested([]), r"\[\] is no node; write \[length, child, child, ...\]"),
        (lambda: from_nested([3, "x"]), "'x' is no node"),
        (lambda: from_nested([True]), r"\[True\] is no node"),
        (lambda: from_nested([3, -1]), "has length -1"),
        (lambda: to_nested(TREES["odd_seats"]), "nested lists hold one query a leaf, in preorder"),
        (lambda: from_networkx(graph((0, 1), (2, 1))), "the graph .3 nodes, 2 edges. is no .*rooted tree"),
        (lambda: from_networkx(graph((0, 1), (1, 0))), "is no .*rooted tree"),
        (lambda: from_networkx(nx.Graph([(0, 1)])), "is no directed, rooted tree"),
        (lambda: from_nested(endless()), "more than 1,000,000 nodes; does a list contain itself"),
        (lambda: from_networkx(nx.DiGraph()), "the graph .0 nodes, 0 edges. is no .*rooted tree"),
        (lambda: from_networkx(nx.DiGraph([(0, 1)])), "node 0 has no attribute 'length'"),
        (lambda: from_networkx(graph(("a", "b"))), "node names are the labels and must be integers"),
        (lambda: from_medusa([[0, 0]]), r"path \[0, 0\] hangs below \[0\], which is not listed"),
        (lambda: from_medusa([[0], [2]]), r"path \[2\] skips rank 1"),
        (lambda: from_medusa([[0], [0]]), "1 paths are listed twice"),
        (lambda: from_medusa([[]]), "an empty path; the root is implicit"),
        (lambda: to_medusa(TREES["two leaves"]), "is no token tree"),
    ],
)
def test_what_a_notation_cannot_hold_is_refused(convert, message):
    with pytest.raises(TreeError, match=message):
        convert()


@pytest.mark.parametrize("queries", [((0,), (0,)), ((0, 0), ())])
def test_a_query_of_a_graph_sits_once(queries):
    twice = graph((0, 1))
    twice.nodes[0]["queries"], twice.nodes[1]["queries"] = queries
    with pytest.raises(
        TreeError, match=r"the queries are numbered \[0, 0\]; number them 0 .. n - 1, each once"
    ):
        from_networkx(twice)


def test_queries_of_a_graph_are_numbered_without_gaps():
    bad = graph((0, 1))
    bad.nodes[1]["queries"] = (1,)
    with pytest.raises(TreeError, match=r"the queries are numbered \[1\]; number them 0 .. n - 1"):
        from_networkx(bad)


def test_lists_nested_deeper_than_python_recurses_are_refused_in_words():
    nested = []
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(TreeError, match=r"\[\[\[.* is no node; write \[length, child"):
        from_nested(nested)

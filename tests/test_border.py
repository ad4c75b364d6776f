"""The border of the library: what a slip of the hand is told, with the value and what is allowed."""

import re
import sys

import networkx as nx
import numpy as np
import pytest
import torch

import deft_lab
from deft_lab import LLAMA3_8B, Geometry, Pool, Trace, Tree, build_tree, plan_tree, traffic
from deft_lab.attention import dense_attention, partial_attention, reduce_partials
from deft_lab.builders.growth import beam_search_growth, few_shot_growth
from deft_lab.cost import flops, launches, predict, run_traffic, step_traffic, unit_rota
from deft_lab.decode import Sampler
from deft_lab.errors import DeftLabError
from deft_lab.hardware import H200
from deft_lab.kv import Unpaged
from deft_lab.ops import attend, lower, tree_attention
from deft_lab.plan import Plan, check_plan
from deft_lab.token_tree import tree_from_paths
from deft_lab.tree.convert import from_medusa, from_nested, from_networkx, to_nested
from deft_lab.viz import (
    draw_io_bars,
    draw_reduction,
    draw_split,
    draw_timeline,
    draw_tree,
    stack,
    write_report,
)

TREE = Tree([-1, 0, 0], [10, 4, 3])
PLAN = plan_tree(TREE)
LAYER = LLAMA3_8B.layer
Q, KV = np.zeros((2, 2, 4)), np.zeros((17, 1, 4))


def queried(queries: object) -> nx.DiGraph:
    graph = nx.DiGraph([(0, 1)])
    nx.set_node_attributes(graph, 1, "length")
    graph.nodes[1]["queries"] = queries
    return graph


A_TREE_FOR_A_PLAN = "plan is a Tree where a Plan is expected; plan_tree(tree, method) makes one"
SLIPS = {
    "traffic of a tree": (lambda: traffic(TREE, LAYER), A_TREE_FOR_A_PLAN),
    "flops of a tree": (lambda: flops(TREE, LAYER), A_TREE_FOR_A_PLAN),
    "launches of a tree": (lambda: launches(TREE, LAYER), A_TREE_FOR_A_PLAN),
    "a prediction of a tree": (lambda: predict(TREE, LAYER, H200), A_TREE_FOR_A_PLAN),
    "a rota of a tree": (lambda: unit_rota(TREE), A_TREE_FOR_A_PLAN),
    "checking a tree": (lambda: check_plan(TREE), A_TREE_FOR_A_PLAN),
    "partials of a tree": (lambda: partial_attention(Q, KV, KV, TREE), A_TREE_FOR_A_PLAN),
    "reducing with a tree": (lambda: reduce_partials(Q, Q[..., 0], TREE), A_TREE_FOR_A_PLAN),
    "a drawn split of a tree": (lambda: draw_split(TREE), A_TREE_FOR_A_PLAN),
    "a drawn timeline of a tree": (lambda: draw_timeline(TREE), A_TREE_FOR_A_PLAN),
    "a drawn reduction of a tree": (lambda: draw_reduction(TREE), A_TREE_FOR_A_PLAN),
    "a plan drawn as a tree": (lambda: draw_tree(PLAN), "tree is a Plan where a Tree is expected"),
    "dense attention of a plan": (lambda: dense_attention(Q, KV, KV, PLAN), "tree is a Plan where a Tree"),
    "no geometry": (lambda: traffic(PLAN, None), "geometry is a NoneType where a Geometry is expected"),
    "hardware by name": (lambda: predict(PLAN, LAYER, "h200"), "find_hardware('h200') gives one"),
    "bytes of a run of a tree": (lambda: run_traffic(TREE, "radix", LAYER), "trace is a Tree where a Trace"),
    "bytes of steps of a tree": (lambda: step_traffic(TREE, "radix", LAYER), "trace is a Tree where a Trace"),
    "a group that is not there": (lambda: PLAN.arrays().bit_mask(9), "no group 9; the plan has 0..0"),
    "one method for several": (
        lambda: draw_io_bars(TREE, LAYER, "radix"),
        "methods='radix' is one name where several are expected; write ['radix']",
    ),
    "a report of one method": (lambda: write_report(TREE, "radix", "x.html"), "write ['radix']"),
    "a report in no folder": (lambda: write_report(TREE, ["radix"], "/no/x.html"), "there is no folder /no"),
    "a picture in no folder": (lambda: draw_tree(TREE).save("/no/x.svg"), "there is no folder /no"),
    "a stack of nothing": (lambda: stack("x", []), "no figure to put on the picture"),
    "a stack of a tree": (lambda: stack("x", [TREE]), "figures[0] is a Tree where a Figure is expected"),
    "no builder": (lambda: build_tree(["chain"]), "no builder ['chain']; choose one of chain"),
    "a builder without its file": (lambda: build_tree("from_template"), "needs the option 'path'"),
    "a template of no file": (lambda: build_tree("from_template", path=3), "path=3; it must be the name"),
    "a length of nothing": (lambda: build_tree("k_ary", length=None), "length=None; it must be an integer"),
    "a prompt that is a word": (lambda: build_tree("k_ary", prompt="7"), "prompt='7'; it must be an integer"),
    "a medusa prompt below 0": (lambda: build_tree("medusa", prompt=-1), "prompt=-1; it must be an integer"),
    "a task of lists": (lambda: build_tree("reasoning_like", task=[]), "no task []; choose one of document"),
    "a tree that explodes": (lambda: build_tree("k_ary", k=10, depth=60), "more than 1,000,000 nodes"),
    "a width of millions": (lambda: build_tree("few_shot", width=10**12), "more than 1,000,000 nodes"),
    "a growth of millions": (lambda: few_shot_growth(width=10**12), "more than 1,000,000 nodes"),
    "a beam of millions": (lambda: beam_search_growth(width=10**12), "more than 1,000,000 nodes"),
    "thoughts of millions": (
        lambda: build_tree("graph_of_thoughts", n_parts=10**12),
        "more than 1,000,000 nodes",
    ),
    "a label that is no number": (lambda: TREE.index([1]), "no node has the label [1]"),
    "a fraction as a label": (lambda: TREE.fork(1.0), "no node has the label 1.0"),
    "an index that is no number": (lambda: TREE.path(None), "no node has the index None"),
    "a label to come that is none": (lambda: Tree([-1], [1], next_label=9.5), "next_label=9.5; it must be"),
    "no nested list": (lambda: to_nested(7), "tree is a int where a Tree is expected"),
    "no graph": (lambda: from_networkx(None), "graph is a NoneType where a Graph is expected"),
    "queries that are a number": (
        lambda: from_networkx(queried(1)),
        "node 1 has queries=1; it must",
    ),
    "queries that are letters": (lambda: from_networkx(queried(["a"])), "node 1 has queries=['a']"),
    "no paths": (lambda: from_medusa(None), "paths is a NoneType where a Sequence is expected"),
    "a path that is a number": (lambda: from_medusa([0]), "0 is no path; write the ranks of its tokens"),
    "a path of letters": (lambda: from_medusa([["a"]]), "['a'] is no path"),
    "one view for several": (lambda: deft_lab.widgets.edit(TREE, views="memory"), "write ['memory']"),
    "a machine for its name": (lambda: deft_lab.widgets.edit(TREE, hardware=H200), "choose one of h200"),
    "a machine to compare on": (lambda: deft_lab.widgets.compare(TREE, hardware=H200), "choose one of h200"),
    "no theme": (
        lambda: deft_lab.widgets.edit(TREE, theme="pink"),
        "no theme 'pink'; choose one of auto, light, dark",
    ),
    "one method to compare": (lambda: deft_lab.widgets.compare(TREE, "radix"), "write ['radix']"),
    "a live decode of nothing": (lambda: deft_lab.widgets.live(TREE, None), "decoder is a NoneType"),
    "a trace of nothing": (lambda: Trace(None, [], 0), "start is a NoneType where a Tree is expected"),
    "a trace without events": (
        lambda: Trace(TREE, None, 0),
        "events is a NoneType where a Iterable is expected",
    ),
    "an event that is none": (lambda: Trace(TREE, [3], 0), "event is a int where a Event is expected"),
    "half a step": (lambda: Trace(TREE, [], 2).tree_at(1.0), "step=1.0; it must be an integer of at least 0"),
    "a temperature in words": (lambda: Sampler("hot"), "temperature='hot'; it must be a number"),
    "no recording": (
        lambda: deft_lab.widgets.play_kernel("nope"),
        "no bundled 'kernel_runs/nope.run.json'; there are deft_flatten, deft_node, tree_waves",
    ),
}


@pytest.mark.parametrize(("slip", "message"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_answered_with_what_was_given_and_what_to_do(slip, message):
    import deft_lab.widgets  # noqa: F401

    with pytest.raises(DeftLabError, match=re.escape(message)):
        slip()


@pytest.mark.parametrize("name", ["random", "beam_search", "reasoning_like", "mcts", "graph_of_thoughts"])
@pytest.mark.parametrize("seed", [-1, 1.5, "7", None])
def test_a_seed_is_an_integer_of_at_least_0(name, seed):
    with pytest.raises(DeftLabError, match=f"seed={re.escape(repr(seed))}; it must be an integer"):
        build_tree(name, seed=seed)


def test_numpy_integers_are_integers():
    assert from_nested([np.int64(4), (np.int32(3), np.int8(2))]) == from_nested([4, [3, 2]])
    assert TREE.fork(np.int64(1), np.int64(2), np.int32(3)) == TREE.fork(1, 2, 3)
    assert from_medusa([[np.int64(0)]]) == from_medusa([[0]])
    assert tree_from_paths([[0], [0, 1]]) == tree_from_paths([(0,), (0, 1)])


def test_views_say_how_many_there_are():
    with pytest.raises(IndexError, match="no view 7; there are 3, 0..2"):
        TREE.nodes[7]
    with pytest.raises(TypeError, match="must be integers"):
        TREE.nodes["a"]
    assert repr(TREE.nodes).startswith("<3 views, the first: Node(index=0")
    assert len(list(TREE.nodes)) == 3


def test_a_room_says_that_it_must_be_imported():
    with pytest.raises(AttributeError, match="deft_lab.ahead is a room of its own; import deft_lab.ahead"):
        deft_lab.__getattr__("ahead")
    with pytest.raises(AttributeError, match="has no attribute 'nope'; it has LLAMA3_8B"):
        deft_lab.__getattr__("nope")


def test_a_plan_of_ones_own_method_is_drawn_under_its_own_name():
    mine = Plan(TREE, "mine", *(getattr(PLAN, name) for name in (
        "chunk_node", "chunk_start", "chunk_stop", "group_start", "q_first", "q_stop",
    )))  # fmt: skip
    assert draw_split(mine).title == "Who reads what in mine"
    assert "mine" in draw_reduction(mine).title
    assert "mine" in draw_timeline(mine, Geometry(4, 2, 16), H200, unit=16).title
    with pytest.raises(DeftLabError, match="no method 'mine'; choose one of"):
        draw_timeline(mine)


SMALL = Geometry(2, 1, 4, n_layers=2)


@pytest.fixture
def pool() -> Pool:
    made = Pool(20, 1, SMALL)
    slots = made.take_tree(TREE)
    for layer in range(2):
        made.write(slots, torch.ones(17, 1, 4), torch.ones(17, 1, 4), layer)
    return made


ONE = torch.zeros(1, 1, 4)
POOL_SLIPS = {
    "a tree for a plan": (lambda pool: tree_attention(torch.ones(2, 2, 4), TREE, pool), A_TREE_FOR_A_PLAN),
    "lowering a tree": (lambda pool: lower(TREE, pool), A_TREE_FOR_A_PLAN),
    "no store": (lambda pool: lower(PLAN, None), "store is a NoneType; give a Pool"),
    "queries of numpy": (lambda pool: tree_attention(Q, PLAN, pool), "q is a ndarray where a Tensor"),
    "no head": (lambda pool: tree_attention(torch.ones(2, 0, 4), PLAN, pool), "q has 0 heads"),
    "no layer": (lambda pool: tree_attention(torch.ones(2, 2, 4), PLAN, pool, layer=None), "layer=None; the"),
    "half a layer": (lambda pool: tree_attention(torch.ones(2, 2, 4), PLAN, pool, layer=1.0), "layer=1.0; "),
    "a scale that is no number": (
        lambda pool: tree_attention(torch.ones(2, 2, 4), PLAN, pool, scale=float("nan")),
        "scale=nan; it must be a finite number",
    ),
    "a layer below 0": (lambda pool: attend(torch.ones(2, 2, 4), lower(PLAN, pool), layer=-1), "layer=-1; "),
    "a layer too far": (lambda pool: attend(torch.ones(2, 2, 4), lower(PLAN, pool), layer=2), "layer=2; the"),
    "no table": (lambda pool: attend(torch.ones(2, 2, 4), PLAN), "table is a Plan; lower(plan, pool) makes"),
    "too few queries": (
        lambda pool: attend(torch.ones(1, 2, 4), lower(PLAN, pool)),
        "q has shape (1, 2, 4); the plan has 2 queries and the KV 1 heads of 4",
    ),
    "no head to attend": (
        lambda pool: attend(torch.ones(2, 0, 4), lower(PLAN, pool)),
        "q has shape (2, 0, ",
    ),
    "another dim": (lambda pool: attend(torch.ones(2, 2, 8), lower(PLAN, pool)), "q has shape (2, 2, 8)"),
    "unknown copies": (lambda pool: Unpaged.from_pool(pool, TREE, "all"), "copies='all'; it must be 'none'"),
    "a node freed twice at once": (lambda pool: pool.give_back([1, 1]), "node 1 is named twice"),
    "freeing a number": (lambda pool: pool.give_back(1), "labels is a int where a Iterable is expected"),
    "taking for a list": (lambda pool: pool.take([1]), "tokens is a list where a Mapping is expected"),
    "slots of no tree": (lambda pool: pool.take_tree(PLAN), "tree is a Plan where a Tree is expected"),
    "half a slot": (lambda pool: pool.write([0.5], ONE, ONE), "slots is array([0.5]); it must be a list"),
    "a slot alone": (lambda pool: pool.write(0, ONE, ONE), "slots is array(0); it must be a list"),
    "slots on the device": (lambda pool: pool.write(torch.tensor([0]), ONE, ONE), "use deft_lab.ops.write"),
    "values of numpy": (
        lambda pool: pool.write([0], ONE, np.zeros((1, 1, 4))),
        "v is a ndarray where",
    ),
    "a pool of no geometry": (lambda pool: Pool(4, 16, None), "geometry is a NoneType where a Geometry"),
    "a page of a fraction": (
        lambda pool: Pool(4, 16.0, SMALL),
        "page_size=16.0; it must be one of",
    ),
    "a page of a truth": (lambda pool: Pool(4, True, SMALL), "page_size=True; it must be one of 1, 16, 64"),
    "a pool without a seed": (lambda pool: Pool(4, 1, SMALL, seed=-1), "seed=-1; it must be an integer"),
    "a device that is not there": (lambda pool: Pool(4, 1, SMALL, device="gpu"), "GB on device 'gpu': "),
    "a pool larger than memory": (lambda pool: Pool(10**9, 64, LLAMA3_8B), "no pool of 16,777,216.0 GB on"),
}


@pytest.mark.parametrize(("slip", "message"), POOL_SLIPS.values(), ids=POOL_SLIPS)
def test_a_slip_with_tensors_is_answered_too(pool, slip, message):
    with pytest.raises(DeftLabError, match=re.escape(message)):
        slip(pool)
    pool.check()


def test_rows_beyond_the_queries_are_left_alone(pool):
    q = torch.randn(5, 2, 4)
    table = lower(PLAN, pool, backend="torch")
    assert torch.equal(attend(q, table)[:2], attend(q[:2], table))
    assert attend(q, table).shape == q.shape


def test_nothing_can_be_written_into_no_slot(pool):
    pool.write([], torch.zeros(0, 1, 4), torch.zeros(0, 1, 4))
    pool.check()


def test_what_holds_tensors_prints_on_one_line(pool):
    table = lower(PLAN, pool, backend="torch")
    assert repr(pool) == "Pool(3 of 20 pages of 1 slots free, 3 nodes, torch.float32 on cpu)"
    assert repr(table) == f"PlanTable({PLAN!r}, {pool!r})"
    assert repr(Unpaged.from_pool(pool, TREE, "path")) == f"Unpaged(27 slots, copies='path', of {TREE!r})"


def test_without_pytorch_what_needs_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "deft_lab.kv", raising=False)
    with pytest.raises(ModuleNotFoundError, match="deft_lab.Pool needs PyTorch, which is not installed: pip"):
        _ = deft_lab.Pool

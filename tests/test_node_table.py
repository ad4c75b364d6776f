"""The node table of `deft_tree_index`: it stays on the device and grows by what is new."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from growing import Decode  # noqa: E402

from deft_lab import ops, plan_tree  # noqa: E402
from deft_lab.errors import AttentionError  # noqa: E402
from deft_lab.ops.node_table import NodeTable  # noqa: E402
from deft_lab.tree import edits  # noqa: E402

pytestmark = pytest.mark.usefixtures("poisoned_empty")


def index_table(decode, factor=4):
    plan = plan_tree(decode.tree, "deft_tree_index")
    bucket = ops.lower(plan, decode.pool, backend="triton").bucket.grown(factor)
    return ops.lower(plan, decode.pool, backend="triton", bucket=bucket)


def test_the_node_table_uploads_what_is_new():
    decode = Decode()
    table = index_table(decode)
    assert table.nodes.uploaded == decode.tree.n_tokens
    for number in range(10):  # no node outgrows its row of 16
        new = decode.step(number)
        ops.lower(plan_tree(decode.tree, "deft_tree_index"), decode.pool, into=table)
        assert table.nodes.uploaded == new
    ops.lower(plan_tree(decode.tree, "deft_tree_index"), decode.pool, into=table)
    assert table.nodes.uploaded == 0


def test_no_two_nodes_share_a_row_of_the_table():
    decode = Decode()
    table = index_table(decode)
    for seat in (0, 1, 2):  # nodes that grow come before those that are new
        decode.tree = edits.grow(decode.tree)
        decode.tree = edits.fork(decode.tree, int(decode.tree.label[decode.tree.seat[seat]]), 2)
        decode.take()
        ops.lower(plan_tree(decode.tree, "deft_tree_index"), decode.pool, into=table)
        rows = table.nodes.row_of(decode.tree.label)
        assert sorted(rows.tolist()) == list(range(decode.tree.n_nodes))


def test_a_node_that_outgrows_its_row_gets_a_longer_one():
    decode = Decode()
    table = index_table(decode)
    label = int(decode.tree.label[decode.tree.seat[0]])  # 2 tokens in a row of 16
    decode.tree = edits.set_length(decode.tree, label, 17)
    decode.take()
    ops.lower(plan_tree(decode.tree, "deft_tree_index"), decode.pool, into=table)
    assert table.nodes.uploaded == 17
    row = table.nodes.row_of(np.array([label]))[0]
    start = int(table.nodes.row_start[row])
    assert table.nodes.slots[start : start + 17].tolist() == decode.pool.slots_of(label)[0].tolist()


def test_a_node_that_took_other_slots_is_noticed():
    decode = Decode()
    table = index_table(decode)
    label = int(decode.tree.label[decode.tree.seat[0]])
    length, before = decode.pool.n_tokens(label), decode.pool.slots_of(label)[0]
    decode.pool.give_back([label])
    decode.pool.take({777: 1})  # somebody else takes its page
    del decode.kv[label]
    decode.take()
    assert not set(before) & set(decode.pool.slots_of(label)[0])
    ops.lower(plan_tree(decode.tree, "deft_tree_index"), decode.pool, into=table)
    assert table.nodes.uploaded == length
    q = torch.randn(decode.tree.n_queries, 2, 16)
    out, reference = ops.attend(q, table).double().numpy(), decode.reference(q)
    assert np.linalg.norm(out - reference) <= 1e-5 * np.linalg.norm(reference)


@pytest.mark.parametrize("full", ["rows", "slots"])
def test_a_full_node_table_changes_nothing(full):
    decode = Decode()
    small = decode.tree
    rows, slots = NodeTable.room_for(small)
    nodes = NodeTable(rows + (full == "slots"), slots + (full == "rows") * 16, torch.device("cpu"))
    nodes.take_in(small, decode.pool)
    before = nodes.row_start.clone(), nodes.slots.clone(), nodes.uploaded
    leaf = int(small.label[small.seat[0]])
    decode.tree = edits.fork(small, leaf, 2) if full == "rows" else edits.set_length(small, leaf, 17)
    decode.take()
    with pytest.raises(
        AttentionError, match=r"the node table needs \d rows and \d+ slots, its bucket has room"
    ):
        nodes.take_in(decode.tree, decode.pool)
    assert torch.equal(nodes.row_start, before[0]) and torch.equal(nodes.slots, before[1])
    assert nodes.uploaded == before[2]
    assert len(nodes.row_of(small.label)) == rows
    if full == "rows":
        with pytest.raises(KeyError):
            nodes.row_of(decode.tree.label)


def test_a_table_whose_refill_failed_still_serves_its_plan():
    decode = Decode()
    plan = plan_tree(decode.tree, "deft_tree_index")
    table = ops.lower(plan, decode.pool, backend="triton")
    q = torch.randn(decode.tree.n_queries, 2, 16)
    before = ops.attend(q, table)
    decode.tree = edits.set_length(decode.tree, 0, 200)  # the bucket has room for 2 x 30 tokens of it
    decode.take()
    with pytest.raises(AttentionError, match="larger bucket"):
        ops.lower(plan_tree(decode.tree, "deft_tree_index"), decode.pool, into=table)
    assert table.plan is plan
    assert torch.equal(ops.attend(q, table), before)

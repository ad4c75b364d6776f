"""The tables of a step: drawn by hand for a tiny tree, and refilled at fixed addresses as a tree lives on."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from counting import MIXED, attended, random_step  # noqa: E402
from growing import Decode  # noqa: E402
from trees import TREES  # noqa: E402

from deft_lab import METHODS, Geometry, Plan, Pool, Tree, check_plan, ops, plan_tree  # noqa: E402
from deft_lab.ahead import recorded_launches  # noqa: E402
from deft_lab.attention import dense_attention  # noqa: E402
from deft_lab.errors import AttentionError  # noqa: E402
from deft_lab.ops.node_table import NodeTable  # noqa: E402
from deft_lab.ops.tables import host_tables  # noqa: E402

pytestmark = pytest.mark.usefixtures("poisoned_empty")

every_method = pytest.mark.parametrize("method", METHODS)
#   root: 7 tokens ──┬── leaf 1: 2 tokens (query 0)
#                    └── leaf 2: 3 tokens (query 1)
TWO_LEAVES = TREES["two leaves"]
COMMON = ("kv_first", "kv_len", "q_first", "n_queries", "place_first")


def tables_of(method, tree=TWO_LEAVES, heads=1, pool=None, **options):
    if pool is None:
        pool = Pool(tree.n_tokens + 5, 1, Geometry(4, 2, 16))
        pool.take_tree(tree)
    return host_tables(plan_tree(tree, method, **options), pool, heads)


@pytest.mark.parametrize("method", ["deft_node", "deft_node_chunk"])
def test_items_of_nodes(method):
    tables = tables_of(method)
    assert tables.item[:, :5].tolist() == [[0, 7, 0, 2, 0], [7, 2, 0, 1, 2], [9, 3, 1, 1, 3]]
    # partials 0 and 1 are the root's for queries 0 and 1, 2 is leaf 1's for query 0, 3 leaf 2's for query 1
    assert tables.place.tolist() == [0, 2, 1, 3]
    assert tables.start.tolist() == [0, 2, 4]
    assert tables.row.tolist() == [0, 1]
    assert tables.slot.tolist() == list(range(12))
    assert len(tables.word) == 0 and tables.most_partials == 2


def test_items_of_chunks_are_cut_at_their_length():
    tables = tables_of("deft_node_chunk", chunk_len=4)
    assert tables.item[:, :5].tolist() == [
        [0, 4, 0, 2, 0], [4, 3, 0, 2, 2], [7, 2, 0, 1, 4], [9, 3, 1, 1, 5],
    ]  # fmt: skip
    assert tables.place.tolist() == [0, 3, 1, 4, 2, 5]
    assert tables.start.tolist() == [0, 3, 6]


def test_bit_words_of_flattened_chunks():
    tables = tables_of("deft_flatten", chunk_len=6)
    # kv_first, kv_len, q_first, n_queries, place_first, word_first
    assert tables.item[:, :6].tolist() == [[0, 6, 0, 2, 0, 0], [6, 6, 0, 2, 2, 6]]
    assert tables.word.tolist() == [0b11] * 7 + [0b01] * 2 + [0b10] * 3
    assert tables.place.tolist() == [0, 2, 1, 3]


def test_bit_words_of_more_than_one_tile_of_queries():
    """40 queries are tiles of 32 and 8; each tile has its own words, which count from its first query."""
    star = Tree([-1] + [0] * 40, [2] + [1] * 40)
    tables = tables_of("deft_flatten", star, chunk_len=64)
    assert tables.item[:, :6].tolist() == [[0, 42, 0, 32, 0, 0], [0, 42, 32, 8, 32, 42]]
    first, second = tables.word.reshape(2, 42).tolist()
    assert first == [2**32 - 1] * 2 + [1 << i for i in range(32)] + [0] * 8
    assert second == [2**8 - 1] * 2 + [0] * 32 + [1 << i for i in range(8)]


def test_intervals_and_open_tokens_of_our_own_method():
    tables = tables_of("tree_waves")
    # ..., n_open: all see the root's 7 tokens; row_first: the first slot
    assert tables.item.tolist() == [[0, 12, 0, 2, 0, 7, 0, 0]]
    assert tables.word.tolist() == [0 | 2 << 16] * 7 + [0 | 1 << 16] * 2 + [1 | 2 << 16] * 3
    assert tables.flat and tables.shapes == "narrow" and tables.word.dtype == np.int32


def test_from_65536_queries_on_intervals_take_64_bits():
    for n, kind in ((65535, np.int32), (65536, np.int64)):
        tables = tables_of("tree_waves", Tree([-1], [1], seat=[0] * n))
        assert tables.word.dtype == kind
        assert int(tables.word[0]) % 2 ** (8 * kind().itemsize) == n << (16 if n < 65536 else 32)
        assert ops.Bucket.of(tables).wide_words == (n >= 65536)


@pytest.mark.parametrize("method", ["radix", "flash_decoding"])
def test_paths_are_spelled_out(method):
    pool = Pool(17, 1, Geometry(4, 2, 16))
    pool.take_tree(TWO_LEAVES)
    tables = tables_of(method, pool=pool)
    assert tables.item[:, :5].tolist() == [[0, 9, 0, 1, 0], [9, 10, 1, 1, 1]]
    slots = ops.lower(plan_tree(TWO_LEAVES, method), pool, backend="triton").upload.section("slot")
    assert slots[: tables.n_slots].tolist() == [*range(9), *range(7), 9, 10, 11]
    assert tables.place.tolist() == [0, 1] and tables.start.tolist() == [0, 1, 2]


def test_nodes_that_nobody_sees_have_no_slot_and_no_item():
    dead = Tree([-1, 0, 0], [4, 2, 3], seat=[2])
    for method in ("deft_node", "deft_flatten", "tree_waves", "tree_mask"):
        tables = tables_of(method, dead)
        assert tables.slot.tolist() == [0, 1, 2, 3, 6, 7, 8]
        assert tables.item[:, 1].sum() == 7
        assert not tables.flat


def test_the_callers_rows_are_listed():
    tables = tables_of("deft_node", Tree(TWO_LEAVES.parent, TWO_LEAVES.length, seat=[2, 1]))
    assert tables.permuted and tables.row.tolist() == [1, 0]
    assert not tables_of("deft_node").permuted


@pytest.mark.parametrize(("heads", "tiles"), [(1, [32, 32, 6]), (4, [32, 32, 6]), (8, [16] * 4 + [6])])
def test_tiles_of_queries(heads, tiles):
    tables = tables_of("deft_node", Tree([-1], [9], seat=[0] * 70), heads)
    assert tables.item[:, 3].tolist() == tiles
    assert tables.item[:, 2].tolist() == tables.item[:, 4].tolist() == [0, *np.cumsum(tiles)[:-1].tolist()]


def test_items_of_the_node_table_name_a_node_and_a_place_in_it():
    step = random_step(TWO_LEAVES)
    table = step.lower("deft_tree_index", chunk_len=4)
    item = table.upload.section("item").view(-1, 8)
    number = table.nodes.row_of(TWO_LEAVES.label).tolist()
    assert item[:, :6].tolist() == [
        [0, 4, 0, 2, 0, number[0]], [4, 3, 0, 2, 2, number[0]],
        [0, 2, 0, 1, 4, number[1]], [0, 3, 1, 1, 5, number[2]],
    ]  # fmt: skip
    for label, row in zip(TWO_LEAVES.label.tolist(), number, strict=True):
        start, (slots, _) = int(table.nodes.row_start[row]), step.pool.slots_of(label)
        assert table.nodes.slots[start : start + len(slots)].tolist() == slots.tolist()
    assert table.upload.section("slot").numel() == NodeTable.room_for(TWO_LEAVES)[1]


def test_sections_begin_where_256_bytes_do_and_what_follows_a_table_is_empty():
    step = random_step(MIXED)
    bucket = step.lower("deft_node").bucket.grown(3)
    table = ops.lower(plan_tree(MIXED, "deft_node"), step.pool, backend="triton", bucket=bucket)
    item = table.upload.section("item").view(-1, 8)
    assert len(item) == 3 * 4 and not item[4:].any()  # kv_len = 0: no item
    start = table.upload.section("start")
    assert len(start) == 3 * 5 + 1 and (start[5:] == start[5]).all()  # no partial
    assert all(at.start % 64 == 0 for at in table.upload.at.values())
    assert table.upload.section("size").tolist() == [5, 140]


def test_a_grown_bucket_takes_any_step():
    step = random_step(Tree([-1], [9], seat=[0, 0]), flat=True)
    tight = step.lower("tree_waves").bucket
    assert (tight.flat, tight.direct, tight.permuted, tight.shapes) == (True, True, False, "narrow")
    grown = tight.grown()
    assert (grown.flat, grown.direct, grown.permuted, grown.shapes) == (False, False, True, "both")
    assert (grown.n_items, grown.n_queries, grown.n_slots) == (2, 4, 18)
    table = ops.lower(plan_tree(step.tree, "tree_waves"), step.pool, backend="triton", bucket=grown)
    assert not table.flat
    assert step.error(attended(step, table)) <= 1e-5
    with pytest.raises(AttentionError, match="factor=0; it must be an integer of at least 1"):
        tight.grown(0)


def lay_out(tree, pool, generator):
    """Random KV of `tree` in slots 0, 1, 2, ..., whatever the pool held."""
    pool.give_back(reversed(pool.labels))
    pool.write(pool.take_tree(tree), *torch.randn(2, tree.n_tokens, 2, 16, generator=generator))


def attends_right(table, tree, pool, generator) -> bool:
    q = torch.randn(tree.n_queries, 4, 16, generator=generator)
    k, v = (x[0][pool.slots(tree)].double().numpy() for x in (pool.k, pool.v))
    reference = dense_attention(q.double().numpy(), k, v, tree)
    out = ops.attend(q, table).double().numpy()
    return bool(np.linalg.norm(out - reference) <= 1e-5 * np.linalg.norm(reference))


@pytest.mark.parametrize("flat", [True, False], ids=["flat", "slots"])
def test_a_table_serves_shorter_steps_and_longer_ones_again(flat):
    """Words of a prompt that all queries see are not uploaded: what lies there is of an earlier step."""
    tree = Tree([-1, 0, 0, 2], [300, 70, 9, 40], seat=[1, 2, 3])
    generator = torch.Generator().manual_seed(0)
    pool = Pool(600, 1, Geometry(4, 2, 16))
    lay_out(tree, pool, generator)
    table = ops.lower(plan_tree(tree, "tree_waves", n_sms=16), pool, backend="triton")
    room = replace(table.bucket.grown(2), flat=flat)
    table = ops.lower(plan_tree(tree, "tree_waves", n_sms=16), pool, backend="triton", bucket=room)
    for length in ([300, 70, 9, 40], [128, 3, 100, 1], [10, 65, 1, 2], [400, 1, 1, 1], [70, 66, 65, 64]):
        step = tree.with_length(length)
        lay_out(step, pool, generator)
        ops.lower(plan_tree(step, "tree_waves", n_sms=16), pool, into=table)
        assert table.flat == flat and attends_right(table, step, pool, generator)


def test_a_flat_bucket_uploads_no_slots():
    step = random_step(Tree([-1, 0, 0], [200, 3, 5]), flat=True)
    table = step.lower("tree_waves")
    assert table.flat and table.upload.section("slot").numel() == 0 and table.bucket.n_slots == 208
    grown = ops.lower(table.plan, step.pool, backend="triton", bucket=table.bucket.grown(1))
    assert not grown.flat and grown.upload.section("slot").tolist() == list(range(208))


def test_no_word_is_listed_for_leading_tokens_that_all_queries_see():
    tables = tables_of("tree_waves", Tree([-1, 0, 0], [200, 3, 5]))
    (read_from,) = {
        first + n_open // 64 * 64
        for first, n, _, _, _, n_open, *_ in tables.item.tolist()
        if n_open // 64 * 64 < n
    }
    assert tables.first_word == read_from == 192  # of the tile in which the first hidden token lies
    assert tables.word.tolist() == [0 | 2 << 16] * 8 + [0 | 1 << 16] * 3 + [1 | 2 << 16] * 5
    assert ops.Bucket.of(tables).n_words == 208
    open_ = tables_of("tree_waves", Tree([-1], [128], seat=[0, 0]))
    assert len(open_.word) == 0 and open_.first_word == ops.Bucket.of(open_).n_words == 128


def test_groups_that_leave_a_gap_have_their_own_slots_and_words():
    """A plan drawn by hand: the root with leaf 2, then leaf 1."""
    tree = Tree([-1, 0, 0], [70, 2, 3])
    step = random_step(tree, flat=True)
    plan = Plan(tree, "tree_waves", [0, 2, 0, 1], [0, 0, 0, 0], [70, 3, 70, 2], [0, 2, 4], [1, 0], [2, 1])
    check_plan(plan)
    table = ops.lower(plan, step.pool, backend="triton")
    assert not table.flat and step.error(attended(step, table)) <= 1e-5


def test_a_bucket_of_64_bit_words_serves_few_queries():
    step = random_step(MIXED)
    table = step.lower("tree_waves")
    wide = replace(table.bucket, wide_words=True)
    wide_table = ops.lower(table.plan, step.pool, backend="triton", bucket=wide)
    assert wide_table.upload.section("word").dtype == torch.int64
    assert step.error(attended(step, wide_table)) <= 1e-5


BUCKET = ops.Bucket(4, 4, 8, 20, 20, 2, n_nodes=4)


@pytest.mark.parametrize("room", ["n_items", "n_queries", "n_partials", "n_slots", "n_words", "n_nodes"])
def test_a_room_that_is_too_small_is_named(room):
    needs = replace(BUCKET, **{room: getattr(BUCKET, room) + 1})
    message = (
        f"needs {room}={getattr(needs, room)}, its bucket has room for {getattr(BUCKET, room)}; lower it"
    )
    with pytest.raises(AttentionError, match=message):
        BUCKET.check(needs)
    BUCKET.check(BUCKET)
    needs.check(BUCKET)


@pytest.mark.parametrize(
    ("bucket", "needs", "message"),
    [
        (
            {"flat": True},
            {},
            "takes flat steps only, and its KV does not lie in depth-first order; use Bucket",
        ),
        ({"direct": True}, {}, "takes direct steps only, and a query has several partials"),
        ({"permuted": False}, {}, "takes queries in preorder only; use one with permuted=True"),
        ({"shapes": "narrow"}, {"shapes": "wide"}, "takes narrow tiles only; use one with shapes='both'"),
        ({}, {"wide_words": True}, "has 65536 queries or more; use a bucket with wide_words=True"),
    ],
)
def test_a_restriction_that_does_not_fit_is_told(bucket, needs, message):
    with pytest.raises(AttentionError, match=message):
        replace(BUCKET, **bucket).check(replace(BUCKET, **needs))


@every_method
def test_one_table_serves_fifty_steps_at_fixed_addresses(method):
    decode = Decode()
    first = ops.lower(plan_tree(decode.tree, method), decode.pool, backend="triton")
    bucket = first.bucket.grown(4)
    table = ops.lower(plan_tree(decode.tree, method), decode.pool, backend="triton", bucket=bucket)

    def addresses():
        tensors = [table.partials, table.lse, table.out, table.mask]
        tensors += [table.upload.section(name) for name in table.upload.at]
        tensors += [] if table.nodes is None else [table.nodes.row_start, table.nodes.slots]
        return [tensor is not None and tensor.data_ptr() for tensor in tensors]

    fixed, sizes = addresses(), set()
    for number in range(50):
        decode.step(number)
        sizes.add((decode.tree.n_nodes, decode.tree.n_queries, decode.tree.n_tokens))
        again = ops.lower(plan_tree(decode.tree, method), decode.pool, into=table)
        assert again is table and table.bucket is bucket and addresses() == fixed
        if number % 5 == 4 or number % 7 == 6:  # the tree has been forked or pruned
            q = torch.randn(decode.tree.n_queries, 2, 16, generator=decode.generator)
            room = torch.full((bucket.n_queries, 2, 16), float("nan"))
            room[: len(q)] = q  # as a captured graph: q and out of the bucket's size
            table.out.fill_(float("nan"))
            ops.attend(room, table, out=table.out)
            reference = decode.reference(q)
            out = table.out[: len(q)].double().numpy()
            assert np.linalg.norm(out - reference) <= 1e-5 * np.linalg.norm(reference), number
            assert table.out[len(q) :].isnan().all()
    assert len({size[0] for size in sizes}) > 5 and len({size[1] for size in sizes}) >= 3


def spoken(launch):
    """What a CUDA graph keeps of a launch: the grid, addresses, numbers."""

    def kept(x):
        return (x.data_ptr(), x.stride()) if isinstance(x, torch.Tensor) else x

    return launch.name, launch.grid, {name: kept(x) for name, x in launch.arguments.items()}, launch.options


@every_method
@pytest.mark.parametrize("pack_heads", [None, True], ids=["as it is", "packed"])
def test_a_captured_graph_would_launch_the_same_for_all_of_fifty_steps(method, pack_heads):
    """Nothing that the host decides at a launch may depend on the plan: a graph never asks again."""
    decode = Decode()
    make = partial(ops.lower, backend="triton", pack_heads=pack_heads)
    bucket = make(plan_tree(decode.tree, method), decode.pool).bucket.grown(4)
    table = make(plan_tree(decode.tree, method), decode.pool, bucket=bucket)
    room = torch.zeros(bucket.n_queries, 2, 16)

    def launched():
        with recorded_launches() as launches:
            ops.attend(room, table, out=table.out)
        return [spoken(launch) for launch in launches]

    captured = launched()
    for number in range(50):
        decode.step(number)
        ops.lower(plan_tree(decode.tree, method), decode.pool, into=table)
        assert launched() == captured, number

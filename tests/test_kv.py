"""The pool: all or nothing, no page with two owners, none lost."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from trees import TREES, trees

from deft_lab import Geometry, Pool, Tree, plan_tree
from deft_lab.errors import AttentionError, PoolError
from deft_lab.kv import PAGE_SIZES, Unpaged
from deft_lab.ops import lower

GEOMETRY = Geometry(n_q_heads=4, n_kv_heads=2, head_dim=8, n_layers=2)
page_sizes = st.sampled_from(PAGE_SIZES)


def state(pool: Pool) -> tuple:
    return pool.n_free, {label: pool.n_tokens(label) for label in pool.labels}, pool.k.isnan().sum().item()


@given(page_sizes, st.integers(0, 99), st.data())
def test_take_and_give_back_keep_every_page_owned_once(page_size, seed, data):
    pool = Pool(12, page_size, GEOMETRY, seed=seed)
    owned: dict[int, list[int]] = {}
    for _ in range(data.draw(st.integers(1, 12))):
        if owned and data.draw(st.booleans()):
            label = data.draw(st.sampled_from(sorted(owned)))
            pool.give_back([label])
            del owned[label]
        else:
            asked = data.draw(st.dictionaries(st.integers(0, 5), st.integers(0, 3 * page_size), max_size=3))
            before = state(pool)
            try:
                given_slots = pool.take(asked)
            except PoolError:
                assert state(pool) == before
                continue
            for label, slots in given_slots.items():
                assert len(slots) == asked[label]
                owned.setdefault(label, []).extend(slots.tolist())
        pool.check()
        taken = [slot for slots in owned.values() for slot in slots]
        assert len(set(taken)) == len(taken) and all(0 <= slot < 12 * page_size for slot in taken)
        assert {label: pool.n_tokens(label) for label in owned} == {k: len(v) for k, v in owned.items()}


@given(page_sizes, st.integers(0, 99), st.data())
def test_undo_leaves_no_trace(page_size, seed, data):
    pools = [Pool(12, page_size, GEOMETRY, seed=seed) for _ in range(2)]
    sizes = data.draw(
        st.dictionaries(st.integers(0, 5), st.integers(0, 2 * page_size), min_size=1, max_size=3)
    )
    for pool in pools:
        pool.take(sizes)
    mark = pools[1].mark(list(sizes))
    more = data.draw(st.dictionaries(st.sampled_from(sorted(sizes)), st.integers(0, page_size + 1)))
    pools[1].take(more)
    pools[1].undo(mark)
    pools[1].check()
    later = data.draw(st.dictionaries(st.integers(0, 7), st.integers(1, page_size), max_size=3))
    first, second = ({k: v.tolist() for k, v in pool.take(later).items()} for pool in pools)
    assert first == second and state(pools[0]) == state(pools[1])
    tree = Tree([-1], [max(1, pools[0].n_tokens(min(sizes)))], label=[min(sizes)])
    if pools[0].n_tokens(min(sizes)):
        assert pools[0].first_slot(tree) == pools[1].first_slot(tree)


def test_undo_refuses_what_other_nodes_have_changed():
    pool = Pool(9, 1, GEOMETRY)
    pool.take({0: 2})
    mark = pool.mark([0])
    pool.take({0: 1, 1: 1})
    with pytest.raises(PoolError, match="nothing can be undone"):
        pool.undo(mark)
    with pytest.raises(PoolError, match="node 5 owns no slots"):
        pool.mark([5])


@given(trees(), page_sizes)
def test_a_growing_tree_keeps_the_slots_it_had(tree, page_size):
    pool = Pool(tree.n_tokens + 2 * tree.n_nodes + tree.n_queries, page_size, GEOMETRY, seed=1)
    before = dict(zip(range(tree.n_tokens), pool.take_tree(tree), strict=True))
    grown = tree.with_length(tree.length + 1)
    after = pool.take_tree(grown)
    kept = np.concatenate([np.arange(a, b - 1) for a, b in zip(grown.start, grown.start[1:], strict=False)])
    assert after[kept].tolist() == list(before.values())
    assert len(set(after.tolist())) == grown.n_tokens
    pool.check()


def test_a_node_fills_its_last_page_before_it_takes_another():
    pool = Pool(3, 16, GEOMETRY)
    assert pool.take({0: 10})[0].tolist() == list(range(10)) and pool.n_free == 2
    assert pool.take({0: 6})[0].tolist() == list(range(10, 16)) and pool.n_free == 2
    assert pool.take({0: 1, 1: 1}) and pool.n_free == 0


def test_a_pool_too_small_changes_nothing():
    pool = Pool(4, 16, GEOMETRY)
    pool.take({0: 20})
    before = state(pool)
    with pytest.raises(
        PoolError, match="33 slots for 2 nodes need 3 pages of 16, 2 of 4 are free; prune a branch"
    ):
        pool.take({1: 16, 2: 17})
    assert state(pool) == before
    with pytest.raises(PoolError, match="of 4 are free"):
        pool.take_tree(TREES["lopsided"])
    assert state(pool) == before
    pool.take({1: 16, 2: 16})


def test_what_is_written_is_where_it_was_written():
    tree = TREES["lopsided"]
    pool = Pool(tree.n_tokens, 1, GEOMETRY, seed=3)
    slots = pool.take_tree(tree)
    k, v = torch.randn(2, tree.n_tokens, 2, 8)
    pool.write(slots, k, v, layer=1)
    assert torch.equal(pool.k[1, slots], k) and torch.equal(pool.v[1, slots], v)
    assert pool.k[0].isnan().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: Pool(0, 16, GEOMETRY), "n_pages=0; it must be an integer of at least 1"),
        (lambda p: Pool(4, 8, GEOMETRY), "page_size=8; it must be one of 1, 16, 64"),
        (
            lambda p: Pool(4, 16, GEOMETRY, dtype=torch.float64),
            "dtype=torch.float64; it must be one of torch.float32",
        ),
        (lambda p: p.take({0: -1}), "slots=-1; it must be an integer of at least 0"),
        (lambda p: p.take({1: 2, 2: 1.5}), "slots=1.5; it must be an integer of at least 0"),
        (lambda p: p.take({"1": 2}), "label='1'; it must be an integer of at least 0"),
        (
            lambda p: p.write([0], torch.zeros(1, 2, 8), torch.zeros(1, 2, 8), layer=-1),
            "layer=-1; the pool has layers 0..1",
        ),
        (lambda p: p.give_back([5]), "node 5 owns no slots to give back; the owners are .7."),
        (lambda p: p.give_back([7, 7]), "node 7 is named twice; name each node once"),
        (
            lambda p: p.write([0], torch.zeros(2, 2, 8), torch.zeros(1, 2, 8)),
            r"k has shape .2, 2, 8.; 1 slots take .1, 2, 8.",
        ),
        (
            lambda p: p.write([0], torch.zeros(1, 2, 8), torch.zeros(1, 2, 8).half()),
            "v is torch.float16 on cpu; the pool",
        ),
        (
            lambda p: p.write([64], torch.zeros(1, 2, 8), torch.zeros(1, 2, 8)),
            "slots 64 to 64; the pool has 0..63, use those of take",
        ),
        (
            lambda p: p.slots(TREES["one token"]),
            "node 0 has 1 tokens but owns 0 slots; take slots for its tokens first",
        ),
    ],
)
def test_requests_that_do_not_fit_are_refused(call, message):
    pool = Pool(4, 16, GEOMETRY)
    pool.take({7: 3})
    before = state(pool)
    with pytest.raises(PoolError, match=message):
        call(pool)
    assert state(pool) == before


def test_a_node_that_takes_slots_anew_gets_another_number():
    pool = Pool(9, 16, GEOMETRY, seed=1)
    given_slots = pool.take({3: 5, 4: 20})
    slots, born = pool.slots_of(3)
    assert slots.tolist() == given_slots[3].tolist()
    assert pool.slots_of(4)[1] == born  # they came together
    more = pool.take({3: 2, 5: 1})[3]
    slots, still = pool.slots_of(3)
    assert slots.tolist() == [*given_slots[3].tolist(), *more.tolist()] and still == born  # it has grown
    assert pool.slots_of(5)[1] != born
    pool.give_back([3])
    with pytest.raises(PoolError, match="node 3 owns no slots; take slots for its tokens first"):
        pool.slots_of(3)
    pool.take({3: 7})
    assert pool.slots_of(3)[1] not in (born, pool.slots_of(5)[1])


@given(trees(), page_sizes)
def test_the_slots_of_a_tree_are_those_of_its_nodes(tree, page_size):
    pool = Pool(tree.n_tokens + tree.n_nodes, page_size, GEOMETRY, seed=2)
    slots = pool.take_tree(tree)
    one_by_one = [
        slot for node in tree.nodes if node.length for slot in pool.slots_of(node.label)[0].tolist()
    ]
    assert slots.tolist() == pool.slots(tree).tolist() == one_by_one


def ascend_one_by_one(slots: list[int]) -> bool:
    return slots == list(range(slots[0], slots[0] + len(slots)))


@given(page_sizes, st.sampled_from([None, 1]), st.integers(0, 2**32 - 1))
def test_the_first_slot_is_known_only_where_all_that_is_seen_lies_in_a_row(page_size, seed, draw):
    """While two trees of one pool grow, come and leave."""
    rng = np.random.default_rng(draw)
    pool = Pool(200, page_size, GEOMETRY, seed=seed)
    mine = [Tree([-1, 0, 0], [3, 0, 2], label=[0, 1, 2]), Tree([-1, 0], [1, 1], seat=[0], label=[7, 8])]
    for _ in range(8):
        i = int(rng.integers(2))
        if rng.random() < 0.3:
            pool.give_back([label for label in mine[i].label.tolist() if label in pool.labels][::-1])
        mine[i] = mine[i].with_length(mine[i].length + rng.integers(0, 3, mine[i].n_nodes))
        for tree in mine:
            pool.take_tree(tree)
            slots = pool.slots(tree)[np.repeat(tree.q_stop > tree.q_first, tree.length)].tolist()
            assert pool.first_slot(tree) == (slots[0] if ascend_one_by_one(slots) else None)


def test_two_trees_of_one_pool_are_told_apart():
    pool = Pool(20, 1, GEOMETRY)
    front, rear = Tree([-1], [4], label=[0]), Tree([-1], [5], label=[1])
    for tree, first in ((front, 0), (rear, 4)):
        pool.take_tree(tree)
        assert pool.first_slot(tree) == first
    assert pool.first_slot(front) == 0


def test_slots_that_fill_a_span_need_not_ascend():
    pool = Pool(4, 1, GEOMETRY)
    pool.take(dict.fromkeys(range(4), 1))
    for label in (3, 1, 2, 0):  # the last to come back is the first to go
        pool.give_back([label])
    tree = Tree([-1], [4], label=[9])
    assert pool.take_tree(tree).tolist() == [0, 2, 1, 3]
    assert pool.first_slot(tree) is None


def test_the_first_slot_of_a_tree_that_lacks_slots_is_refused():
    pool = Pool(9, 1, GEOMETRY)
    tree = Tree([-1, 0], [3, 1])
    pool.take_tree(tree)
    with pytest.raises(PoolError, match="node 1 has 2 tokens but owns 1 slots; take slots"):
        pool.first_slot(tree.grow())


def test_pool_and_copies_know_their_geometry():
    pool = Pool(99, 1, GEOMETRY)
    pool.take_tree(TREES["two leaves"])
    assert pool.geometry == Unpaged.from_pool(pool, TREES["two leaves"], "path").geometry == GEOMETRY


@pytest.mark.parametrize("page_size", PAGE_SIZES)
def test_a_seed_scatters_the_pages(page_size):
    orders = [Pool(9, page_size, GEOMETRY, seed=s).take({0: 9 * page_size})[0].tolist() for s in (None, 1, 2)]
    assert orders[0] == list(range(9 * page_size)) and sorted(orders[1]) == sorted(orders[2]) == orders[0]
    assert orders[0] != orders[1] != orders[2]


def test_a_page_with_two_owners_is_found():
    pool = Pool(4, 16, GEOMETRY)
    pool.take({0: 3, 1: 3})
    table = pool._table
    table._store[table._start[table.row[1]]] = table.slots_of(0)[0]
    with pytest.raises(PoolError, match="owned and 2 free pages are not the 4 of the pool"):
        pool.check()


def test_a_shortened_node_is_given_back_before_it_is_taken_anew():
    pool = Pool(99, 1, GEOMETRY)
    pool.take_tree(TREES["two leaves"])
    with pytest.raises(PoolError, match="node 0 has 5 tokens but owns 7 slots; give the node back first"):
        pool.take_tree(TREES["two leaves"].set_length(0, 5))


@pytest.mark.parametrize(
    ("method", "copies", "message"),
    [
        ("deft_node", "none", "method 'deft_node' reads pages; hand it the Pool"),
        ("tree_mask", "path", "method 'tree_mask' reads copies='none', the KV has copies='path'"),
        ("flash_decoding", "none", "method 'flash_decoding' reads copies='path'"),
    ],
)
def test_unpaged_kv_fits_its_method_only(method, copies, message):
    tree = TREES["two leaves"]
    pool = Pool(99, 1, GEOMETRY)
    pool.take_tree(tree)
    store = Unpaged.from_pool(pool, tree, copies)
    with pytest.raises(AttentionError, match=message):
        lower(plan_tree(tree, method), store)
    with pytest.raises(AttentionError, match="the unpaged KV is a copy of another tree"):
        lower(plan_tree(tree.grow(), "tree_mask"), store)


def test_unpaged_copies_store_every_path():
    tree = TREES["lopsided"]
    pool = Pool(tree.n_tokens, 1, GEOMETRY, seed=0)
    pool.take_tree(tree)
    assert Unpaged.from_pool(pool, tree, "path").k.shape == (2, tree.n_path_tokens, 2, 8)
    assert Unpaged.from_pool(pool, tree, "none").k.shape == (2, tree.n_tokens, 2, 8)


def test_a_node_can_be_exchanged_for_itself():
    pool = Pool(3, 16, Geometry(2, 1, 16))
    pool.take({1: 10, 2: 3})
    slots = pool.exchange([1], {1: 30})[1]
    assert len(set(slots.tolist())) == 30 and pool.n_tokens(1) == 30 and pool.n_free == 0
    pool.check()
    with pytest.raises(PoolError, match="pool is full"):
        pool.exchange([1], {1: 40})
    assert pool.n_tokens(1) == 30
    pool.check()

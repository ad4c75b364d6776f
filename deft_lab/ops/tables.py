"""A plan spelled out as the integers that the Triton kernels read; on the host, in numpy.

item: what a program takes, a group with one tile of its queries, as ITEM int32 fields. place: where a partial
goes; the places of a query are neighbours. word: who sees a token: 64 bits for `deft_flatten`, an interval
of queries for `tree_waves`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cost.requested import open_tokens
from ..kv import Pool, Unpaged
from ..methods._cut import seen_nodes
from ..methods.tiles import KV_TILE, NARROW_ROWS, NARROW_WORD, query_tile
from ..plan import Plan
from ..tree._shape import Ints
from .stores import check_unpaged, entry_slots

ITEM = 8
# item fields; the sixth is what the method needs beyond them
KV_FIRST, KV_LEN, Q_FIRST, N_QUERIES, PLACE_FIRST, EXTRA, ROW_FIRST = range(7)


@dataclass(frozen=True, eq=False)
class HostTables:
    """What one step uploads."""

    item: Ints  # [item, ITEM]
    place: Ints  # [partial], in the order of items and their queries
    start: Ints  # [query + 1] query q owns places start[q] .. start[q + 1] - 1
    row: Ints  # [query] the caller's row
    slot: Ints  # [token or entry]; empty if the KV is read in a row
    word: NDArray  # [token or entry] int32 or int64; empty if the method needs none
    flat: bool  # the slots ascend one by one, in the order in which items read them
    permuted: bool  # the caller's order of queries is not preorder
    shapes: str = "both"  # tile shapes of `tree_waves`: "both", "wide" or "narrow"
    n_nodes: int = 0  # rows of the node table of `deft_tree_index`

    @property
    def most_partials(self) -> int:
        """Partials of a query, at most."""
        return int(np.diff(self.start).max())


def host_tables(plan: Plan, store: Pool | Unpaged, heads: int) -> HostTables:
    """Lay `plan` out for kernels that take `heads` query heads in a tile.

    Raises:
        AttentionError: the store is an unpaged copy that does not fit the plan.
        PoolError: the pool does not hold the plan's tree.
    """
    tile = query_tile(plan, heads)
    count = -(-plan.q_len // tile)
    group = np.repeat(np.arange(plan.n_groups), count)
    number = np.arange(len(group)) - np.repeat(np.cumsum(count) - count, count)
    kv_first, slot = _kv(plan, store)
    item = np.zeros((len(group), ITEM), dtype=np.int64)
    item[:, KV_FIRST] = kv_first[group]
    item[:, KV_LEN] = plan.kv_len[group]
    item[:, Q_FIRST] = plan.q_first[group] + number * tile
    item[:, N_QUERIES] = np.minimum(tile, plan.q_len[group] - number * tile)
    item[:, PLACE_FIRST] = plan.partial_start[group] + number * tile
    start, partial = plan.reduction()
    place = np.empty_like(partial)
    place[partial] = np.arange(len(partial))
    order = plan.tree.query_order
    flat = (
        plan.method == "tree_waves"
        and int(slot[-1]) - int(slot[0]) == len(slot) - 1
        and bool((np.diff(slot) == 1).all())
    )
    word: NDArray = np.empty(0, dtype=np.int32)
    if plan.method == "deft_flatten":
        word, item[:, EXTRA] = _bits(plan, group, item)
    if plan.method == "tree_waves":
        word, item[:, EXTRA] = _intervals(plan), open_tokens(plan)[group]
        item[:, ROW_FIRST] = item[:, KV_FIRST] + (slot[0] if flat else 0)
        # the last tile of a short item is moved back: what lies before the first slot may be unwritten
        flat = flat and (int(slot[0]) == 0 or bool((item[:, KV_FIRST] + item[:, KV_LEN] >= KV_TILE).all()))
    permuted = bool((order != np.arange(len(order))).any())
    wide = item[:, N_QUERIES] * heads > max(NARROW_ROWS, heads)
    shapes = "wide" if wide.all() else "both" if wide.any() else "narrow"
    return HostTables(item, place, start, order, slot, word, flat, permuted, shapes)


def _kv(plan: Plan, store: Pool | Unpaged) -> tuple[Ints, Ints]:
    """[group] the first entry, and [entry] slots: the flattened seen nodes, or the groups in their order.

    The KV-guided methods read consecutive tokens of the seen nodes, so one list of slots serves all groups.
    """
    tree, node = plan.tree, seen_nodes(plan.tree)
    start_of = np.zeros(tree.n_nodes, dtype=np.int64)
    start_of[node] = np.cumsum(tree.length[node]) - tree.length[node]
    begin = start_of[plan.chunk_node] + plan.chunk_start
    end = begin + plan.chunk_stop - plan.chunk_start
    follows = np.concatenate(([True], begin[1:] == end[:-1]))
    follows[plan.group_start[:-1]] = True
    if follows.all() and not (isinstance(store, Unpaged) and store.copies == "path"):
        whole = len(node) == tree.n_nodes or not (np.delete(tree.length, node)).any()
        if isinstance(store, Pool):
            slots = store.slots(tree)
            return begin[plan.group_start[:-1]], slots if whole else slots[_tokens(plan, node)]
        check_unpaged(plan, store)
        return begin[plan.group_start[:-1]], np.arange(tree.n_tokens) if whole else _tokens(plan, node)
    return plan.kv_start[:-1], entry_slots(plan, store, plan.arrays().token)


def _tokens(plan: Plan, node: Ints) -> Ints:
    """Places of the tokens of these nodes in the flattened tree."""
    tree = plan.tree
    length = tree.length[node]
    first = np.repeat(tree.start[node] - (np.cumsum(length) - length), length)
    return first + np.arange(len(first))


def _intervals(plan: Plan) -> NDArray:
    """[token of seen nodes] first query that sees it in the low half, one past the last in the high half."""
    tree, node = plan.tree, seen_nodes(plan.tree)
    half, dtype = (16, np.int32) if tree.n_queries < NARROW_WORD else (32, np.int64)
    word = (tree.q_first[node] | (tree.q_stop[node] << half)).astype(dtype)
    return np.repeat(word, tree.length[node])


def _bits(plan: Plan, group: Ints, item: Ints) -> tuple[NDArray, Ints]:
    """Words of all items in a row, and where each begins. Bit i: query i of the item sees the token."""
    tree = plan.tree
    chunks = np.diff(plan.group_start)[group]
    owner = np.repeat(np.arange(len(group)), chunks)
    chunk = (
        plan.group_start[group][owner] + np.arange(len(owner)) - np.repeat(np.cumsum(chunks) - chunks, chunks)
    )
    node = plan.chunk_node[chunk]
    first, n = item[owner, Q_FIRST], item[owner, N_QUERIES]
    lo = np.clip(tree.q_first[node] - first, 0, n)
    hi = np.clip(tree.q_stop[node] - first, 0, n)
    word = (np.int64(1) << hi) - (np.int64(1) << lo)  # a tile has at most 32 queries
    kv_len = item[:, KV_LEN]
    return np.repeat(word, plan.chunk_stop[chunk] - plan.chunk_start[chunk]), np.cumsum(kv_len) - kv_len

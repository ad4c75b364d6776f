"""A plan spelled out as the integers that the Triton kernels read; on the host, in numpy.

item: what a program takes, a group with one tile of its queries, as ITEM int32 fields. place: where a partial
goes; the places of a query are neighbours. word: who sees a token: 64 bits for `deft_flatten`, an interval
of queries for `tree_waves`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..cost.requested import open_tokens
from ..kv import Pool, Unpaged
from ..methods.tiles import KV_TILE, NARROW_ROWS, NARROW_WORD, query_tile
from ..plan import Plan
from ..tree._shape import Ints, running_sum, sealed
from .stores import check_unpaged, entry_slots

ITEM = 8
# item fields; the sixth is what the method needs beyond them
KV_FIRST, KV_LEN, Q_FIRST, N_QUERIES, PLACE_FIRST, EXTRA, ROW_FIRST = range(7)


class Pieces(NamedTuple):
    """Entries as pieces of the flattened tree. A path of each query is long, and its pieces are few: the
    device can spell them out.
    """

    slot: Ints  # [token] of the tree
    first: Ints  # [piece] the first token
    length: Ints  # [piece]

    @property
    def n_entries(self) -> int:
        return int(self.length.sum())


class HostTables(NamedTuple):
    """What one step uploads."""

    item: Ints  # [item, ITEM]
    place: Ints  # [partial], in the order of items and their queries
    start: Ints  # [query + 1] query q owns places start[q] .. start[q + 1] - 1
    row: Ints  # [query] the caller's row
    # [token or entry]; a range if they ascend one by one; empty if KV is read in a row
    slot: Ints | range | Pieces
    word: NDArray  # [token or entry] int32 or int64; empty if the method needs none
    flat: bool  # the slots ascend one by one, in the order in which items read them
    permuted: bool  # the caller's order of queries is not preorder
    most_partials: int  # of a query
    shapes: str = "both"  # tile shapes of `tree_waves`: "both", "wide" or "narrow"
    n_nodes: int = 0  # rows of the node table of `deft_tree_index`
    first_word: int = 0  # words before this one are not read: `word` begins with it

    @property
    def n_slots(self) -> int:
        """Entries of the slot table."""
        return self.slot.n_entries if isinstance(self.slot, Pieces) else len(self.slot)


def host_tables(plan: Plan, store: Pool | Unpaged, heads: int, wide_words: bool = False) -> HostTables:
    """Lay `plan` out for kernels that take `heads` query heads in a tile.

    Args:
        plan: as `lower` takes it.
        store: as `lower` takes it.
        heads: query heads in a tile.
        wide_words: intervals of `tree_waves` take 64 bits, however few the queries.

    Raises:
        AttentionError: the store is an unpaged copy that does not fit the plan.
        PoolError: the pool does not hold the plan's tree.
    """
    tile = query_tile(plan, heads)
    kept = plan._frame.once(("tables", tile, heads), lambda: _keep(plan, tile, heads))
    kv_first, slot, in_order = _kv(plan, store)
    group, item = kept.group, kept.item.copy()
    item[:, KV_FIRST] = kv_first[group]
    item[:, KV_LEN] = plan.kv_len[group]
    word: NDArray = np.empty(0, dtype=np.int32)
    flat, first_word = isinstance(slot, range), 0
    if plan.method == "deft_flatten":
        word, item[:, EXTRA] = _bits(plan, group, item)
    if plan.method == "tree_waves":
        n_open = open_tokens(plan)
        wide_words = wide_words or plan.tree.n_queries >= NARROW_WORD
        word, first_word = _intervals(plan, wide_words, in_order, kv_first, n_open)
        item[:, EXTRA] = n_open[group]
        item[:, ROW_FIRST] = item[:, KV_FIRST] + slot[0] if flat else item[:, KV_FIRST]
        # the last tile of a short item is moved back: what lies before the first slot may be unwritten
        flat = flat and (slot[0] == 0 or bool((kv_first + plan.kv_len >= KV_TILE).all()))
    return HostTables(
        item, kept.place, kept.start, plan.tree.query_order, slot, word, flat, plan.tree.permuted,
        kept.most_partials, kept.shapes, first_word=first_word,
    )  # fmt: skip


class _Kept(NamedTuple):
    """What follows from the frame of a plan: in most steps all of it is there already."""

    group: Ints | slice  # [item]
    item: Ints  # [item, ITEM] without its tokens
    place: Ints
    start: Ints
    most_partials: int
    shapes: str


def _keep(plan: Plan, tile: int, heads: int) -> _Kept:
    group, q_first, n_queries = _tiles(plan, tile)
    item = np.zeros((len(q_first), ITEM), dtype=np.int64)
    item[:, Q_FIRST] = q_first
    item[:, N_QUERIES] = n_queries
    item[:, PLACE_FIRST] = (plan.partial_start[:-1] - plan.q_first)[group] + q_first
    start, partial = plan.reduction()
    place = np.empty_like(partial)
    place[partial] = np.arange(len(partial))
    n_wide = np.count_nonzero(n_queries * heads > max(NARROW_ROWS, heads))
    shapes = "narrow" if not n_wide else "wide" if n_wide == len(item) else "both"
    return _Kept(group, item, sealed(place), start, int((start[1:] - start[:-1]).max()), shapes)


def _tiles(plan: Plan, tile: int) -> tuple[Ints | slice, Ints, Ints]:
    """[item] the group, its first query and how many; a slice of all groups if each is one item."""
    if not np.count_nonzero(plan.q_len > tile):
        return slice(None), plan.q_first, plan.q_len
    count = -(-plan.q_len // tile)
    group = np.arange(plan.n_groups).repeat(count)
    before = (np.arange(len(group)) - (running_sum(count)[:-1]).repeat(count)) * tile
    return group, plan.q_first[group] + before, np.minimum(tile, plan.q_len[group] - before)


def _kv(plan: Plan, store: Pool | Unpaged) -> tuple[Ints, Ints | range | Pieces, bool]:
    """[group] the first entry, [entry] slots, and whether these are those of the flattened seen nodes.

    The KV-guided methods read consecutive tokens of the seen nodes, so one list of slots serves all groups;
    else it lists the groups in their order.
    """
    tree, begin = plan.tree, plan.first_seen
    if begin is None or (isinstance(store, Unpaged) and store.copies == "path"):
        if isinstance(store, Pool):
            first = tree.start[plan.chunk_node] + plan.chunk_start
            pieces = Pieces(store.slots(tree), first, plan.chunk_stop - plan.chunk_start)
            return plan.kv_start[:-1], pieces, False
        return plan.kv_start[:-1], entry_slots(plan, store, plan.arrays().token), False
    whole = tree.seen.whole
    if isinstance(store, Pool):
        # only `tree_waves` reads whole tiles where it may
        first_slot = store.first_slot(tree) if plan.method == "tree_waves" else None
        if first_slot is not None:
            return begin, range(first_slot, first_slot + int(tree.seen_start[-1])), True
        slots = store.slots(tree)
        return begin, slots if whole else slots[_tokens(plan, tree.seen.node)], True
    check_unpaged(plan, store)
    tokens = np.arange(tree.n_tokens) if whole else _tokens(plan, tree.seen.node)
    return begin, tokens, True


def _tokens(plan: Plan, node: Ints) -> Ints:
    """Places of the tokens of these nodes in the flattened tree."""
    tree = plan.tree
    length = tree.length[node]
    first = np.repeat(tree.start[node] - (np.cumsum(length) - length), length)
    return first + np.arange(len(first))


def _intervals(
    plan: Plan, wide_words: bool, in_order: bool, kv_first: Ints, n_open: Ints
) -> tuple[NDArray, int]:
    """[entry] first query that sees it in the low half, one past the last in the high half; and the first
    entry whose word is read. The list begins there: of a long prompt that all queries see, no word is read.
    """
    if not in_order:
        length = plan.chunk_stop - plan.chunk_start
        q_first, q_stop = plan.tree.q_first[plan.chunk_node], plan.tree.q_stop[plan.chunk_node]
        return _word(q_first, q_stop, wide_words).repeat(length), 0
    tree, seen = plan.tree, plan.tree.seen
    word = seen.once(("words", wide_words), lambda: _word(seen.q_first, seen.q_stop, wide_words))
    # a tile is masked as a whole, however short the kernel's tiles are
    read_from = kv_first + n_open // KV_TILE * KV_TILE
    read_from = read_from[read_from < kv_first + plan.kv_len]
    first = int(read_from.min() if len(read_from) else tree.seen_start[-1])
    begin = np.maximum(tree.seen_start, first)
    length = begin[1:] - begin[:-1]
    return word.repeat(length[seen.node]), first


def _word(q_first: Ints, q_stop: Ints, wide_words: bool) -> NDArray:
    half, dtype = (32, np.int64) if wide_words else (16, np.int32)
    return (q_first | (q_stop << half)).astype(dtype)


def _bits(plan: Plan, group: Ints | slice, item: Ints) -> tuple[NDArray, Ints]:
    """Words of all items in a row, and where each begins. Bit i: query i of the item sees the token."""
    tree = plan.tree
    chunks = np.diff(plan.group_start)[group]
    owner = np.repeat(np.arange(len(item)), chunks)
    chunk = (
        plan.group_start[:-1][group][owner]
        + np.arange(len(owner))
        - np.repeat(np.cumsum(chunks) - chunks, chunks)
    )
    node = plan.chunk_node[chunk]
    first, n = item[owner, Q_FIRST], item[owner, N_QUERIES]
    lo = np.clip(tree.q_first[node] - first, 0, n)
    hi = np.clip(tree.q_stop[node] - first, 0, n)
    word = (np.int64(1) << hi) - (np.int64(1) << lo)  # a tile has at most 32 queries
    kv_len = item[:, KV_LEN]
    return np.repeat(word, plan.chunk_stop[chunk] - plan.chunk_start[chunk]), np.cumsum(kv_len) - kv_len

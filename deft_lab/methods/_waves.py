"""How Tree-Waves cuts a tree: runs of nodes, then pieces of runs, then tiles of queries.

run: consecutive nodes that are cut together. A node that more queries see than a narrow tile holds is a run
of its own; the smaller nodes between two such nodes form one. Short runs join their neighbour.
piece: part of a run, a multiple of TILE tokens long. work: a piece with one tile of queries.
The unit of cost is the time in which one program reads TILE tokens that nobody else reads.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree._shape import Ints
from ._cut import seen_nodes
from .tiles import KV_TILE as TILE
from .tiles import NARROW_ROWS, WIDE_ROWS

# a wide tile does four times the arithmetic of a narrow one; where several tiles read the same tokens from
# the L2 cache, this and not the memory bounds it. Less where an SM has one program, which mostly waits
# (measured, kernels/NOTES.md)
WIDE_COST, WIDE_COST_ALONE = 0.9, 0.55
LONGEST = 2048  # tokens of a piece at most: longer ones leave a long tail where there are many waves
SMALL = 6  # tiles: where one wave of one program per SM leaves no more to each, two per SM do not pay

_FRACTIONS = np.linspace(0, 1, 40)


class Runs(NamedTuple):
    """The seen nodes of a tree, and the runs that they form."""

    node: Ints  # [seen node] index in the tree
    length: Ints  # [seen node] tokens
    start: Ints  # [seen node] first token, counted over seen nodes
    lo: Ints  # [seen node] first query that sees it
    hi: Ints  # [seen node] one past the last
    begin: Ints  # [run] first token
    end: Ints  # [run] one past the last
    q_first: Ints  # [run] first query that sees any of it
    q_stop: Ints  # [run] one past the last
    narrow: int  # queries of a narrow tile
    wide: int  # queries of a wide tile


class Work(NamedTuple):
    """Token ranges, each with one tile of queries; [group] each."""

    begin: Ints
    end: Ints
    q_first: Ints
    q_stop: Ints
    cost: NDArray[np.float64]


def find_runs(tree: Tree, q_per_kv: int) -> Runs:
    """Group the seen nodes into runs."""
    node = seen_nodes(tree)
    length, lo, hi = tree.length[node], tree.q_first[node], tree.q_stop[node]
    stop = np.cumsum(length)
    narrow, wide = max(1, NARROW_ROWS // q_per_kv), max(1, WIDE_ROWS // q_per_kv)
    alone = hi - lo > narrow
    first = np.flatnonzero(np.concatenate(([True], alone[1:] | alone[:-1])))
    last = np.append(first[1:], len(node)) - 1
    runs = np.stack(
        (
            stop[first] - length[first], stop[last],
            np.minimum.reduceat(lo, first), np.maximum.reduceat(hi, first),
        )
    )  # fmt: skip
    begin, end, q_first, q_stop = np.array(_joined(runs.T.tolist(), wide), dtype=np.int64).T
    return Runs(node, length, stop - length, lo, hi, begin, end, q_first, q_stop, narrow, wide)


def _joined(runs: list[list[int]], wide: int) -> list[list[int]]:
    """Let short runs join the one before: if they add no query to it, or if one wide tile holds both."""
    joined: list[list[int]] = []
    guests = 0  # tokens of the short runs that joined the last one without adding a query
    for begin, end, lo, hi in runs:
        if joined and end - begin <= 2 * TILE:
            last = joined[-1]
            union = (min(last[2], lo), max(last[3], hi))
            adds_no_query = union == (last[2], last[3])
            if adds_no_query and guests + end - begin <= 2 * TILE:
                last[1] = end
                guests += end - begin
                continue
            if last[1] - last[0] <= 2 * TILE and union[1] - union[0] <= wide:
                last[1:] = end, *union
                continue
        joined.append([begin, end, lo, hi])
        guests = 0
    return joined


def cut_runs(runs: Runs, few: int, many: int) -> Work:
    """Cut the runs into work that fills waves of `few` or `many` items a KV head, whichever is faster."""
    alone = _costs(runs, WIDE_COST_ALONE)
    if alone.total <= SMALL * few:
        work = _fill(runs, few, alone)
        if len(work.cost) <= few and work.cost.max() <= SMALL:
            return work
    per_step = np.where(alone.wide, np.maximum(1 / alone.tiles, WIDE_COST), 1.0)
    return _fill(runs, many, alone._replace(per_step=per_step, wide_cost=WIDE_COST))


class _Costs(NamedTuple):
    """What a run costs, [run] each."""

    tokens: Ints
    steps: Ints  # KV tiles
    tiles: Ints  # query tiles that walk all of them
    dense: NDArray[np.bool_]  # the first node covers the run: every query sees it
    wide: NDArray[np.bool_]  # whether its tiles are wide
    per_step: NDArray[np.float64]  # cost of one KV tile
    wide_cost: float

    @property
    def total(self) -> float:
        return float((self.steps * self.per_step * self.tiles).sum())


def _costs(runs: Runs, wide_cost: float) -> _Costs:
    queries, tokens = runs.q_stop - runs.q_first, runs.end - runs.begin
    head = np.searchsorted(runs.start, runs.begin, "right") - 1
    dense = (runs.hi - runs.lo)[head] == queries
    # a run of leaves so short that narrow tiles would each take a sliver of a KV tile
    slivers = ~dense & (tokens * runs.narrow < 2 * TILE * queries)
    wide = (queries > runs.narrow) & (dense | slivers)
    tiles = np.where(wide & dense, -(-queries // runs.wide), 1)
    per_step = np.where(wide, np.maximum(1 / tiles, wide_cost), 1.0)
    return _Costs(tokens, -(-tokens // TILE), tiles, dense, wide, per_step, wide_cost)


def _fill(runs: Runs, room: int, costs: _Costs) -> Work:
    """Work for as few waves of `room` items as its length and number allow; tried anew if it spills over."""
    waves = max(1, math.ceil(costs.total / room * TILE / LONGEST), math.ceil(int(costs.tiles.sum()) / room))
    for aim in (1.0, 0.93, 0.86):
        work = _tiles_of_queries(runs, costs, *_pieces(runs, costs, int(room * waves * aim)))
        if not room * waves < len(work.cost) < 1.3 * room * waves:
            break
    return work


def _pieces(runs: Runs, costs: _Costs, items: int) -> tuple[Ints, Ints, Ints]:
    """[piece] run, begin, end: the shortest pieces with which there are at most `items` items."""
    cost, tiles = costs.steps * costs.per_step, costs.tiles.astype(np.float64)
    total, n_tiles = costs.total, int(costs.tiles.sum())
    low, high = total / max(items, 1) * 0.999, float(cost.max()) + 1.0
    if items > n_tiles:  # rounding up adds at most one item a query tile
        high = min(high, total / (items - n_tiles) * 1.001)
    for _ in range(2):  # narrow the longest cost of a piece down
        candidates = low + (high - low) * _FRACTIONS
        fits = np.ceil(cost / candidates[:, None]) @ tiles <= items
        at = int(fits.argmax())  # the last one, of a single piece a run, always fits
        low, high = float(candidates[max(at - 1, 0)]), float(candidates[at])
    count = np.minimum(np.ceil(cost / high).astype(np.int64), costs.steps)
    piece_len = -(-costs.steps // count) * TILE
    count = -(-costs.tokens // piece_len)
    run = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count)
    begin = runs.begin[run] + number * piece_len[run]
    return run, begin, np.minimum(begin + piece_len[run], runs.end[run])


def _tiles_of_queries(runs: Runs, costs: _Costs, run: Ints, begin: Ints, end: Ints) -> Work:
    """Give each piece the tiles of queries that see any of it; a tile keeps only the tokens that it sees."""
    first = np.searchsorted(runs.start, begin, "right") - 1
    stop = np.searchsorted(runs.start, end - 1, "right")
    # reduceat over [first, stop) of each piece: even entries are the pieces, odd ones what lies between
    bounds = np.stack((first, stop), axis=1).ravel()
    lo = np.minimum.reduceat(np.append(runs.lo, np.iinfo(np.int64).max), bounds)[::2]
    hi = np.maximum.reduceat(np.append(runs.hi, -1), bounds)[::2]
    wide = (hi - lo > runs.narrow) & costs.wide[run]
    size = np.where(wide, runs.wide, runs.narrow)
    count = -(-(hi - lo) // size)
    piece = np.repeat(np.arange(len(run)), count)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    q_first = lo[piece] + number * size[piece]
    q_stop = np.minimum(q_first + size[piece], hi[piece])
    begin, end = begin[piece], end[piece]
    trimmed = np.flatnonzero((count[piece] > 1) & ~costs.dense[run][piece])
    if len(trimmed):
        low, high = _seen_by(
            runs, first[piece[trimmed]], stop[piece[trimmed]], q_first[trimmed], q_stop[trimmed]
        )
        begin[trimmed] = np.maximum(begin[trimmed], low)
        end[trimmed] = np.minimum(end[trimmed], high)
    per_tile = np.where(wide[piece], np.maximum(1 / count[piece], costs.wide_cost), 1.0)
    cost = np.asarray(-(-(end - begin) // TILE) * per_tile, dtype=np.float64)
    kept = end > begin
    return Work(begin[kept], end[kept], q_first[kept], q_stop[kept], cost[kept])


def _seen_by(runs: Runs, first: Ints, stop: Ints, q_first: Ints, q_stop: Ints) -> tuple[Ints, Ints]:
    """[tile] first token, and one past the last, that any of its queries sees among nodes first .. stop - 1.

    Queries between two nodes may see neither: then the end is not after the beginning.
    """
    count = stop - first
    start = np.cumsum(count) - count
    tile = np.repeat(np.arange(len(first)), count)
    node = np.arange(len(tile)) - start[tile] + first[tile]
    sees = (runs.lo[node] < q_stop[tile]) & (runs.hi[node] > q_first[tile])
    low = np.where(sees, runs.start[node], np.iinfo(np.int64).max)
    high = np.where(sees, runs.start[node] + runs.length[node], -1)
    return np.minimum.reduceat(low, start), np.maximum.reduceat(high, start)

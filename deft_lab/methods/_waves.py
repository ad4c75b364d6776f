"""How Tree-Waves cuts a tree: runs of nodes, then pieces of runs, then tiles of queries.

run: consecutive nodes that are cut together. A node that more queries see than a narrow tile holds is a run
of its own; the smaller nodes between two such nodes form one. Short runs join their neighbour.
piece: part of a run, a multiple of TILE tokens long. work: a piece with one tile of queries.
The unit of cost is the time in which one program reads TILE tokens that nobody else reads.
"""

import math
from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from ..tree._shape import Ints, Seen
from .tiles import KV_TILE as TILE
from .tiles import NARROW_ROWS, WIDE_ROWS

# a wide tile does four times the arithmetic of a narrow one; where several tiles read the same tokens from
# the L2 cache, this and not the memory bounds it. Less where an SM has one program, which mostly waits
# (measured, kernels/NOTES.md)
WIDE_COST, WIDE_COST_ALONE = 0.9, 0.55
LONGEST = 2048  # tokens of a piece at most: longer ones leave a long tail where there are many waves
SMALL = 6  # tiles: where one wave of one program per SM leaves no more to each, two per SM do not pay

_FRACTIONS = np.linspace(0, 1, 40).tolist()  # of a range in which a length of pieces is sought


class Run(NamedTuple):
    """Consecutive nodes that are cut together. Runs are few, so they are spelled out in plain integers."""

    begin: int  # first token, counted over seen nodes
    end: int  # one past the last
    q_first: int  # first query that sees any of it
    q_stop: int  # one past the last
    head: int  # its first seen node


class Runs(NamedTuple):
    """The seen nodes of a tree, and the runs that they form."""

    node: Ints  # [seen node] index in the tree
    length: Ints  # [seen node] tokens
    start: Ints  # [seen node] first token, counted over seen nodes
    lo: Ints  # [seen node] first query that sees it; never less than that of the node before
    hi: Ints  # [seen node + 1] one past the last; and -1, so that a slice may end after the last node
    rows: list[Run]
    narrow: int  # queries of a narrow tile
    wide: int  # queries of a wide tile


class Work(NamedTuple):
    """Token ranges, each with one tile of queries; [group] each."""

    begin: Ints
    end: Ints
    q_first: Ints
    q_stop: Ints
    first: Ints  # the first seen node
    stop: Ints  # one past the last
    cost: NDArray[np.float64]


class _Spans(NamedTuple):
    """What the runs owe to links and seats alone, before short ones join."""

    hi: Ints  # as in Runs
    head: Ints  # [run] first seen node
    rows: list[tuple[int, int, int]]  # [run] first query that sees any of it, one past the last, head


def find_runs(tree: Tree, q_per_kv: int) -> Runs:
    """Group the seen nodes into runs."""
    narrow, wide = max(1, NARROW_ROWS // q_per_kv), max(1, WIDE_ROWS // q_per_kv)
    seen = tree.seen
    spans = seen.once(("spans of runs", narrow), lambda seen: _spans(seen, narrow))
    start = tree.seen_start[seen.node]
    begin = start[spans.head].tolist()
    rows = _joined(begin, [*begin[1:], int(tree.seen_start[-1])], spans.rows, wide)
    return Runs(seen.node, tree.length[seen.node], start, seen.q_first, spans.hi, rows, narrow, wide)


def _spans(seen: Seen, narrow: int) -> _Spans:
    lo, hi = seen.q_first, seen.q_stop
    alone = hi - lo > narrow
    head = np.flatnonzero(np.concatenate(([True], alone[1:] | alone[:-1])))
    columns = (lo[head].tolist(), np.maximum.reduceat(hi, head).tolist(), head.tolist())
    return _Spans(np.append(hi, -1), head, list(zip(*columns, strict=True)))


def _joined(begins: list[int], ends: list[int], rows: list[tuple[int, int, int]], wide: int) -> list[Run]:
    """Let short runs join the one before: if they add no query to it, or if one wide tile holds both."""
    joined: list[list[int]] = []
    last: list[int] = []
    guests = 0  # tokens of the short runs that joined the last one without adding a query
    for begin, end, (lo, hi, head) in zip(begins, ends, rows, strict=True):
        if last and end - begin <= 2 * TILE:
            # its first query is not after `lo`: first queries never descend
            if hi <= last[3] and guests + end - begin <= 2 * TILE:
                last[1] = end
                guests += end - begin
                continue
            if last[1] - last[0] <= 2 * TILE and max(last[3], hi) - last[2] <= wide:
                last[1], last[3] = end, max(last[3], hi)
                continue
        last = [begin, end, lo, hi, head]
        joined.append(last)
        guests = 0
    return [Run(*row) for row in joined]


def cut_runs(runs: Runs, few: int, many: int) -> Work:
    """Cut the runs into work that fills waves of `few` or `many` items a KV head, whichever is faster."""
    shapes = [_shape(runs, row) for row in runs.rows]
    alone = _costs(shapes, WIDE_COST_ALONE)
    if alone.total <= SMALL * few:
        work = _fill(runs, few, alone)
        if len(work.cost) <= few and work.cost.max() <= SMALL:
            return work
    return _fill(runs, many, _costs(shapes, WIDE_COST))


class _Shape(NamedTuple):
    """How a run is walked."""

    steps: int  # KV tiles
    tiles: int  # query tiles that walk all of them
    wide: bool  # whether these are wide
    dense: bool  # the first node covers the run: every query sees it


def _shape(runs: Runs, run: Run) -> _Shape:
    queries, tokens = run.q_stop - run.q_first, run.end - run.begin
    dense = bool(runs.hi[run.head] - runs.lo[run.head] == queries)
    # a run of leaves so short that narrow tiles would each take a sliver of a KV tile
    slivers = tokens * runs.narrow < 2 * TILE * queries
    wide = queries > runs.narrow and (dense or slivers)
    return _Shape(-(-tokens // TILE), -(-queries // runs.wide) if wide and dense else 1, wide, dense)


class _Costs(NamedTuple):
    """What the runs cost."""

    shapes: list[_Shape]
    cost: list[float]  # [run] of each of its query tiles
    total: float
    n_tiles: int  # query tiles of all runs
    wide_cost: float  # of a wide tile


def _costs(shapes: list[_Shape], wide_cost: float) -> _Costs:
    cost = [shape.steps * (max(1 / shape.tiles, wide_cost) if shape.wide else 1.0) for shape in shapes]
    total = sum(each * shape.tiles for each, shape in zip(cost, shapes, strict=True))
    return _Costs(shapes, cost, total, sum(shape.tiles for shape in shapes), wide_cost)


def _fill(runs: Runs, room: int, costs: _Costs) -> Work:
    """Work for as few waves of `room` items as its length and number allow; tried anew if it spills over."""
    waves = max(1, math.ceil(costs.total / room * TILE / LONGEST), math.ceil(costs.n_tiles / room))
    for aim in (1.0, 0.93, 0.86):
        work = _tiles_of_queries(runs, costs.wide_cost, _pieces(runs, costs, int(room * waves * aim)))
        if not room * waves < len(work.cost) < 1.3 * room * waves:
            break
    return work


class _Pieces(NamedTuple):
    """Parts of runs; [piece] each."""

    begin: Ints
    end: Ints
    wide: Ints  # 1 where the tiles of the run are wide
    dense: Ints  # 1 where every query sees all of the run


def _pieces(runs: Runs, costs: _Costs, items: int) -> _Pieces:
    """The shortest pieces with which there are at most `items` items."""
    longest = _longest_piece(costs, items)
    rows, counts, before = [], [], 0
    for run, shape, cost in zip(runs.rows, costs.shapes, costs.cost, strict=True):
        piece_len = -(-shape.steps // min(math.ceil(cost / longest), shape.steps)) * TILE
        # piece i of all begins at origin + i * piece_len of its run
        rows.append((run.begin - before * piece_len, piece_len, run.end, shape.wide, shape.dense))
        counts.append(-(-(run.end - run.begin) // piece_len))
        before += counts[-1]
    table = np.array(rows, dtype=np.int64).repeat(counts, axis=0).T
    begin = table[0] + np.arange(before) * table[1]
    return _Pieces(begin, np.minimum(begin + table[1], table[2]), table[3], table[4])


def _longest_piece(costs: _Costs, items: int) -> float:
    """The least cost of the costliest piece with which there are at most `items` items."""
    low, high = costs.total / max(items, 1) * 0.999, max(costs.cost) + 1.0
    if items < costs.n_tiles:  # not even whole runs are so few; even pieces at least
        return low
    if items > costs.n_tiles:  # rounding up adds at most one item a query tile
        high = min(high, costs.total / (items - costs.n_tiles) * 1.001)
    pairs = [(cost, shape.tiles) for cost, shape in zip(costs.cost, costs.shapes, strict=True)]

    for _ in range(2):

        def fits(fraction: float, low: float = low, width: float = high - low) -> bool:
            longest = low + width * fraction
            return sum(math.ceil(cost / longest) * tiles for cost, tiles in pairs) <= items

        at = bisect_left(_FRACTIONS, True, hi=len(_FRACTIONS) - 1, key=fits)  # the last one always fits
        width = high - low
        low, high = low + width * _FRACTIONS[max(at - 1, 0)], low + width * _FRACTIONS[at]
    return high


def _tiles_of_queries(runs: Runs, wide_cost: float, pieces: _Pieces) -> Work:
    """Give each piece the tiles of queries that see any of it; a tile keeps only the tokens that it sees."""
    begin, end, may_be_wide, dense = pieces
    first, stop = runs.start.searchsorted(begin, "right") - 1, runs.start.searchsorted(end)
    # reduceat over [first, stop) of each piece: even entries are the pieces, odd ones what lies between
    bounds = np.empty(2 * len(begin), dtype=np.int64)
    bounds[::2], bounds[1::2] = first, stop
    lo, hi = runs.lo[first], np.maximum.reduceat(runs.hi, bounds)[::2]
    queries = hi - lo
    wide = (queries > runs.narrow) & may_be_wide
    size = np.where(wide, runs.wide, runs.narrow)
    several = queries > size
    if not np.count_nonzero(several):
        return Work(begin, end, lo, hi, first, stop, (-(-(end - begin) // TILE)).astype(np.float64))
    count = -(-queries // size)
    piece = np.arange(len(begin)).repeat(count)
    number = np.arange(len(piece)) - (np.add.accumulate(count) - count)[piece]
    size = size[piece]
    q_first = lo[piece] + number * size
    q_stop = np.minimum(q_first + size, hi[piece])
    per_step = np.where(wide, np.maximum(1 / count, wide_cost), 1.0)[piece]
    work = Work(begin[piece], end[piece], q_first, q_stop, first[piece], stop[piece], per_step)
    uneven = (several & (dense == 0))[piece]
    if np.count_nonzero(uneven):
        work = _trimmed(runs, work, uneven.nonzero()[0])
    return Work(*work[:-1], -(-(work.end - work.begin) // TILE) * work.cost)


def _trimmed(runs: Runs, work: Work, at: Ints) -> Work:
    """Shorten the tiles `at` to what they see; drop what sees nothing."""
    low, high = _seen_by(runs, work.first[at], work.stop[at], work.q_first[at], work.q_stop[at])
    work.begin[at] = begin = np.maximum(work.begin[at], low)
    work.end[at] = end = np.minimum(work.end[at], high)
    work.first[at] = runs.start.searchsorted(begin, "right") - 1
    work.stop[at] = runs.start.searchsorted(end)
    kept = work.end > work.begin
    return work if np.count_nonzero(kept) == len(kept) else Work._make(column[kept] for column in work)


def _seen_by(runs: Runs, first: Ints, stop: Ints, q_first: Ints, q_stop: Ints) -> tuple[Ints, Ints]:
    """[tile] first token, and one past the last, that any of its queries sees among nodes first .. stop - 1.

    Queries between two nodes may see neither: then the end is not after the beginning.
    """
    count = stop - first
    start = np.add.accumulate(count) - count
    tile = np.arange(len(first)).repeat(count)
    node = np.arange(len(tile)) + (first - start)[tile]
    sees = (runs.lo[node] < q_stop[tile]) & (runs.hi[node] > q_first[tile])
    low = np.where(sees, runs.start[node], np.iinfo(np.int64).max)
    high = np.where(sees, runs.start[node] + runs.length[node], -1)
    return np.minimum.reduceat(low, start), np.maximum.reduceat(high, start)

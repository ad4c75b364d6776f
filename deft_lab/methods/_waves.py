"""How Tree-Waves cuts a tree: runs of nodes, then pieces of runs; `_wave_tiles.py` has the rest.

run: consecutive nodes that are cut together. A node that more queries see than a narrow tile holds is a run
of its own; the smaller nodes between two such nodes form one. Short runs join their neighbour.
piece: part of a run, a multiple of TILE tokens long. tile: a piece with one tile of queries.
The unit of cost is the time in which one program reads TILE tokens that nobody else reads.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..tree import Tree
from ..tree._shape import Ints, Seen
from ._wave_tiles import Pieces, Run, Runs, Work, tiles_of, work_of
from .tiles import KV_TILE as TILE
from .tiles import NARROW_ROWS, WIDE_ROWS

# a wide tile does four times the arithmetic of a narrow one; where several tiles read the same tokens from
# the L2 cache, this and not the memory bounds it. Less where an SM has one program, which mostly waits
# (measured, kernels/NOTES.md)
WIDE_COST, WIDE_COST_ALONE = 0.9, 0.55
LONGEST = 2048  # tokens of a piece at most: longer ones leave a long tail where there are many waves
SMALL = 6  # tiles: where one wave of one program per SM leaves no more to each, two per SM do not pay

_FRACTIONS = np.linspace(0, 1, 40).tolist()  # of a range in which a length of pieces is sought


class _Spans(NamedTuple):
    """What the runs owe to links and seats alone, before short ones join."""

    hi: Ints  # as in Runs
    head: Ints  # [run] first seen node
    rows: list[tuple[int, int, int]]  # [run] first query that sees any of it, one past the last, head


def find_runs(tree: Tree, q_per_kv: int) -> Runs:
    """Group the seen nodes into runs."""
    narrow, wide = max(1, NARROW_ROWS // q_per_kv), max(1, WIDE_ROWS // q_per_kv)
    seen = tree.seen
    spans = seen.once(("spans of runs", narrow), lambda: _spans(seen, narrow))
    start = tree.seen_start[seen.node]
    begin = start[spans.head].tolist()
    rows = _joined(begin, [*begin[1:], int(tree.seen_start[-1])], spans.rows, wide)
    length = tree.length[seen.node]
    return Runs(seen.node, length, start, seen.q_first, spans.hi, seen, rows, narrow, wide, tree.n_queries)


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
    shapes = tuple(_shape(runs, row) for row in runs.rows)
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


@dataclass(frozen=True, eq=False)
class _Costs:
    """What the runs cost."""

    shapes: tuple[_Shape, ...]
    cost: list[float]  # [run] of each of its query tiles
    total: float
    n_tiles: int  # query tiles of all runs
    wide_cost: float  # of a wide tile


# as a tree grows, its runs have as many KV tiles as before in most steps
@lru_cache(maxsize=16)
def _costs(shapes: tuple[_Shape, ...], wide_cost: float) -> _Costs:
    cost = [shape.steps * (max(1 / shape.tiles, wide_cost) if shape.wide else 1.0) for shape in shapes]
    total = sum(each * shape.tiles for each, shape in zip(cost, shapes, strict=True))
    return _Costs(shapes, cost, total, sum(shape.tiles for shape in shapes), wide_cost)


def _fill(runs: Runs, room: int, costs: _Costs) -> Work:
    """Work for as few waves of `room` items as its length and number allow; tried anew if it spills over."""
    waves = max(1, math.ceil(costs.total / room * TILE / LONGEST), math.ceil(costs.n_tiles / room))
    for aim in (1.0, 0.93, 0.86):
        pieces = _pieces(runs, costs, int(room * waves * aim))
        tiles = tiles_of(runs, pieces, costs.wide_cost)
        if not room * waves < len(tiles.piece) < 1.3 * room * waves:
            break
    return work_of(runs, pieces, tiles)


def _pieces(runs: Runs, costs: _Costs, items: int) -> Pieces:
    """The shortest pieces with which there are at most `items` items."""
    rows, kinds, before = [], [], 0
    for run, shape, piece_len in zip(runs.rows, costs.shapes, _piece_lengths(costs, items), strict=True):
        count = -(-(run.end - run.begin) // piece_len)
        # piece i of all begins at origin + i * piece_len of its run
        rows.append((run.begin - before * piece_len, piece_len, run.end))
        kinds.append((count, shape.wide, shape.dense))
        before += count
    origin, length, end = np.array(rows, dtype=np.int64).repeat([kind[0] for kind in kinds], axis=0).T
    begin = origin + np.arange(before) * length
    return Pieces(begin, np.minimum(begin + length, end), tuple(kinds))


@lru_cache(maxsize=16)
def _piece_lengths(costs: _Costs, items: int) -> tuple[int, ...]:
    """[run] tokens of its pieces."""
    longest = _longest_piece(costs, items)
    return tuple(
        -(-shape.steps // min(math.ceil(cost / longest), shape.steps)) * TILE
        for shape, cost in zip(costs.shapes, costs.cost, strict=True)
    )


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

"""The tiles of Tree-Waves: each piece of a run with one tile of queries, and the plan that they make.

Which nodes and which queries the tiles have is kept for later steps: as a tree grows, most of its pieces
begin and end in the same nodes as before.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._frame import Frame
from ..tree._shape import Ints, Memo, Seen, running_sum
from .tiles import KV_TILE as TILE

Floats = NDArray[np.float64]


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
    seen: Seen  # remembers the tiles
    rows: list[Run]
    narrow: int  # queries of a narrow tile
    wide: int  # queries of a wide tile
    n_queries: int  # of the tree


class Pieces(NamedTuple):
    """Parts of runs, in the order of tokens."""

    begin: Ints  # [piece] first token
    end: Ints  # [piece] one past the last
    kinds: tuple[tuple[int, bool, bool], ...]  # [run] pieces; are its tiles wide; does every query see it all


class Tiles(Memo):
    """Which nodes and queries the tiles have, whatever the lengths; [tile] each.

    Args:
        piece: number of the piece that it is a part of.
        first: the first seen node.
        stop: one past the last.
        q_first: the first query.
        q_stop: one past the last.
        per_step: cost of a KV tile.
    """

    trimmed = False  # some tiles may have fewer nodes than their pieces

    def __init__(
        self, piece: Ints, first: Ints, stop: Ints, q_first: Ints, q_stop: Ints, per_step: Floats
    ) -> None:
        super().__init__()
        self.piece, self.first, self.stop = piece, first, stop
        self.q_first, self.q_stop, self.per_step = q_first, q_stop, per_step


class Work(NamedTuple):
    """Tiles and their tokens; [tile] each."""

    tiles: Tiles
    begin: Ints
    end: Ints
    cost: Floats


def tiles_of(runs: Runs, pieces: Pieces, wide_cost: float) -> Tiles:
    """Give each piece the tiles of queries that see any of it."""
    # [first, stop) of each piece: its seen nodes
    bounds = np.empty(2 * len(pieces.begin), dtype=np.int64)
    bounds[::2] = runs.start.searchsorted(pieces.begin, "right") - 1
    bounds[1::2] = runs.start.searchsorted(pieces.end)
    key = (runs.narrow, runs.wide, wide_cost, pieces.kinds, bounds.tobytes())
    return runs.seen.once(key, lambda: _tiles(runs, bounds, pieces.kinds, wide_cost))


def _tiles(runs: Runs, bounds: Ints, kinds: tuple[tuple[int, bool, bool], ...], wide_cost: float) -> Tiles:
    first, stop = bounds[::2], bounds[1::2]
    pieces, may_be_wide, dense = np.array(kinds).T
    # even entries are the pieces, odd ones what lies between
    lo, hi = runs.lo[first], np.maximum.reduceat(runs.hi, bounds)[::2]
    queries = hi - lo
    wide = (queries > runs.narrow) & may_be_wide.repeat(pieces)
    size = np.where(wide, runs.wide, runs.narrow)
    count = -(-queries // size)
    piece = np.arange(len(first)).repeat(count)
    number = np.arange(len(piece)) - (np.add.accumulate(count) - count)[piece]
    size = size[piece]
    q_first = lo[piece] + number * size
    q_stop = np.minimum(q_first + size, hi[piece])
    per_step = np.where(wide, np.maximum(1 / count, wide_cost), 1.0)[piece]
    tiles = Tiles(piece, first[piece], stop[piece], q_first, q_stop, per_step)
    uneven = ((count > 1) & (dense.repeat(pieces) == 0))[piece]
    return _trimmed(runs, tiles, uneven.nonzero()[0]) if np.count_nonzero(uneven) else tiles


def _trimmed(runs: Runs, tiles: Tiles, at: Ints) -> Tiles:
    """Shorten the tiles `at` to the nodes that they see; drop what sees nothing."""
    low, high = _seen_by(runs, tiles.first[at], tiles.stop[at], tiles.q_first[at], tiles.q_stop[at])
    tiles.first[at], tiles.stop[at] = low, high
    kept = tiles.stop > tiles.first
    piece, per_step = tiles.piece[kept], tiles.per_step[kept]
    first, stop, q_first, q_stop = (
        column[kept] for column in (tiles.first, tiles.stop, tiles.q_first, tiles.q_stop)
    )
    trimmed = Tiles(piece, first, stop, q_first, q_stop, per_step)
    trimmed.trimmed = True
    return trimmed


def _seen_by(runs: Runs, first: Ints, stop: Ints, q_first: Ints, q_stop: Ints) -> tuple[Ints, Ints]:
    """[tile] the first node, and one past the last, that any of its queries sees among first .. stop - 1.

    Queries between two nodes may see neither: then the end is not after the beginning.
    """
    count = stop - first
    start = np.add.accumulate(count) - count
    tile = np.arange(len(first)).repeat(count)
    node = np.arange(len(tile)) + (first - start)[tile]
    sees = (runs.lo[node] < q_stop[tile]) & (runs.hi[node] > q_first[tile])
    low = np.minimum.reduceat(np.where(sees, node, len(runs.lo)), start)
    return low, np.maximum.reduceat(np.where(sees, node + 1, 0), start)


def work_of(runs: Runs, pieces: Pieces, tiles: Tiles) -> Work:
    """The tokens of the tiles: those of the piece, as far as the tile's nodes go."""
    begin, end = pieces.begin[tiles.piece], pieces.end[tiles.piece]
    if tiles.trimmed:
        begin = np.maximum(begin, runs.start[tiles.first])
        end = np.minimum(end, (runs.start + runs.length)[tiles.stop - 1])
    return Work(tiles, begin, end, -(-(end - begin) // TILE) * tiles.per_step)


class Groups(NamedTuple):
    """Tiles in the order in which they run, spelled out as chunks of nodes."""

    frame: Frame
    seen: Ints  # [chunk] its seen node
    head: Ints  # [group] its first seen node
    tail: Ints  # [group] the last


def groups_of(runs: Runs, tiles: Tiles, order: Ints) -> Groups:
    """The tiles in this order."""
    return tiles.once(order.tobytes(), lambda: _groups(runs, tiles, order))


def _groups(runs: Runs, tiles: Tiles, order: Ints) -> Groups:
    head, tail = tiles.first[order], tiles.stop[order] - 1
    count = tail - head + 1
    start = running_sum(count)
    seen = np.arange(start[-1]) + (head - start[:-1]).repeat(count)
    q_first, q_stop = tiles.q_first[order], tiles.q_stop[order]
    return Groups(Frame(runs.node[seen], start, q_first, q_stop, runs.n_queries), seen, head, tail)

"""Which slots each node owns, for all nodes at once: a decode step asks and changes hundreds of them.

Everything about a node stands in one row of arrays; its slots lie in a row of one long array, with room to
grow. Row 0 is for nodes that own nothing. A node that leaves hands its row and the room of it on.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from .tree import Tree
from .tree._shape import Ints

LEAST_ROOM = 16


class Mark(NamedTuple):
    """How some nodes stood before a take, to undo it."""

    rows: Ints
    columns: tuple[Ints, Ints, Ints]  # owned, first, stop
    n_free: int
    changes: int


class SlotTable:
    """Slots and pages by node (label). It does what it is told: what does not fit is the caller's to refuse.

    Args:
        order: [page] free pages, in the order in which they are handed out.
        page_size: slots of a page.
    """

    def __init__(self, order: Ints, page_size: int) -> None:
        self._free = order[::-1].copy()  # a stack: the first `n_free` entries
        self.n_free = len(order)
        self._page_size = page_size
        self.row: dict[int, int] = {}  # by label, in the order in which the nodes came
        self._spare: list[int] = []
        # by row: slots owned; the first of them; one past the last, or -1 if they do not ascend one by one;
        # number of the take in which the node came; where its slots begin in `_store`, and room there
        self._owned, self._first, self._stop, self._born, self._start, self._room = np.zeros(
            (6, LEAST_ROOM), dtype=np.int64
        )
        self._store = np.zeros(LEAST_ROOM, dtype=np.int64)
        self._end = 0
        self._takes = 0
        self._changes = 0  # how often a node came or left
        self._asked: tuple[Ints, int, Ints] = (np.empty(0, dtype=np.int64), 0, np.empty(0, dtype=np.int64))

    def pages_needed(self, labels: Sequence[int], counts: Ints, gone: Iterable[int] = ()) -> Ints:
        """[label] pages that so many more slots take, once the nodes `gone` have given theirs back."""
        owned = self._owned[[self.row.get(label, 0) for label in labels]]
        left = set(gone)
        if left:
            owned[[label in left for label in labels]] = 0
        return self._pages(owned + counts) - self._pages(owned)

    def n_pages(self, labels: Iterable[int]) -> int:
        """Pages that these nodes own."""
        return int(self._pages(self._owned[[self.row[label] for label in labels]]).sum())

    def take(self, labels: Sequence[int], counts: Ints, pages: Ints) -> Ints:
        """[slot] the new slots of the labels, one label after the other; pages: as `pages_needed` counts."""
        rows = self._enter(labels)
        if len(labels) == 1 and counts[0]:
            return self._take_one(int(rows[0]), int(counts[0]), int(pages[0]))
        n_new_pages = int(pages.sum())
        handed = self._free[self.n_free - n_new_pages : self.n_free][::-1]
        self.n_free -= n_new_pages
        owned, size = self._owned[rows], self._page_size
        self._make_room(rows, owned + counts)
        owner = np.arange(len(rows)).repeat(counts)
        n_new, first_new = int(counts.sum()), np.cumsum(counts) - counts
        within = np.arange(n_new) + (owned - first_new)[owner]
        last = self._store[self._start[rows] + np.maximum(owned - 1, 0)]
        if size == 1:
            slots = handed.copy()
        else:
            page_at = within // size - self._pages(owned)[owner]  # of the label's new pages
            fresh = page_at >= 0
            slots = (last // size)[owner]
            slots[fresh] = handed[((np.cumsum(pages) - pages)[owner] + page_at)[fresh]]
            slots = slots * size + within % size
        self._store[self._start[rows][owner] + within] = slots
        # the slot before each: where all follow it, the node's slots ascend one by one
        before = np.concatenate(([-1], slots[:-1])) if n_new else slots
        gains = counts > 0
        begin = first_new[gains]
        before[begin] = np.where(owned > 0, last, -1)[gains]
        breaks = slots != before + 1
        breaks[begin] &= owned[gains] > 0
        broken = (np.bincount(owner, breaks, len(rows)) > 0) | ((owned > 0) & (self._stop[rows] < 0))
        stop = self._stop[rows]
        stop[gains] = slots[(first_new + counts - 1)[gains]] + 1
        self._stop[rows] = np.where(broken, -1, stop)
        new = gains & (owned == 0)
        self._first[rows[new]] = slots[first_new[new]]
        self._owned[rows] = owned + counts
        return slots

    def _take_one(self, row: int, n: int, n_pages: int) -> Ints:
        """`take` for one node: a branch that gains accepted tokens waits for it."""
        size, owned = self._page_size, int(self._owned[row])
        handed = self._free[self.n_free - n_pages : self.n_free][::-1]
        self.n_free -= n_pages
        if owned + n > self._room[row]:
            self._make_room(np.array([row]), np.array([owned + n]))
        start = int(self._start[row])
        begin = handed * size
        slots = (begin[:, None] + np.arange(size)).reshape(-1) if size > 1 else begin
        if owned % size:  # the page that came last has room
            last = int(self._store[start + owned - 1])
            slots = np.concatenate((np.arange(last + 1, last + 1 + size - owned % size), slots))
        slots = slots[:n].copy()
        self._store[start + owned : start + owned + n] = slots
        in_a_row = int(slots[-1]) - int(slots[0]) == n - 1 and not np.count_nonzero(
            slots[1:] - slots[:-1] != 1
        )
        if not owned:
            self._first[row] = slots[0]
        elif in_a_row:
            in_a_row = int(self._stop[row]) == int(slots[0])
        self._stop[row] = int(slots[-1]) + 1 if in_a_row else -1
        self._owned[row] = owned + n
        return slots

    def give_back(self, labels: Sequence[int]) -> None:
        """Free all pages of these nodes; the node and its page that came last are handed out first."""
        rows = np.array([self.row.pop(label) for label in labels], dtype=np.int64)
        n_pages = self._pages(self._owned[rows])
        owner = np.arange(len(rows)).repeat(n_pages)
        place = np.cumsum(n_pages)[owner] - 1 - np.arange(len(owner))  # of a node the last page first
        first = self._store[self._start[rows][owner] + place * self._page_size]
        self._free[self.n_free : self.n_free + len(first)] = first // self._page_size
        self.n_free += len(first)
        self._owned[rows] = self._first[rows] = self._stop[rows] = 0
        self._spare.extend(rows.tolist())
        self._changes += len(rows) > 0

    def mark(self, labels: Sequence[int]) -> Mark:
        """How these nodes stand, all of them known."""
        rows = np.array([self.row[label] for label in labels], dtype=np.int64)
        columns = (self._owned[rows], self._first[rows], self._stop[rows])
        return Mark(rows, columns, self.n_free, self._changes)

    def restore(self, mark: Mark) -> bool:
        """Undo what these nodes have taken since; False: other nodes have come or left."""
        if mark.changes != self._changes:
            return False
        self._owned[mark.rows], self._first[mark.rows], self._stop[mark.rows] = mark.columns
        self.n_free = mark.n_free
        self._takes += 1
        self._born[mark.rows] = self._takes  # whoever keeps copies of their slots must look again
        return True

    def slots_of(self, label: int) -> Ints:
        """[slot] of one node."""
        row = self.row[label]
        start = int(self._start[row])
        return self._store[start : start + int(self._owned[row])]

    def born(self, label: int) -> int:
        """A number that changes when a label leaves and comes again, or what it took is undone."""
        return int(self._born[self.row[label]])

    def slots(self, tree: Tree) -> Ints:
        """[token] of the depth-first flattened tree."""
        rows = self._rows(tree)
        begin = self._start[rows]
        stop = (begin + self._owned[rows]).tolist()
        return np.concatenate([self._store[a:b] for a, b in zip(begin.tolist(), stop, strict=True)])

    def owned(self, tree: Tree) -> Ints:
        """[node] slots."""
        return self._owned[self._rows(tree)]

    def n_owned(self, label: int) -> int:
        """Slots of one node; 0 if it is unknown."""
        return int(self._owned[self.row.get(label, 0)])

    def first_slot(self, tree: Tree) -> int | None:
        """See `Pool.first_slot`."""
        rows = self._rows(tree)[tree.seen.node]
        first, stop = self._first[rows], self._stop[rows]
        if stop[-1] < 0 or np.count_nonzero(first[1:] != stop[:-1]):
            return None
        return int(first[0])

    def all_pages(self) -> tuple[Ints, Ints]:
        """Pages that nodes own, and free ones, each as often as it is there."""
        size, nothing = self._page_size, np.empty(0, dtype=np.int64)
        owned = [self.slots_of(label)[::size] // size for label in self.row]
        return np.concatenate([nothing, *owned]), self._free[: self.n_free]

    def _pages(self, slots: Ints) -> Ints:
        return -(-slots // self._page_size)

    def _enter(self, labels: Sequence[int]) -> Ints:
        """[label] its row; unknown ones get one."""
        self._takes += 1
        unknown = [label for label in labels if label not in self.row]
        for label in unknown:
            self.row[label] = row = self._spare.pop() if self._spare else len(self.row) + 1
            if row >= len(self._owned):
                columns = (self._owned, self._first, self._stop, self._born, self._start, self._room)
                self._owned, self._first, self._stop, self._born, self._start, self._room = (
                    np.append(column, np.zeros_like(column)) for column in columns
                )
            self._born[row] = self._takes
        self._changes += len(unknown) > 0
        return np.array([self.row[label] for label in labels], dtype=np.int64)

    def _make_room(self, rows: Ints, needed: Ints) -> None:
        """Rows that would outgrow their place move to the end, where they get twice as much."""
        short = np.flatnonzero(needed > self._room[rows])
        if not len(short):
            return
        room = np.maximum(LEAST_ROOM, 2 * needed[short])
        missing = self._end + int(room.sum()) - len(self._store)
        if missing > 0:
            self._store = np.append(self._store, np.zeros(max(missing, len(self._store)), dtype=np.int64))
        for row, more in zip(rows[short].tolist(), room.tolist(), strict=True):
            start, owned = self._start[row], self._owned[row]
            self._store[self._end : self._end + owned] = self._store[start : start + owned]
            self._start[row], self._room[row] = self._end, more
            self._end += more

    def _rows(self, tree: Tree) -> Ints:
        """[node] its row. The answer stands while the tree only grows and no node comes or leaves."""
        label, changes, rows = self._asked
        if label is not tree.label or changes != self._changes:
            rows = np.array([self.row.get(label, 0) for label in tree.label.tolist()], dtype=np.int64)
            self._asked = tree.label, self._changes, rows
        return rows

"""The table of `deft_tree_index`: the slots of every node, kept on the device and grown by what is new.

A node owns a row of the table with room to grow; a step uploads the new slots alone. A node that outgrows its
row gets a longer one at the end. When the table is full, it begins anew with the nodes that still live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import AttentionError
from ..kv import Pool
from ..tree import Tree
from ..tree._shape import Ints

LEAST_ROOM = 16


class _News(NamedTuple):
    """What a table lacks, and how large it is with it."""

    changed: dict[int, "_Row"]
    at: list[Ints]  # [row] places in the table
    slots: list[Ints]  # [row] what goes there
    n_rows: int
    end: int


@dataclass(frozen=True)
class _Row:
    number: int
    born: int  # the pool's number for the node: it changes with its slots
    start: int
    room: int
    held: int  # slots that the device has


class NodeTable:
    """Rows of slots by node label. `row_start` and `slots` are what the kernel reads; they never move.

    Args:
        n_rows: nodes that it has room for, dead ones included.
        n_slots: slots in all rows, the room to grow included.
        device: where it lies.
    """

    def __init__(self, n_rows: int, n_slots: int, device: torch.device) -> None:
        self.row_start: Tensor = torch.zeros(n_rows, dtype=torch.int32, device=device)
        self.slots: Tensor = torch.zeros(n_slots, dtype=torch.int32, device=device)
        self._rows: dict[int, _Row] = {}  # by label
        self._end = 0
        self.uploaded = 0  # slots uploaded by the last step

    @staticmethod
    def room_for(tree: Tree) -> tuple[int, int]:
        """(rows, slots) that a new table needs for one tree."""
        length = tree.length[tree.length > 0]
        return len(length), int(np.maximum(LEAST_ROOM, 2 * length).sum())

    def row_of(self, labels: Ints) -> Ints:
        """[label] the row of each node."""
        return np.fromiter((self._rows[label].number for label in labels.tolist()), np.int64, len(labels))

    def take_in(self, tree: Tree, pool: Pool) -> None:
        """Upload the slots of this tree that the table lacks, all of them or none.

        Raises:
            AttentionError: the table is full; nothing has changed.
        """
        news = self._news(tree, pool, self._rows, self._end)
        rows = self._rows
        if not self._holds(news):
            rows = {}  # without the dead, and the rows that were outgrown
            news = self._news(tree, pool, rows, 0)
        if not self._holds(news):
            raise AttentionError(
                f"the node table needs {news.n_rows} rows and {news.end} slots, its bucket has room for "
                f"{len(self.row_start)} and {len(self.slots)}; lower into a table of a larger "
                "bucket (Bucket.grown)"
            )
        self._rows = {}  # what is half uploaded is nobody's
        if news.changed:
            device = self.slots.device
            self.slots[torch.as_tensor(np.concatenate(news.at), device=device)] = torch.as_tensor(
                np.concatenate(news.slots).astype(np.int32), device=device
            )
            number, start_of = np.array([(row.number, row.start) for row in news.changed.values()]).T
            self.row_start[torch.as_tensor(number, device=device)] = torch.as_tensor(
                start_of.astype(np.int32), device=device
            )
        self._rows, self._end = rows | news.changed, news.end
        self.uploaded = sum(map(len, news.slots))

    def _holds(self, news: "_News") -> bool:
        return news.end <= len(self.slots) and news.n_rows <= len(self.row_start)

    @staticmethod
    def _news(tree: Tree, pool: Pool, rows: Mapping[int, _Row], end: int) -> "_News":
        """What a table of these rows, `end` slots long, lacks of a tree."""
        changed: dict[int, _Row] = {}
        at: list[Ints] = []
        new: list[Ints] = []
        n_rows = len(rows)
        for label, length in zip(tree.label.tolist(), tree.length.tolist(), strict=True):
            if not length:
                continue
            slots, born = pool.slots_of(label)
            row = rows.get(label)
            if row is None:
                row, n_rows = _Row(n_rows, born, 0, 0, 0), n_rows + 1
            held = row.held if row.born == born else 0
            start, room = row.start, row.room
            if length > room:
                start, room, held = end, max(LEAST_ROOM, 2 * length), 0
                end += room
            if length > held:
                at.append(start + np.arange(held, length))
                new.append(slots[held:length])
                changed[label] = _Row(row.number, born, start, room, length)
        return _News(changed, at, new, n_rows, end)

"""A bucket: how large a step may become before its tables have to move. And the memory that a bucket owns.

The tables of a step lie in one buffer at fixed addresses, filled on pinned host memory and uploaded at once.
Launch grids depend on the bucket alone and counts are read on the device, so one captured CUDA graph serves
every plan that fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import AttentionError, check_counts
from .tables import ITEM, HostTables, Pieces

ALIGN = 64  # int32 elements: a section begins at a multiple of 256 bytes


@dataclass(frozen=True)
class Bucket:
    """Room for a step's tables.

    Args:
        n_items: programs per head, at most.
        n_queries: queries of the tree.
        n_partials: partials of the plan.
        n_slots: entries of the slot table.
        n_words: entries of the mask table.
        most_partials: partials of one query; sets a tile size, more still work.
        flat: only steps whose KV lies in depth-first order; False takes any order.
        direct: only steps in which each query has one partial; False takes any.
        permuted: queries may be in another order than preorder.
        wide_words: mask words of 64 bits.
        n_nodes: rows of the node table of `deft_tree_index`.
        shapes: tile shapes of `tree_waves`: "both", "wide" or "narrow".
    """

    n_items: int
    n_queries: int
    n_partials: int
    n_slots: int
    n_words: int
    most_partials: int
    flat: bool = False
    direct: bool = False
    permuted: bool = True
    wide_words: bool = False
    n_nodes: int = 0
    shapes: str = "both"

    @classmethod
    def of(cls, tables: HostTables) -> "Bucket":
        """The smallest bucket for one step: right for a single call, too tight for a growing tree."""
        n_queries, n_partials = len(tables.row), len(tables.place)
        n_words = tables.first_word + len(tables.word)
        return cls(
            len(tables.item), n_queries, n_partials, tables.n_slots, n_words, tables.most_partials,
            tables.flat, n_partials == n_queries, tables.permuted, tables.word.dtype == np.int64,
            tables.n_nodes, tables.shapes,
        )  # fmt: skip

    def grown(self, factor: int = 2) -> "Bucket":
        """`factor` times the room, and none of the restrictions: for a tree that grows, forks and prunes."""
        check_counts(AttentionError, 1, factor=factor)
        counts = {
            f.name: factor * getattr(self, f.name) for f in fields(self) if f.type == "int" or f.type is int
        }
        return replace(self, **counts, flat=False, direct=False, permuted=True, shapes="both")

    def check(self, needs: "Bucket") -> None:
        """Refuse a step that does not fit.

        Raises:
            AttentionError: naming the first room that is too small.
        """
        for name in ("n_items", "n_queries", "n_partials", "n_slots", "n_words", "n_nodes"):
            need, room = getattr(needs, name), getattr(self, name)
            if need > room:
                raise AttentionError(
                    f"the plan needs {name}={need}, its bucket has room for {room}; lower it into a table of "
                    "a larger bucket (Bucket.grown) and capture the graph anew"
                )
        for name, why in (
            ("flat", "its KV does not lie in depth-first order"),
            ("direct", "a query has several partials"),
        ):
            if getattr(self, name) and not getattr(needs, name):
                raise AttentionError(f"the bucket takes {name} steps only, and {why}; use Bucket.grown")
        if needs.permuted and not self.permuted:
            raise AttentionError("the bucket takes queries in preorder only; use one with permuted=True")
        if self.shapes not in ("both", needs.shapes):
            raise AttentionError(f"the bucket takes {self.shapes} tiles only; use one with shapes='both'")
        if needs.wide_words and not self.wide_words:
            raise AttentionError("the plan has 65536 queries or more; use a bucket with wide_words=True")


class Upload:
    """The tables of a bucket: sections of one buffer on the device, and its pinned twin on the host."""

    def __init__(self, bucket: Bucket, device: torch.device) -> None:
        word = 2 if bucket.wide_words else 1
        # the long ones first: a step that has little of them uploads the rear of the buffer only
        sizes = {
            "slot": 0 if bucket.flat else bucket.n_slots,
            "word": word * bucket.n_words,
            "item": ITEM * bucket.n_items,
            "place": bucket.n_partials,
            "start": bucket.n_queries + 1,
            "row": bucket.n_queries,
            "size": 2,
        }
        self.at, total = {}, 0
        for name, size in sizes.items():
            self.at[name] = slice(total, total + size)
            total += -(-max(size, 1) // ALIGN) * ALIGN  # so that 64-bit words are aligned, too
        cuda = device.type == "cuda"
        self._host = torch.zeros(total, dtype=torch.int32, pin_memory=cuda)
        self._numpy = {name: self._host[part].numpy() for name, part in self.at.items()}
        if bucket.wide_words:
            self._numpy["word"] = self._numpy["word"].view(np.int64)
        self._filled = dict.fromkeys(sizes, 0)  # entries of a section that the last steps may have left
        self._rear: tuple[int, Tensor, Tensor] | None = (
            None  # what was uploaded last: from where, host, device
        )
        # these are read-only, and the same from step to step while the plans have one frame
        self._kept: dict[str, NDArray | range | None] = dict.fromkeys(("place", "start", "row"))
        self._device = torch.zeros(total, dtype=torch.int32, device=device)
        self._sent = torch.cuda.Event() if cuda else None
        self._wide = bucket.wide_words

    def section(self, name: str) -> Tensor:
        """A table on the device, int32; words may be int64."""
        part = self._device[self.at[name]]
        return part.view(torch.int64) if name == "word" and self._wide else part

    def fill(self, arrays: Mapping[str, NDArray | range], first_word: int = 0) -> None:
        """Upload these sections at once; what follows an array in its section becomes 0.

        Words before `first_word`, where the given ones begin, are left as they are.
        """
        if self._sent is not None:
            self._sent.synchronize()  # the last upload may still be reading the pinned memory
        for name, array in arrays.items():
            if name in self._kept and array is self._kept[name]:
                continue
            section, begin = self._numpy[name], first_word if name == "word" else 0
            if isinstance(array, range):
                array = np.arange(array.start, array.stop)
            end = begin + array.size
            section[begin:end] = array.reshape(-1)
            if end < self._filled[name]:
                section[end : self._filled[name]] = 0
            self._filled[name] = end
            if name == "start":
                section[end:] = array[-1]
            if name in self._kept:
                self._kept[name] = array
        # what nobody reads of the long sections stays here
        begin = self.at["word"].start + first_word * (1 + self._wide) // ALIGN * ALIGN
        if len(arrays["slot"]):
            begin = self.at["slot"].start
        elif not len(arrays["word"]):
            begin = self.at["item"].start
        if self._rear is None or self._rear[0] != begin:
            self._rear = begin, self._host[begin:], self._device[begin:]
        self._rear[2].copy_(self._rear[1], non_blocking=True)
        if self._sent is not None:
            self._sent.record(torch.cuda.current_stream(self._device.device))

    def spell_out(self, pieces: Pieces) -> None:
        """Write the slot table on the device, from what is few."""
        before = np.cumsum(pieces.length) - pieces.length
        numbers = np.concatenate((pieces.first - before, pieces.length, pieces.slot))
        there = torch.from_numpy(numbers)
        if self._sent is not None:
            there = there.pin_memory().to(self._device.device, non_blocking=True)
        away, length, slot = there.split([len(before), len(before), len(pieces.slot)])
        n_entries = pieces.n_entries
        token = torch.repeat_interleave(away, length, output_size=n_entries)
        token += torch.arange(n_entries, device=token.device)
        self.section("slot")[:n_entries] = slot[token]

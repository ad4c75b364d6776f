"""KV memory: a pool of pages that nodes take slots from, and the unpaged copy of it.

slot: the place of one token's key and value. page: `page_size` slots in a row; a page belongs to one
node. take, give_back: all or nothing. If a request does not fit, nothing has changed.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from .errors import PoolError, check_counts
from .geometry import Geometry
from .methods import plan_tree
from .tree import Tree
from .tree._shape import Ints

PAGE_SIZES = (1, 16, 64)
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


class Pool:
    """Keys and values of all layers, in pages that belong to nodes (by label).

    Args:
        n_pages: pages in all.
        page_size: slots of a page, 1, 16 or 64.
        geometry: KV heads, head size and layers of the model.
        dtype: torch.float32, torch.bfloat16 or torch.float16.
        device: where the memory lies.
        seed: hand out pages in a random order drawn from it, as a long-used pool would; None: ascending.

    Raises:
        PoolError: no page, another page size or another dtype.
    """

    def __init__(
        self,
        n_pages: int,
        page_size: int,
        geometry: Geometry,
        *,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        seed: int | None = None,
    ) -> None:
        check_counts(PoolError, 1, n_pages=n_pages)
        if page_size not in PAGE_SIZES:
            raise PoolError(f"page_size={page_size}; it must be one of {', '.join(map(str, PAGE_SIZES))}")
        if dtype not in DTYPES:
            raise PoolError(f"dtype={dtype}; it must be one of {', '.join(map(str, DTYPES))}")
        shape = (geometry.n_layers, n_pages * page_size, geometry.n_kv_heads, geometry.head_dim)
        self.page_size, self.n_pages, self.geometry = page_size, n_pages, geometry
        # slots that nobody wrote hold NaN, so that a read of one cannot go unnoticed
        self.k = torch.full(shape, float("nan"), dtype=dtype, device=device)
        self.v = torch.full_like(self.k, float("nan"))
        order = np.arange(n_pages) if seed is None else np.random.default_rng(seed).permutation(n_pages)
        self._free = order[::-1].tolist()
        self._slots: dict[int, Ints] = {}  # label -> slots of its tokens
        self._pages: dict[int, list[int]] = {}
        self._takes = 0
        self._born: dict[int, int] = {}  # label -> number of the take in which the node came
        self._ledger = _Ledger()

    @property
    def n_free(self) -> int:
        """Pages that belong to no node."""
        return len(self._free)

    @property
    def labels(self) -> tuple[int, ...]:
        """Nodes that own slots, in the order in which they came."""
        return tuple(self._slots)

    def n_tokens(self, label: int) -> int:
        """Tokens that the node has slots for; 0 if it is unknown."""
        return len(self._slots.get(label, ()))

    def take(self, tokens: Mapping[int, int]) -> dict[int, Ints]:
        """Give each node (by label) so many more slots, all of them or none.

        Returns:
            label -> the new slots, [tokens] int64, in the order of the node's tokens.

        Raises:
            PoolError: a negative count, or too few free pages; nothing has been taken.
        """
        need = self._need(tokens)
        if sum(need.values()) > self.n_free:
            raise PoolError(self._full(tokens, need, 0))
        return self._hand_out(tokens, need)

    def _hand_out(self, tokens: Mapping[int, int], need: Mapping[int, int]) -> dict[int, Ints]:
        """Take slots for which enough pages are free."""
        given = {}
        self._takes += 1
        for label, count in tokens.items():
            self._born.setdefault(label, self._takes)
            pages = self._pages.setdefault(label, [])
            pages.extend(self._free.pop() for _ in range(need[label]))
            before = self.n_tokens(label)
            within = np.arange(before, before + count)
            page = np.array(pages, dtype=np.int64)
            given[label] = page[within // self.page_size] * self.page_size + within % self.page_size
            self._slots[label] = np.concatenate((self._slots.get(label, given[label][:0]), given[label]))
            if count:
                self._ledger.add(label, given[label])
        return given

    def _need(self, tokens: Mapping[int, int], gone: Container[int] = ()) -> dict[int, int]:
        """Label -> pages that so many more slots take, once the nodes `gone` have given theirs back."""
        need = {}
        for label, count in tokens.items():
            check_counts(PoolError, 0, label=label, slots=count)
            room = len(self._pages.get(label, ())) * self.page_size - self.n_tokens(label)
            room = 0 if label in gone else room
            need[label] = max(0, -(-(count - room) // self.page_size))
        return need

    def _full(self, tokens: Mapping[int, int], need: Mapping[int, int], freed: int) -> str:
        pruned = f", and {freed} of pruned nodes would be" if freed else ""
        return (
            f"pool is full: {sum(tokens.values())} slots for {len(tokens)} nodes need "
            f"{sum(need.values())} pages of {self.page_size}, {self.n_free} of {self.n_pages} "
            f"are free{pruned}; prune a branch, or make the pool larger"
        )

    def take_tree(self, tree: Tree) -> Ints:
        """Give every node of `tree` the slots that it lacks, all of them or none.

        Returns:
            slots of the whole tree, as `slots`.

        Raises:
            PoolError: a node owns more slots than it has tokens, or too few pages are free.
        """
        lack = {}
        for label, length in zip(tree.label.tolist(), tree.length.tolist(), strict=True):
            lack[label] = length - self.n_tokens(label)
            if lack[label] < 0:
                raise PoolError(_too_many(label, length, self.n_tokens(label)))
        self.take(lack)
        return self.slots(tree)

    def give_back(self, labels: Iterable[int]) -> None:
        """Free all pages of these nodes, all of them or none.

        Raises:
            PoolError: a node owns nothing, or is named twice; nothing has been freed.
        """
        listed = list(labels)
        seen: set[int] = set()
        for label in listed:
            if label not in self._slots or label in seen:
                raise PoolError(
                    f"node {label!r} owns no slots to give back; the owners are {list(self._slots)[:8]}"
                )
            seen.add(label)
        for label in listed:
            self._free.extend(reversed(self._pages.pop(label)))
            del self._slots[label], self._born[label]
            self._ledger.remove(label)

    def exchange(self, gone: Iterable[int], tokens: Mapping[int, int]) -> dict[int, Ints]:
        """Free the pages of the nodes `gone`, then take slots as `take` does; all of it or nothing.

        Nodes without slots may be among the gone.

        Raises:
            PoolError: too few pages are free even then; nothing has changed.
        """
        listed = [label for label in gone if label in self._slots]
        freed = sum(len(self._pages[label]) for label in listed)
        need = self._need(tokens, listed)
        if sum(need.values()) > self.n_free + freed:
            raise PoolError(self._full(tokens, need, freed))
        self.give_back(listed)
        return self._hand_out(tokens, need)

    def write(self, slots: Ints, k: Tensor, v: Tensor, layer: int = 0) -> None:
        """Store keys and values: k and v [token, kv_head, dim], token i into slots[i].

        Raises:
            PoolError: the layer or a slot lies outside the pool, or shapes, dtype or device are not the
                pool's; nothing is written.
        """
        if not 0 <= layer < len(self.k):
            raise PoolError(f"layer={layer}; the pool has layers 0..{len(self.k) - 1}")
        n_slots = self.n_pages * self.page_size
        if len(slots) and not 0 <= np.min(slots) <= np.max(slots) < n_slots:
            raise PoolError(
                f"slots {np.min(slots)} to {np.max(slots)}; the pool has 0..{n_slots - 1}, use those of take"
            )
        expected = (len(slots), *self.k.shape[2:])
        for name, tensor in (("k", k), ("v", v)):
            if tuple(tensor.shape) != expected:
                raise PoolError(f"{name} has shape {tuple(tensor.shape)}; {len(slots)} slots take {expected}")
            if tensor.dtype != self.k.dtype or tensor.device != self.k.device:
                raise PoolError(
                    f"{name} is {tensor.dtype} on {tensor.device}; the pool is "
                    f"{self.k.dtype} on {self.k.device}"
                )
        where = torch.as_tensor(slots, device=self.k.device)
        self.k[layer, where] = k
        self.v[layer, where] = v

    def slots(self, tree: Tree) -> Ints:
        """[tree.n_tokens] the slot of each token of the depth-first flattened tree.

        Raises:
            PoolError: a node owns fewer or more slots than it has tokens.
        """
        self._check_lengths(tree)
        nothing = np.empty(0, dtype=np.int64)
        return np.concatenate([self._slots.get(label, nothing) for label in tree.label.tolist()])

    def first_slot(self, tree: Tree) -> int | None:
        """The slot of the first token that some query sees, if theirs ascend one by one, depth first.

        None: they do not. It looks at nodes, not at tokens.

        Raises:
            PoolError: a node owns fewer or more slots than it has tokens.
        """
        self._check_lengths(tree)
        return self._ledger.first_slot(tree)

    def _check_lengths(self, tree: Tree) -> None:
        owned = self._ledger.owned(tree)
        wrong = owned != tree.length
        if np.count_nonzero(wrong):
            node = int(wrong.argmax())
            label, length, owns = tree.label[node], tree.length[node], owned[node]
            if owns > length:
                raise PoolError(_too_many(label, length, owns))
            raise PoolError(
                f"node {label} has {length} tokens but owns {owns} slots; take slots for its tokens first"
            )

    def slots_of(self, label: int) -> tuple[Ints, int]:
        """The slots of a node, and a number that changes if it gives them back and takes others.

        Raises:
            PoolError: the node owns none.
        """
        if label not in self._slots:
            raise PoolError(f"node {label} owns no slots; take slots for its tokens first")
        return self._slots[label], self._born[label]

    def check(self) -> None:
        """Prove that no page has two owners and none is lost.

        Raises:
            PoolError: one is; this is a defect of deft_lab.
        """
        owned = [page for pages in self._pages.values() for page in pages]
        if sorted(owned + self._free) != list(range(self.n_pages)):
            raise PoolError(
                f"{len(owned)} owned and {self.n_free} free pages are not the {self.n_pages} of the pool"
            )
        for label, slots in self._slots.items():
            if not set(slots // self.page_size) <= set(self._pages[label]):
                raise PoolError(f"node {label} owns slots outside its pages")


class _Ledger:
    """What each node owns, and whether in a row: numbers that a step asks of all nodes at once.

    Row 0 is for nodes that own nothing. A node that leaves hands its row on.
    """

    def __init__(self) -> None:
        self._row: dict[int, int] = {}  # by label
        self._spare: list[int] = []
        # [row] slots; the first of them; one past the last, or -1 if they do not ascend one by one
        self._owned, self._first, self._stop = (np.zeros(1, dtype=np.int64) for _ in range(3))
        self._changes = 0  # how often a node came or left
        self._asked: tuple[Ints, int, Ints] = (np.empty(0, dtype=np.int64), 0, np.empty(0, dtype=np.int64))

    def add(self, label: int, slots: Ints) -> None:
        """The node got these, one at least."""
        if label not in self._row:
            self._changes += 1
            self._row[label] = self._spare.pop() if self._spare else len(self._row) + 1
            if self._row[label] >= len(self._owned):
                columns = (self._owned, self._first, self._stop)
                self._owned, self._first, self._stop = (np.append(x, np.zeros_like(x)) for x in columns)
        row = self._row[label]
        owned = int(self._owned[row])
        begin, end = int(slots[0]), int(slots[-1]) + 1
        ascend = end - begin == len(slots) and bool((slots[1:] > slots[:-1]).all())
        follow = ascend and (not owned or int(self._stop[row]) == begin)
        self._owned[row], self._stop[row] = owned + len(slots), end if follow else -1
        if not owned:
            self._first[row] = begin

    def remove(self, label: int) -> None:
        """The node left, if it ever owned a slot."""
        if label in self._row:
            self._changes += 1
            row = self._row.pop(label)
            self._spare.append(row)
            self._owned[row] = self._first[row] = self._stop[row] = 0

    def owned(self, tree: Tree) -> Ints:
        """[node] slots."""
        return self._owned[self._rows(tree)]

    def first_slot(self, tree: Tree) -> int | None:
        """See `Pool.first_slot`."""
        rows = self._rows(tree)[tree.seen.node]
        first, stop = self._first[rows], self._stop[rows]
        if stop[-1] < 0 or np.count_nonzero(first[1:] != stop[:-1]):
            return None
        return int(first[0])

    def _rows(self, tree: Tree) -> Ints:
        """[node] its row. The answer stands while the tree only grows and no node comes or leaves."""
        label, changes, rows = self._asked
        if label is not tree.label or changes != self._changes:
            rows = np.array([self._row.get(label, 0) for label in tree.label.tolist()], dtype=np.int64)
            self._asked = tree.label, self._changes, rows
        return rows


def _too_many(label: int, length: int, owned: int) -> str:
    return f"node {label} has {length} tokens but owns {owned} slots; give the node back first"


@dataclass(frozen=True, eq=False)
class Unpaged:
    """KV in contiguous buffers, as methods without pages hold it.

    `copies` "none": the flattened tree, token t in slot t. "path": each preorder query has its own copy
    of its whole path, one after the other: shared prefixes are stored again and again.
    """

    k: Tensor  # [layer, slot, kv_head, dim]
    v: Tensor
    tree: Tree
    copies: Literal["none", "path"]
    geometry: Geometry

    @classmethod
    def from_pool(cls, pool: Pool, tree: Tree, copies: Literal["none", "path"]) -> "Unpaged":
        """Copy the tokens of `tree` out of the pool."""
        # the radix plan lists every query's path, one after the other
        token = np.arange(tree.n_tokens) if copies == "none" else plan_tree(tree, "radix").arrays().token
        slots = torch.as_tensor(pool.slots(tree)[token], device=pool.k.device)
        return cls(pool.k[:, slots], pool.v[:, slots], tree, copies, pool.geometry)

"""KV memory: a pool of pages that nodes take slots from, and the unpaged copy of it.

slot: the place of one token's key and value. page: `page_size` slots in a row; a page belongs to one
node. take, give_back: all or nothing. If a request does not fit, nothing has changed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ._slots import Mark, SlotTable
from .errors import PoolError, check_counts, check_kind
from .geometry import Geometry, need_geometry
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
        PoolError: no page, another page size or another dtype, or the device has no room or is not there.
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
        if type(page_size) is not int or page_size not in PAGE_SIZES:
            raise PoolError(f"page_size={page_size!r}; it must be one of {', '.join(map(str, PAGE_SIZES))}")
        if dtype not in DTYPES:
            raise PoolError(f"dtype={dtype}; it must be one of {', '.join(map(str, DTYPES))}")
        need_geometry(geometry)
        if seed is not None:
            check_counts(PoolError, 0, seed=seed)
        shape = (geometry.n_layers, n_pages * page_size, geometry.n_kv_heads, geometry.head_dim)
        self.page_size, self.n_pages, self.geometry = page_size, n_pages, geometry
        # slots that nobody wrote hold NaN, so that a read of one cannot go unnoticed
        try:
            self.k = torch.full(shape, float("nan"), dtype=dtype, device=device)
            self.v = torch.full_like(self.k, float("nan"))
        except (RuntimeError, AssertionError) as bad:  # out of memory, no such device, a build without it
            gigabytes = 2 * math.prod(shape) * dtype.itemsize / 1e9
            raise PoolError(
                f"no pool of {gigabytes:,.1f} GB on device {str(device)!r}: {str(bad).splitlines()[0]:.200}"
            ) from bad
        order = np.arange(n_pages) if seed is None else np.random.default_rng(seed).permutation(n_pages)
        self._table = SlotTable(order, page_size)

    def __repr__(self) -> str:
        return (
            f"Pool({self.n_free} of {self.n_pages} pages of {self.page_size} slots free, "
            f"{len(self.labels)} nodes, {self.k.dtype} on {self.k.device})"
        )

    @property
    def n_free(self) -> int:
        """Pages that belong to no node."""
        return self._table.n_free

    @property
    def labels(self) -> tuple[int, ...]:
        """Nodes that own slots, in the order in which they came."""
        return tuple(self._table.row)

    def n_tokens(self, label: int) -> int:
        """Tokens that the node has slots for; 0 if it is unknown."""
        return self._table.n_owned(label)

    def take(self, tokens: Mapping[int, int]) -> dict[int, Ints]:
        """Give each node (by label) so many more slots, all of them or none.

        Returns:
            label -> the new slots, [tokens] int64, in the order of the node's tokens.

        Raises:
            PoolError: a negative count, or too few free pages; nothing has been taken.
        """
        return self._exchange((), tokens)

    def _exchange(self, gone: Sequence[int], tokens: Mapping[int, int]) -> dict[int, Ints]:
        check_kind(PoolError, Mapping, "give {label: tokens}", tokens=tokens)
        labels, counts = list(tokens), _counted(tokens)
        pages = self._table.pages_needed(labels, counts, gone)
        freed = self._table.n_pages(gone) if gone else 0
        if pages.sum() > self.n_free + freed:
            pruned = f", and {freed} of pruned nodes would be" if freed else ""
            raise PoolError(
                f"pool is full: {counts.sum()} slots for {len(tokens)} nodes need {pages.sum()} pages of "
                f"{self.page_size}, {self.n_free} of {self.n_pages} are free{pruned}; prune a branch, or "
                "make the pool larger"
            )
        if gone:
            self.give_back(gone)
        slots = self._table.take(labels, counts, pages)
        stops = np.cumsum(counts).tolist()
        return {
            label: slots[stop - count : stop]
            for label, count, stop in zip(labels, tokens.values(), stops, strict=True)
        }

    def take_tree(self, tree: Tree) -> Ints:
        """Give every node of `tree` the slots that it lacks, all of them or none.

        Returns:
            slots of the whole tree, as `slots`.

        Raises:
            PoolError: a node owns more slots than it has tokens, or too few pages are free.
        """
        check_kind(PoolError, Tree, "build one with build_tree or Tree", tree=tree)
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
        check_kind(PoolError, Iterable, "give a list of labels", labels=labels)
        listed, known = list(labels), self._table.row
        if len(set(listed)) < len(listed) or not all(label in known for label in listed):
            wrong = next(x for i, x in enumerate(listed) if x not in known or x in listed[:i])
            if wrong in known:
                raise PoolError(f"node {wrong!r} is named twice; name each node once")
            raise PoolError(f"node {wrong!r} owns no slots to give back; the owners are {list(known)[:8]}")
        self._table.give_back(listed)

    def exchange(self, gone: Iterable[int], tokens: Mapping[int, int]) -> dict[int, Ints]:
        """Free the pages of the nodes `gone`, then take slots as `take` does; all of it or nothing.

        Nodes without slots may be among the gone.

        Raises:
            PoolError: too few pages are free even then; nothing has changed.
        """
        return self._exchange([label for label in gone if label in self._table.row], tokens)

    def mark(self, labels: Sequence[int]) -> Mark:
        """How these nodes stand now, so that `undo` can take back what they take next.

        Raises:
            PoolError: a node owns nothing.
        """
        for label in labels:
            if label not in self._table.row:
                raise PoolError(f"node {label} owns no slots; take slots for its tokens first")
        return self._table.mark(labels)

    def undo(self, mark: Mark) -> None:
        """Free what the marked nodes have taken since; no other node may have taken or given back anything.

        Raises:
            PoolError: nodes have come or left since; nothing has changed.
        """
        if not self._table.restore(mark):
            raise PoolError("nodes have come or left since the mark was made; nothing can be undone")

    def write(self, slots: Ints, k: Tensor, v: Tensor, layer: int = 0) -> None:
        """Store keys and values: k and v [token, kv_head, dim], token i into slots[i].

        Raises:
            PoolError: the layer or a slot lies outside the pool, or shapes, dtype or device are not the
                pool's; nothing is written.
        """
        if not isinstance(layer, Integral) or not 0 <= layer < len(self.k):
            raise PoolError(f"layer={layer!r}; the pool has layers 0..{len(self.k) - 1}")
        if isinstance(slots, Tensor):
            raise PoolError("slots is a tensor; pass integers as take gives them, or use deft_lab.ops.write")
        slots = np.asarray(slots)
        if slots.ndim != 1 or (len(slots) and slots.dtype.kind not in "iu"):
            raise PoolError(f"slots is {slots!r:.60}; it must be a list of integers, as take gives them")
        n_slots = self.n_pages * self.page_size
        if len(slots) and not 0 <= np.min(slots) <= np.max(slots) < n_slots:
            raise PoolError(
                f"slots {np.min(slots)} to {np.max(slots)}; the pool has 0..{n_slots - 1}, use those of take"
            )
        expected = (len(slots), *self.k.shape[2:])
        check_kind(PoolError, Tensor, "torch.as_tensor makes one", k=k, v=v)
        for name, tensor in (("k", k), ("v", v)):
            if tuple(tensor.shape) != expected:
                raise PoolError(f"{name} has shape {tuple(tensor.shape)}; {len(slots)} slots take {expected}")
            if tensor.dtype != self.k.dtype or tensor.device != self.k.device:
                raise PoolError(
                    f"{name} is {tensor.dtype} on {tensor.device}; the pool is "
                    f"{self.k.dtype} on {self.k.device}"
                )
        where = torch.as_tensor(slots.astype(np.int64), device=self.k.device)
        self.k[layer, where] = k
        self.v[layer, where] = v

    def slots(self, tree: Tree) -> Ints:
        """[tree.n_tokens] the slot of each token of the depth-first flattened tree.

        Raises:
            PoolError: a node owns fewer or more slots than it has tokens.
        """
        self._check_lengths(tree)
        return self._table.slots(tree)

    def first_slot(self, tree: Tree) -> int | None:
        """The slot of the first token that some query sees, if theirs ascend one by one, depth first.

        None: they do not. It looks at nodes, not at tokens.

        Raises:
            PoolError: a node owns fewer or more slots than it has tokens.
        """
        self._check_lengths(tree)
        return self._table.first_slot(tree)

    def _check_lengths(self, tree: Tree) -> None:
        owned = self._table.owned(tree)
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
        """The slots of a node, and a number that changes if it gives some back and takes others.

        Raises:
            PoolError: the node owns none.
        """
        if label not in self._table.row:
            raise PoolError(f"node {label} owns no slots; take slots for its tokens first")
        return self._table.slots_of(label).copy(), self._table.born(label)

    def check(self) -> None:
        """Prove that no page has two owners and none is lost.

        Raises:
            PoolError: one is; this is a defect of deft_lab.
        """
        owned, free = self._table.all_pages()
        if not np.array_equal(np.sort(np.concatenate((owned, free))), np.arange(self.n_pages)):
            raise PoolError(
                f"{len(owned)} owned and {len(free)} free pages are not the {self.n_pages} of the pool"
            )
        for label in self.labels:
            slots = self._table.slots_of(label)
            page = slots[np.arange(len(slots)) // self.page_size * self.page_size] // self.page_size
            if (slots != page * self.page_size + np.arange(len(slots)) % self.page_size).any():
                raise PoolError(f"node {label} owns slots outside its pages")


def _counted(tokens: Mapping[int, int]) -> Ints:
    """[label] how many slots each asks for.

    Raises:
        PoolError: a label or a count is no integer of 0 or more.
    """
    for label, count in tokens.items():
        if type(label) is not int or type(count) is not int or label < 0 or count < 0:
            check_counts(PoolError, 0, label=label, slots=count)
    return np.fromiter(tokens.values(), np.int64, len(tokens))


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

    def __repr__(self) -> str:
        return f"Unpaged({self.k.shape[1]:,} slots, copies={self.copies!r}, of {self.tree!r})"

    @classmethod
    def from_pool(cls, pool: Pool, tree: Tree, copies: Literal["none", "path"]) -> "Unpaged":
        """Copy the tokens of `tree` out of the pool.

        Raises:
            PoolError: `copies` is another word, or the pool does not hold the tree.
        """
        if copies not in ("none", "path"):
            raise PoolError(f"copies={copies!r}; it must be 'none' or 'path'")
        # the radix plan lists every query's path, one after the other
        token = np.arange(tree.n_tokens) if copies == "none" else plan_tree(tree, "radix").arrays().token
        slots = torch.as_tensor(pool.slots(tree)[token], device=pool.k.device)
        return cls(pool.k[:, slots], pool.v[:, slots], tree, copies, pool.geometry)

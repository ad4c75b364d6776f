"""A case as tensors: a filled pool, queries, and the answer that every subject must give.

The reference is computed from the tree alone, path by path: it knows no plan, no group and no partial.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ...kv import Pool, Unpaged
from ...methods import Method
from ...tree import Tree
from ...tree._shape import Ints
from .cases import PAGE_SIZE, Case

SEED = 0  # of queries, keys and values, and of scattered pages


@dataclass(eq=False)
class Inputs:
    """Tensors of a case, with random keys, values and queries. What several subjects copy is made once."""

    case: Case
    pool: Pool
    q: Tensor  # [query, q_head, dim], in the caller's query order
    slots: Ints  # [token] slot of each token of the depth-first flattened tree
    _stores: dict[str, Unpaged] = field(default_factory=dict)

    @property
    def tree(self) -> Tree:
        return self.case.tree

    @property
    def k(self) -> Tensor:
        """[slot, kv_head, dim] keys of the pool."""
        return self.pool.k[0]

    @property
    def v(self) -> Tensor:
        """[slot, kv_head, dim] values of the pool."""
        return self.pool.v[0]

    @cached_property
    def flat(self) -> tuple[Tensor, Tensor]:
        """Keys and values as [1, kv_head, token, dim], contiguous, in the order of the flattened tree."""
        where = self.upload(self.slots)
        k, v = (x[where].transpose(0, 1).contiguous()[None] for x in (self.k, self.v))
        return k, v

    @cached_property
    def paths(self) -> list[Ints]:
        """For each of the caller's queries, the tokens of its path, root first."""
        return [path_tokens(self.tree, int(seat)) for seat in self.tree.callers_seat()]

    @cached_property
    def order(self) -> Tensor:
        """[query] the caller's row of each preorder query."""
        return self.upload(self.tree.query_order)

    @cached_property
    def q_preorder(self) -> Tensor:
        """[query, q_head, dim] the queries in preorder."""
        return self.q[self.order]

    def callers(self, out: Tensor) -> Tensor:
        """Rows in preorder, put back into the caller's order."""
        back = torch.empty_like(out)
        back[self.order] = out
        return back

    def store(self, method: Method) -> Pool | Unpaged:
        """The KV in the layout of the method: the pool, or the unpaged copy it reads."""
        if method.layout == "paged":
            return self.pool
        copies = "path" if method.copies else "none"
        if copies not in self._stores:
            self._stores[copies] = Unpaged.from_pool(self.pool, self.tree, copies)
        return self._stores[copies]

    def upload(self, array: Ints, dtype: torch.dtype = torch.int64) -> Tensor:
        """Integers on the device of the KV."""
        return torch.from_numpy(np.array(array)).to(self.q.device, dtype)  # a copy: plans are read-only

    @cached_property
    def reference(self) -> Tensor:
        """[query, q_head, dim] the right answer, in float64, one query at a time."""
        scale = self.q.shape[-1] ** -0.5
        rows = []
        for query, tokens in zip(self.q, self.paths, strict=True):
            where = self.upload(self.slots[tokens])
            keys, values = self.k[where].double(), self.v[where].double()  # [token, kv_head, dim]
            grouped = query.double().view(keys.shape[1], -1, keys.shape[2])  # [kv_head, q_per_kv, dim]
            weights = (torch.einsum("hgd,thd->hgt", grouped, keys) * scale).softmax(-1)
            rows.append(torch.einsum("hgt,thd->hgd", weights, values).reshape(query.shape))
        return torch.stack(rows)

    def error_of(self, out: Tensor) -> float:
        """The distance to the reference over its length (2-norms); NaN if `out` holds NaN."""
        return float((out.double() - self.reference).norm() / self.reference.norm())


def make_inputs(case: Case, device: str = "cuda", dtype: torch.dtype = torch.bfloat16) -> Inputs:
    """Fill a pool, laid out as the case says, and draw queries."""
    page_size = PAGE_SIZE[case.layout]
    n_pages = int((-(-case.tree.length // page_size)).sum())
    seed = None if case.layout == "flat" else SEED
    pool = Pool(n_pages, page_size, case.geometry.layer, dtype=dtype, device=device, seed=seed)
    slots = pool.take_tree(case.tree)
    generator = torch.Generator(device).manual_seed(SEED)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=device).to(dtype)

    shape = (case.tree.n_tokens, case.geometry.n_kv_heads, case.geometry.head_dim)
    pool.write(slots, draw(*shape), draw(*shape))
    q = draw(case.tree.n_queries, case.geometry.n_q_heads, case.geometry.head_dim)
    return Inputs(case, pool, q, slots)


def path_tokens(tree: Tree, node: int) -> Ints:
    """Tokens of the flattened tree from the root to the end of a node."""
    return np.concatenate([np.arange(tree.start[i], tree.start[i + 1]) for i in tree.path(node)])


def sees(inputs: Inputs) -> Tensor:
    """[query, token] whether a query of the caller sees a token of the flattened tree."""
    mask = np.zeros((inputs.tree.n_queries, inputs.tree.n_tokens), dtype=bool)
    for row, tokens in zip(mask, inputs.paths, strict=True):
        row[tokens] = True
    return inputs.upload(mask, torch.bool)

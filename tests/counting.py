"""What the tests of the Triton kernels share: a step with random KV in scattered slots, and its roles."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from trees import TREES

from deft_lab import METHODS, Geometry, Pool, Tree, build_tree, ops, plan_tree
from deft_lab.attention import dense_attention
from deft_lab.kv import Unpaged
from deft_lab.ops.counting import roles as roles  # the tests take it from here

#   root 70 ──┬── 3 (query 4) ──┬── 1 (queries 1 and 3)
#             │                 ├── no token (query 2)
#             │                 └── 5 (nobody)
#             └── 66 (query 0)
MIXED = Tree([-1, 0, 1, 1, 1, 0], [70, 3, 1, 0, 5, 66], seat=[5, 2, 3, 2, 1])
NAMED = {name: tree for name, tree in TREES.items() if name != "one_token"} | {
    "mixed": MIXED,
    # more partials than a step of the reduction takes
    "chain of 40": build_tree("chain", n_nodes=40, length=40),
    # the first token that is hidden from someone is the last, or the first, of a KV tile
    "root of 63": Tree([-1, 0, 0], [63, 3, 5]),
    "root of 64": Tree([-1, 0, 0], [64, 3, 5]),
}
# (element of q, element of k) whose product moves every score by 4 times the shift, at head_dim 16
SHIFTS = {-200: (32.0, -25.0), -20: (16.0, -5.0), 0: (0.0, 0.0), 60: (16.0, 15.0)}


def kv_steps(tree: Tree, method: str) -> int:
    """KV tiles that the programs of one head walk: a few milliseconds each in the interpreter."""
    plan = plan_tree(tree, method)
    return int((-(-plan.kv_len // 64) * plan.n_tiles).sum())


def small_cases(most_steps: int) -> list[tuple[str, str]]:
    """(tree, method): the named trees for which a head of the method walks at most so many KV tiles."""
    return [
        (name, method) for name in NAMED for method in METHODS if kv_steps(NAMED[name], method) <= most_steps
    ]


def few_heads(tree: Tree) -> tuple[int, int]:
    """(query heads, KV heads): one where the tree is large."""
    return (4, 2) if tree.n_path_tokens < 1200 else (1, 1)


class Step(NamedTuple):
    """One attention call: q [query, q_head, dim]; k and v [token, kv_head, dim] of the flattened tree."""

    tree: Tree
    q: Tensor
    k: Tensor
    v: Tensor
    pool: Pool

    def store(self, method: str, paged: bool = True) -> Pool | Unpaged:
        """The pool; or, if not `paged` and the method has one, the copy that it reads."""
        if paged or METHODS[method].layout == "paged":
            return self.pool
        return Unpaged.from_pool(self.pool, self.tree, "path" if METHODS[method].copies else "none")

    def lower(self, method: str, *, pack_heads=None, paged=True, **options: int) -> ops.KernelTable:
        """The table of a plan."""
        plan = plan_tree(self.tree, method, **options)
        return ops.lower(plan, self.store(method, paged), backend="triton", pack_heads=pack_heads)

    def error(self, out: Tensor, scale: float | None = None) -> float:
        """||o - ref|| / ||ref|| in the 2-norm, against the oracle in float64."""
        arrays = (x.double().numpy() for x in (self.q, self.k, self.v))
        reference = dense_attention(*arrays, self.tree, scale=scale)
        return float(np.linalg.norm(out.double().numpy() - reference) / np.linalg.norm(reference))


def random_step(
    tree: Tree,
    heads: tuple[int, int] = (4, 2),
    dim: int = 16,
    *,
    dtype: torch.dtype = torch.float32,
    page_size: int = 16,
    flat: bool = False,
    shift: int = 0,
) -> Step:
    """Random q, k and v in a pool of scattered pages; `flat`: in slots that ascend one by one from 0."""
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(tree.n_queries, heads[0], dim, generator=generator)
    k, v = torch.randn(2, tree.n_tokens, heads[1], dim, generator=generator)
    if shift:
        q[..., 0], k[..., 0] = SHIFTS[shift]
    q, k, v = q.to(dtype), k.to(dtype), v.to(dtype)
    pool = Pool(
        tree.n_tokens + tree.n_nodes,
        1 if flat else page_size,
        Geometry(*heads, dim),
        dtype=dtype,
        seed=None if flat else 1,
    )
    pool.write(pool.take_tree(tree), k, v)
    # what nobody sees nobody may read
    hidden = np.repeat(tree.q_stop == tree.q_first, tree.length)
    pool.k[:, pool.slots(tree)[hidden]] = float("nan")
    pool.v[:, pool.slots(tree)[hidden]] = float("nan")
    return Step(tree, q, k, v, pool)


def attended(step: Step, table: ops.KernelTable, **options) -> Tensor:
    """What the kernels write, into memory that is NaN before."""
    out = torch.full_like(step.q, float("nan"))
    returned = ops.attend(step.q, table, out=out, **options)
    assert returned is out
    return out

"""The two forwards of a decode: tokens that sit on a tree, and tokens that follow each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from .. import ops
from ..errors import AttentionError
from ..kv import Pool
from ..methods import plan_tree
from ..ops.tables import HostTables
from ..plan import Plan
from ..tree import Tree
from ..tree._shape import Ints
from .fixed_step import FixedSteps
from .hf import TreeModel
from .stopwatch import Stopwatch
from .visit import Move, Visit


class LaidOut(NamedTuple):
    """A plan whose tables need only be uploaded."""

    tree: Tree
    plan: Plan
    numbers: HostTables


@dataclass(eq=False)
class Forwards:
    """Plans, lowers and runs; each forward gives its logits and the visit that its attention read."""

    model: TreeModel
    pool: Pool
    method: str
    options: Mapping[str, int]
    backend: str
    pack_heads: bool | None
    watch: Stopwatch
    steps: FixedSteps | None = None  # where decode steps run as CUDA graphs
    table: ops.KernelTable | None = field(default=None, init=False)

    def seats(
        self,
        tokens: Sequence[int],
        slots: Ints,
        tree: Tree,
        layers: Sequence[int] = (),
        ready: LaidOut | ops.PlanTable | ops.KernelTable | None = None,
        take_move: Callable[[int], Move | None] = lambda most: None,
    ) -> tuple[Tensor, Visit]:
        """[query, vocabulary] logits of one token a query, in the caller's order.

        Args:
            tokens: [query] ids.
            slots: [query] where their KV goes; the tree holds them already.
            tree: that the queries see.
            layers: whose queries the visit keeps.
            ready: the table of this tree, or what it is made of, if it is there already.
            take_move: gives what is on the move, if it is at most so many tokens; else moves it.
        """
        if ready is None:
            with self.watch.host("planning"):
                plan = plan_tree(tree, self.method, **self.options)
            with self.watch.host("memory"):
                table = self._lower(plan)
        elif isinstance(ready, LaidOut):
            with self.watch.host("memory"):
                table = self.upload(ready)
        else:
            table = ready
        positions = np.empty(tree.n_queries, dtype=np.int64)
        positions[tree.query_order] = tree.n_path_tokens_of_query - 1
        if self.steps is not None and isinstance(table, ops.KernelTable) and not layers:
            step = self.steps.step(len(tokens), table)
            move = take_move(step.size)
            with self.watch.part("decode"):
                return step(tokens, positions, slots, move).clone(), step.visit
        take_move(0)
        visit = Visit(self.pool, self.tensor(slots), table, None, self.watch, dict.fromkeys(layers))
        return self._run("decode", tokens, positions, visit, 0), visit

    def prove(self) -> None:
        """Lower a tree of one token, so that settings which do not fit are refused before there is a decode.

        Raises:
            PlanError, AttentionError: an option, the backend or the packing of heads is not to be had.
        """
        one = Tree([-1], [1])
        self.pool.take_tree(one)
        try:
            plan = plan_tree(one, self.method, **self.options)
            ops.lower(plan, self.pool, backend=self.backend, pack_heads=self.pack_heads)
        finally:
            self.pool.give_back(one.label.tolist())

    def table_of(self, tree: Tree) -> ops.PlanTable | ops.KernelTable:
        """The table of a decode to come; nothing else may be decoded before it."""
        return self._lower(plan_tree(tree, self.method, **self.options))

    @property
    def can_foresee(self) -> bool:
        """Whether there are tables that a later plan can be laid out for."""
        return self.steps is not None and self.table is not None

    def is_busy(self) -> bool:
        """Whether the device is still at the last step."""
        return self.steps is not None and self.steps.is_busy()

    def lay_out(self, tree: Tree) -> LaidOut:
        """The plan of a decode to come, as far as the host can make it."""
        assert self.table is not None
        plan = plan_tree(tree, self.method, **self.options)
        return LaidOut(tree, plan, ops.lay_out(plan, self.table))

    def upload(self, laid_out: LaidOut) -> ops.PlanTable | ops.KernelTable:
        """The table of what was laid out."""
        if self.table is not None:
            try:
                ops.refill(self.table, laid_out.plan, laid_out.numbers)
                return self.table
            except AttentionError:  # it needs more room than there is
                self.table = None
        return self._lower(laid_out.plan)

    def along(self, tokens: Sequence[int], slots: Ints, path: Ints) -> tuple[Tensor, Visit]:
        """[1, vocabulary] logits after tokens that follow each other.

        Args:
            tokens: [token] ids.
            slots: [token] where their KV goes.
            path: slots of the whole path, the new ones last.
        """
        visit = Visit(self.pool, self.tensor(slots), None, self.tensor(path))
        positions = np.arange(len(path) - len(tokens), len(path))
        return self._run("prefill", tokens, positions, visit, 1), visit

    def _lower(self, plan: Plan) -> ops.PlanTable | ops.KernelTable:
        """The plan's tables; those of the kernels stay where they are until a step outgrows them."""
        if self.table is not None:
            try:
                return ops.lower(plan, self.pool, into=self.table)
            except AttentionError:  # it needs more room than there is
                self.table = None
        table = ops.lower(plan, self.pool, backend=self.backend, pack_heads=self.pack_heads)
        if isinstance(table, ops.KernelTable):
            table = self.table = ops.lower(
                plan, self.pool, backend=self.backend, pack_heads=self.pack_heads, bucket=table.bucket.grown()
            )
        return table

    def _run(self, part: str, tokens: Sequence[int], positions: Ints, visit: Visit, keep: int) -> Tensor:
        with self.watch.part(part):
            return self.model.forward(self.tensor(tokens), self.tensor(positions), visit, keep)

    def tensor(self, values: Any) -> Tensor:
        """Integers on the model's device."""
        numbers = np.asarray(values, dtype=np.int64)
        device = self.pool.k.device
        if device.type != "cuda":
            return torch.from_numpy(numbers)
        # from pinned memory, so that the host does not wait
        here = torch.empty(numbers.shape, dtype=torch.int64, pin_memory=True)
        here.numpy()[...] = numbers
        return here.to(device, non_blocking=True)

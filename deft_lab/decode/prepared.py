"""A step made ready while the device is busy with the one before: the host's work for it takes no time.

Most steps only grow: each branch gains a token, whichever it is. So where its KV goes, the plan and the
tables are known before the tokens are. If the step turns out to be another one, all of it is undone.
"""

from dataclasses import dataclass

import numpy as np
import torch

from .. import ops
from .._slots import Mark
from ..errors import PoolError
from ..kv import Pool
from ..tree import Tree
from ..tree._shape import Ints
from .forwards import Forwards


@dataclass(frozen=True, eq=False)
class Prepared:
    """A step in which every branch gains one token.

    Args:
        tree: that it will see.
        slots: [query] where the tokens' KV will go, in the caller's order.
        table: of its plan, on the device.
        mark: how the pool stood before.
    """

    tree: Tree
    slots: Ints
    table: ops.PlanTable | ops.KernelTable
    mark: Mark

    @classmethod
    def after(cls, tree: Tree, pool: Pool, forwards: Forwards) -> "Prepared | None":
        """The step that grows `tree`; None: no room for it, or branches cannot just grow."""
        if not tree._shape.each_seat_is_alone_on_a_leaf:
            return None
        labels = tree.label[tree.callers_seat()].tolist()
        mark = pool.mark(labels)
        try:
            taken = pool.take(dict.fromkeys(labels, 1))
        except PoolError:
            return None
        grown = tree.grow()
        slots = np.concatenate([taken[label] for label in labels])
        try:
            table = forwards.table_of(grown)
        except BaseException as failure:
            pool.undo(mark)
            if isinstance(failure, torch.OutOfMemoryError):  # the step itself may find room, or say so
                return None
            raise
        return cls(grown, slots, table, mark)

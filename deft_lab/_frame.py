"""The frame of a plan: which nodes and which queries each group has, whatever the number of tokens.

Trees of successive steps differ in lengths alone for most of a decode, and so do many of their plans. These
share one frame, and what follows from it is computed once.
"""

from functools import cached_property

import numpy as np

from .tree._shape import Ints, Memo, frozen, running_sum, sealed


class Frame(Memo):
    """Groups without tokens. All arrays are read-only int64.

    Args:
        chunk_node: [chunk] index of the node that it is a part of.
        group_start: [group + 1] group g owns chunks group_start[g] .. group_start[g + 1] - 1.
        q_first: [group] first preorder query.
        q_stop: [group] one past the last.
        n_queries: of the tree.
    """

    def __init__(
        self, chunk_node: Ints, group_start: Ints, q_first: Ints, q_stop: Ints, n_queries: int
    ) -> None:
        super().__init__()
        self.chunk_node, self.group_start = frozen(chunk_node), frozen(group_start)
        self.q_first, self.q_stop, self.n_queries = frozen(q_first), frozen(q_stop), n_queries

    @cached_property
    def q_len(self) -> Ints:
        return sealed(self.q_stop - self.q_first)

    @cached_property
    def partial_start(self) -> Ints:
        return running_sum(self.q_len)

    @cached_property
    def query_of_partial(self) -> Ints:
        base = (self.q_first - self.partial_start[:-1]).repeat(self.q_len)
        return sealed(base + np.arange(self.partial_start[-1]))

    @cached_property
    def reduction(self) -> tuple[Ints, Ints]:
        query = self.query_of_partial
        start = running_sum(np.bincount(query, minlength=self.n_queries))
        # numbers of 16 bits are sorted by radix, longer ones by comparing
        key = query.astype(np.uint16) if self.n_queries <= 1 << 16 else query
        return start, sealed(key.argsort(kind="stable"))

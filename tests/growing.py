"""A tree that grows, forks and is pruned in a pool, with its keys and values."""

import numpy as np
import torch

from deft_lab import Geometry, Pool, Tree
from deft_lab.attention import dense_attention
from deft_lab.tree import edits


class Decode:
    """A tree that is grown, forked and pruned, and its KV, kept per node beside the pool."""

    def __init__(self) -> None:
        self.tree = Tree([-1, 0, 1, 1, 0, 4], [30, 3, 2, 1, 4, 5])
        self.generator = torch.Generator().manual_seed(0)
        self.pool = Pool(60, 16, Geometry(2, 1, 16), seed=3)
        self.kv = {}  # label -> [2, token, kv_head, dim]
        self.take()

    def take(self) -> int:
        """Slots and random KV for the tokens that have none; how many there were."""
        new = 0
        before = {label: self.pool.n_tokens(label) for label in self.tree.label.tolist()}
        self.pool.take_tree(self.tree)
        for label, length in zip(self.tree.label.tolist(), self.tree.length.tolist(), strict=True):
            if fresh := length - before[label]:
                kv = torch.randn(2, fresh, 1, 16, generator=self.generator)
                self.pool.write(self.pool.slots_of(label)[0][before[label] :], *kv)
                self.kv[label] = torch.cat((self.kv.get(label, kv[:, :0]), kv), 1)
                new += fresh
        return new

    def step(self, number: int) -> int:
        """Fork every fifth step, prune every seventh, grow in the others; how many tokens are new."""
        leaves = self.tree.label[self.tree.seat]
        if number % 5 == 4 and len(leaves) < 5:
            self.tree = edits.fork(self.tree, int(leaves[number % len(leaves)]), 2, length=number % 3)
        elif number % 7 == 6 and len(leaves) > 3:
            self.tree = edits.prune(self.tree, int(leaves[number % len(leaves)]))
            gone = set(self.pool.labels) - set(self.tree.label.tolist())
            self.pool.give_back(gone)
            for label in gone & self.kv.keys():
                del self.kv[label]
        else:
            self.tree = edits.grow(self.tree)
        return self.take()

    def reference(self, q) -> np.ndarray:
        none = torch.empty(2, 0, 1, 16)
        k, v = torch.cat([self.kv.get(label, none) for label in self.tree.label.tolist()], 1).double().numpy()
        return dense_attention(q.double().numpy(), k, v, self.tree)

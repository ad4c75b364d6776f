"""The pool of a session, and what is not yet as it will be: made ready ahead, spent, or on the move.

spent: drafts with a verdict; their memory is freed when the device is busy again. move: accepted tokens' KV,
from the drafts' slots to the branch's; a step that runs as a graph takes it along.
"""

from collections.abc import Sequence

import numpy as np

from .. import ops
from ..kv import Pool
from ..tree import Tree
from ..tree._shape import Ints
from .changes import Drafts
from .foreseen import Foreseen, Foresight
from .forwards import Forwards
from .prepared import Prepared
from .visit import Move


class Memory:
    """Who owns which slots, now and soon.

    Args:
        pool: of the session.
        forwards: that read it.
    """

    def __init__(self, pool: Pool, forwards: Forwards) -> None:
        self.pool, self._forwards = pool, forwards
        self.prepared: Prepared | None = None  # a step to come
        self.foreseen: Foreseen | None = None  # a verification to come
        self.foresight = Foresight()
        self._spent: tuple[int, ...] = ()
        self._move: Move | None = None

    def settled(self) -> Pool:
        """The pool with nothing ahead, nothing spent and nothing on the move: as it is seen from outside."""
        if self.prepared is not None:
            self.pool.undo(self.prepared.mark)
            self.prepared = None
        if self.foreseen is not None:
            self.pool.give_back(self.foreseen.labels)
            self.foreseen = None
        self.move_now()
        self.free_spent()
        return self.pool

    def prepare(self, tree: Tree) -> None:
        """Make the step ready that grows `tree`."""
        self.prepared = Prepared.after(tree, self.pool, self._forwards)

    def foresee(self, tree: Tree) -> None:
        """Make the next verification below `tree` ready."""
        self.foreseen = self.foresight.look(tree, self.pool, self._forwards)

    def take_prepared(self, tree: Tree) -> Prepared | None:
        """What was made ready, if it was this step."""
        ready = self.prepared
        if ready is None or ready.tree != tree:
            return None
        self.prepared = None
        return ready

    def take_foreseen(self, tree: Tree, leaf: int, parents: tuple[int, ...]) -> Foreseen | None:
        """What was made ready, if it was this verification."""
        ready = self.foreseen
        if ready is None or not ready.is_of(tree, leaf, parents):
            return None
        self.foreseen = None
        return ready

    def take_drafts(self, labels: Sequence[int]) -> Ints:
        """[token] a slot for each draft. Spent ones are freed first only if their room is needed.

        Raises:
            PoolError: the pool is full; nothing has changed.
        """
        nothing_ahead = self.prepared is None and self.foreseen is None
        pool = self.pool if self.pool.n_free >= len(labels) and nothing_ahead else self.settled()
        taken = pool.take(dict.fromkeys(labels, 1))
        return np.concatenate([taken[label] for label in labels])

    def accept(self, drafts: Drafts, path: Sequence[int]) -> None:
        """Accepted drafts move to slots of their branch; all drafts are spent."""
        self.foresight.accepted(len(path))
        if path and self.pool.n_free < len(path):
            self.settled()
            source = self._forwards.tensor(drafts.slots[list(path)])
            kept = [kv.index_select(1, source) for kv in (self.pool.k, self.pool.v)]
            taken = self.pool.exchange(drafts.labels, {drafts.leaf: len(path)})[drafts.leaf]
            target = self._forwards.tensor(taken)
            for kv, of_tokens in zip((self.pool.k, self.pool.v), kept, strict=True):
                kv.index_copy_(1, target, of_tokens)
            return
        self._spent = drafts.labels
        if path:
            taken = self.pool.take({drafts.leaf: len(path)})[drafts.leaf]
            self._move = Move(drafts.slots[list(path)], taken)

    def take_move(self, most: int) -> Move | None:
        """What is on the move, for a step that takes along at most so many tokens; more move now."""
        if self._move is not None and len(self._move.to) > most:
            self.move_now()
        move, self._move = self._move, None
        return move

    def move_now(self) -> None:
        """Let accepted KV arrive."""
        if self._move is not None:
            move, self._move = self._move, None
            from_, to = self._forwards.tensor(np.stack(move))
            ops.move(self.pool, from_, to)

    def free_spent(self) -> None:
        """Free the drafts that have had their verdict; their KV must have moved."""
        if self._spent:
            spent, self._spent = self._spent, ()
            self.pool.give_back(spent)

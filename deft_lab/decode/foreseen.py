"""A verification made ready while the device is busy with the one before.

A draft of a fixed shape (Medusa's heads, a star) hangs the same token tree below the same branch, round
after round. Only how many tokens will be accepted is not known before. So the drafts' memory is taken ahead,
and the plan is laid out for each number of accepted tokens that has come before, the most frequent first,
until the device is done. What was not foreseen is made when it is needed.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..errors import PoolError
from ..kv import Pool
from ..tree import Tree
from ..tree._shape import Ints, Shape
from ..tree.edits import hang
from .forwards import Forwards, LaidOut

MOST_FORESEEN = 8  # numbers of accepted tokens


@dataclass(frozen=True, eq=False)
class Foreseen:
    """A token tree that will be verified, if the draft keeps its shape.

    Args:
        shape: of the tree that it hangs from.
        leaf: the branch that it follows.
        parents: [token] as `Session.verify` takes them.
        labels: [token] its nodes.
        slots: [token] where the tokens' KV will go.
        laid_out: length of the branch -> the plan, laid out.
    """

    shape: Shape
    leaf: int
    parents: tuple[int, ...]
    labels: tuple[int, ...]
    slots: Ints
    laid_out: dict[int, LaidOut]

    def is_of(self, tree: Tree, leaf: int, parents: tuple[int, ...]) -> bool:
        """Whether this is what is to be verified now."""
        return self.shape is tree._shape and self.leaf == leaf and self.parents == parents


@dataclass(eq=False)
class Foresight:
    """Looks ahead once the same token tree has been verified twice in a row."""

    _shape: tuple[int, tuple[int, ...]] | None = None  # leaf and parents of the last token tree
    _accepted: Counter[int] = field(default_factory=Counter)  # how often so many tokens

    def saw(self, leaf: int, parents: tuple[int, ...]) -> bool:
        """A token tree is verified; gives whether the one before was the same."""
        again = self._shape == (leaf, parents)
        if not again:
            self._shape = leaf, parents
            self._accepted.clear()
        return again

    def accepted(self, n: int) -> None:
        """So many of its tokens were."""
        self._accepted[n] += 1

    def look(self, tree: Tree, pool: Pool, forwards: Forwards) -> Foreseen | None:
        """The next verification below `tree`, which holds the branch without drafts; None: no room for it."""
        assert self._shape is not None
        leaf, parents = self._shape
        labels = tuple(range(tree.next_label, tree.next_label + len(parents)))
        try:
            taken = pool.take(dict.fromkeys(labels, 1))
        except PoolError:
            return None
        slots = np.concatenate(list(taken.values()))
        foreseen = Foreseen(tree._shape, leaf, parents, labels, slots, {})
        try:
            self._lay_out(foreseen, tree, pool, forwards)
        except BaseException:  # an interrupt among them: nobody will ask for these drafts
            pool.give_back(labels)
            raise
        return foreseen

    def _lay_out(self, foreseen: Foreseen, tree: Tree, pool: Pool, forwards: Forwards) -> None:
        """The plan for each number of accepted tokens, until the device is done."""
        leaf = foreseen.leaf
        length = int(tree.length[tree.index(leaf)])
        for n, _ in self._accepted.most_common(MOST_FORESEEN):
            if not forwards.is_busy():
                break
            mark = pool.mark([leaf])
            try:
                pool.take({leaf: n})
                hung, _ = hang(tree.set_length(leaf, length + n), leaf, foreseen.parents)
                foreseen.laid_out[length + n] = forwards.lay_out(hung)
            except PoolError:
                pass  # so many would not fit
            finally:
                pool.undo(mark)

"""What a verifier is: it reads a token tree and the target's laws, and says which path is committed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..chance import Chance
from ..errors import DraftError
from ..token_tree import TokenTree

Laws = NDArray[np.float64]  # [1 + node, vocabulary] the target's laws; row 0 after the last committed token
Law = NDArray[np.float64]  # [vocabulary]


@dataclass(frozen=True)
class Verdict:
    """What a round commits: drafted nodes, each following the one before, and one token of the target's."""

    path: tuple[int, ...]
    bonus: int

    def tokens(self, tree: TokenTree) -> tuple[int, ...]:
        """The committed tokens, the bonus last."""
        return (*(tree.tokens[node] for node in self.path), self.bonus)


@dataclass(frozen=True)
class Verifier:
    """One way to verify.

    Args:
        name: in VERIFIERS.
        verify: (tree, target's laws, chance) -> Verdict.
        lossless: kinds of children (`drafting.CHILDREN`) for which committed tokens have the target's law.
        greedy: lossless at temperature 0, where the target's laws give all to one token.
        what: a sentence.
    """

    name: str
    verify: Callable[[TokenTree, Laws, Chance], Verdict]
    lossless: frozenset[str]
    greedy: bool
    what: str


def law_of_children(tree: TokenTree, node: int) -> NDArray[np.float64]:
    """The law that a node's children (-1: the root's) were drawn from, in float64.

    Returns:
        [vocabulary], or [child, vocabulary] where each child has a draft of its own.

    Raises:
        DraftError: the tree does not say.
    """
    if node not in tree.q:
        where = "the root" if node < 0 else f"node {node}"
        raise DraftError(
            f"the tree does not hold the law that the children of {where} were drawn from; give it as "
            f"q[{node}], or verify with 'naive' or 'one_hot', which need none"
        )
    return np.asarray(tree.q[node], dtype=np.float64)


def ratio(p: float, q: float) -> float:
    """p / q, where a token that the target never says is worth nothing, whatever the draft thinks of it."""
    if p <= 0:
        return 0.0
    return p / q if q > 0 else np.inf


def residual(p: Law, q: Law) -> Law:
    """norm((p - q)+): what the target still has to give after a draw from q was turned down.

    Where p <= q everywhere, which only rounding can bring about, it is p: one never stops for want of a law.
    """
    rest = np.maximum(p - q, 0.0)
    total = rest.sum()
    return rest / total if total > 0 else p


def without(q: Law, token: int) -> Law:
    """The law of the next draw without replacement; all zero when nothing is left."""
    rest = q.copy()
    rest[token] = 0.0
    total = rest.sum()
    return rest / total if total > 0 else rest

"""What a verifier is: it reads a token tree and the target's laws, and says which path is committed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..chance import Chance
from ..token_tree import TokenTree

Laws = NDArray[np.float64]  # [1 + node, vocabulary] the target's laws; row 0 after the last committed token


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

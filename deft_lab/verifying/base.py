"""What a verifier is: it reads a token tree and the target's laws, and says which path is committed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..chance import Chance, need_chance
from ..errors import DraftError, check_kind
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
        rule: (tree, target's laws, chance) -> Verdict; ask `verify`, which checks what it is given.
        lossless: kinds of children (`drafting.CHILDREN`) for which committed tokens have the target's law.
        greedy: lossless at temperature 0, where the target's laws give all to one token.
        what: a sentence.
    """

    name: str
    rule: Callable[[TokenTree, Laws, Chance], Verdict]
    lossless: frozenset[str]
    greedy: bool
    what: str

    def verify(self, tree: TokenTree, laws: Laws, chance: Chance) -> Verdict:
        """What a round commits.

        Args:
            tree: drafted.
            laws: [1 + node, vocabulary] the target's; row 0 after the last committed token.
            chance: asked for every draw and test.

        Raises:
            DraftError: the laws are not those of the tree, or the tree lacks a law that the rule needs.
        """
        check_kind(DraftError, TokenTree, "a token builder makes one", tree=tree)
        check_kind(DraftError, np.ndarray, "np.asarray makes one", laws=laws)
        need_chance(chance)
        if laws.ndim != 2 or len(laws) != 1 + len(tree):
            raise DraftError(
                f"laws of shape {laws.shape} for a tree of {len(tree)} nodes; give [1 + node, vocabulary], "
                "the first row after the last committed token"
            )
        if max(tree.tokens, default=-1) >= laws.shape[1]:
            raise DraftError(f"token {max(tree.tokens)} lies beyond the {laws.shape[1]} tokens of the laws")
        return self.rule(tree, laws, chance)


def check_laws(shape: str, **laws: object) -> list[NDArray[np.float64]]:
    """Laws as arrays of float64.

    Args:
        shape: "[vocabulary]" or "[token, vocabulary]".
        laws: by name.

    Raises:
        DraftError: one has another shape, or is none.
    """
    found = []
    for name, law in laws.items():
        try:
            rows = np.asarray(law, dtype=np.float64)
        except (TypeError, ValueError) as bad:
            raise DraftError(f"{name} is {law!r:.60}; give {shape} probabilities") from bad
        # written so that a NaN is refused, too
        if rows.ndim != shape.count(",") + 1 or not (rows >= 0).all() or not _add_up(rows):
            raise DraftError(
                f"{name} of shape {rows.shape} is no law; give {shape} probabilities that add up to 1"
            )
        found.append(rows)
    if len({rows.shape for rows in found}) > 1:
        shapes = " and ".join(f"{name} {rows.shape}" for name, rows in zip(laws, found, strict=True))
        raise DraftError(f"laws of different shapes, {shapes}; target and draft know the same tokens")
    return found


def _add_up(rows: NDArray[np.float64]) -> bool:
    return rows.size > 0 and bool((np.abs(rows.sum(axis=-1) - 1) < 1e-6).all())


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

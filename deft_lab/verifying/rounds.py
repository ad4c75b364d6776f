"""Rounds over table models: draft, verify, commit, where the laws of target and draft are known exactly.

Tables: Markov tables of a target and a draft. opening: the first committed tokens of a text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..chance import Chance, outcomes
from ..drafting import CHILDREN, TableLaws, check_budget, check_options, find_token_builder
from ..drafting.fill import fill
from ..errors import DraftError, check_choice, check_counts, check_kind, check_numbers
from ..token_tree import TokenTree
from ..token_tree.convert import bare
from . import find_verifier
from .base import Laws, Verdict, check_laws

Tokens = tuple[int, ...]
Commit = Callable[[TokenTree, Verdict], Tokens]


@dataclass(frozen=True)
class Tables:
    """A target and a draft, [token, vocabulary] each: what follows depends on the last token alone.

    Raises:
        DraftError: one is no square table of laws, or they differ in size.
    """

    p: NDArray[np.float64]
    q: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, table in zip("pq", check_laws("[token, vocabulary]", p=self.p, q=self.q), strict=True):
            object.__setattr__(self, name, table)
        if len(self.p) != self.p.shape[1]:
            raise DraftError(f"tables of shape {self.p.shape}; each token needs a row")

    @property
    def vocab_size(self) -> int:
        return len(self.p)

    def after(self, tree: TokenTree, last: int) -> Laws:
        """[1 + node, vocabulary] the target's laws along a tree."""
        return self.p[[last, *tree.tokens]]

    def opening_law(self, n_tokens: int, first: int = 0) -> NDArray[np.float64]:
        """[vocabulary] * n_tokens: how the target's own text begins after the token `first`."""
        _check_opening(self.vocab_size, n_tokens, first)
        law = self.p[first]
        for _ in range(n_tokens - 1):
            law = law[..., None] * self.p
        return law


def dial(seed: int, vocab_size: int, unlike: float, sharp: float = 1.0) -> Tables:
    """A random target, and a draft at a dial: q = softmax((1 - unlike) log p + unlike noise).

    Args:
        seed: of both.
        vocab_size: tokens.
        unlike: 0: the draft is the target; 1: it knows nothing of it.
        sharp: standard deviation of logits and noise; small: flat laws.

    Raises:
        DraftError: a number is out of range.
    """
    check_counts(DraftError, 0, seed=seed)
    check_counts(DraftError, 1, vocab_size=vocab_size)
    check_numbers(DraftError, 0, 1, unlike=unlike)
    check_numbers(DraftError, 0, sharp=sharp)
    logits, noise = sharp * np.random.default_rng(seed).normal(size=(2, vocab_size, vocab_size))
    p = _softmax(logits)
    return Tables(p, _softmax((1 - unlike) * np.log(p) + unlike * noise))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Drawn:
    """A tree that is equal to another only if the laws that it was drawn from are, too."""

    tree: TokenTree
    q: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Round:
    """One round: what it commits after a token.

    Args:
        tables: target and draft.
        draft: (draft's laws, chance) -> tree.
        verify: as in `Verifier`.
        commit: how the verdict becomes text; a fault can be put here.
    """

    tables: Tables
    draft: Callable[[TableLaws, Chance], TokenTree]
    verify: Callable[[TokenTree, Laws, Chance], Verdict]
    commit: Commit = lambda tree, verdict: verdict.tokens(tree)

    def drawn(self, last: int, chance: Chance) -> Drawn:
        """A tree below the token `last`."""
        tree = self.draft(TableLaws(self.tables.q, last), chance)
        return Drawn(tree, tuple((node, law.tobytes()) for node, law in tree.q.items()))

    def committed(self, tree: TokenTree, last: int, chance: Chance) -> Tokens:
        """What the target makes of a tree."""
        return self.commit(tree, self.verify(tree, self.tables.after(tree, last), chance))

    def __call__(self, last: int, chance: Chance) -> Tokens:
        return self.committed(self.drawn(last, chance).tree, last, chance)


def shaped_round(tables: Tables, shape: Sequence[int], kind: str, verifier: str) -> Round:
    """Of a given shape, filled with children of a kind (CHILDREN).

    Raises:
        DraftError: the kind or the verifier is unknown.
        TreeError: there is no such shape.
    """
    _need_tables(tables)
    check_choice(DraftError, CHILDREN, kind_of_children=kind)
    parents = bare(shape).parents
    return Round(
        tables, lambda laws, chance: fill(laws, parents, chance, kind), find_verifier(verifier).verify
    )


def built_round(tables: Tables, builder: str, budget: int, verifier: str, **options: object) -> Round:
    """Of a builder (TOKEN_BUILDERS); `options` go to it.

    Raises:
        DraftError: the builder, the verifier or an option is unknown, or the budget out of range.
    """
    _need_tables(tables)
    check_budget(budget)
    found = find_token_builder(builder)
    check_options(found, options)
    return Round(
        tables,
        lambda laws, chance: found.build(laws, budget, chance, **options),
        find_verifier(verifier).verify,
    )


def _need_tables(tables: object) -> None:
    check_kind(DraftError, Tables, "dial(seed, vocab_size, unlike) makes some", tables=tables)


def need_round(one: object) -> None:
    """Refuse what is no round.

    Raises:
        DraftError: it is none.
    """
    check_kind(DraftError, Round, "shaped_round or built_round makes one", one=one)


def _check_opening(vocab_size: int, n_tokens: int, first: int) -> None:
    check_counts(DraftError, 1, n_tokens=n_tokens)
    check_counts(DraftError, 0, first=first)
    if first >= vocab_size:
        raise DraftError(f"first={first}; the tables have the tokens 0 .. {vocab_size - 1}")


def round_law(one: Round, last: int) -> dict[Tokens, float]:
    """Committed tokens -> exact probability, by enumeration: of the trees, then of each tree's verdicts."""
    need_round(one)
    law: dict[Tokens, float] = {}
    for drawn, weight in outcomes(partial(one.drawn, last)).items():
        for tokens, probability in outcomes(partial(one.committed, drawn.tree, last)).items():
            law[tokens] = law.get(tokens, 0.0) + weight * probability
    return law


def round_laws(one: Round) -> list[dict[Tokens, float]]:
    """`round_law` after every token."""
    need_round(one)
    return [round_law(one, last) for last in range(one.tables.vocab_size)]


def opening_law(laws: Sequence[Mapping[Tokens, float]], n_tokens: int, first: int = 0) -> NDArray[np.float64]:
    """[vocabulary] * n_tokens: exact law of the first committed tokens, over as many rounds as they take."""
    check_kind(DraftError, Sequence, "round_laws(round) gives them", laws=laws)
    _check_opening(len(laws), n_tokens, first)
    law = np.zeros((len(laws),) * n_tokens)
    waiting: list[tuple[Tokens, float]] = [((), 1.0)]
    while waiting:
        text, weight = waiting.pop()
        for tokens, probability in laws[text[-1] if text else first].items():
            longer = (*text, *tokens)
            if len(longer) >= n_tokens:
                law[longer[:n_tokens]] += weight * probability
            else:
                waiting.append((longer, weight * probability))
    return law


def tokens_per_round(laws: Sequence[Mapping[Tokens, float]]) -> float:
    """Committed tokens of a round, the bonus among them; mean over all last tokens."""
    check_kind(DraftError, Sequence, "round_laws(round) gives them", laws=laws)
    check_counts(DraftError, 1, n_laws=len(laws))
    return float(np.mean([sum(len(t) * weight for t, weight in law.items()) for law in laws]))

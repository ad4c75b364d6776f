"""The losslessness lab: does a way to draft, verify and commit leave the target's law as it is?

`sampled` counts openings over at least two rounds and tests them; `compare` shows gain beside bias, exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..chance import Dice
from ..drafting import IID, TOP_K, WITHOUT_REPLACEMENT
from ..errors import DraftError, check_counts, check_kind
from .chi_square import chi_square, noise_floor, total_variation
from .deal import deal
from .rounds import (
    Round,
    Tables,
    Tokens,
    dial,
    need_round,
    opening_law,
    round_laws,
    shaped_round,
    tokens_per_round,
)

SHAPE = (-1, -1, 0, 0, 1)  # two children of the root; two and one grandchildren
N_TOKENS = 4  # of an opening; more than a round of SHAPE commits, so that every opening spans two


@dataclass(frozen=True)
class Report:
    """What counting openings says about losslessness."""

    n: int  # openings
    n_tokens: int  # of each
    statistic: float
    degrees: int
    p_value: float  # of the chi-square test against the target's law
    distance: float  # total variation between the counts and the target's law
    noise: float  # what the distance of a lossless decode would be, from counting alone
    tokens_per_round: float

    def __str__(self) -> str:
        return (
            f"p = {self.p_value:.2g} (chi-square {self.statistic:.1f}, {self.degrees} degrees), "
            f"total variation {self.distance:.3f} (noise {self.noise:.3f}), "
            f"{self.tokens_per_round:.2f} tokens a round"
        )


@dataclass(frozen=True)
class Openings:
    """Counted decodes: the first tokens of each, and the rounds and tokens that were spent in all."""

    tokens: NDArray[np.int64]  # [sample, token]
    n_rounds: int
    n_committed: int

    def report(self, tables: Tables, first: int = 0) -> Report:
        """Test them against the target's own text."""
        n, n_tokens = self.tokens.shape
        law = tables.opening_law(n_tokens, first)
        counts = np.zeros(law.shape, dtype=np.int64)
        np.add.at(counts, tuple(self.tokens.T), 1)
        fit = chi_square(counts, law)
        distance, noise = total_variation(counts / n, law), noise_floor(law, n)
        return Report(n, n_tokens, *fit, distance, noise, self.n_committed / self.n_rounds)


def dealt_openings(one: Round, n: int, seed: int, n_tokens: int = N_TOKENS, first: int = 0) -> Openings:
    """`n` decodes. Rounds after the same last token are dealt together, then handed out in random order."""
    need_round(one)
    check_counts(DraftError, 1, n=n, n_tokens=n_tokens)
    check_counts(DraftError, 0, seed=seed)
    rng = np.random.default_rng(seed)
    texts: list[Tokens] = [()] * n
    open_ = {first: list(range(n))}  # last token -> samples whose opening is not complete
    n_rounds = n_committed = 0
    while open_:
        later: dict[int, list[int]] = {}
        for last, samples in open_.items():
            rounds = _rounds(one, last, len(samples), rng)
            n_rounds += len(samples)
            for sample, tokens in zip(samples, rounds, strict=True):
                n_committed += len(tokens)
                texts[sample] += tokens
                if len(texts[sample]) < n_tokens:
                    later.setdefault(texts[sample][-1], []).append(sample)
        open_ = later
    return Openings(np.array([text[:n_tokens] for text in texts]), n_rounds, n_committed)


def _rounds(one: Round, last: int, n: int, rng: np.random.Generator) -> list[Tokens]:
    """What `n` rounds after a token commit, in random order."""
    found: list[Tokens] = []
    trees = deal(partial(one.drawn, last), n, rng)
    for drawn, many in trees.items():
        verdicts = deal(partial(one.committed, drawn.tree, last), many, rng)
        found += [tokens for tokens, times in verdicts.items() for _ in range(times)]
    return [found[i] for i in rng.permutation(n)]


def rolled_openings(
    one: Round, n: int, dice: Callable[[], Dice], n_tokens: int = N_TOKENS, first: int = 0
) -> Openings:
    """`n` decodes, one after the other, each with the dice that it is given."""
    need_round(one)
    check_counts(DraftError, 1, n=n, n_tokens=n_tokens)
    openings, n_rounds, n_committed = [], 0, 0
    for _ in range(n):
        text: Tokens = (first,)
        chance = dice()
        while len(text) <= n_tokens:
            text += one(text[-1], chance)
            n_rounds += 1
        n_committed += len(text) - 1
        openings.append(text[1 : 1 + n_tokens])
    return Openings(np.array(openings), n_rounds, n_committed)


def sampled(one: Round, n: int = 20_000, seed: int = 0, n_tokens: int = N_TOKENS) -> Report:
    """Count `n` openings of a round's decodes and test them; every draw is fresh."""
    return dealt_openings(one, n, seed, n_tokens).report(one.tables)


COMPARED = (
    ("naive", TOP_K), ("one_hot", TOP_K), ("naive", WITHOUT_REPLACEMENT), ("specinfer", IID),
    ("traversal_iid", IID), ("sequoia", WITHOUT_REPLACEMENT), ("traversal", WITHOUT_REPLACEMENT),
    ("etv_right_bonus", WITHOUT_REPLACEMENT), ("etv", WITHOUT_REPLACEMENT),
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """One row of `compare`."""

    verifier: str
    children: str
    tokens_per_round: float
    bias: float  # total variation of the first two tokens from the target's, where it is largest


def compare(
    tables: Sequence[Tables] | None = None,
    shape: Sequence[int] = SHAPE,
    pairs: Sequence[tuple[str, str]] = COMPARED,
) -> list[Compared]:
    """Gain and bias of verifiers with the children that they are made for, exact; mean over pairs of tables.

    Traversal has most of what ETV gains on Sequoia's rule, and no bias.

    Args:
        tables: default: four dials with three tokens, which take seconds; enumeration grows fast with both.
        shape: [node] parent of each draft node.
        pairs: (verifier, kind of children).

    Raises:
        DraftError: a name is unknown, or there are no tables.
    """
    check_kind(DraftError, Sequence, "list them: [dial(0, 3, 0.6)]", tables=tables or [], pairs=pairs)
    for one in pairs:
        if isinstance(one, str) or not isinstance(one, Sequence) or len(one) != 2:
            raise DraftError(f"pairs hold {one!r:.60}; write (verifier, kind of children)")
    tables = tables or [dial(seed, 3, 0.6, 1.5) for seed in range(4)]
    rows = []
    for verifier, kind in pairs:
        gains, biases = [], []
        for pair in tables:
            laws = round_laws(shaped_round(pair, shape, kind, verifier))
            gains.append(tokens_per_round(laws))
            biases.append(
                max(
                    total_variation(opening_law(laws, 2, last), pair.opening_law(2, last))
                    for last in range(pair.vocab_size)
                )
            )
        rows.append(Compared(verifier, kind, float(np.mean(gains)), float(np.mean(biases))))
    return rows

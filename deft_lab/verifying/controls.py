"""Negative controls: decodes that are known to be wrong, as published. A test that lets one pass is blind."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..chance import Chance, Dice, Law
from ..drafting import SET_ORDER, TOP_K, WITHOUT_REPLACEMENT, TableLaws
from ..drafting.fill import fill
from ..token_tree import TokenTree
from .base import Verdict
from .lab import SHAPE, Openings, dealt_openings, rolled_openings
from .rounds import Tables, Tokens, shaped_round

Control = Callable[[Tables, int, int], Openings]  # (tables, openings, seed)


def enhanced_tree_verification(tables: Tables, n: int, seed: int) -> Openings:
    """Of all branches that pass, the longest, with another's bonus: Dynasurge's `--use_bfs`."""
    return dealt_openings(shaped_round(tables, SHAPE, WITHOUT_REPLACEMENT, "etv"), n, seed)


def set_order(tables: Tables, n: int, seed: int) -> Openings:
    """Children come out of a Python `set`, in the order of their numbers: Dynasurge's dynamic tree."""
    return dealt_openings(shaped_round(tables, SHAPE, SET_ORDER, "sequoia"), n, seed)


def wrong_temperature(tables: Tables, n: int, seed: int, temperature: float = 0.6) -> Openings:
    """Drafted at temperature 1, tested with q at another one: Dynasurge's dynamic tree."""
    one = shaped_round(tables, SHAPE, WITHOUT_REPLACEMENT, "sequoia")

    def draft(laws: TableLaws, chance: Chance) -> TokenTree:
        tree = fill(laws, SHAPE, chance, WITHOUT_REPLACEMENT)
        return replace(tree, q={node: at_temperature(law, temperature) for node, law in tree.q.items()})

    return dealt_openings(replace(one, draft=draft), n, seed)


def at_temperature(law: Law, temperature: float) -> Law:
    """What a law becomes at another temperature."""
    weights = law ** (1 / temperature)
    return weights / weights.sum()


def softmax_q_on_top_k(tables: Tables, n: int, seed: int) -> Openings:
    """The likeliest tokens, tested as if drawn from q: the classic mistake with EAGLE-2's tree."""
    return dealt_openings(shaped_round(tables, SHAPE, TOP_K, "sequoia"), n, seed)


def clobbered_bonus(tables: Tables, n: int, seed: int) -> Openings:
    """The bonus is written before the accepted tokens are gathered: Sequoia's code, and Dynasurge's."""
    one = shaped_round(tables, SHAPE, WITHOUT_REPLACEMENT, "sequoia")
    return dealt_openings(replace(one, commit=bonus_before_gathering), n, seed)


def bonus_before_gathering(tree: TokenTree, verdict: Verdict) -> Tokens:
    """A faulty commit: with m accepted, the bonus goes where node m lies, which may be accepted itself."""
    drafted = [*tree.tokens, -1]
    drafted[len(verdict.path)] = verdict.bonus
    return (*(drafted[node] for node in verdict.path), verdict.bonus)


class FrozenDice(Dice):
    """Dice whose throws of the first round come again in every round."""

    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self.uniforms, self.at = rng.random(n).tolist(), 0

    def flip(self, probability: float) -> bool:
        return bool(self._next() < probability)

    def choose(self, law: Law) -> int:
        return min(int(law.cumsum().searchsorted(self._next() * law.sum(), "right")), len(law) - 1)

    def _next(self) -> float:
        self.at += 1
        return self.uniforms[self.at - 1]


def frozen_randomness(tables: Tables, n: int, seed: int) -> Openings:
    """The same uniform numbers in every round: Sequoia's code, and Dynasurge's, draw them once a prompt.

    Each round taken alone is sound: a test of one round passes it. A draft of one token shows it best.
    """
    one = shaped_round(tables, (-1,), WITHOUT_REPLACEMENT, "sequoia")

    def draft(laws: TableLaws, chance: Chance) -> TokenTree:
        assert isinstance(chance, FrozenDice)
        chance.at = 0
        return one.draft(laws, chance)

    rng = np.random.default_rng(seed)
    most = 1 + 1 + 1  # throws of a round: a token, its test, the bonus
    return rolled_openings(replace(one, draft=draft), n, lambda: FrozenDice(rng, most))


CONTROLS: dict[str, Control] = {
    "etv": enhanced_tree_verification,
    "set order": set_order,
    "wrong temperature": wrong_temperature,
    "softmax q on top-k": softmax_q_on_top_k,
    "frozen randomness": frozen_randomness,
    "clobbered bonus": clobbered_bonus,
}

"""Review: which drafted tokens a model lets pass, and the one that it puts behind them.

Greedy, as published (CS Drafting, 2312.11462): a token passes if the model says the same, or, with lenience
l > 1, if the model gives it more than 1/l of what its drafter gave it. A token of Max-Gram had probability 1,
so that l <= 2 changes nothing there: more than 1/2 is the likeliest anyway.

Sampled, ours (the published code returns nothing): a token x drawn from q passes with min(1, l p(x) / q(x)),
else one is drawn from the rest of p. What leaves the review then follows a known law, `reviewed_law`, given
all before it, and not p unless l = 1. It travels with the token as the q of the next review; so the last
one, the target's with l = 1, gives exactly p, whatever the lenience below it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...chance import Chance, Law
from .record import BONUS, CORRECTED, Drafted

Laws = NDArray[np.float64]  # [1 + drafted, vocabulary]


def review(
    laws: Laws, drafted: Sequence[Drafted], name: str, lenience: float = 1, chance: Chance | None = None
) -> tuple[tuple[Drafted, ...], int]:
    """What passes, with one token more, and how many drafted tokens passed.

    Args:
        laws: [1 + drafted, vocabulary] of the reviewer at each place; the last row after all of them.
        drafted: tokens, each with the law that it came from.
        name: of the reviewer.
        lenience: 1 or more; 1: exact.
        chance: None: greedy.
    """
    kept: list[Drafted] = []
    for place, token in enumerate(drafted):
        p = laws[place]
        passes, law = _greedy(p, token, lenience) if chance is None else _drawn(p, token, lenience, chance)
        if not passes:
            return (*kept, Drafted(_other(p, token, chance), name, CORRECTED, law)), place
        kept.append(replace(token, law=law, passed=(*token.passed, name)))
    p = laws[len(drafted)]
    last = int(p.argmax()) if chance is None else chance.choose(p)
    return (*kept, Drafted(last, name, BONUS, p)), len(drafted)


def _greedy(p: Law, token: Drafted, lenience: float) -> tuple[bool, Law]:
    lenient = lenience > 1 and p[token.token] > token.probability / lenience
    return bool(int(p.argmax()) == token.token or lenient), p


def _drawn(p: Law, token: Drafted, lenience: float, chance: Chance) -> tuple[bool, Law]:
    passes = chance.flip(lenience * float(p[token.token]) / token.probability)
    return passes, reviewed_law(p, _law_of(token, len(p)), lenience)


def _other(p: Law, token: Drafted, chance: Chance | None) -> int:
    """The token that stands in for a rejected one."""
    return int(p.argmax()) if chance is None else chance.choose(rest(p, _law_of(token, len(p))))


def _law_of(token: Drafted, size: int) -> Law:
    if token.law is not None:
        return token.law
    law = np.zeros(size)
    law[token.token] = 1.0
    return law


def rest(p: Law, q: Law) -> Law:
    """What is left of p where q gives too little: replacements are drawn from it (2211.17192)."""
    left = np.maximum(p - q, 0.0)
    # p and q may differ by rounding alone; then the rest is as good as p
    return left / left.sum() if left.sum() > 0 else p


def reviewed_law(p: Law, q: Law, lenience: float) -> Law:
    """Law of what leaves a sampled review at a place where the draft was drawn from q; p if lenience is 1."""
    passes = np.minimum(q, lenience * p)
    return passes + max(0.0, 1.0 - passes.sum()) * rest(p, q)

"""Dynamic Tree Cascade: a token tree grown by several drafts, each where it pays most.

acceptance: what share of a draft's tokens the target takes, as far as is known: the rounds before say it.
leaf: an unexpanded node; its value is the chance that the target accepts the path to it.
An expansion adds k tokens by draft S below the best leaf, then one by the bottom draft (the last), with S and
k that give the most accepted tokens for their time: [a (1 - a^k) / (1 - a) + a^k a_n] / (k c + c_n).

Source: CAS-Spec (NeurIPS 2025), for the rule and the estimate (window 20, decay 0.7). The siblings are ours.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..chance import Chance, Law
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree
from .base import Laws
from .max_gram import MaxGramLaws

Judged = Sequence[tuple[TokenTree, Sequence[int]]]  # of each round: what was drafted, which nodes passed

LEAST_ACCEPTANCE, MOST_ACCEPTANCE = 0.01, 0.99  # an estimate of 0 would never be revised


@dataclass
class Acceptance:
    """An estimate that follows what the target accepts: the mean of a window, smoothed.

    Args:
        value: what is believed before anything was seen.
        window: judged tokens that the mean is taken over.
        decay: weight of the old estimate in the new one.
    """

    value: float = 0.5
    window: int = 20
    decay: float = 0.7

    def __post_init__(self) -> None:
        self._seen: deque[bool] = deque(maxlen=self.window)

    def update(self, accepted: bool) -> None:
        """Take in what the target said about one token."""
        self._seen.append(accepted)
        mean = sum(self._seen) / len(self._seen)
        self.value = self.decay * self.value + (1 - self.decay) * mean


def gain(a: float, k: int, c: float, a_n: float = 0.0, c_n: float = 0.0) -> float:
    """Accepted tokens for each unit of time: `k` by a draft, one more by the bottom draft."""
    accepted = sum(a**i for i in range(1, k + 1)) + a**k * a_n
    return accepted / (k * c + c_n)


def best_expansion(a: Sequence[float], c: Sequence[float], longest: int) -> tuple[int, int]:
    """(draft, k) of the largest gain; the bottom draft, the last of several, only ever adds one token."""
    bottom = len(a) - 1 if len(a) > 1 else None
    a_n, c_n = (0.0, 0.0) if bottom is None else (a[bottom], c[bottom])
    pairs = [(s, k) for s in range(len(a)) if s != bottom for k in range(1, longest + 1)]
    # the first of equals: the better draft, the shorter chain
    return max(pairs, key=lambda pair: gain(a[pair[0]], pair[1], c[pair[0]], a_n, c_n))


def dytc(  # noqa: PLR0913  (a builder, and what it knows of its drafts)
    laws: Laws | Sequence[Laws],
    budget: int,
    chance: Chance,
    context: Sequence[int] = (),
    judged: Judged = (),
    *,
    costs: Sequence[float] | None = None,
    acceptances: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
    bigrams: Sequence[int] = (),
    width: int = 2,
    longest: int = 5,
) -> TokenTree:
    """Expand the leaf that is most probably accepted, until the budget is spent.

    Args:
        laws: of one draft, and Max-Gram over `context` is the bottom draft; or of several, best first, the
            last of them the bottom draft.
        budget: nodes.
        chance: never asked: tokens are the likeliest, so verify as TOP_K.
        context: the text so far, the last committed token last.
        judged: the rounds before; each draft's acceptance follows what they say.
        costs: time of a forward of each draft, any unit; default: 1, 0.1 of it for each next draft, nothing
            for Max-Gram.
        acceptances: estimate for each draft before anything is judged; default: 0.8, 0.1 less for each next.
        names: provenance of their tokens; default: draft 0, draft 1, ..., max-gram
        bigrams: token -> the one that follows it, for Max-Gram where nothing matches.
        width: tokens that a draft adds at a place: the likeliest goes on, its siblings become leaves.
        longest: tokens of one draft in an expansion at most.

    Raises:
        DraftError: lists of different lengths, a cost of 0 or less for a draft that is not the bottom, drafts
            of different vocabularies, bigrams beyond them, or rounds that are none.
    """
    drafts = [laws, MaxGramLaws(context, laws.vocab_size, bigrams)] if callable(laws) else list(laws)
    n = len(drafts)
    free = 1 if callable(laws) else 0
    c = list(costs) if costs is not None else [0.1**i for i in range(n - free)] + [0.0] * free
    default = [f"draft {i}" for i in range(n - free)] + ["max-gram"] * free
    who = list(names) if names is not None else default
    believed = list(acceptances) if acceptances is not None else [max(0.1, 0.8 - 0.1 * i) for i in range(n)]
    _check(drafts, believed, c, who)
    _check_text(bigrams, judged, drafts[0].vocab_size)
    check_counts(DraftError, 1, budget=budget, width=width, longest=longest)
    a = acceptances_after(judged, dict(zip(who, believed, strict=True)))
    grown = _Growing(budget, width)
    while len(grown.parents) < budget and grown.leaves:
        leaf = max(grown.leaves, key=lambda node: (grown.value[node], -node))
        s, k = best_expansion(a, c, longest)
        for i in [s] * k + ([n - 1] if n > 1 else []):
            (law,) = drafts[i]([grown.text[leaf]])
            if i != s and not law.any():  # the bottom draft knows nothing here
                break
            leaf = grown.add(leaf, law, a[i], who[i])
            if len(grown.parents) == budget or leaf not in grown.leaves:
                break
    return TokenTree(
        tuple(grown.parents),
        tuple(grown.text[i][-1] for i in range(len(grown.parents))),
        tuple(grown.value[i] for i in range(len(grown.parents))),
        tuple(grown.by),
        grown.q,
    )


def acceptances_after(judged: Judged, believed: dict[str, float]) -> list[float]:
    """The acceptance of each draft, from the best tokens that it added where the target came by.

    Args:
        judged: rounds, the oldest first.
        believed: draft -> before all of them.
    """
    found = {name: Acceptance(value) for name, value in believed.items()}
    for tree, path in judged:
        for node in (-1, *path):
            best = tree.children[node][:1]
            for child in best:
                if tree.provenance[child] in found:
                    found[tree.provenance[child]].update(child in path)
    return [min(MOST_ACCEPTANCE, max(LEAST_ACCEPTANCE, one.value)) for one in found.values()]


def _check(drafts: Sequence[Laws], a: Sequence[float], c: Sequence[float], who: Sequence[str]) -> None:
    n = len(drafts)
    if not n:
        raise DraftError("no drafts; a tree needs the laws of one at least")
    for what, found in (("acceptances", a), ("costs", c), ("names", who)):
        if len(found) != n:
            raise DraftError(f"{len(found)} {what} for {n} drafts; give one of each")
    for i, cost in enumerate(c):
        if cost < 0 or (cost == 0 and (n == 1 or i < n - 1)):
            raise DraftError(f"costs[{i}]={cost}; only the bottom draft of several may cost nothing")
    if len(set(who)) < n:
        raise DraftError(f"names={who}; give each draft a name of its own, its acceptance is kept by it")
    sizes = {draft.vocab_size for draft in drafts}
    if len(sizes) > 1:
        raise DraftError(f"drafts of {sorted(sizes)} tokens; all must know the same tokens")


def _check_text(bigrams: Sequence[int], judged: Judged, vocab_size: int) -> None:
    for token in bigrams:
        if not 0 <= token < vocab_size:
            raise DraftError(f"bigrams hold {token}; the drafts know the tokens 0 .. {vocab_size - 1}")
    for one in judged:
        if not isinstance(one, tuple) or len(one) != 2 or not isinstance(one[0], TokenTree):
            raise DraftError(f"judged holds {one!r:.60}; write (token tree, accepted nodes) of each round")


class _Growing:
    """The tree so far; -1 is the root."""

    def __init__(self, budget: int, width: int) -> None:
        self.budget, self.width = budget, width
        self.parents: list[int] = []
        self.by: list[str] = []
        self.text: dict[int, tuple[int, ...]] = {-1: ()}
        self.value: dict[int, float] = {-1: 1.0}
        self.q: dict[int, Law] = {}
        self.leaves = {-1}

    def add(self, leaf: int, law: Law, a: float, who: str) -> int:
        """Hang the likeliest tokens below a leaf; the likeliest of all is where it goes on.

        The best token is accepted with `a`. Where it is not, its siblings share the rest as the law does.
        """
        self.leaves.remove(leaf)
        best = [int(token) for token in np.argsort(-law, kind="stable")[: self.width] if law[token] > 0]
        first = len(self.parents)
        for place, token in enumerate(best[: self.budget - first]):
            share = a if place == 0 else (1 - a) * float(law[token]) / float(1.0 - law[best[0]])
            node = len(self.parents)
            self.parents.append(leaf)
            self.by.append(who)
            self.text[node] = (*self.text[leaf], token)
            self.value[node] = self.value[leaf] * share
            self.q[leaf] = law
            self.leaves.add(node)
        return first

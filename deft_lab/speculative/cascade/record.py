"""What a cascade did: a call for every time that a model was asked, as a tree for each round of the target.

drafted: a token that some model proposed or put in, with the law that it came from and whom it passed.
call: a model that reviewed what its own calls drafted, or proposed tokens; a round is a call of the target.
tick: calls of the run that have ended; time without a clock.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...chance import Law

PROPOSED, CORRECTED, BONUS = "proposed", "corrected", "bonus"
REVIEW, PROPOSAL = "review", "proposal"


@dataclass(frozen=True, slots=True)
class Drafted:
    """One token.

    Args:
        token: its id.
        by: the model that put it there.
        how: PROPOSED; CORRECTED: in place of a rejected token; BONUS: after all that it accepted.
        law: [vocabulary] that the token was drawn from, given all before it; None: nothing else was possible.
        passed: models that accepted it, in time order.
    """

    token: int
    by: str
    how: str = PROPOSED
    law: Law | None = field(default=None, repr=False, compare=False)
    passed: tuple[str, ...] = ()

    @property
    def probability(self) -> float:
        """Of the token in the law that it came from."""
        return 1.0 if self.law is None else float(self.law[self.token])

    def to_json(self) -> dict[str, Any]:
        return {"token": self.token, "by": self.by, "how": self.how, "passed": list(self.passed)}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model.

    Args:
        model: its name.
        kind: REVIEW or PROPOSAL.
        prefix: tokens of this round that stood when it began.
        drafted: what it reviewed; nothing for a proposal.
        kept: what it gives back; the last token of a review is its own.
        n_accepted: drafted tokens that it accepted.
        n_forwards: forward passes of the model, without those of `calls`.
        lenience: 1: exact.
        began: tick.
        ended: tick.
        calls: who drafted for it, in time order.
    """

    model: str
    kind: str
    prefix: tuple[int, ...]
    drafted: tuple[Drafted, ...]
    kept: tuple[Drafted, ...]
    n_accepted: int
    n_forwards: int
    lenience: float
    began: int
    ended: int
    calls: tuple["Call", ...] = ()

    def walk(self) -> Iterator["Call"]:
        """This call and all below it, each before those below it, in time order."""
        yield self
        for call in self.calls:
            yield from call.walk()

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "kind": self.kind,
            "prefix": list(self.prefix),
            "drafted": [token.to_json() for token in self.drafted],
            "kept": [token.to_json() for token in self.kept],
            "n_accepted": self.n_accepted,
            "n_forwards": self.n_forwards,
            "lenience": self.lenience,
            "began": self.began,
            "ended": self.ended,
            "calls": [call.to_json() for call in self.calls],
        }


@dataclass(frozen=True)
class Record:
    """A run of the cascade.

    Args:
        rounds: calls of the target, in time order.
        tokens: what the target says, with who drafted it; cut at the end of text and at `max_length`.
        target: name of the target.
    """

    rounds: tuple[Call, ...]
    tokens: tuple[Drafted, ...]
    target: str

    @property
    def n_calls(self) -> dict[str, int]:
        """Model -> reviews and proposals."""
        return dict(Counter(call.model for round in self.rounds for call in round.walk()))

    @property
    def n_forwards(self) -> dict[str, int]:
        """Model -> forward passes: one a review, one a token that a model proposes; Max-Gram needs none."""
        found: Counter[str] = Counter()
        for round in self.rounds:
            for call in round.walk():
                found[call.model] += call.n_forwards
        return dict(found)

    @property
    def drafted_lengths(self) -> tuple[int, ...]:
        """[round] tokens that the target reviewed."""
        return tuple(len(round.drafted) for round in self.rounds)

    @property
    def accepted_lengths(self) -> tuple[int, ...]:
        """[round] drafted tokens that the target accepted."""
        return tuple(round.n_accepted for round in self.rounds)

    @property
    def acceptance_at(self) -> tuple[float, ...]:
        """[place in the draft] share of the rounds that judged it in which it was accepted."""
        longest = max((min(a + 1, n) for a, n in self._judged()), default=0)
        shares = []
        for place in range(longest):
            judged = [a > place for a, n in self._judged() if place < min(a + 1, n)]
            shares.append(sum(judged) / len(judged))
        return tuple(shares)

    def _judged(self) -> list[tuple[int, int]]:
        return list(zip(self.accepted_lengths, self.drafted_lengths, strict=True))

    @property
    def provenance(self) -> dict[str, int]:
        """Model -> tokens of the text that it was the first to write."""
        return dict(Counter(token.by for token in self.tokens))

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "tokens": [token.to_json() for token in self.tokens],
            "n_calls": self.n_calls,
            "n_forwards": self.n_forwards,
            "drafted_lengths": list(self.drafted_lengths),
            "accepted_lengths": list(self.accepted_lengths),
            "acceptance_at": list(self.acceptance_at),
            "provenance": self.provenance,
            "rounds": [round.to_json() for round in self.rounds],
        }

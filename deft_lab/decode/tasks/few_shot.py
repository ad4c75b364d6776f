"""Branches side by side: few-shot decoding, and self-consistency, which votes on them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...errors import DecodeError, check_counts
from ..run import Births, Branch
from ..sampling import Sampler
from ..session import Session


@dataclass(frozen=True)
class FewShot:
    """The prompt forks once into `width` branches, which go on alone (the authors' Simple_Tree).

    Greedy, the branches begin with the `width` likeliest tokens and would else be one; sampled, each draws
    its own first token.
    """

    width: int = 4
    sampler: Sampler = field(default_factory=Sampler)

    def __post_init__(self) -> None:
        check_counts(DecodeError, 1, width=self.width)

    def __call__(self, session: Session) -> Births:
        if session.n_steps == 0:
            (root,) = session.branches
            if self.sampler.temperature == 0:
                return {root: self.sampler.draw_several(session.logits[0], self.width)}
            return {root: self.sampler.draw(session.logits.expand(self.width, -1)).tolist()}
        drawn = self.sampler.draw(session.logits).tolist()
        return {leaf: [token] for leaf, token in zip(session.branches, drawn, strict=True)}


def last_line(text: str) -> str | None:
    """The last line of a text that says something: the answer, where nothing better is known."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else None


@dataclass(frozen=True)
class SelfConsistency(FewShot):
    """Sampled branches vote: the answer is the one that most of them give (arXiv 2203.11171).

    Args:
        answer: reads the answer out of a branch's text; None: the branch does not vote.
    """

    sampler: Sampler = field(default_factory=lambda: Sampler(temperature=0.8))
    answer: Callable[[str], str | None] = last_line

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sampler.temperature == 0:
            raise DecodeError("self-consistency votes on samples; temperature must be above 0")

    def conclude(self, session: Session, branches: Sequence[Branch]) -> str | None:
        """The answer with the most votes; of equally many, that of the likeliest branch."""
        votes: Counter[str] = Counter()
        weight: dict[str, float] = {}
        for branch in branches:
            said = self.answer(branch.text)
            if said is not None:
                votes[said] += 1
                mean = branch.score / max(1, len(branch.tokens))
                weight[said] = max(mean, weight.get(said, float("-inf")))
        return max(votes, key=lambda said: (votes[said], weight[said]), default=None)

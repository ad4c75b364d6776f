"""Tree of thoughts: propose several next thoughts, judge them, keep the best, go on (arXiv 2305.10601).

thought: tokens up to and with a delimiter, such as a line. A branch whose thought is complete pauses until
all are; then the best `keep` of them go on, each into `width` new thoughts, and the others are pruned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...errors import DecodeError, check_counts
from ..run import Births, Branch
from ..sampling import Sampler
from ..session import Session
from .few_shot import last_line

Judge = Callable[[Session, int], float]


def mean_log_prob(session: Session, leaf: int) -> float:
    """How likely the model itself holds a branch: its mean log-probability a token."""
    return session.score[leaf] / max(1, len(session.new_tokens(leaf)))


@dataclass
class TreeOfThoughts:
    """Breadth-first search over thoughts.

    Args:
        delimiter: text that ends a thought.
        width: thoughts that each kept branch proposes.
        keep: branches that go on.
        sampler: draws the tokens; proposals differ only if it samples.
        judge: (session, leaf) -> how good the branch is; default: the model's own log-probability.
        max_thought: tokens of a thought at most; then it counts as complete.
        max_depth: thoughts of a path at most; then the search is over. None: until the branches end.
        answer: reads the answer out of the best finished branch's text.

    Raises:
        DecodeError: a count is below 1, or the sampler is greedy.
    """

    delimiter: str = "\n"
    width: int = 3
    keep: int = 2
    sampler: Sampler = field(default_factory=lambda: Sampler(temperature=0.8))
    judge: Judge = mean_log_prob
    max_thought: int = 64
    max_depth: int | None = None
    answer: Callable[[str], str | None] = last_line

    def __post_init__(self) -> None:
        check_counts(DecodeError, 1, width=self.width, keep=self.keep, max_thought=self.max_thought)
        if self.sampler.temperature == 0:
            raise DecodeError("a greedy sampler proposes one thought many times; temperature must be above 0")
        self._depth = 0

    def __call__(self, session: Session) -> Births | None:
        if session.n_steps == 0:
            self._depth = 1
            return self._propose(session, session.branches)
        open_ = [leaf for leaf in session.active if not self._is_complete(session, leaf)]
        if not open_:
            if self._depth == self.max_depth:
                return None
            self._depth += 1
            return self._choose(session)
        rows = [session.branches.index(leaf) for leaf in open_]
        drawn = self.sampler.draw(session.logits[rows]).tolist()
        return {leaf: [token] for leaf, token in zip(open_, drawn, strict=True)}

    def _is_complete(self, session: Session, leaf: int) -> bool:
        tokens = session.tokens[leaf]
        return len(tokens) >= self.max_thought or self.delimiter in session.model.decode(tokens[-8:])

    def _choose(self, session: Session) -> Births:
        """Every thought is complete: judge them, prune the worse, let the better propose."""
        ranked = sorted(session.branches, key=lambda leaf: -self.judge(session, leaf))
        births: dict[int, Sequence[int]] = dict.fromkeys(ranked[self.keep :], ())
        return births | self._propose(session, ranked[: self.keep])

    def _propose(self, session: Session, leaves: Sequence[int]) -> dict[int, Sequence[int]]:
        return {
            leaf: self.sampler.draw(session.logits_of(leaf).expand(self.width, -1)).tolist()
            for leaf in leaves
        }

    def conclude(self, session: Session, branches: Sequence[Branch]) -> str | None:
        """The answer of the likeliest branch that ended by itself; of any, if none did."""
        ended = [branch for branch in branches if branch.reason == "eos"] or list(branches)
        if not ended:
            return None
        best = max(ended, key=lambda branch: branch.score / max(1, len(branch.tokens)))
        return self.answer(best.text)

"""Beam search as a tree: beams that survive share what they share, and nothing is copied.

At each step every beam offers all its continuations; the best `width` by sum of log-probabilities go on. A
text that ends is scored by its log-probability over length^length_penalty and kept if it is among the best.
Chooses what transformers' `generate(num_beams=width)` chooses, its rules for stopping included.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch

from ...errors import DecodeError, check_counts
from ..run import Births, Branch
from ..session import Session


@dataclass(frozen=True)
class Hypothesis:
    """A finished text."""

    tokens: tuple[int, ...]
    score: float  # log-probability over length^length_penalty
    log_prob: float
    leaf: int


@dataclass
class BeamSearch:
    """The `width` best beams go on.

    Args:
        width: beams.
        max_new_tokens: texts are cut at this length.
        length_penalty: above 0 favours longer texts.
        early_stopping: True: stop once `width` texts have ended; False: stop when the best running beam, at
            its length so far, is worse than the worst of them; "never": at the largest length it can reach.

    Raises:
        DecodeError: a count is below 1, or early_stopping is something else.
    """

    width: int = 4
    max_new_tokens: int = 64
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False
    ends_branches: bool = field(default=True, init=False)  # the run leaves the end-of-text token to us

    def __post_init__(self) -> None:
        check_counts(DecodeError, 1, width=self.width, max_new_tokens=self.max_new_tokens)
        if self.early_stopping not in (True, False, "never"):
            raise DecodeError(f"early_stopping={self.early_stopping!r}; it is True, False or 'never'")
        self._done: list[Hypothesis] = []

    def __call__(self, session: Session) -> Births | None:
        eos, length = session.model.eos, session.n_steps + 1
        if length > self.max_new_tokens:
            return None
        leaves = session.branches
        totals = torch.tensor([session.score[leaf] for leaf in leaves], device=session.logits.device)
        scores = session.logits.float().log_softmax(-1) + totals[:, None]
        n = min(scores.numel(), max(2, 1 + len(eos)) * self.width)
        best = scores.flatten().topk(n)
        vocabulary = scores.shape[1]
        rows = [
            (leaves[at // vocabulary], at % vocabulary, value)
            for at, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        ends = [token in eos or length == self.max_new_tokens for _, token, _ in rows]
        for (leaf, token, value), end in list(zip(rows, ends, strict=True))[: self.width]:
            if end:
                self._finish(session, leaf, token, value, length)
        running = [row for row, end in zip(rows, ends, strict=True) if not end][: self.width]
        if not running or self._is_over(running[0][2], length):
            return None
        births: dict[int, list[int]] = {leaf: [] for leaf in leaves}
        for leaf, token, _ in running:
            births[leaf].append(token)
        return births

    def _finish(self, session: Session, leaf: int, token: int, value: float, length: int) -> None:
        if self.early_stopping is True and len(self._done) >= self.width:
            return
        tokens = (*session.new_tokens(leaf), token)
        done = Hypothesis(tokens, value / length**self.length_penalty, value, leaf)
        self._done = sorted([*self._done, done], key=lambda h: -h.score)[: self.width]

    def _is_over(self, best_running: float, length: int) -> bool:
        if len(self._done) < self.width:
            return False
        if self.early_stopping is True:
            return True
        longest = self.early_stopping == "never" and self.length_penalty > 0
        reach = self.max_new_tokens if longest else length
        return best_running / reach**self.length_penalty <= self._done[-1].score

    def finished(self, session: Session) -> list[Branch]:
        """The best texts, best first."""
        return [
            Branch(h.leaf, h.tokens, session.model.decode(h.tokens), h.log_prob, "eos") for h in self._done
        ]

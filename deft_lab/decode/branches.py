"""What is known of the branches of a decode: their tokens, what follows each of them, their scores."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import DecodeError
from ..tree.edits import Advance
from .changes import tokens_of
from .scores import Scores, gains


class Branches:
    """Tokens by node, and a row of logits and a score by live branch (its leaf).

    Args:
        tensor: puts integers on the model's device.
    """

    def __init__(self, tensor: Callable[[Any], Tensor]) -> None:
        self._tensor = tensor
        self.tokens: dict[int, list[int]] = {}
        self.n_generated = 0  # tokens that branches gained by steps and accepts
        self.rows: dict[int, int] = {}  # leaf -> its row of the logits
        self._logits: Tensor | None = None
        self._score = Scores()
        self._later: list[Callable[[], None]] = []  # scoring, which can wait until the device is busy

    @property
    def logits(self) -> Tensor:
        """[branch, vocabulary] what follows each branch."""
        if self._logits is None:
            raise DecodeError("there are no logits yet; prefill a prompt first")
        return self._logits

    @property
    def score(self) -> Scores:
        """Leaf -> sum of the log-probabilities of its generated tokens."""
        self.catch_up()
        return self._score

    def catch_up(self) -> None:
        """Score what has been accepted."""
        for score in self._later:
            score()
        self._later.clear()

    def row(self, leaf: int) -> int:
        """The row of a live branch.

        Raises:
            DecodeError: it is none.
        """
        if leaf not in self.rows:
            raise DecodeError(f"{leaf} is no live branch; they are {tuple(self.rows)[:8]}")
        return self.rows[leaf]

    def begin(self, root: int, prompt: list[int], logits: Tensor) -> None:
        """The only branch is the prompt."""
        self.tokens[root], self.rows, self._logits = prompt, {root: 0}, logits
        self._score.begin(root)

    def extend(self, leaf: int, tokens: Sequence[int], logits: Tensor) -> None:
        """A branch was given tokens; logits [1, vocabulary] follow the last."""
        self.tokens[leaf].extend(tokens)
        self._logits = self.logits.index_copy(0, self._tensor([self.row(leaf)]), logits)

    def advance(
        self, change: Advance, births: Mapping[int, Sequence[int]], seats: Sequence[int], logits: Tensor
    ) -> None:
        """A step: branches gained tokens, forked or ended. logits [seat, vocabulary] follow its leaves."""
        self._score_step(change, births)
        token_of = tokens_of(change, births)
        ended = {*change.gone, *change.forked, *token_of}
        waiting = [leaf for leaf in self.rows if leaf not in ended]
        if waiting:
            logits = torch.cat((logits, self.logits[[self.rows[leaf] for leaf in waiting]]))
        self.rows = {leaf: row for row, leaf in enumerate((*seats, *waiting))}
        self._logits = logits
        self._forget(change.gone)
        self.n_generated += len(token_of)
        for label, token in token_of.items():
            self.tokens.setdefault(label, []).append(token)

    def accept(self, leaf: int, tokens: list[int], drafted: Tensor, rows: Sequence[int]) -> None:
        """Drafted tokens join their branch.

        Args:
            leaf: the branch.
            tokens: accepted.
            drafted: [draft, vocabulary] logits.
            rows: [token] of `drafted`, what follows each token.
        """
        row, logits = self.row(leaf), self.logits

        def score() -> None:
            there = self._tensor([rows, tokens])
            before = torch.cat((logits[row : row + 1], drafted[there[0, :-1]]))
            gained = before.log_softmax(-1, dtype=torch.float32).gather(1, there[1, :, None])
            self._score.add([(leaf, leaf)], gained.sum()[None])

        self._later.append(score)
        self.tokens[leaf].extend(tokens)
        self.n_generated += len(tokens)
        last = drafted[rows[-1] : rows[-1] + 1]
        self._logits = last if len(logits) == 1 else logits.index_copy(0, self._tensor([row]), last)

    def drop(self, gone: Iterable[int]) -> None:
        """Branches ended between steps."""
        ended = set(gone)
        left = [leaf for leaf in self.rows if leaf not in ended]
        self._logits = self.logits[[self.rows[leaf] for leaf in left]]
        self.rows = {leaf: row for row, leaf in enumerate(left)}
        self._forget(ended)
        self.score.forget(ended)

    def _score_step(self, change: Advance, births: Mapping[int, Sequence[int]]) -> None:
        """Log-probabilities of a step's tokens, under the logits that they were drawn from."""
        names = [(leaf, leaf) for leaf in change.appended]
        names += [(leaf, child) for leaf, children in change.forked.items() for child in children]
        tokens = [births[leaf][0] for leaf in change.appended]
        tokens += [token for leaf in change.forked for token in births[leaf]]
        both = self._tensor([[self.row(leaf) for leaf, _ in names], tokens])
        self.score.add(names, gains(self.logits, both[0], both[1]))
        self.score.forget((*change.gone, *change.forked))

    def _forget(self, labels: Iterable[int]) -> None:
        for label in labels:
            self.tokens.pop(label)

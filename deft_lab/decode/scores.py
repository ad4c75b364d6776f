"""Log-probabilities of branches. What a step adds stays on the device until somebody asks: no step waits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

MOST_WAITING = 512  # gains that are kept on the device


class Scores(Mapping[int, float]):
    """Leaf -> sum of the log-probabilities of its generated tokens."""

    def __init__(self) -> None:
        self._known: dict[int, float] = {}
        self._waiting: list[tuple[list[tuple[int, int]], Tensor]] = []
        self._gone: list[tuple[int, list[int]]] = []  # how many gains came before, leaves that left then

    def begin(self, leaf: int) -> None:
        """A branch that has generated nothing."""
        self._known[leaf] = 0.0

    def add(self, names: Sequence[tuple[int, int]], gains: Tensor) -> None:
        """Each second leaf continues the first one (or is it) and gains a log-probability; gains [name]."""
        if len(self._waiting) == MOST_WAITING:
            self._settle()
        self._waiting.append((list(names), gains))

    def forget(self, leaves: Iterable[int]) -> None:
        """These branches are over; unknown ones may be among them."""
        self._gone.append((len(self._waiting), list(leaves)))

    def _settle(self) -> None:
        gains = torch.cat([gain for _, gain in self._waiting]).tolist() if self._waiting else []
        done, at = 0, 0
        for before, leaves in [*self._gone, (len(self._waiting), [])]:
            for names, _ in self._waiting[done:before]:
                came = {new: self._known[old] + gains[at + i] for i, (old, new) in enumerate(names)}
                self._known |= came
                at += len(names)
            for leaf in leaves:
                self._known.pop(leaf, None)
            done = before
        self._waiting.clear()
        self._gone.clear()

    def __getitem__(self, leaf: int) -> float:
        self._settle()
        return self._known[leaf]

    def __iter__(self) -> Iterator[int]:
        self._settle()
        return iter(self._known)

    def __len__(self) -> int:
        self._settle()
        return len(self._known)


def gains(logits: Tensor, rows: Tensor, tokens: Tensor) -> Tensor:
    """[token] log-probability of each token under its row of logits [row, vocabulary]."""
    law = logits.log_softmax(-1, dtype=torch.float32)  # one pass, where logsumexp takes several
    return law[rows, tokens]

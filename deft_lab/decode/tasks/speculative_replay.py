"""The authors' speculative mock: a star of drafted tokens at every step, and recorded acceptance lengths.

For timing only. The drafted tokens mean nothing and are never verified; the first few of them move into the
branch as if they had been accepted, as in the released code. Real speculation is in `speculative/`.
"""

from dataclasses import dataclass

from ...errors import DecodeError
from ...trace import Trace
from ..run import DraftedTokens
from ..session import Session


@dataclass
class SpeculativeReplay:
    """Decode a star of one-token leaves at each step; the branch gains what the record says.

    Args:
        growth: of a star (`star_growth`, `SpeculativeTemplate.growth`): one fork, then accepts.

    Raises:
        DecodeError: the growth is another one.
    """

    growth: Trace
    ignores_eos = True

    def __post_init__(self) -> None:
        forks = [event for event in self.growth.events if event.kind == "fork"]
        self._gain = {event.step: event.count for event in self.growth.events if event.kind == "accept"}
        if len(forks) != 1 or len(self._gain) != len(self.growth.events) - 1:
            raise DecodeError("a speculative replay follows the growth of a star: one fork, then accepts")
        self._width = len(forks[0].children)

    def __call__(self, session: Session) -> DraftedTokens | None:
        step = session.n_steps + 1
        if step > 1:
            session.accept(range(self._gain.get(step, 0)), as_replay=True)
        if step > self.growth.n_steps:
            return None
        (leaf,) = session.branches
        best = int(session.logits[0].argmax())
        tokens = [(best + i) % session.model.vocab_size for i in range(self._width)]
        return DraftedTokens(leaf, (-1,) * self._width, tuple(tokens))

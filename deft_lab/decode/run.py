"""The loop around a session: ask the task, honour the end of text, step, listen, stop.

task: decides at each step which branches go on, fork or end: a function of the session that returns births,
or None when it is done. Branch: what came out, a finished path.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import DecodeError, check_counts, check_kind
from .plain import plain_births
from .session import Session

Births = Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class DraftedTokens:
    """A token tree to decode below a branch, instead of births; the task accepts at its next call."""

    leaf: int
    parents: tuple[int, ...]
    tokens: tuple[int, ...]


class Task(Protocol):
    """What decides how a tree grows."""

    def __call__(self, session: Session) -> Births | DraftedTokens | None:
        """Leaf -> its next tokens, as `Session.step` takes them; None: the decode is done."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A path that has come to its end.

    Args:
        leaf: label of its last node.
        tokens: without the prompt; the end-of-text token included where there was one.
        text: of the tokens.
        score: sum of the tokens' log-probabilities.
        reason: "eos", "length" or "task".
    """

    leaf: int
    tokens: tuple[int, ...]
    text: str
    score: float
    reason: str


@dataclass(frozen=True)
class Result:
    """What a decode gave.

    Args:
        branches: finished paths, in the order in which they ended.
        n_steps: decodes.
        n_tokens: generated tokens, of all branches.
        seconds: part -> seconds; see `metrics.py`.
        answer: what the task concluded, if it concludes anything.
    """

    branches: tuple[Branch, ...]
    n_steps: int
    n_tokens: int
    seconds: Mapping[str, float]
    answer: Any = None

    @property
    def best(self) -> Branch:
        """The branch with the largest log-probability a token.

        Raises:
            DecodeError: no branch came to its end.
        """
        if not self.branches:
            raise DecodeError("no branch came to its end; there is no best one")
        return max(self.branches, key=lambda b: b.score / max(1, len(b.tokens)))


@dataclass
class Listener:
    """What is told of a run as it happens; each is called if it is given."""

    on_tokens: Callable[[Session, Births], None] | None = None  # before the step that decodes them
    on_step: Callable[[Session], None] | None = None
    on_branch: Callable[[Branch], None] | None = None


@dataclass
class _Run:
    session: Session
    eos: frozenset[int]
    listener: Listener
    branches: list[Branch] = field(default_factory=list)

    def finish(self, leaf: int, extra: Sequence[int], score: float, reason: str) -> None:
        """A path ends; `extra` tokens follow its leaf."""
        tokens = (*self.session.new_tokens(leaf), *extra)
        branch = Branch(leaf, tokens, self.session.model.decode(tokens), score, reason)
        self.branches.append(branch)
        if self.listener.on_branch:
            self.listener.on_branch(branch)

    def without_ended(self, births: Births) -> dict[int, Sequence[int]]:
        """Births without the tokens that end a text; their branches are finished."""
        kept: dict[int, Sequence[int]] = {}
        for leaf, tokens in births.items():
            if self.eos.isdisjoint(tokens):
                kept[leaf] = tokens
                continue
            kept[leaf] = type(tokens)(token for token in tokens if token not in self.eos)  # Children stay so
            for token in tokens:
                if token in self.eos:
                    law = self.session.logits_of(leaf).float().log_softmax(-1)
                    self.finish(leaf, [token], self.session.score[leaf] + float(law[token]), "eos")
        return kept


def run(
    session: Session,
    task: Task,
    max_steps: int = 256,
    *,
    honour_eos: bool = True,
    listener: Listener | None = None,
) -> Result:
    """Decode until the task is done, no branch is left, or `max_steps` are over.

    Args:
        session: prefilled.
        task: asked before each step.
        max_steps: decodes at most.
        honour_eos: a branch ends with the model's end-of-text token; False: it goes on.
        listener: is told of tokens, steps and finished branches.

    Raises:
        DecodeError: the session has no prompt, or the task asks for what cannot be.
        PoolError: the pool is full; the session stays as it was before the step.
    """
    stepping = steps(session, task, max_steps, honour_eos=honour_eos, listener=listener)
    while True:
        try:
            next(stepping)
        except StopIteration as end:
            return end.value


def steps(
    session: Session,
    task: Task,
    max_steps: int = 256,
    *,
    honour_eos: bool = True,
    listener: Listener | None = None,
) -> Generator[None, None, Result]:
    """`run`, step by step: it stops after each decode, and its return value is the result."""
    check_counts(DecodeError, 0, max_steps=max_steps)
    check_kind(DecodeError, Session, "Session(model) makes one", session=session)
    if session.tree is None:
        raise DecodeError("the session has no tree yet; prefill a prompt first")
    if not callable(task):
        raise DecodeError(
            f"task is a {type(task).__name__}; it must be a function of the session, or of TASKS"
        )
    told = listener or Listener()
    own_ends = getattr(task, "ends_branches", False)
    at = _Run(session, session.model.eos if honour_eos and not own_ends else frozenset(), told)
    reason = "length"
    while session.n_steps < max_steps:
        with session.watch.host("branching"):
            births = task(session)
            if births is not None and not isinstance(births, DraftedTokens):
                births = at.without_ended(plain_births(births))
        if isinstance(births, DraftedTokens):
            session.verify(births.leaf, births.parents, births.tokens)
            if told.on_step:
                told.on_step(session)
            yield
            continue
        if births is None or not any(births.values()):
            reason = "task" if births is None else "eos"
            break
        if told.on_tokens:
            told.on_tokens(session, births)
        session.step(births)
        if told.on_step:
            told.on_step(session)
        yield
    if reason != "eos" and not own_ends:
        for leaf in session.branches:
            at.finish(leaf, (), session.score[leaf], reason)
    conclude = getattr(task, "conclude", None)
    answer = conclude(session, at.branches) if conclude else None
    ended = task.finished(session) if own_ends else at.branches
    return Result(tuple(ended), session.n_steps, session.n_generated, session.watch.read(), answer)

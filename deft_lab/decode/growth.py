"""Keeps the events of a session, so that its trace can be drawn and priced when it is over."""

from typing import Any

from ..errors import DecodeError
from ..trace import Event, Trace
from .changes import Step
from .session import Session


class Growth:
    """Listens to a session from its prefill on.

    Raises:
        DecodeError: the session has no tree yet, or has stepped.
    """

    def __init__(self, session: Session) -> None:
        if session.tree is None or session.n_steps:
            raise DecodeError("listen to a session between its prefill and its first step")
        self._start, self._session = session.tree, session
        self._events: list[Event] = []
        session.listeners.append(self._listen)

    def _listen(self, step: Step) -> None:
        if step.visit.table is not None:  # events of an extension come again with the next decode
            self._events.extend(step.events)

    def trace(self, **header: Any) -> Trace:
        """The growth so far."""
        return Trace(self._start, tuple(self._events), self._session.n_steps, header)

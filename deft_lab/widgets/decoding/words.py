"""What happens at each step of a film, in words, and the steps that are worth a mark."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...trace import Event
from ...viz.words import count, listed

if TYPE_CHECKING:
    from .film import Film

MOST_NAMED = 3  # events of a kind that are named one by one


class Mark(NamedTuple):
    """A step where the shape of the tree changes."""

    step: int
    kind: str  # "fork" or "prune"; "fork" where both happen
    words: str


def sentences(film: "Film") -> list[str]:
    """[step] what happened, and what is stored now."""
    by_step, gains = _by_step(film), _branches_that_gain(film)
    said = []
    for step in range(film.trace.n_steps + 1):
        words = _changes(film, step, by_step.get(step, {}))
        if step == 0:
            words = ["The tree after prefill"]
        elif gains[0, step]:
            words.append(_gained(*gains[:, step].tolist()))
        text = "; ".join(words) or "Nothing changes"
        tokens, pages = int(film.stored[step]), int(film.n_pages_used[step])
        if not text.startswith("n"):  # a node's name stays as it is
            text = f"{text[0].upper()}{text[1:]}"
        said.append(f"{text}. {count(tokens, 'token')} stored in {count(pages, 'page')}.")
    return said


def marks_of(film: "Film") -> list[Mark]:
    """The steps that fork or prune, each with its words."""
    marks = []
    for step, kinds in sorted(_by_step(film).items()):
        if kinds.keys() & {"fork", "prune"}:
            kind = "fork" if "fork" in kinds else "prune"
            marks.append(Mark(step, kind, "; ".join(_changes(film, step, kinds))))
    return marks


def _by_step(film: "Film") -> dict[int, dict[str, list[Event]]]:
    """Step -> kind -> its events; appends, which come at every step, are left out."""
    found: dict[int, dict[str, list[Event]]] = {}
    for event in film.trace.events:
        if event.kind != "append":
            found.setdefault(event.step, {}).setdefault(event.kind, []).append(event)
    return found


def _branches_that_gain(film: "Film") -> np.ndarray:
    """[2, step] how many leaves are appended to, and how many tokens."""
    rate = np.zeros((2, film.trace.n_steps + 2), dtype=np.int64)
    last = rate.shape[1] - 1
    for event in film.trace.events:
        if event.kind == "append" and event.count:
            rate[:, min(event.step, last)] += (1, event.count)
            rate[:, min(event.step + event.n_steps, last)] -= (1, event.count)
    return np.cumsum(rate, axis=1)


def _gained(branches: int, tokens: int) -> str:
    if branches == 1:
        return f"1 branch gains {'a token' if tokens == 1 else f'{tokens} tokens'}"
    each = "a token each" if tokens == branches else f"{tokens} tokens"
    return f"{branches} branches gain {each}"


def _changes(film: "Film", step: int, kinds: dict[str, list[Event]]) -> list[str]:
    words = []
    for kind in ("prune", "accept", "extend", "pause", "resume", "fork"):
        events = kinds.get(kind, [])
        if events and kind == "prune":
            words.append(_pruned(film, step, events))
        elif len(events) > MOST_NAMED:
            words.append(_many(kind, events))
        else:
            words += [_one(event) for event in events]
    drafted = sum(len(event.children) for event in kinds.get("sprout", []))
    return [*words, f"{count(drafted, 'drafted token')} more below"] if drafted else words


def _pruned(film: "Film", step: int, events: list[Event]) -> str:
    gone = film.lives.died == step
    freed = f"{count(int(film.length[step - 1][gone].sum()), 'token')} freed"
    names = listed([f"n{event.node}" for event in events], MOST_NAMED + 1)
    return f"{names} {'is' if len(events) == 1 else 'are'} pruned ({freed})"


def _one(event: Event) -> str:
    name = f"n{event.node}"
    if event.kind == "fork":
        into = listed([f"n{child}" for child in event.children], 5)
        return f"{name} {'forks into' if len(event.children) > 1 else 'goes on in'} {into}"
    if event.kind == "accept":
        return f"{count(event.count, 'drafted token')} accepted at the end of {name}"
    if event.kind == "extend":
        return f"{name} is given {count(event.count, 'token')}"
    return f"{name} {'pauses' if event.kind == 'pause' else 'decodes again'}"


def _many(kind: str, events: list[Event]) -> str:
    n = len(events)
    if kind == "fork":
        return f"{n} nodes fork into {sum(len(event.children) for event in events)}"
    said = {"accept": "are given accepted tokens", "extend": "are given tokens", "pause": "pause"}
    return f"{n} branches {said.get(kind, 'decode again')}"

"""What a learner reads of an exercise: its card, its hints one after the other, its folded solution."""

from dataclasses import dataclass

from ..errors import DeftLabError
from .contract import Exercise, find
from .show import Card

_hints_given: dict[str, int] = {}  # by exercise, in this kernel


@dataclass(frozen=True)
class Text(Card):
    """A card of Markdown."""

    markdown: str


def exercise(key: str) -> None:
    """Show the card of an exercise: how hard, how important, how long, and the task.

    Raises:
        DeftLabError: no exercise has that key.
    """
    Text(card(find(key))).show()


def hint(key: str, level: int | None = None) -> None:
    """Show, folded, the next hint to an exercise, or the one of that level: 1, 2 or 3.

    Raises:
        DeftLabError: no exercise has that key, or there is no such level.
    """
    found = find(key)
    most = len(found.hints)
    if level is not None and level not in range(1, most + 1):
        raise DeftLabError(f"no hint {level!r} to exercise {key}; there are 1 to {most}")
    given = level or min(_hints_given.get(key, 0) + 1, most)
    _hints_given[key] = given
    more = "The same call gives the next one." if given < most else f'`solution("{key}")` has it all.'
    _fold(f"{found.name}, hint {given} of {most}", f"{found.hints[given - 1]}\n\n*{more}*")


def solution(key: str) -> None:
    """Show the folded solution of an exercise, and why it is right.

    Raises:
        DeftLabError: no exercise has that key.
    """
    found = find(key)
    _fold(f"{found.name}: a solution, and why it is right", f"```python\n{found.source}\n```\n\n{found.why}")


def card(found: Exercise) -> str:
    """The card of an exercise in Markdown."""
    return (
        f"**{found.name}: {found.title}**\n\n"
        f"Difficulty {_dots(found.difficulty)} · Importance {_dots(found.importance)} · "
        f"about {found.minutes} minutes\n\n{found.task}\n\n"
        f'Stuck? `hint("{found.key}")` gives three hints, one after the other.'
    )


def _fold(summary: str, markdown: str) -> None:
    Text(f"<details><summary>{summary} (click to unfold)</summary>\n\n{markdown}\n\n</details>").show()


def _dots(level: int) -> str:
    return f"{'●' * level}{'○' * (5 - level)} ({level} of 5)"

"""The nouns of a player: a step, and the script that it is a part of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import DeftLabError
from ...viz.figure import Table
from .stage import Stage


@dataclass(frozen=True)
class Step:
    """One step, as pure data.

    Args:
        chapter: the part of the calculation that it belongs to.
        sentence: what happens.
        formula: with the numbers of this step; one line or several.
        state: all that its picture shows.
        n_bytes: moved so far; None where nothing is counted.
        mark: its name on the scrub bar, where it is worth one.
    """

    chapter: str
    sentence: str
    formula: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    n_bytes: int | None = None
    mark: str = ""


@dataclass(frozen=True)
class Script:
    """All steps of a calculation.

    Args:
        title: what is calculated.
        steps: at least one.
        draw: a step's state -> its picture; it may depend on nothing else that changes.
        tabulate: a step's state -> the numbers in the picture.
        telling: numbers of the steps that stand for all where no widget runs; default: marked ones.
    """

    title: str
    steps: tuple[Step, ...]
    draw: Callable[[Mapping[str, Any]], Stage]
    tabulate: Callable[[Mapping[str, Any]], Table]
    telling: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.steps:
            raise DeftLabError(f"the script {self.title!r} has no steps; give it one at least")

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, step: int) -> Step:
        return self.steps[self.number(step)]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def number(self, step: int) -> int:
        """A step's number; negative ones count from the end.

        Raises:
            DeftLabError: there is no such step.
        """
        last = len(self.steps) - 1
        if not isinstance(step, int) or not -last - 1 <= step <= last:
            raise DeftLabError(f"no step {step!r}; {self.title!r} has steps 0 to {last}")
        return step % len(self.steps)

    def chapters(self) -> dict[str, int]:
        """Chapter -> its first step."""
        found: dict[str, int] = {}
        for i, step in enumerate(self.steps):
            found.setdefault(step.chapter, i)
        return found

    def marks(self) -> dict[str, int]:
        """Mark -> its step."""
        return {step.mark: i for i, step in enumerate(self.steps) if step.mark}

    def find(self, place: int | str) -> int:
        """The number of a step, given as a number, or by its mark or chapter.

        Raises:
            DeftLabError: there is none.
        """
        if isinstance(place, int):
            return self.number(place)
        named = self.chapters() | self.marks()
        if place not in named:
            raise DeftLabError(f"no mark or chapter {place!r}; there are {', '.join(named)}")
        return named[place]


def spread(count: int, most: int) -> Sequence[int]:
    """At most `most` of 0 .. count - 1, the first and the last among them, evenly."""
    if count <= most:
        return range(count)
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})

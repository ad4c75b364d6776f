"""What an exercise is: its text, its solution, and who judges an answer.

answer: what the learner hands in, a function or a value. case: a tree on which a function is tried.
complaint: why an answer is wrong, in words that do not give the solution away.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import DeftLabError
from ..tree import Tree


@dataclass(frozen=True)
class Complaint:
    """What is wrong with an answer: one sentence, what was expected, and what came."""

    why: str
    expected: str = ""
    got: str = ""
    tree: Tree | None = None  # of a value that describes one; a function is shown its case


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook.

    Args:
        key: notebook and number, such as "01.2".
        title: a few words.
        difficulty: 1 to 5.
        importance: 1 to 5.
        minutes: for a learner who has read what comes before.
        task: Markdown.
        skeleton: what the learner's cell holds; a test asserts that the notebook has it.
        hints: three, from a nudge to nearly the solution.
        solution: a function; it is the answer, or returns it where the answer is a value.
        why: Markdown, why the solution is right.
        judge: (case, what the answer made of it) -> complaint, or None if it is right. Shares no idea with
            the solution. The case of a value is None.
        cases: makes the trees to try a function on; None: the answer is a value.
        ask: (function, case) -> what the judge gets; default: the function's result.
        mutants: known wrong answers by name, each of which must be rejected.
    """

    key: str
    title: str
    difficulty: int
    importance: int
    minutes: int
    task: str
    skeleton: str
    hints: tuple[str, str, str]
    solution: Callable[..., Any]
    why: str
    judge: Callable[[Any, Any], Complaint | None]
    cases: Callable[[], Iterable[Tree]] | None = None
    ask: Callable[[Callable[..., Any], Tree], Any] = field(default=lambda function, tree: function(tree))
    mutants: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("task", "why"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        object.__setattr__(self, "hints", tuple(map(one_line, self.hints)))

    @property
    def name(self) -> str:
        """ "Exercise 1.2" of key "01.2"."""
        return f"Exercise {self.key.lstrip('0')}"

    @property
    def answer(self) -> Any:
        """The right answer, to hand to `check`."""
        return self.solution if self.cases else self.solution()

    @property
    def source(self) -> str:
        """The solution as written: the very function that the tests run."""
        return textwrap.dedent(inspect.getsource(self.solution)).strip()


def one_line(text: str) -> str:
    """Text as written over several lines, in one."""
    return " ".join(text.split())


def find(key: str) -> Exercise:
    """The exercise with this key.

    Raises:
        DeftLabError: there is none; the message lists the known ones.
    """
    from .exercises import EXERCISES

    if key not in EXERCISES:
        raise DeftLabError(f"no exercise {key!r}; choose one of {', '.join(EXERCISES)}")
    return EXERCISES[key]

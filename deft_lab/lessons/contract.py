"""What an exercise is: its text, its solution, and who judges an answer.

answer: what the learner hands in, a function or a value. case: what a function is tried on, a tree, or
a `Case` where a tree does not say it all. complaint: why an answer is wrong, in words that do not give
the solution away.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..errors import DeftLabError, check_choice
from ..tree import Tree


@dataclass(frozen=True)
class Complaint:
    """What is wrong with an answer: one sentence, what was expected, and what came."""

    why: str
    expected: str = ""
    got: str = ""
    tree: Tree | None = None  # of a value that describes one; a function is shown its case


@dataclass(frozen=True, eq=False)
class Case:
    """What a function is tried on, where one tree is not all it gets.

    Args:
        arguments: of the function; arrays among them are handed over as copies.
        words: the case in a few words, for the learner on whom it fails.
        tree: the tree of the case, if it has one; it is drawn.
        remake: makes the same case of another tree, so that a failure can be shrunk.
        known: what only the judge is to know.
    """

    arguments: tuple[Any, ...]
    words: str = ""
    tree: Tree | None = None
    remake: Callable[[Tree], "Case"] | None = None
    known: Any = None


def tree_of(case: Any) -> Tree | None:
    """The tree of a case, if it has one."""
    return case if isinstance(case, Tree) else getattr(case, "tree", None)


def call(function: Callable[..., Any], case: Any) -> Any:
    """The function's result on a case; what it does to its arrays is not seen by the next one."""
    if isinstance(case, Case):
        return function(*map(_copied, case.arguments))
    return function(case)


def _copied(argument: Any) -> Any:
    if isinstance(argument, list | tuple):
        return type(argument)(map(_copied, argument))
    if isinstance(argument, np.ndarray):
        return argument.copy()
    return argument.clone() if hasattr(argument, "clone") else argument  # a tensor


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
        cases: makes the cases to try a function on; None: the answer is a value.
        ask: (function, case) -> what the judge gets; default: the function's result.
        mutants: known wrong answers by name, at least five, each of which must be rejected.
        returns: False for a function that need not return anything, such as a test.
        needs: packages without which it cannot be checked, such as ("triton",).
        tried: what its cases are called, in the singular.
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
    cases: Callable[[], Iterable[Tree | Case]] | None = None
    ask: Callable[[Callable[..., Any], Any], Any] = call
    mutants: Mapping[str, Any] = field(default_factory=dict)
    returns: bool = True
    needs: tuple[str, ...] = ()
    tried: str = "tree"

    def __post_init__(self) -> None:
        for name in ("task", "why"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        object.__setattr__(self, "hints", tuple(map(one_line, self.hints)))

    @property
    def name(self) -> str:
        """ "Exercise 1.2" of key "01.2"."""
        return f"Exercise {self.key.lstrip('0')}"

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that it needs and this machine lacks."""
        return tuple(name for name in self.needs if find_spec(name) is None)

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

    check_choice(DeftLabError, EXERCISES, exercise=key)
    return EXERCISES[key]

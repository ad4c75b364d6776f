"""Checking an answer: try it on many trees, and show the smallest one on which it fails.

A check never raises because of an answer, so a notebook with open exercises runs from top to bottom.
"""

import contextlib
import dis
import inspect
import io
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import GeneratorType
from typing import Any

from ..tree import Tree
from .contract import Complaint, Exercise, find
from .show import Card
from .shrink import shrink, size

LARGEST_PICTURE = 60  # nodes; a picture of more says less than the text
# what a function that is still a skeleton consists of, in any version of Python
NO_WORK = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
# code that the learner did not write: this package, the standard library, installed packages
NOT_MINE = (
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib")),
    "<frozen",
)
LARGEST_DRAWING = 12  # nodes; the text of more is folded above their picture


@dataclass(frozen=True)
class Result(Card):
    """What a check found.

    Args:
        exercise: what was checked.
        status: "passed", "open" (nothing handed in yet), "wrong", or "raised".
        n_cases: trees that were tried.
        complaint: what is wrong; None if nothing is.
        tree: the smallest tree that shows it, if there is one.
        printed: what the answer printed on that tree.
    """

    exercise: Exercise
    status: str
    n_cases: int = 0
    complaint: Complaint | None = None
    tree: Tree | None = None
    printed: str = ""

    @property
    def passed(self) -> bool:
        """True if the answer is right on every case."""
        return self.status == "passed"

    @property
    def markdown(self) -> str:
        """The result in words."""
        return "\n\n".join(_paragraphs(self))

    @property
    def figures(self) -> tuple[Any, ...]:
        """The tree that shows the failure, drawn."""
        if self.tree is None or self.tree.n_nodes > LARGEST_PICTURE:
            return ()
        try:
            from ..viz import draw_tree
        except ImportError:  # plotly or ipywidgets is missing; the text has the tree too
            return ()
        return (draw_tree(self.tree, title="The tree that shows it" if self.exercise.cases else "Your tree"),)

    def __repr__(self) -> str:
        return f"Result({self.exercise.key}: {self.status})"


def check(key: str, answer: Any) -> Result:
    """Check and show the answer to an exercise: a function, or a value where the task asks for one.

    Raises:
        DeftLabError: no exercise has that key.
    """
    result = examine(find(key), answer)
    result.show()
    return result


def examine(exercise: Exercise, answer: Any) -> Result:
    """Check an answer without showing the result."""
    if answer is None or answer is ...:
        return Result(exercise, "open")
    if exercise.cases is None:
        complaint = _judge(exercise, None, answer)
        tree = complaint.tree if complaint else None
        return Result(exercise, "wrong" if complaint else "passed", 1, complaint, tree)
    if not callable(answer):
        why = (
            f"`check` takes your function itself, and here comes a value of type `{type(answer).__name__}`; "
            f"leave out the brackets after its name"
        )
        return Result(exercise, "wrong", 0, Complaint(why))
    if not _can_be_called(exercise, answer):
        header = exercise.skeleton.splitlines()[0]
        why = f"your function takes other arguments than the check hands to it; begin it with `{header}`"
        return Result(exercise, "wrong", 0, Complaint(why))
    return _try_all(exercise, answer)


def _can_be_called(exercise: Exercise, function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(*inspect.signature(exercise.solution).parameters)
    except TypeError:
        return False
    except ValueError:  # some built-in functions do not tell; calling them will
        return True
    return True


@dataclass(frozen=True)
class _Outcome:
    """What came of one case: status "passed", "wrong" or "raised"."""

    status: str
    complaint: Complaint | None = None
    printed: str = ""


def _try_all(exercise: Exercise, function: Callable[..., Any]) -> Result:
    trees, watched = list(exercise.cases() if exercise.cases else ()), _Watched(function)
    outcomes = [_try(exercise, watched, tree) for tree in trees]
    if watched.is_open:
        return Result(exercise, "open")
    failed = [pair for pair in zip(trees, outcomes, strict=True) if pair[1].status != "passed"]
    if not failed:
        return Result(exercise, "passed", len(trees))
    tree, first = min(failed, key=lambda pair: size(pair[0]))
    smallest = shrink(tree, lambda candidate: _try(exercise, watched, candidate).status == first.status)
    outcome = _try(exercise, watched, smallest)
    if outcome.status != first.status:  # the answer is not the same twice; show what was seen first
        smallest, outcome = tree, first
    return Result(exercise, outcome.status, len(trees), outcome.complaint, smallest, outcome.printed)


class _NothingReturned(Exception):
    """The learner's function did something and returned None."""


class _Watched:
    """The learner's function. `is_open` as long as it is a skeleton, or says that it is not implemented.

    A function that works and returns None raises _NothingReturned.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.is_open = True
        code = getattr(function, "__code__", None)
        steps = {step.opname for step in dis.get_instructions(code)} if code else set()
        self.is_skeleton = bool(code) and steps <= NO_WORK

    def __call__(self, *arguments: Any) -> Any:
        try:
            got = self.function(*arguments)
            got = list(got) if isinstance(got, GeneratorType) else got
        except NotImplementedError:
            raise
        except Exception:
            self.is_open = False
            raise
        self.is_open = self.is_open and (got is None or got is ...) and self.is_skeleton
        if got is None and not self.is_open:
            raise _NothingReturned
        return got


def _try(exercise: Exercise, function: Callable[..., Any], tree: Tree) -> _Outcome:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            got = exercise.ask(function, tree)
    except _NothingReturned:
        why = "your function returned `None`; did you forget `return`?"
        return _Outcome("wrong", Complaint(why), printed.getvalue())
    except Exception as error:  # whatever the learner's code raises belongs to the answer
        return _Outcome("raised", Complaint(_where(error)), printed.getvalue())
    complaint = _judge(exercise, tree, got)
    return _Outcome("wrong" if complaint else "passed", complaint, printed.getvalue())


def _judge(exercise: Exercise, case: Tree | None, got: Any) -> Complaint | None:
    try:
        return exercise.judge(case, got)
    except Exception as error:  # an answer of a form that the judge did not think of
        return Complaint(f"your answer cannot be read ({type(error).__name__}: {error})", got=repr(got)[:200])


def _where(error: Exception) -> str:
    """The error, and the line of the learner's code that raised it."""
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    mine = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(NOT_MINE)]
    line = f", at `{mine[-1].line}` (line {mine[-1].lineno})" if mine and mine[-1].line else ""
    return f"your code raised `{said}`{line}"


def _paragraphs(result: Result) -> Iterator[str]:
    name, key = result.exercise.name, result.exercise.key
    if result.passed:
        on = "" if result.exercise.cases is None else f" on {result.n_cases} trees"
        yield f'✔ **{name}: right{on}.** `solution("{key}")` shows another way to say it, and why it holds.'
        return
    if result.status == "open" or result.complaint is None:
        yield (
            f"○ **{name} is open.** There is nothing to check yet: replace the `...` and run the cell again. "
            f'`hint("{key}")` gives you a start.'
        )
        return
    complaint = result.complaint
    end = "" if complaint.why.endswith("?") else "."
    yield f"✘ **{name}: not right yet.** {complaint.why[:1].upper()}{complaint.why[1:]}{end}"
    if complaint.expected or complaint.got:
        yield f"- expected: {complaint.expected}\n- your answer: {complaint.got}"
    if result.tree is not None:
        which = f"The smallest tree found that shows it, from {result.n_cases} tried:"
        yield which if result.exercise.cases else "Your tree:"
        drawing = f"```text\n{result.tree}\n```"
        large = LARGEST_DRAWING < result.tree.n_nodes <= LARGEST_PICTURE or not result.exercise.cases
        yield f"<details><summary>the tree as text</summary>\n\n{drawing}\n\n</details>" if large else drawing
    if result.printed.strip():
        yield f"On this tree your code printed:\n\n```text\n{result.printed.strip()[:1000]}\n```"
    yield f'`hint("{key}")` gives you a hint, the next one each time you call it.'


__all__ = ["Result", "check", "examine"]

"""Checking an answer: try it on many cases, and show the smallest one on which it fails.

A check never raises because of an answer, so a notebook with open exercises runs from top to bottom.
"""

import contextlib
import inspect
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .contract import Complaint, Exercise, find
from .result import Result
from .shrink import case_size, smallest
from .watching import NothingReturned, Watched, where

UNREAD = "your answer cannot be read"  # by a judge that met a form it did not think of


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
    if exercise.missing:
        return Result(exercise, "unavailable")
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
    watched = Watched(function, may_return_nothing=not exercise.returns)
    cases = list(exercise.cases() if exercise.cases else ())
    outcomes = []
    for case in cases:
        outcomes.append(_try(exercise, watched, case))
        if watched.is_open and watched.is_skeleton:  # it says the same on every case
            break
    if watched.is_open:
        return Result(exercise, "open")
    failed = [pair for pair in zip(cases, outcomes, strict=True) if pair[1].status != "passed"]
    if not failed:
        return Result(exercise, "passed", len(cases))
    case, first = min(failed, key=lambda pair: case_size(pair[0]))
    shrunk = smallest(case, lambda candidate: _try(exercise, watched, candidate).status == first.status)
    outcome = _try(exercise, watched, shrunk)
    if outcome.status != first.status:  # the answer is not the same twice; show what was seen first
        shrunk, outcome = case, first
    return Result(exercise, outcome.status, len(cases), outcome.complaint, shrunk, outcome.printed)


def _try(exercise: Exercise, function: Callable[..., Any], case: Any) -> _Outcome:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            got = exercise.ask(function, case)
    except NothingReturned:
        why = "your function returned `None`; did you forget `return`?"
        return _Outcome("wrong", Complaint(why), printed.getvalue())
    except Exception as error:  # whatever the learner's code raises belongs to the answer
        return _Outcome("raised", Complaint(where(error)), printed.getvalue())
    complaint = _judge(exercise, case, got)
    return _Outcome("wrong" if complaint else "passed", complaint, printed.getvalue())


def _judge(exercise: Exercise, case: Any, got: Any) -> Complaint | None:
    try:
        with np.errstate(all="ignore"):
            return exercise.judge(case, got)
    except Exception as error:  # an answer of a form that the judge did not think of
        return Complaint(f"{UNREAD} ({type(error).__name__}: {error})", got=repr(got)[:200])


__all__ = ["Result", "check", "examine"]

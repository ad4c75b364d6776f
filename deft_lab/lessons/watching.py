"""Running what a learner wrote: whether there is anything yet, and where an error comes from."""

import dis
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import GeneratorType
from typing import Any

# what a function that is still a skeleton consists of, in any version of Python
NO_WORK = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
# code that the learner did not write: this package, the standard library, installed packages
NOT_MINE = (
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib")),
    "<frozen",
)


class NothingReturned(Exception):
    """The learner's function did something and returned None."""


class Watched:
    """The learner's function. `is_open` as long as it is a skeleton, or says that it is not implemented.

    A function that works and returns None raises NothingReturned, unless `may_return_nothing`.
    """

    def __init__(self, function: Callable[..., Any], may_return_nothing: bool = False) -> None:
        self.function = function
        self.may_return_nothing = may_return_nothing
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
        if got is None and not self.is_open and not self.may_return_nothing:
            raise NothingReturned
        return got


def where(error: Exception) -> str:
    """The error, and the line of the learner's code that raised it."""
    said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    mine = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(NOT_MINE)]
    line = f", at `{mine[-1].line}` (line {mine[-1].lineno})" if mine and mine[-1].line else ""
    return f"your code raised `{said}`{line}"

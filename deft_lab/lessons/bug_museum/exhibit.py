"""What an exhibit of the bug museum is, and how a learner's test of it is judged.

exhibit: a real defect, made anew in a few lines, beside an implementation that is right. A test is handed
one of them as its argument and asserts what must hold. A good test passes every right one, and fails on the
defect. wrong test: a known test that does not.
"""

import contextlib
import inspect
import io
import textwrap
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cards import Text
from ..contract import one_line
from ..show import Card
from ..watching import NothingReturned, Watched, where


@dataclass(frozen=True)
class Exhibit:
    """One defect.

    Args:
        key: a short name.
        title: what goes wrong, in a few words.
        found: in whose code or data, and how it is known.
        did: what it did to results; Markdown.
        gets: what a test is handed; Markdown.
        defect: the defect, made anew.
        right: an implementation that is right.
        also_right: others, so that no test asks for more than the promise.
        test: a test that finds the defect.
        wrong_tests: known tests that must be refused, by what is wrong with them.
    """

    key: str
    title: str
    found: str
    did: str
    gets: str
    defect: Callable[..., Any]
    right: Callable[..., Any]
    also_right: tuple[Callable[..., Any], ...]
    test: Callable[..., Any]
    wrong_tests: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("found", "did", "gets"):
            object.__setattr__(self, name, one_line(getattr(self, name)))

    @property
    def skeleton(self) -> str:
        """What a learner's cell begins with."""
        (argument,) = inspect.signature(self.test).parameters
        return f"def {self.test.__name__}({argument}):\n    # assert what must hold\n    ..."


@dataclass(frozen=True)
class Verdict(Card):
    """What came of a learner's test. `status` is "passed", "open", "wrong" or "raised"."""

    exhibit: Exhibit
    status: str
    why: str = ""

    @property
    def passed(self) -> bool:
        """True if the test tells the defect from what is right."""
        return self.status == "passed"

    @property
    def markdown(self) -> str:
        """The verdict in words."""
        key = self.exhibit.key
        if self.passed:
            n = 1 + len(self.exhibit.also_right)
            return (
                f"✔ **Caught.** Your test fails on the defect, and passes {n} implementations that are right."
            )
        if self.status == "open":
            return f'○ **Nothing to check yet.** Replace the `...`; `museum("{key}")` shows the defect.'
        return f"✘ **Not yet.** {self.why}"

    def __repr__(self) -> str:
        return f"Verdict({self.exhibit.key}: {self.status})"


def judge(exhibit: Exhibit, test: Any) -> Verdict:
    """Try a test on all right implementations, then on the defect."""
    if test is None or test is ...:
        return Verdict(exhibit, "open")
    if not callable(test):
        return Verdict(
            exhibit, "wrong", "Hand over the test function itself, without brackets after its name."
        )
    watched = Watched(test, may_return_nothing=True)
    for implementation in (exhibit.right, *exhibit.also_right):
        outcome = _outcome(watched, implementation)
        if watched.is_open and watched.is_skeleton:
            return Verdict(exhibit, "open")
        if isinstance(outcome, AssertionError):
            said = f" It says: {outcome}" if str(outcome) else ""
            return Verdict(exhibit, "wrong", f"It also fails on an implementation that is right.{said}")
        if isinstance(outcome, Exception):
            return Verdict(exhibit, "raised", f"On an implementation that is right, {where(outcome)}.")
        if outcome is not None:
            return Verdict(exhibit, "wrong", "A test returns nothing; say what must hold with `assert`.")
    outcome = _outcome(watched, exhibit.defect)
    if isinstance(outcome, AssertionError):
        return Verdict(exhibit, "passed")
    if isinstance(outcome, Exception):
        why = f"On the defect it stops, but not with an `assert`: {where(outcome)}."
        return Verdict(exhibit, "wrong", why)
    return Verdict(exhibit, "wrong", "It passes the defect, too: the bug is not in what it looks at.")


def _outcome(test: Watched, implementation: Callable[..., Any]) -> Any:
    """What the test returned or raised."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return test(implementation)
    except NothingReturned:
        return None
    except Exception as error:  # whatever a test raises is its outcome
        return error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what pytest.raises and pytest.fail raise is no Exception
        return AssertionError(str(error))


def card(exhibit: Exhibit, with_title: bool = True) -> Text:
    """The exhibit in Markdown: the story, the defect, and, folded, a test that finds it."""
    title = f"**{exhibit.title}** (`{exhibit.key}`)\n\n" if with_title else ""
    return Text(
        f"{title}{exhibit.did}\n\n*Found in:* {exhibit.found}\n\n"
        f"The defect, made anew:\n\n```python\n{source(exhibit.defect)}\n```\n\n"
        f"**Write a test.** {exhibit.gets}\n\n```python\n{exhibit.skeleton}\n```\n\n"
        f'Then run `check_museum("{exhibit.key}", {exhibit.test.__name__})`.\n\n'
        f"<details><summary>The same, done right (click to unfold)</summary>\n\n"
        f"```python\n{source(exhibit.right)}\n```\n\n</details>\n\n"
        f"<details><summary>A test that finds it (click to unfold)</summary>\n\n"
        f"```python\n{source(exhibit.test)}\n```\n\n</details>"
    )


def source(function: Callable[..., Any]) -> str:
    """A function as it is written."""
    return textwrap.dedent(inspect.getsource(function)).strip()

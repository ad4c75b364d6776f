"""What a check found, in words, with the smallest case that shows a failure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..tree import Tree
from .contract import Case, Complaint, Exercise, tree_of
from .show import Card

LARGEST_PICTURE = 60  # nodes; a picture of more says less than the text
LARGEST_DRAWING = 12  # nodes; the text of more is folded above their picture


@dataclass(frozen=True)
class Result(Card):
    """What a check found.

    Args:
        exercise: what was checked.
        status: "passed", "open" (nothing handed in yet), "wrong", "raised", or "unavailable" (what it
            needs is not installed).
        n_cases: cases that were tried.
        complaint: what is wrong; None if nothing is.
        case: the smallest case that shows it, if there is one: a tree or a `Case`.
        printed: what the answer printed on that case.
    """

    exercise: Exercise
    status: str
    n_cases: int = 0
    complaint: Complaint | None = None
    case: Tree | Case | None = None
    printed: str = ""

    @property
    def passed(self) -> bool:
        """True if the answer is right on every case."""
        return self.status == "passed"

    @property
    def tree(self) -> Tree | None:
        """The tree of the case."""
        return tree_of(self.case)

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


def _paragraphs(result: Result) -> Iterator[str]:
    name, key = result.exercise.name, result.exercise.key
    if result.passed:
        on = "" if result.exercise.cases is None else f" on {result.n_cases} {result.exercise.tried}s"
        yield f'✔ **{name}: right{on}.** `solution("{key}")` shows another way to say it, and why it holds.'
        return
    if result.status == "unavailable":
        lacks = " and ".join(f"`{package}`" for package in result.exercise.missing)
        yield f'○ **{name} needs {lacks}**, which is not installed here. `solution("{key}")` can be read.'
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
    sides = (("expected", complaint.expected), ("your answer", complaint.got))
    if any(said for _, said in sides):
        yield "\n".join(f"- {side}: {said}" for side, said in sides if said)
    yield from _case(result)
    if result.printed.strip():
        printed = f"```text\n{result.printed.strip()[:1000]}\n```"
        yield f"On this {result.exercise.tried} your code printed:\n\n{printed}"
    yield f'`hint("{key}")` gives you a hint, the next one each time you call it.'


def _case(result: Result) -> Iterator[str]:
    """The case that shows a failure: its words, and its tree."""
    words = getattr(result.case, "words", "")
    which = f"The smallest {result.exercise.tried} found that shows it, from {result.n_cases} tried:"
    if words:
        yield f"{which} {words}"
    if result.tree is not None:
        if not words:
            yield which if result.exercise.cases else "Your tree:"
        drawing = f"```text\n{result.tree}\n```"
        large = LARGEST_DRAWING < result.tree.n_nodes <= LARGEST_PICTURE or not result.exercise.cases
        yield f"<details><summary>the tree as text</summary>\n\n{drawing}\n\n</details>" if large else drawing

"""The player: a widget that walks a script. `step` is the one thing that moves; all else follows from it."""

from collections.abc import Callable
from html import escape
from typing import Any

import anywidget
import traitlets

from ...errors import DeftLabError
from ...viz.figure import Figure, Table
from ...viz.theme import style
from ...viz.words import in_bytes
from ..look import LOOK, STATIC, THEMES
from .step import Script, Step, spread
from .strip import draw_strip, in_words

TELLING = 3  # steps that stand for all where no widget runs


class StepPlayer(anywidget.AnyWidget):
    """Plays a script. `player.step = 14` shows that step, here and on the page; it moves both ways.

    On the page: Space and Shift-Space, arrows, Home and End, 1 to 9 for chapters, a bar to scrub with, play
    at 0.5 to 4 times the speed. Without a page: `strip(first, last)`, `alt`, `table()`.
    """

    _esm = STATIC / "player.js"
    _css = LOOK
    step = traitlets.Int(0).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    parts = traitlets.List(traitlets.Unicode()).tag(sync=True)  # every distinct shape or row, once
    frames = traitlets.List(traitlets.Dict()).tag(sync=True)  # a dict a step, made of numbers of parts
    columns = traitlets.List(traitlets.List()).tag(sync=True)  # heads of the steps' tables, by kind
    sheet = traitlets.Unicode().tag(sync=True)  # the style of the shapes; `style` is ipywidgets' own
    height = traitlets.Float().tag(sync=True)
    held = traitlets.List(traitlets.Int()).tag(sync=True)  # steps that wait for a prediction
    theme = traitlets.Enum(THEMES, "auto").tag(sync=True)

    def __init__(self, script: Script) -> None:
        self.script = script
        self._holds: dict[int, Callable[[], bool]] = {}
        packed = _Packed(script)
        super().__init__(
            title=script.title,
            parts=list(packed.parts),
            frames=packed.frames,
            columns=[list(names) for names in packed.columns],
            sheet=style(),
            height=max(script.draw(step.state).height for step in script.steps[-1:]),
        )
        self.on_msg(self._asked)

    @traitlets.validate("step")
    def _known(self, proposal: Any) -> int:
        return self.script.number(proposal["value"])

    @property
    def shown(self) -> Step:
        """The step that is on the screen."""
        return self.script[self.step]

    @property
    def alt(self) -> str:
        """The step on the screen, in words."""
        return f"{self.script.title}. {in_words(self.script, self.step)}"

    def table(self) -> Table:
        """The numbers in the picture of the step on the screen."""
        return self.script.tabulate(self.shown.state)

    def go(self, place: int | str) -> None:
        """Show a step, given by its number, its mark or its chapter.

        Raises:
            DeftLabError: there is none.
        """
        self.step = self.script.find(place)

    def hold(self, place: int | str, until: Any) -> None:
        """Let the page stop before a step while a prediction is pending.

        Args:
            place: the step that would give the answer away, by number, mark or chapter.
            until: a prediction (whatever has a `guess`, None while it is pending), or a function that says
                whether the step may be shown.

        Raises:
            DeftLabError: there is no such step, or `until` is neither.
        """
        if callable(until):
            free = until
        elif hasattr(until, "guess"):
            free = lambda: until.guess is not None  # noqa: E731
        else:
            raise DeftLabError(
                f"until={until!r}; pass a prediction, or a function that says whether to go on"
            )
        self._holds[self.script.find(place)] = free
        self._look()

    def _look(self) -> None:
        """Which steps still wait."""
        self.held = sorted(step for step, free in self._holds.items() if not free())

    def _asked(self, _widget: object, content: Any, _buffers: object) -> None:
        """The page wants to go on past a step that waits: look whether it may by now."""
        if isinstance(content, dict) and content.get("type") == "look":
            self._look()

    def strip(self, first: int | str = 0, last: int | str = -1, *, columns: int = 1) -> Figure:
        """Steps as numbered pictures on one sheet, for print.

        Args:
            first: the first step, by number, mark or chapter.
            last: the last one.
            columns: pictures side by side, 1 to 3.

        Raises:
            DeftLabError: there is no such step, the last is before the first, or columns are not 1 to 3.
        """
        begin, end = self.script.find(first), self.script.find(last)
        if end < begin or columns not in (1, 2, 3):
            raise DeftLabError(
                f"strip({first!r}, {last!r}, columns={columns}): the last step must not come before the "
                "first, and columns are 1 to 3"
            )
        return draw_strip(self.script, range(begin, end + 1), columns)

    def picture(self) -> Figure:
        """A few telling steps, for readers where no widget runs: see `Script.telling`."""
        marked = sorted(self.script.marks().values()) or range(len(self.script))
        numbers = self.script.telling or [marked[i] for i in spread(len(marked), TELLING)]
        return draw_strip(self.script, list(numbers))

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        figure = self.picture()
        return data | {"image/svg+xml": figure.svg, "text/plain": figure.alt}, metadata


class _Packed:
    """A script as the page gets it: shapes and rows of tables once each, steps as lists of their numbers."""

    def __init__(self, script: Script) -> None:
        self.parts: dict[str, int] = {}
        self.columns: dict[tuple[str, ...], int] = {}
        self.frames = [self._frame(script, step) for step in script]

    def _frame(self, script: Script, step: Step) -> dict[str, Any]:
        table = script.tabulate(step.state)
        rows = ["".join(f"<td>{escape(_said(cell))}</td>" for cell in row) for row in table.rows]
        return {
            "chapter": step.chapter,
            "sentence": step.sentence,
            "formula": step.formula,
            "bytes": "" if step.n_bytes is None else in_bytes(step.n_bytes),
            "mark": step.mark,
            "picture": [self._number(part) for part in script.draw(step.state).fragments("@@")],
            "rows": [self._number(row) for row in rows],
            "columns": self.columns.setdefault(table.columns, len(self.columns)),
        }

    def _number(self, part: str) -> int:
        return self.parts.setdefault(part, len(self.parts))


def _said(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)

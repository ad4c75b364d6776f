"""The predictions of the whole course in one picture: do the guesses get better?

Each is a mark on the axis of guess / measured. The typical error of a notebook is the median of the
factors by which its guesses are off, whether too high or too low.
"""

import math
from statistics import median
from typing import Any, NamedTuple

from ..viz.figure import Figure, Table
from ..viz.svg import Canvas, px
from ..viz.theme import MARGIN, WIDTH
from . import store
from .reveal import GUESS, TRUTH, Axis, decades_for, draw_axis, mark, verdict
from .show import number

ROW = 24  # px of a prediction
AXIS = (190, WIDTH - 190)  # px: room for the keys and for the words


class Guess(NamedTuple):
    """One prediction that was made and measured."""

    key: str
    unit: str
    guess: float
    truth: float

    @property
    def ratio(self) -> float:
        """guess / truth."""
        return self.guess / self.truth


def calibration() -> Figure:
    """Draw every stored guess beside its measured number; `.table()` has the numbers.

    Raises:
        DeftLabError: the file of predictions cannot be read.
    """
    return draw_calibration(store.load())


def draw_calibration(entries: dict[str, dict[str, Any]]) -> Figure:
    """Draw these entries of the store; those that were skipped or not yet measured are left out."""
    guesses = [
        Guess(key, entry["unit"], entry["guess"], entry["truth"])
        for key, entry in sorted(entries.items())
        if entry["guess"] and entry["truth"]
    ]
    canvas = Canvas("Your predictions so far", *_lines(guesses))
    if guesses:
        axis = Axis(*AXIS, decades_for(*(guess.ratio for guess in guesses)))
        draw_axis(canvas, axis, canvas.y + 14)
        canvas.y += 44
        for guess in guesses:
            _draw_row(canvas, axis, guess)
        canvas.y += 4
    columns = ("prediction", "your guess", "measured", "guess / measured")
    rows = tuple((g.key, float(g.guess), float(g.truth), float(g.ratio)) for g in guesses)
    return canvas.finish(" ".join(_lines(guesses)), Table(columns, rows))


def typical_error(guesses: list[Guess]) -> float:
    """The median factor by which guesses are off; 1 is exact."""
    return 10 ** median(abs(math.log10(guess.ratio)) for guess in guesses)


def _lines(guesses: list[Guess]) -> list[str]:
    if not guesses:
        return ["No guess of yours has been measured yet: type one where a notebook asks, and run on."]
    by_notebook: dict[str, list[Guess]] = {}
    for guess in guesses:
        by_notebook.setdefault(guess.key.split(".")[0], []).append(guess)
    errors = [f"{notebook}: {number(round(typical_error(g), 2))}x" for notebook, g in by_notebook.items()]
    overall, n = number(round(typical_error(guesses), 2)), len(guesses)
    how_many = "1 guess, off" if n == 1 else f"{n} guesses, typically off"
    lines = [f"{how_many} by a factor of {overall} (1 is exact)."]
    for first in range(0, len(errors), 7):
        lead = "By notebook: " if first == 0 else ""
        end = "." if first + 7 >= len(errors) else ","
        lines.append(f"{lead}{', '.join(errors[first : first + 7])}{end}")
    return lines


def _draw_row(canvas: Canvas, axis: Axis, guess: Guess) -> None:
    y = canvas.y + ROW / 2
    canvas.text(MARGIN, y + 4, guess.key)
    canvas.path(f"M{axis.left},{px(y)}H{axis.right}", "tick", stroke_opacity=0.4)
    canvas.path(f"M{px(axis.x(1))},{px(y)}H{px(axis.x(guess.ratio))}", "link", stroke_width=3)
    mark(canvas, TRUTH, axis.x(1), y)
    mark(canvas, GUESS, axis.x(guess.ratio), y)
    canvas.text(axis.right + 14, y + 4, verdict(guess.ratio), "small")
    canvas.y += ROW

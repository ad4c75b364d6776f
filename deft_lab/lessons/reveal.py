"""The picture of a prediction: how far off it was, on an axis of ratios."""

import math
from textwrap import wrap
from typing import NamedTuple

from ..viz.figure import Figure, Table
from ..viz.svg import Canvas, Paint, px, text_width
from ..viz.theme import PALETTE, SMALL, WIDTH
from .show import number, with_unit

TRUTH, GUESS = Paint(2), Paint(5)
LINE_OF_WORDS = 112  # characters that fit into a line of the picture


class Axis(NamedTuple):
    """A logarithmic axis of guess / truth, `decades` to either side of "exact" in its middle."""

    left: float
    right: float
    decades: int

    def x(self, ratio: float) -> float:
        """Where a ratio lies, in px."""
        half = (self.right - self.left) / 2
        return self.left + half + math.log10(ratio) / self.decades * half

    @property
    def powers(self) -> range:
        """The powers of ten that get a tick: as many as have room for their words."""
        per_decade = (self.right - self.left) / 2 / self.decades
        widest = max(text_width(_tick(power), SMALL) for power in range(self.decades + 1))
        step = math.ceil((widest + 8) / per_decade)
        most = self.decades // step * step
        return range(-most, most + 1, step)


def decades_for(*ratios: float) -> int:
    """How many decades to either side hold these ratios."""
    return max(1, *(math.ceil(abs(math.log10(ratio))) for ratio in ratios))


def draw_axis(canvas: Canvas, axis: Axis, y: float) -> None:
    """The axis at height y, its words below."""
    canvas.path(f"M{px(axis.left)},{px(y)}H{px(axis.right)}", "tick")
    for power in axis.powers:
        at = axis.x(10.0**power)
        canvas.path(f"M{px(at)},{px(y - 5)}V{px(y + 5)}", "tick")
        canvas.text(at, y + 22, _tick(power), "muted small", "middle")


def mark(canvas: Canvas, paint: Paint, x: float, y: float) -> None:
    """The diamond of the truth, or the disc of a guess."""
    shape = _diamond(x, y) if paint is TRUTH else _disc(x, y)
    canvas.path(shape, f"c{paint.color}", fill=PALETTE[paint.color])


def verdict(ratio: float) -> str:
    """How far off a guess of `ratio` times the truth is, in words."""
    if 0.995 < ratio < 1.005:
        return "spot on"
    if ratio > 1:
        return f"{number(_round(ratio))} times too high"
    return f"{number(_round(1 / ratio))} times too low"


def draw_reveal(question: str, unit: str, guess: float, truth: float, whose: str) -> Figure:
    """Guess and truth as marks on a logarithmic axis of guess / truth; `whose` names the guess."""
    ratio = guess / truth
    axis = Axis(120, WIDTH - 120, decades_for(ratio))  # with room for the words beside it
    canvas = Canvas(f"Predicted and measured: {verdict(ratio)}", *wrap(question, LINE_OF_WORDS))
    y = canvas.y + 34
    draw_axis(canvas, axis, y)
    canvas.path(f"M{px(axis.x(1))},{px(y)}H{px(axis.x(ratio))}", "link", stroke_width=3)
    for value, at, paint, name in ((truth, 1.0, TRUTH, "measured"), (guess, ratio, GUESS, whose)):
        mark(canvas, paint, axis.x(at), y)
        high = y - 16 if paint is TRUTH else y + 42
        words = f"{name}: {with_unit(value, unit)}"
        half = text_width(words) / 2
        canvas.text(min(max(axis.x(at), half), WIDTH - half), high, words, "strong", "middle")
    canvas.y = y + 46
    alt = (
        f"{question} {whose[:1].upper()}{whose[1:]}: {with_unit(guess, unit)}. Measured: "
        f"{with_unit(truth, unit)}. The guess is {verdict(ratio)}."
    )
    columns = ("question", whose, "measured", "guess / measured")
    return canvas.finish(alt, Table(columns, ((question, float(guess), float(truth), float(ratio)),)))


def _tick(power: int) -> str:
    if power == 0:
        return "exact"
    far = f"{10 ** abs(power):,}" if abs(power) <= 6 else f"1e{abs(power)}"
    return f"{far}x too {'high' if power > 0 else 'low'}"


def _round(ratio: float) -> float:
    """A ratio as a person says it: two decimals near 1, whole numbers far away."""
    return round(ratio, 2 if ratio < 10 else 0)


def _diamond(x: float, y: float) -> str:
    return f"M{px(x - 8)},{px(y)}L{px(x)},{px(y - 8)}L{px(x + 8)},{px(y)}L{px(x)},{px(y + 8)}Z"


def _disc(x: float, y: float) -> str:
    return f"M{px(x - 6)},{px(y)}a6,6 0 1,0 12,0a6,6 0 1,0 -12,0Z"

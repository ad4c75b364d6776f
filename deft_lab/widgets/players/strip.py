"""Steps side by side on paper: numbered frames, each with its sentence, its formula and its picture."""

from collections.abc import Sequence
from textwrap import wrap

from ...viz.figure import Figure, Table
from ...viz.svg import Canvas, px, text_width
from ...viz.theme import MARGIN, SMALL, TEXT, WIDTH
from ...viz.words import in_bytes
from .step import Script, Step

GAP = 20  # px between two frames
CODE = 0.62 * SMALL  # width of a letter of a formula, px


def draw_strip(script: Script, numbers: Sequence[int], columns: int = 1) -> Figure:
    """The steps of these numbers as one picture, in `columns` columns."""
    canvas = Canvas(script.title, _range(script, numbers))
    width = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns
    top = canvas.y
    for first in range(0, len(numbers), columns):
        heights = []
        for column, number in enumerate(numbers[first : first + columns]):
            canvas.y = top
            _frame(canvas, script, number, MARGIN + column * (width + GAP), width)
            heights.append(canvas.y)
        top = max(heights) + GAP
    canvas.y = top - GAP
    return canvas.finish(_alt(script, numbers), _table(script, numbers))


def _range(script: Script, numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers)) if len(numbers) < 9 else f"{numbers[0]} to {numbers[-1]}"
    return f"Step{'s' * (len(numbers) > 1)} {shown} of 0 to {len(script) - 1}."


def _frame(canvas: Canvas, script: Script, number: int, x: float, width: float) -> None:
    step = script[number]
    lines = wrap(step.sentence, max(20, int(width / text_width("x"))))
    for i, line in enumerate([f"{number}  {step.chapter}", *lines]):
        canvas.y += TEXT + 5
        canvas.text(x, canvas.y, line, "strong" if i == 0 else "")
    for line in _formula(step, int(width / CODE)):
        canvas.y += SMALL + 5
        canvas.text(x, canvas.y, line, "mono small muted")
    canvas.y += 6
    stage, scale = script.draw(step.state), width / WIDTH
    body = "".join(stage.fragments(f"@frame{number}"))
    size = f'width="{px(width)}" height="{px(scale * stage.bottom)}"'
    canvas.insert(
        f'<svg x="{px(x)}" y="{px(canvas.y)}" {size} viewBox="0 0 {WIDTH} {px(stage.bottom)}">{body}</svg>'
    )
    canvas.y += scale * stage.bottom


def _formula(step: Step, letters: int) -> list[str]:
    lines = [part for line in step.formula.split("\n") for part in wrap(line, letters) if line]
    return lines if step.n_bytes is None else [*lines, f"{in_bytes(step.n_bytes)} so far"]


def in_words(script: Script, number: int) -> str:
    """A step, for those who do not see its picture."""
    step = script[number]
    formula = f" {step.formula}" if step.formula else ""
    moved = "" if step.n_bytes is None else f" ({in_bytes(step.n_bytes)} so far)"
    return f"Step {number} of {len(script) - 1}, {step.chapter}: {step.sentence}{formula}{moved}"


def _alt(script: Script, numbers: Sequence[int]) -> str:
    return f"{script.title}. " + " ".join(in_words(script, number) for number in numbers)


def _table(script: Script, numbers: Sequence[int]) -> Table:
    rows = [(i, script[i].chapter, script[i].sentence, script[i].formula, script[i].n_bytes) for i in numbers]
    return Table(("step", "chapter", "sentence", "formula", "bytes so far"), tuple(rows))

"""Writing SVG: a canvas that collects shapes and becomes one accessible, self-contained document.

paint: a colour of the palette and a hatching; the same node or role has the same paint everywhere.
"""

import hashlib
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from ..errors import DeftLabError, check_kind
from .figure import Figure, Table
from .theme import BLACK, CHAR, HATCHES, MARGIN, PALETTE, SMALL, TEXT, TITLE, WIDTH, style, text_on

PROSE = 0.84  # width of prose, as a share of what text_width keeps room for
FLUID = 'style="max-width:100%;height:auto"'


class Paint(NamedTuple):
    """Indices into PALETTE and HATCHES."""

    color: int
    hatch: int = 0


class Box(NamedTuple):
    """A rectangle in px."""

    x: float
    y: float
    width: float
    height: float


def px(value: float) -> str:
    """A length as short as two decimals allow."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text_width(text: str, size: float = TEXT) -> float:
    """Px that the text may need; rather too much than too little."""
    return len(text) * size * CHAR


def in_lines(first: str, second: str) -> list[str]:
    """Two parts of a subtitle: in one line if they fit, else in two."""
    line = f"{first}, {second}"
    # prose is narrower than labels
    return [line] if PROSE * text_width(line, SMALL) <= WIDTH - 2 * MARGIN else [f"{first},", second]


def round_numbers(most: int, n_steps: int = 5) -> list[int]:
    """0 and at most `n_steps` multiples of 1, 2 or 5 times a power of ten, up to `most`."""
    steps = (part * 10**power for power in range(20) for part in (1, 2, 5))
    step = next(step for step in steps if most // step <= n_steps)
    return list(range(0, most + 1, step))


class Canvas:
    """Shapes from the top down; `y` is where the next part of the figure begins."""

    def __init__(self, title: str, *subtitles: str) -> None:
        words = {f"subtitles[{i}]": subtitle for i, subtitle in enumerate(subtitles)}
        check_kind(DeftLabError, str, "it is shown as it is written", title=title, **words)
        self.title = title
        self.y = float(MARGIN)
        self._parts: list[str] = []
        self._hatched: set[Paint] = set()
        self.line(title, "title", TITLE)
        for subtitle in subtitles:
            self.line(subtitle, "muted small", SMALL)
        self.y += 6

    def line(self, text: str, kind: str = "", size: float = TEXT) -> None:
        """A line of text at the left margin."""
        self.y += size + 4
        self.text(MARGIN, self.y - 4, text, kind)

    def rect(self, box: Box, kind: str, tip: str = "", **data: object) -> None:
        """A rectangle of a class; `tip` is shown under the mouse, `data` becomes data-* attributes."""
        self._rect(box, f'class="{kind}"', tip, data)

    def bar(self, box: Box, paint: Paint, tip: str = "", **data: object) -> None:
        """A painted rectangle. Too thin for an outline, it is all outline."""
        thin = " thin" if round(min(box.width, box.height), 2) < 3 else ""  # as it is written: all or none
        look = f'class="c{paint.color}{thin}"'
        if paint.hatch and not thin:
            self._hatched.add(paint)
            look += f' style="fill:url(#@{paint.color}{paint.hatch})"'
        self._rect(box, look, tip, data)

    def _rect(self, box: Box, look: str, tip: str, data: dict[str, object]) -> None:
        marks = "".join(f' data-{name}="{escape(str(value))}"' for name, value in data.items())
        size = f'x="{px(box.x)}" y="{px(box.y)}" width="{px(box.width)}" height="{px(box.height)}"'
        end = f"><title>{escape(tip)}</title></rect>" if tip else "/>"
        self._parts.append(f"<rect {size} {look}{marks}{end}")

    def path(self, d: str, kind: str, **attributes: object) -> None:
        """A path of a class."""
        more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        self._parts.append(f'<path d="{d}" class="{kind}"{more}/>')

    def insert(self, shapes: str) -> None:
        """Shapes that are SVG already; ids in them that begin with @ become unique."""
        self._parts.append(shapes)

    def circle(self, x: float, y: float, radius: float, kind: str) -> None:
        """A disc of a class."""
        self._parts.append(f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(radius)}" class="{kind}"/>')

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """Text with its baseline at y."""
        look = f' class="{kind}"' if kind else ""
        look += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(f'<text x="{px(x)}" y="{px(y)}"{look}>{escape(text, quote=False)}</text>')

    def text_on(self, paint: Paint, x: float, y: float, text: str) -> None:
        """Small text on a bar of that paint, with a plain backing that keeps hatching away from it."""
        color = PALETTE[paint.color]
        if paint.hatch:
            size = f'width="{px(text_width(text, SMALL) + 1)}" height="{px(SMALL + 0.5)}"'
            place = f'x="{px(x - 2)}" y="{px(y - 9.75)}" {size}'
            self._parts.append(f'<rect {place} fill="{color}" pointer-events="none"/>')
        self.text(x, y, text, "small dark" if text_on(color) == BLACK else "small light")

    def axis(self, left: float, per_unit: float, most: int, words: Callable[[int], str]) -> None:
        """A scale from 0 to `most` with a tick at each round number, below all that was drawn."""
        ticks = round_numbers(most)
        marks = "".join(f"M{px(left + per_unit * n)},{px(self.y + 4)}v4" for n in ticks)
        self.path(f"M{px(left)},{px(self.y + 4)}h{px(per_unit * most)}{marks}", "tick")
        self.y += 20
        for n in ticks:
            x, text = left + per_unit * n, words(n) if n else "0"
            half = text_width(text, SMALL) / 2
            self.text(min(x, WIDTH - 4 - half), self.y, text, "muted small", "middle")

    def finish(self, alt: str, table: Table) -> Figure:
        """The figure, `y` and a margin high."""
        body = "".join(self._parts)
        name = "deft-" + hashlib.sha256((alt + body).encode()).hexdigest()[:10]
        hatches = "".join(hatch_pattern(name, paint) for paint in sorted(self._hatched))
        for mark in ("url(#", 'id="', 'href="#'):
            body = body.replace(f"{mark}@", f"{mark}{name}-")
        body = (f"<defs>{hatches}</defs>" if hatches else "") + body
        svg = document(name, self.title, alt, self.y + MARGIN, body)
        return Figure(self.title, alt, svg, table, self.y + MARGIN)


def document(name: str, title: str, alt: str, height: float, body: str) -> str:
    """A whole SVG with role, title, description, style and background; `name` makes its ids unique.

    One with links is a group: what is inside of an image is nothing to a screen reader.
    """
    role = "group" if "<a " in body else "img"
    size = f'width="{WIDTH}" height="{px(height)}" viewBox="0 0 {WIDTH} {px(height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="deft-fig" role="{role}" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-desc" {FLUID}>'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(alt)}</desc>'
        f'<style>{style()}</style><rect class="bg" width="100%" height="100%"/>{body}</svg>'
    )


def hatch_pattern(name: str, paint: Paint) -> str:
    """The definition of a hatching; `name` begins its id."""
    color = PALETTE[paint.color]
    return (
        f'<pattern id="{name}-{paint.color}{paint.hatch}" width="8" height="8" '
        f'patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="{color}"/>'
        f'<path class="hatch" stroke="{text_on(color)}" d="{HATCHES[paint.hatch]}"/></pattern>'
    )


def stack(title: str, figures: Sequence[Figure]) -> Figure:
    """The figures below each other as one picture: what a reader sees where no widget can run.

    Its table is the first figure's.

    Raises:
        DeftLabError: there is no figure, or something else among them.
    """
    check_kind(DeftLabError, str, "it is shown as it is written", title=title)
    check_kind(DeftLabError, Sequence, "list figures", figures=figures)
    if not figures:
        raise DeftLabError("no figure to put on the picture; give at least one")
    for i, figure in enumerate(figures):
        check_kind(DeftLabError, Figure, "the draw functions make them", **{f"figures[{i}]": figure})
    alt = " ".join(figure.alt for figure in figures)
    y, body = 0.0, []
    for figure in figures:
        # an inner svg takes `auto` for the whole height of the outer one
        body.append(figure.svg.replace("<svg ", f'<svg y="{px(y)}" ', 1).replace(FLUID, "", 1))
        y += figure.height
    name = "deft-" + hashlib.sha256("".join(body).encode()).hexdigest()[:10]
    return Figure(title, alt, document(name, title, alt, y, "".join(body)), figures[0].data, y)

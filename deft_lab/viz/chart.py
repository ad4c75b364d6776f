"""Charts of numbers: lines over two axes, and strips of spots, one strip a name.

    draw_lines("Bytes by width", {"Radix": [(1, 8.0), (2, 16.0)]}, Axis("branches"), Axis("MB"))

Names stand at the ends of their lines, so colour is never the only sign. Every value is in `table()`.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..errors import DeftLabError, check_kind
from .axes import Axis, Scale
from .figure import Figure, Table
from .svg import Box, Canvas, Paint, px, text_width
from .theme import HATCHES, MARGIN, PALETTE, SMALL, WIDTH
from .words import listed

Points = Sequence[tuple[float, float]]
LEFT = MARGIN + 76  # room for the words of the upright axis
HEIGHT = 270
MOST_SPOTS = 40  # of a line; more points are drawn as a line alone
LINE = SMALL + 3  # px between two names
LANE, GAP = 13, 9  # of strips


class Mark(NamedTuple):
    """A point with a name."""

    name: str
    x: float
    y: float
    tip: str = ""


class Spot(NamedTuple):
    """A value in a strip; spots of one kind have one colour and one lane."""

    value: float
    kind: str
    tip: str = ""


def draw_lines(
    title: str,
    lines: Mapping[str, Points],
    x: Axis,
    y: Axis,
    *,
    marks: Sequence[Mark] = (),
    subtitle: str = "",
) -> Figure:
    """Draw lines over two axes, with their names at their ends, and marked points.

    Args:
        title: what they show.
        lines: by name, the points of each, by rising x.
        x: the axis below.
        y: the upright axis.
        marks: points to point at, each with its name.
        subtitle: a line below the title.

    Raises:
        DeftLabError: there is nothing to draw, or a value does not fit on its axis.
    """
    _need_points(lines, marks)
    canvas = Canvas(title, *([subtitle] if subtitle else []))
    right = WIDTH - MARGIN - 26 - max((text_width(name, SMALL) for name in lines), default=0)
    top = canvas.y + 22
    every = [*(p for points in lines.values() for p in points), *((m.x, m.y) for m in marks)]
    across = Scale(x, (p[0] for p in every), LEFT, right)
    upright = Scale(y, (p[1] for p in every), top + HEIGHT, top)
    _draw_frame(canvas, across, upright)
    ends = []
    for i, (name, points) in enumerate(lines.items()):
        spots = [(across.at(a), upright.at(b)) for a, b in points]
        _draw_line(canvas, name, points, spots, (x, y), line_paint(i))
        ends.append((spots[-1], name, line_paint(i)))
    crossed = [box for points in lines.values() for box in _along(points, across, upright)] if marks else []
    taken = _draw_names(canvas, ends, right)
    taken += [Box(a - 5, b - 5, 10, 10) for m in marks for a, b in [(across.at(m.x), upright.at(m.y))]]
    for i, mark in enumerate(marks):
        canvas.bar(
            _square(mark, across, upright), Paint(i % len(PALETTE)), mark.tip or mark.name, mark=mark.name
        )
        _name_mark(canvas, mark, taken, crossed, (across, upright))
    canvas.y = top + HEIGHT + 40
    return canvas.finish(_alt(title, lines, x, y, marks), _table(lines, x, y, marks))


def draw_strips(
    title: str, strips: Mapping[str, Sequence[Spot]], axis: Axis, *, subtitle: str = ""
) -> Figure:
    """Draw the spots of each name in a strip of its own, and a lane in it for each kind.

    Args:
        title: what they show.
        strips: by name, its spots.
        axis: of the values; on a logarithmic one, 1 is marked.
        subtitle: a line below the title.

    Raises:
        DeftLabError: as `draw_lines`.
    """
    _need_spots(strips)
    kinds = list(dict.fromkeys(spot.kind for spots in strips.values() for spot in spots))
    left = MARGIN + 12 + max((text_width(name, SMALL) for name in strips), default=0)
    canvas = Canvas(title, *([subtitle] if subtitle else []))
    if len(kinds) > 1:
        draw_legend(canvas, [(kind, line_paint(i)) for i, kind in enumerate(kinds)])
    values = [spot.value for spots in strips.values() for spot in spots]
    scale = Scale(axis, values, left, WIDTH - MARGIN - 16)
    top = canvas.y
    for name, spots in strips.items():
        used = [kind for kind in kinds if any(spot.kind == kind for spot in spots)]
        canvas.text(left - 8, canvas.y + LANE * len(used) / 2 + 4, name, "small", "end")
        for lane, kind in enumerate(used):
            middle = canvas.y + LANE * (lane + 0.5)
            canvas.rect(Box(left, middle - 0.5, scale.last - left, 1), "track")
            for spot in spots:
                if spot.kind == kind:
                    box = Box(scale.at(spot.value) - 3, middle - 4.5, 6, 9)
                    tip = f"{name}, {kind}: {axis.words(spot.value)}. {spot.tip}".strip()
                    canvas.bar(box, line_paint(kinds.index(kind)), tip, strip=name, kind=kind)
        canvas.y += LANE * len(used) + GAP
    _draw_scale(canvas, scale, top)
    return canvas.finish(_strip_alt(title, strips, kinds, axis), _strip_table(strips, axis))


def _need_points(lines: Mapping[str, Points], marks: Sequence[Mark]) -> None:
    check_kind(DeftLabError, Mapping, "give {name: [(x, y), ...]}", lines=lines)
    for name, points in lines.items():
        if not isinstance(points, Collection) or not len(points) or any(np.shape(p) != (2,) for p in points):
            raise DeftLabError(f"line {name!r} is {points!r:.60}; list its points (x, y), one at least")
    check_kind(DeftLabError, Sequence, "list marks", marks=marks)
    for mark in marks:
        check_kind(DeftLabError, Mark, "Mark(name, x, y) makes one", mark=mark)


def _need_spots(strips: Mapping[str, Sequence[Spot]]) -> None:
    check_kind(DeftLabError, Mapping, "give {name: [Spot(value, kind), ...]}", strips=strips)
    for spots in strips.values():
        check_kind(DeftLabError, Sequence, "list spots", spots=spots)
        for spot in spots:
            check_kind(DeftLabError, Spot, "Spot(value, kind) makes one", spot=spot)


def line_paint(i: int) -> Paint:
    """The paint of the i-th line or kind; hatched (dashed) when colours come a second time."""
    order = (4, 5, 2, 1, 3, 0, 6)  # dark colours first: lines are thin
    return Paint(order[i % len(PALETTE)], i // len(PALETTE) % len(HATCHES))


def draw_legend(canvas: Canvas, entries: Sequence[tuple[str, Paint]]) -> None:
    """Painted names at the left margin, in as many lines as they need."""
    x = float(MARGIN)
    for words, paint in entries:
        width = 19 + text_width(words, SMALL) + 16
        if x + width > WIDTH - MARGIN and x > MARGIN:
            x, canvas.y = float(MARGIN), canvas.y + 18
        canvas.bar(Box(x, canvas.y + 2, 14, 11), paint)
        canvas.text(x + 19, canvas.y + 12, words, "small")
        x += width
    canvas.y += 26


def _draw_frame(canvas: Canvas, across: Scale, upright: Scale) -> None:
    left, right, bottom, top = across.first, across.last, upright.first, upright.last
    canvas.text(MARGIN, top - 8, upright.axis.label, "muted small")
    for tick in upright.ticks(7):
        at = upright.at(tick)
        canvas.rect(Box(left, at - 0.5, right - left, 1), "track")
        canvas.text(left - 8, at + 4, upright.axis.words(tick), "muted small", "end")
    ticks = across.ticks()
    marks = "".join(f"M{px(across.at(tick))},{px(bottom)}v4" for tick in ticks)
    canvas.path(f"M{px(left)},{px(bottom)}H{px(right)}{marks}", "tick")
    for tick in ticks:
        canvas.text(across.at(tick), bottom + 17, across.axis.words(tick), "muted small", "middle")
    canvas.text((left + right) / 2, bottom + 34, across.axis.label, "muted small", "middle")


def _draw_line(
    canvas: Canvas, name: str, points: Points, spots: Points, axes: tuple[Axis, Axis], paint: Paint
) -> None:
    dash = ("", ";stroke-dasharray:6 3", ";stroke-dasharray:2 3")[paint.hatch]
    d = "M" + "L".join(f"{px(a)},{px(b)}" for a, b in spots)
    canvas.path(d, f"c{paint.color}", style=f"fill:none;stroke-width:2{dash}")
    if len(points) <= MOST_SPOTS:
        for (a, b), (at_x, at_y) in zip(points, spots, strict=True):
            tip = f"{name}: {axes[0].words(a)}, {axes[1].words(b)}"
            canvas.bar(Box(at_x - 2.5, at_y - 2.5, 5, 5), Paint(paint.color), tip, line=name)


def _draw_names(
    canvas: Canvas, ends: list[tuple[tuple[float, float], str, Paint]], right: float
) -> list[Box]:
    """Each name beside the end of its line, pushed apart where ends are close; the room that they take."""
    taken = []
    ends = sorted(ends, key=lambda end: end[0][1])
    for ((x, y), name, paint), at in zip(ends, apart([end[0][1] for end in ends], LINE), strict=True):
        canvas.path(f"M{px(x + 3)},{px(y)}L{px(right + 7)},{px(at)}", "tick", stroke_dasharray="1 2")
        canvas.bar(Box(right + 9, at - 4, 8, 8), paint)
        canvas.text(right + 21, at + 4, name, "small")
        taken.append(Box(right + 6, at - LINE / 2, WIDTH - right, LINE))
    return taken


def apart(places: Sequence[float], least: float) -> list[float]:
    """Rising places, moved as little as keeps them `least` apart: those too close share the move."""
    groups: list[list[float]] = []  # [middle, how many], each `least` apart inside
    for place in places:
        groups.append([place, 1])
        while len(groups) > 1:
            (one, n), (other, m) = groups[-2:]
            if other - one >= least * (n + m) / 2:
                break
            groups[-2:] = [[(one * n + other * m) / (n + m), n + m]]
    return [middle + least * (i - (n - 1) / 2) for middle, n in groups for i in range(int(n))]


def _along(points: Points, across: Scale, upright: Scale) -> list[Box]:
    """Small boxes along a line, which a name should not cover."""
    spots = [(across.at(a), upright.at(b)) for a, b in points]
    found = []
    for (x0, y0), (x1, y1) in pairwise(spots):
        n = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) // 6))
        found += [Box(x0 + (x1 - x0) * i / n - 1, y0 + (y1 - y0) * i / n - 1, 2, 2) for i in range(n + 1)]
    return found


def _square(mark: Mark, across: Scale, upright: Scale) -> Box:
    return Box(across.at(mark.x) - 4.5, upright.at(mark.y) - 4.5, 9, 9)


def _name_mark(
    canvas: Canvas, mark: Mark, taken: list[Box], crossed: list[Box], scales: tuple[Scale, Scale]
) -> None:
    """The name of a mark beside it: over no other name, and over no line if there is such a place."""
    x, y, width = scales[0].at(mark.x), scales[1].at(mark.y), text_width(mark.name, SMALL)
    places = [(x + 9, y + 4), (x - 9 - width, y + 4), (x - width / 2, y + 18), (x - width / 2, y - 9)]
    steps = (13, -13, 26, -26, 39, -39)
    places += [(left, y + 4 + dy) for dy in steps for left in (x + 9, x - 9 - width)]

    def cost(place: tuple[float, float]) -> int:
        box = Box(place[0], place[1] - SMALL, width, LINE)
        outside = box.x < scales[0].first or box.x + width > WIDTH - MARGIN or box.y + LINE > scales[1].first
        hits = any(_overlap(box, other) for other in taken)
        return 4 * outside + 2 * hits + any(_overlap(box, other) for other in crossed)

    left, base = min(places, key=cost)
    taken.append(Box(left, base - SMALL, width, LINE))
    canvas.text(left, base, mark.name, "small rim")


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def _draw_scale(canvas: Canvas, scale: Scale, top: float) -> None:
    """The axis of strips, below all that was drawn, and on a logarithmic one a line at 1."""
    ticks = scale.ticks(10)
    marks = "".join(f"M{px(scale.at(tick))},{px(canvas.y)}v4" for tick in ticks)
    if scale.axis.log and scale.low <= 0 <= scale.high:
        marks += f"M{px(scale.at(1))},{px(top)}V{px(canvas.y)}"
    canvas.path(f"M{px(scale.first)},{px(canvas.y)}H{px(scale.last)}{marks}", "tick")
    for tick in ticks:
        canvas.text(scale.at(tick), canvas.y + 17, scale.axis.words(tick), "muted small", "middle")
    canvas.text((scale.first + scale.last) / 2, canvas.y + 34, scale.axis.label, "muted small", "middle")
    canvas.y += 40


def _sentence(title: str) -> str:
    return title if title.endswith(("?", "!", ".")) else f"{title}."


def _alt(title: str, lines: Mapping[str, Points], x: Axis, y: Axis, marks: Sequence[Mark]) -> str:
    said = [
        f"{name} goes from {y.words(points[0][1])} at {x.words(points[0][0])} to {y.words(points[-1][1])} "
        f"at {x.words(points[-1][0])}"
        for name, points in lines.items()
    ]
    pointed = [f"{mark.name} at {x.words(mark.x)}, {y.words(mark.y)}" for mark in marks]
    return f"{_sentence(title)} {y.label} over {x.label}: {'; '.join([*said, *pointed])}."


def _table(lines: Mapping[str, Points], x: Axis, y: Axis, marks: Sequence[Mark]) -> Table:
    rows = [(name, a, b) for name, points in lines.items() for a, b in points]
    return Table(("name", x.label, y.label), (*rows, *((mark.name, mark.x, mark.y) for mark in marks)))


def _strip_alt(title: str, strips: Mapping[str, Sequence[Spot]], kinds: list[str], axis: Axis) -> str:
    said = []
    for kind in kinds:
        values = sorted(spot.value for spots in strips.values() for spot in spots if spot.kind == kind)
        middle, words = values[len(values) // 2], axis.words
        said.append(f"{kind}: {words(values[0])} to {words(values[-1])}, median {words(middle)}")
    return f"{_sentence(title)} {axis.label}, for {listed(list(strips))}. {'; '.join(said)}."


def _strip_table(strips: Mapping[str, Sequence[Spot]], axis: Axis) -> Table:
    rows = [(name, spot.kind, spot.value, spot.tip) for name, spots in strips.items() for spot in spots]
    return Table(("name", "kind", axis.label, "what"), tuple(rows))

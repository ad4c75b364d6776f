"""Source lines with the bytes that they move: a pane for each role, shown when the role's bar is chosen.

It needs no script: a bar is a link to its pane, and the style shows the pane that the address names; where it
names none, the first one. A widget, whose clicks are no addresses, sets classes instead: `choosing` on the
picture, `chosen` on the pane and on its link.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import NamedTuple

from .svg import Box, Canvas
from .theme import MARGIN, WIDTH
from .words import in_bytes

CONTEXT, MOST_ROWS = 10, 14  # source lines around a line that moves bytes, and rows of a pane, at most
ROW, CHAR = 14, 6.03  # height of a row, and width of a character of 10 px, px
CODE, BYTES = MARGIN + 34, WIDTH - MARGIN - 92  # left ends of source and bytes


class SourceBytes(NamedTuple):
    """What one line of a kernel moves of one role."""

    role: str
    op: str  # "load", "store" or "atomic"
    where: str  # file and line, such as "attend.py:46"
    text: str  # the source
    n_bytes: int


@contextmanager
def link_to_pane(canvas: Canvas, role: str, words: str, box: Box) -> Iterator[None]:
    """What is drawn inside leads to the pane of `role`; `box` is all of it, so that it is easy to hit."""
    canvas.insert(f'<a href="#@pane-{role}" data-pane="{role}" aria-label="{escape(words)}">')
    canvas.rect(box, "hit")
    yield
    canvas.insert("</a>")


def draw_panes(
    canvas: Canvas, panes: Mapping[str, Sequence[SourceBytes]], sources: Mapping[str, str], first: str,
    title: Callable[[str], str],
) -> None:  # fmt: skip
    """Draw all panes at one place.

    Args:
        canvas: below what was drawn on it.
        panes: role -> lines that move its bytes.
        sources: file name -> its text.
        first: role whose pane is shown at first.
        title: of the pane of a role.
    """
    canvas.insert(f"<style>{_style(panes)}</style>")
    top, bottom = canvas.y, canvas.y
    for role, lines in panes.items():
        canvas.y = top
        shown = " shown" if role == first else ""
        canvas.insert(f'<g id="@pane-{role}" class="pane{shown}" data-pane="{role}">')
        canvas.insert(
            '<rect width="1" height="1" fill="none"/>'
        )  # a browser scrolls to the top of the picture
        canvas.line(title(role), "strong")
        _draw_pane(canvas, lines, sources)
        canvas.insert("</g>")
        bottom = max(bottom, canvas.y)
    canvas.y = bottom


def _style(roles: Mapping[str, object]) -> str:
    fig = ".deft-fig"
    chosen = ",".join(f"{fig}:has(.pane[data-pane={role}]:target) a[data-pane={role}] .hit" for role in roles)
    return (
        f"{fig} .pane{{display:none}}{fig} .pane.shown{{display:inline}}"
        f"{fig}:has(.pane:target) .pane:not(:target){{display:none}}{fig} .pane:target{{display:inline}}"
        f"{fig}.choosing .pane:not(.chosen){{display:none}}{fig}.choosing .pane.chosen{{display:inline}}"
        f"{fig} a[data-pane]{{cursor:pointer;outline:none}}{fig} .hit{{fill:var(--deft-bg);stroke:none}}"
        f"{chosen},{fig} a.chosen .hit,{fig} a[data-pane]:hover .hit{{stroke:var(--deft-line)}}"
        f"{fig} a[data-pane]:focus-visible .hit{{stroke:var(--deft-ink);stroke-width:2}}"
    )


def _draw_pane(canvas: Canvas, lines: Sequence[SourceBytes], sources: Mapping[str, str]) -> None:
    moved: dict[tuple[str, int], list[SourceBytes]] = {}
    for line in lines:
        name, _, place = line.where.partition(":")
        moved.setdefault((name, int(place)), []).append(line)
    rows, left = _rows(list(moved), sources)
    file = ""
    for name, number in rows:
        if name != file or not number:
            canvas.text(
                MARGIN, canvas.y + ROW - 3, f"kernels/{name}" if name != file else "...", "muted tiny"
            )
            canvas.y += ROW
            file = name
        if number:
            text = sources[name].splitlines()[number - 1] if name in sources else ""
            _draw_row(canvas, number, text, moved.get((name, number), []))
    if left:
        canvas.text(MARGIN, canvas.y + ROW - 3, f"and {left} more lines", "muted tiny")
        canvas.y += ROW


def _draw_row(canvas: Canvas, number: int, text: str, moved: list[SourceBytes]) -> None:
    if moved:
        canvas.rect(Box(MARGIN, canvas.y, WIDTH - 2 * MARGIN, ROW), "track")
        said = f"{moved[0].op} {in_bytes(sum(line.n_bytes for line in moved))}"
        canvas.text(WIDTH - MARGIN - 4, canvas.y + ROW - 4, said, "strong tiny", "end")
    canvas.text(CODE - 8, canvas.y + ROW - 4, str(number), "muted tiny", "end")
    code = text.strip()
    x = CODE + CHAR * (len(text) - len(text.lstrip()))
    most = int(((BYTES if moved else WIDTH - MARGIN) - x) / CHAR)
    canvas.text(x, canvas.y + ROW - 4, code if len(code) <= most else f"{code[: most - 3]}...", "mono tiny")
    canvas.y += ROW


def _rows(places: list[tuple[str, int]], sources: Mapping[str, str]) -> tuple[list[tuple[str, int]], int]:
    """(file, line) of each row, (file, 0) where lines are left out; and how many places found no room.

    As many lines around the places, within their functions, as there is room for.
    """
    for context in range(CONTEXT, -1, -1):
        rows: list[tuple[str, int]] = []
        for file in dict.fromkeys(file for file, _ in places):
            source = sources.get(file, "").splitlines()
            near = (_around(source, n, context) for f, n in places if f == file)
            numbers = sorted({n for lines in near for n in lines})
            for before, number in zip([0, *numbers], numbers, strict=False):
                rows += [(file, 0)] if before and number > before + 1 else []
                rows.append((file, number))
        if len(rows) <= MOST_ROWS:
            return rows, 0
    kept = rows[:MOST_ROWS]
    return kept, sum(place not in kept for place in places)


def _around(source: Sequence[str], number: int, context: int) -> range:
    """Lines around a line of its function, or of its file; numbers from 1."""
    first, last = number, number
    while first > max(1, number - context) and not source[first - 1].startswith("def "):
        first -= 1
    while last < min(len(source), number + context) and source[last : last + 2] != ["", ""]:
        last += 1
    return range(first, min(last, len(source)) + 1)

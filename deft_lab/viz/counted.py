"""Modelled and counted bytes side by side, role by role, with the source lines that move them."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from ..cost import ROLES, Traffic
from ..errors import DeftLabError, check_kind
from ..methods import METHODS
from .figure import Figure, Table
from .io_bars import ACCOUNT_WORDS, ROLE_WORDS
from .source_panes import SourceBytes, draw_panes, link_to_pane
from .svg import Box, Canvas, Paint, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import in_bytes, listed, round_bytes, times

LEFT, RIGHT = MARGIN + 74, 240  # room for the roles, and for bytes and ratios
BYTES = WIDTH - MARGIN - 134  # right end of the bytes
BAR, GAP, LINE = 15, 12, 15
MODELLED, COUNTED = Paint(0), Paint(1, 1)
MOST_LINES = 3  # source lines named below a role


def draw_counted(
    modelled: Traffic,
    counted: Traffic,
    lines: Sequence[SourceBytes] = (),
    sources: Mapping[str, str] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """Draw two bars for each role: what an account expects, and what was counted.

    With `sources`, the bars of a role lead to the source around its lines, below them.

    Args:
        modelled: of any account; roles that it does not count have no bar.
        counted: of the same method, heads and layers.
        lines: who moves the bytes; named below the bars of their role.
        sources: file name -> text of the files of the lines.
        title: default: a plain one.
    """
    check_kind(DeftLabError, Traffic, "traffic(plan, geometry) gives one", modelled=modelled, counted=counted)
    check_kind(DeftLabError, Sequence, "list who moves the bytes", lines=lines)
    for line in lines:
        check_kind(DeftLabError, SourceBytes, "SourceBytes(role, op, where, text, n_bytes) is one", line=line)
    name = METHODS[counted.method].title
    words = ACCOUNT_WORDS.get(modelled.account, modelled.account)
    canvas = Canvas(
        title or f"{name}: modelled and counted",
        f"Modelled by account “{modelled.account}”: {words}.",
        "Counted in the interpreter: what the kernel requested, lane by lane. Caches may serve a part of it.",
    )
    _legend(canvas)
    roles = [role for role in ROLES if modelled.by_role()[role] or counted.by_role()[role]]
    pairs = [(role, modelled.by_role()[role], counted.by_role()[role] or 0) for role in roles]
    most = max((max(a or 0, b) for _, a, b in pairs), default=1)
    per_byte = (WIDTH - RIGHT - LEFT) / most
    canvas.text(BYTES, canvas.y, "bytes", "muted small", "end")
    canvas.text(WIDTH - MARGIN, canvas.y, "counted / modelled", "muted small", "end")
    canvas.y += 8
    panes = {role: [line for line in lines if line.role == role] for role in roles}
    for pair in pairs:
        role = pair[0]
        box = Box(4, canvas.y - 4, WIDTH - 8, _height(panes[role]) + 4)
        words = f"{ROLE_WORDS[role]}: show its source lines"
        link = link_to_pane(canvas, role, words, box) if sources and panes[role] else nullcontext()
        with link:
            _draw_pair(canvas, pair, per_byte, panes[role])
    canvas.axis(LEFT, per_byte, most, round_bytes)
    if sources and lines:
        canvas.y += 12
        first = max(pairs, key=lambda pair: pair[2])[0]
        panes = {role: mine for role, mine in panes.items() if mine}
        draw_panes(canvas, panes, sources, first, lambda role: f"{ROLE_WORDS[role]}, line by line")
    return canvas.finish(_alt(name, modelled.account, pairs), _table(pairs, lines))


def _height(lines: list[SourceBytes]) -> float:
    """Px of the bars of a role, with the lines that are named below them."""
    return 2 * BAR + LINE * (min(len(lines), MOST_LINES) + (len(lines) > MOST_LINES))


def _legend(canvas: Canvas) -> None:
    x = float(LEFT)
    for words, paint in (("modelled", MODELLED), ("counted", COUNTED)):
        canvas.bar(Box(x, canvas.y + 2, 14, 11), paint)
        canvas.text(x + 19, canvas.y + 12, words, "small")
        x += 19 + text_width(words, SMALL) + 16
    canvas.y += 34


def _draw_pair(
    canvas: Canvas, pair: tuple[str, int | None, int], per_byte: float, lines: list[SourceBytes]
) -> None:
    role, expected, found = pair
    top = canvas.y
    canvas.text(LEFT - 8, top + BAR + 4, ROLE_WORDS[role], "strong", "end")
    tip = "; ".join(f"{line.where} {line.op} {in_bytes(line.n_bytes)}: {line.text}" for line in lines)
    for value, paint, what in ((expected, MODELLED, "modelled"), (found, COUNTED, "counted")):
        said = "left out" if value is None else in_bytes(value)
        if value:
            more = f". {tip}" if what == "counted" and tip else ""
            box = Box(LEFT, canvas.y, max(1.0, per_byte * value), BAR - 1)
            canvas.bar(box, paint, f"{ROLE_WORDS[role]}, {what}: {said}{more}", role=role)
        canvas.text(BYTES, canvas.y + BAR - 3, said, "" if value is not None else "muted small", "end")
        canvas.y += BAR
    ratio = f"{times(found / expected)}×" if expected else ("no model" if expected is None else "new")
    canvas.text(WIDTH - MARGIN, top + BAR + 4, ratio, "strong" if expected else "muted small", "end")
    _draw_lines(canvas, lines)
    canvas.y += GAP


def _draw_lines(canvas: Canvas, lines: list[SourceBytes]) -> None:
    ordered = sorted(lines, key=lambda line: -line.n_bytes)
    most = int((WIDTH - MARGIN - LEFT) / text_width("x", SMALL)) - 1
    for line in ordered[:MOST_LINES]:
        said = f"{line.where} {line.op} {in_bytes(line.n_bytes)}: {line.text}"
        canvas.text(
            LEFT, canvas.y + LINE - 4, said if len(said) <= most else f"{said[: most - 3]}...", "muted small"
        )
        canvas.y += LINE
    if rest := ordered[MOST_LINES:]:
        n_bytes = in_bytes(sum(line.n_bytes for line in rest))
        canvas.text(LEFT, canvas.y + LINE - 4, f"and {len(rest)} more lines, {n_bytes}", "muted small")
        canvas.y += LINE


def _alt(name: str, account: str, pairs: list[tuple[str, int | None, int]]) -> str:
    said = [
        f"{ROLE_WORDS[role]} {in_bytes(found)} counted, "
        + ("not modelled" if expected is None else f"{in_bytes(expected)} modelled")
        + (f" ({times(found / expected)} times)" if expected else "")
        for role, expected, found in pairs
    ]
    return f"Bytes of {name} by role, counted in the interpreter beside account {account!r}: {listed(said)}."


def _table(pairs: list[tuple[str, int | None, int]], lines: Sequence[SourceBytes]) -> Table:
    rows = tuple(
        (
            ROLE_WORDS[role],
            expected,
            found,
            found / expected if expected else None,
            listed([f"{line.where} ({line.op})" for line in lines if line.role == role]) or "not given",
        )
        for role, expected, found in pairs
    )
    return Table(("role", "modelled bytes", "counted bytes", "counted / modelled", "lines"), rows)

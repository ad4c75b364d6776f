"""The film on paper: some of its steps below each other, and the bytes of the whole run as lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...methods import find_method
from ...trace.lives import NEVER
from ...viz import Axis, Figure, Table, draw_lines, stack
from ...viz.svg import Box, Canvas, Paint, px
from ...viz.theme import HATCHES, MARGIN, PALETTE, SMALL, WIDTH
from ...viz.words import in_bytes, times
from .layout import HEAD, LINE, LINK, Placed, columns, place

if TYPE_CHECKING:
    from .film import Film

CELL = 13  # px of a page of the pool
MOST_POINTS = 60  # of a line


def draw_film(film: "Film", steps: Sequence[int], account: str) -> Figure:
    """These steps as pictures of tree and memory, then the bytes; its table has a row a step."""
    frames = [draw_step(film, step) for step in steps]
    figures = [*frames, draw_bytes(film, account)] if film.trace.n_steps else frames
    whole = stack(film.title, figures)
    note = f" {film.note}." if film.note else ""
    alt = f"{film.title}: {film.trace.n_steps} decode steps.{note} {whole.alt}"
    return Figure(film.title, alt, whole.svg, table(film, account), whole.height)


def draw_step(film: "Film", step: int) -> Figure:
    """The tree with its texts, and the pool, at one step."""
    sentence = film.sentences[step]
    canvas = Canvas(f"{film.title}: step {step} of {film.trace.n_steps}", sentence)
    if film.note:
        canvas.line(film.note, "muted small", SMALL)
    placed = place(film, step, columns(film, WIDTH))
    _draw_tree(canvas, film, placed, step)
    canvas.line(f"The pool: {film.n_pages_used[step]} of {film.n_pages} pages, {film.page_size} tokens each")
    _draw_pool(canvas, film, step)
    texts = [(film.labels[p.node], film.text(p.node, step)) for p in placed if not p.ghost]
    said = "; ".join(f"n{label}: {text!r}" for label, text in texts[:12] if text)
    alt = f"Step {step} of {film.trace.n_steps}: {sentence}" + (f" Texts: {said}." if said else "")
    rows = tuple((label, int(film.length[step, film.labels.index(label)]), text) for label, text in texts)
    return canvas.finish(alt, Table(("node", "tokens", "text"), rows))


def draw_bytes(film: "Film", account: str) -> Figure:
    """Bytes of all decodes so far, of the method and of the baseline."""
    names = dict.fromkeys((film.priced.method, film.priced.baseline))
    numbers = range(0, film.trace.n_steps + 1, max(1, film.trace.n_steps // MOST_POINTS))
    lines = {
        find_method(name).title: [(float(i), float(film.bytes[account][name][i])) for i in numbers]
        for name in names
    }
    ours, theirs = (film.bytes[account][name][-1] for name in (film.priced.method, film.priced.baseline))
    return draw_lines(
        f"Bytes of all decodes so far, account {account!r}",
        lines,
        Axis("step"),
        Axis("bytes, all layers", words=in_bytes),
        subtitle=f"{in_bytes(ours)} against {in_bytes(theirs)}: {times(theirs / ours)} times as many.",
    )


def table(film: "Film", account: str) -> Table:
    """A row for each step: what happened, what is stored, and the bytes so far."""
    method, baseline = film.priced.method, film.priced.baseline
    spent = film.bytes[account]
    rows = tuple(
        (
            step,
            sentence,
            int(film.stored[step]),
            int(film.copies[step]),
            spent[method][step],
            spent[baseline][step],
        )
        for step, sentence in enumerate(film.sentences)
    )
    stored = ("tokens stored", "tokens with a copy per branch")
    return Table(("step", "what happens", *stored, f"{method}, B", f"{baseline}, B"), rows)


def paint_of(film: "Film", label: int) -> Paint:
    """As every picture of a tree paints the node."""
    if label == film.labels[0]:
        return Paint(0)
    n, colors = label - 1, len(PALETTE) - 1
    return Paint(1 + n % colors, n // colors % len(HATCHES))


def _draw_tree(canvas: Canvas, film: "Film", placed: Sequence[Placed], step: int) -> None:
    top, by_node = canvas.y, {p.node: p for p in placed}
    parents = film.lives.union.parent.tolist()
    for p in placed:
        above = by_node.get(parents[p.node])
        if above is not None:
            x, y, to = above.x + above.width, top + above.y + above.height / 2, top + p.y + p.height / 2
            bend = f"C{px(x + LINK / 2)},{px(y)} {px(x + LINK / 2)},{px(to)} {px(p.x)},{px(to)}"
            canvas.path(f"M{px(x)},{px(y)}{bend}", "link", **({"stroke_dasharray": "3 3"} if p.ghost else {}))
    for p in placed:
        _draw_box(canvas, film, p, top, step)
    canvas.y = top + max(p.y + p.height for p in placed) + 8


def _draw_box(canvas: Canvas, film: "Film", p: Placed, top: float, step: int) -> None:
    label, y = film.labels[p.node], top + p.y
    tokens = int(film.length[step, p.node])
    name = f"n{label} · pruned" if p.ghost else f"n{label} · {tokens:,}"
    canvas.rect(Box(p.x, y, p.width, p.height), "track", "", node=label)
    canvas.bar(Box(p.x, y, 4, p.height), paint_of(film, label), f"n{label}", node=label)
    canvas.text(p.x + 8, y + 11, name, "small muted" if p.ghost else "small strong")
    for i, line in enumerate(p.lines):
        canvas.text(
            p.x + 8, y + HEAD + LINE * (i + 1) - 3, line, "small mono muted" if p.ghost else "small mono"
        )
    if not p.ghost and film.seats[step, p.node]:
        canvas.circle(p.x + p.width + 5, y + p.height / 2, 3, "seat")


def _draw_pool(canvas: Canvas, film: "Film", step: int) -> None:
    per_row = int((WIDTH - 2 * MARGIN) // CELL)
    held = {t.page: t for t in film.takes if t.taken <= step < (t.freed if t.freed < NEVER else step + 1)}
    for page in range(film.n_pages):
        x, y = MARGIN + CELL * (page % per_row), canvas.y + 2 + CELL * (page // per_row)
        canvas.rect(Box(x, y, CELL - 2, CELL - 2), "track")
        if page in held:
            take = held[page]
            length = int(film.length[step, film.labels.index(take.label)])
            full = min(film.page_size, length - take.number * film.page_size) / film.page_size
            tall = max(3.0, full * (CELL - 2))
            box = Box(x, y + CELL - 2 - tall, CELL - 2, tall)
            canvas.bar(box, paint_of(film, take.label), f"page {page}: n{take.label}", node=take.label)
    canvas.y += 2 + CELL * -(-film.n_pages // per_row) + 6

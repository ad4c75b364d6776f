"""A comparison of builders as a figure: a bar of tokens a target call for each, its error as a line."""

from collections.abc import Sequence
from typing import Any

from ...errors import DeftLabError
from ...viz import Figure, Table
from ...viz.svg import Box, Canvas, Paint
from ...viz.theme import MARGIN, WIDTH
from ..attention.plot import ROW, draw_legend
from .compare import SCHEMA, Row

LEFT = MARGIN + 180
BAR = 13
RIGHT = 150
BEST, CLOSE, BEHIND = Paint(5), Paint(4), Paint(2)


def is_comparison(result: dict[str, Any]) -> bool:
    """Whether `compare-builders` wrote it."""
    return result.get("schema") == SCHEMA


def figures(result: dict[str, Any]) -> list[Figure]:
    """The tokens a target call of all cells.

    Raises:
        DeftLabError: there is no cell.
    """
    if not result["rows"]:
        raise DeftLabError("no cell of this result was measured; there is nothing to draw")
    return [draw_tau(result["rows"], result["card"]["temperature"])]


def draw_tau(rows: Sequence[Row], temperature: float) -> Figure:
    """A block of bars for each budget, best first."""
    canvas = Canvas(
        f"Tokens a target call, at equal budgets and temperature {temperature:g}",
        "Accepted tokens and the target's own. Line: two standard errors to either side, over texts;",
        "the same texts for all, so a gap is surer than the lines look: colours compare text by text.",
        "At the right: tokens a call, and KV bytes read a committed token (account unique).",
    )
    legend = [("best", BEST), ("within two standard errors of it", CLOSE), ("behind", BEHIND)]
    draw_legend(canvas, legend)
    most = max(row["tau"] + 2 * (row["tau_error"] or 0.0) for row in rows)
    per_token = (WIDTH - RIGHT - LEFT) / most
    for budget in dict.fromkeys(row["budget"] for row in rows):
        canvas.line(f"{budget} drafted nodes a round at most", "strong")
        for row in _ranked(rows, budget):
            _draw_row(canvas, row, per_token)
        canvas.y += 6
    canvas.axis(LEFT, per_token, int(most), str)
    columns = ("budget", "builder", "verifier", "tau", "standard error", "rounds", "could be chance")
    data = tuple(
        (
            row["budget"], row["subject"], row["verifier"], row["tau"], row["tau_error"], row["rounds"],
            "yes" if row["could_be_chance"] else "no",
        )
        for row in rows
    )  # fmt: skip
    return canvas.finish(_alt(rows), Table(columns, data))


def _ranked(rows: Sequence[Row], budget: int) -> list[Row]:
    return sorted((row for row in rows if row["budget"] == budget), key=lambda row: -row["tau"])


def _draw_row(canvas: Canvas, row: Row, per_token: float) -> None:
    middle = canvas.y + ROW / 2
    paint = CLOSE if row["could_be_chance"] else BEST if not row["behind"] else BEHIND
    canvas.text(LEFT - 8, middle + 4, row["subject"], anchor="end")
    tip = f"{row['subject']} with {row['verifier']}: {row['tau']:.2f} tokens a call"
    canvas.bar(Box(LEFT, middle - BAR / 2, per_token * row["tau"], BAR), paint, tip, subject=row["subject"])
    if row["tau_error"]:
        reach = 2 * per_token * row["tau_error"]
        x = LEFT + per_token * row["tau"] - reach
        canvas.path(f"M{x:.2f},{middle:.2f}h{2 * reach:.2f}", "tick")
    words = f"{row['tau']:.2f}, {row['kv_bytes']['unique'] / 1e3:,.0f} kB"
    canvas.text(WIDTH - MARGIN, middle + 4, words, anchor="end")
    canvas.y += ROW


def _alt(rows: Sequence[Row]) -> str:
    said = []
    for budget in dict.fromkeys(row["budget"] for row in rows):
        cells = ", ".join(f"{row['subject']} {row['tau']:.2f}" for row in _ranked(rows, budget))
        said.append(f"{budget} nodes: {cells}")
    return f"Tokens a target call, from most to least. {'; '.join(said)}."

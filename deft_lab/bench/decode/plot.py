"""A result of `bench decode` as a figure: a bar for each subject and case, a piece of it for each part."""

import math
from typing import Any

from ...errors import DeftLabError
from ...viz import Figure, Table
from ...viz.svg import Box, Canvas, Paint
from ...viz.theme import MARGIN, WIDTH
from ..attention.plot import LEFT, ROW, draw_legend
from .results import SCHEMA, STACKED, Row

BAR = 15
RIGHT = 142  # room for the step and its multiple of the floor
PAINTS = {
    "planning": Paint(2),
    "branching": Paint(3, 1),
    "memory": Paint(6, 2),
    "rest": Paint(0, 1),
    "sampling": Paint(1),
    "forward": Paint(4),
}


def is_decode(result: dict[str, Any]) -> bool:
    """Whether `bench decode` wrote it."""
    return result.get("schema") == SCHEMA


def figures(result: dict[str, Any]) -> list[Figure]:
    """The steps of all cases.

    Raises:
        DeftLabError: no row has a time.
    """
    rows = [row for row in result["rows"] if row["step_ms"]]
    if not rows:
        raise DeftLabError("no row of this result has a time; there is nothing to draw")
    return [draw_steps(rows)]


def draw_steps(rows: list[Row]) -> Figure:
    """Median ms of a step, case by case; the floor as a mark where it is known."""
    canvas = Canvas(
        "One decode step, part by part",
        "ms, medians of each part; at the right the median step, and how often the floor fits into it.",
        "Mark: the floor, weights and visible KV read once at the rate of a device copy.",
    )
    draw_legend(canvas, [*PAINTS.items(), ("floor", Paint(5))])
    most = max(max(row["step_ms"]["median"], row["floor_ms"] or 0.0) for row in rows)
    per_us = (WIDTH - RIGHT - LEFT) / (1e3 * most)
    for case in dict.fromkeys(row["case"] for row in rows):
        of_case = [row for row in rows if row["case"] == case]
        canvas.line(f"{case}: {of_case[0]['what']}", "strong")
        for row in of_case:
            _draw_row(canvas, row, 1e3 * per_us)
        canvas.y += 6
    canvas.axis(LEFT, per_us, math.ceil(1e3 * most), lambda us: f"{us / 1e3:g} ms")
    columns = ("case", "subject", "step ms", *(f"{name} ms" for name in STACKED), "floor ms", "x the floor")
    data = tuple(
        (
            row["case"], row["subject"], row["step_ms"]["median"],
            *(row["parts_ms"][name] for name in STACKED), row["floor_ms"], row["ratio_to_floor"],
        )
        for row in rows
    )  # fmt: skip
    return canvas.finish(_alt(rows), Table(columns, data))


def _draw_row(canvas: Canvas, row: Row, per_ms: float) -> None:
    middle, x = canvas.y + ROW / 2, float(LEFT)
    canvas.text(LEFT - 8, middle + 4, row["subject"], anchor="end")
    for name in STACKED:
        value = row["parts_ms"][name]
        if not value:
            continue
        tip = f"{row['subject']}, {name}: {value:.2f} ms"
        box = Box(x, middle - BAR / 2, per_ms * value, BAR)
        canvas.bar(box, PAINTS[name], tip, case=row["case"], subject=row["subject"], part=name)
        x += box.width
    words = f"{row['step_ms']['median']:.2f} ms"
    if row["floor_ms"]:
        mark = Box(LEFT + per_ms * row["floor_ms"] - 1, middle - BAR / 2 - 3, 2, BAR + 6)
        canvas.bar(mark, Paint(5), f"floor: {row['floor_ms']:.2f} ms", floor=row["case"])
        words += f", {row['ratio_to_floor']:.2f}×"
    canvas.text(WIDTH - MARGIN, middle + 4, words, anchor="end")
    canvas.y += ROW


def _alt(rows: list[Row]) -> str:
    said = []
    for case in dict.fromkeys(row["case"] for row in rows):
        of_case = sorted((r for r in rows if r["case"] == case), key=lambda r: r["step_ms"]["median"])
        steps = ", ".join(f"{row['subject']} {row['step_ms']['median']:.2f}" for row in of_case)
        said.append(f"{case}: {steps}")
    return f"Median ms of a decode step, from least to most. {'; '.join(said)}."

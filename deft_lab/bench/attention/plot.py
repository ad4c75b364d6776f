"""Results as figures: times as multiples of the device read, the sweeps, and the model against the clock.

A result is what `bench attention`, `bench ablation` or `bench calibrate` wrote. Each figure is an SVG of
deft_lab.viz; `save_plots` puts them into one HTML page that needs no script and no network.
"""

import json
import math
import statistics
from html import escape
from pathlib import Path
from typing import Any

from ...errors import DeftLabError
from ...viz import Figure, Table
from ...viz.svg import Box, Canvas, Paint, text_width
from ...viz.theme import MARGIN, PALETTE, SMALL, WIDTH
from .summary import Row, geometric_mean, verdicts

LEFT = MARGIN + 104  # room for the names of cases
ROW = 24
HEIGHT = 190  # of a sweep, px
TICKS = (
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1,
    1.25,
    1.5,
    2,
    3,
    5,
    7,
    10,
    15,
    20,
    30,
    50,
    70,
    100,
    200,
    500,
    1000,
    2000,
    5000,
    10000,
)


def read_result(path: Path) -> dict[str, Any]:
    """A result from its file.

    Raises:
        DeftLabError: it cannot be read, or is not of a benchmark.
    """
    try:
        result = json.loads(path.read_text())
        if not all("subject" in row for row in result.get("rows") or result["residuals"]):
            raise KeyError("subject")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise DeftLabError(
            f"{path} is no result of bench attention, decode, ablation or calibrate ({bad!r}); name the file "
            "that --output wrote"
        ) from bad
    return result


def figures(result: dict[str, Any]) -> list[Figure]:
    """All figures that a result has numbers for.

    Raises:
        DeftLabError: it has none.
    """
    rows = [row for row in result.get("rows", []) if row.get("best_us")]
    sweeps = dict.fromkeys(row["sweep"] for row in rows if "sweep" in row)
    drawn = [draw_sweep([row for row in rows if row["sweep"] == sweep]) for sweep in sweeps]
    if rows and not sweeps:
        drawn.append(draw_ratios(rows))
    residuals = result.get("residuals") or [
        {**row, "measured_us": row["cold"]["median_us"], "predicted_us": row["modelled_us"]["H200"]}
        for row in rows
        if row["cold"] and (row["modelled_us"] or {}).get("H200")
    ]
    if residuals:
        drawn.append(draw_residuals(residuals))
    if not drawn:
        raise DeftLabError("no row of this result has a time; there is nothing to draw")
    return drawn


def save_plots(result: dict[str, Any], path: Path, drawn: list[Figure] | None = None) -> list[Figure]:
    """Write all figures, with their numbers and the card, as one HTML page, and each as .svg beside it.

    Args:
        result: whose card is shown.
        path: of the page.
        drawn: default: `figures(result)`.
    """
    drawn = figures(result) if drawn is None else drawn
    parts = []
    for i, figure in enumerate(drawn):
        figure.save(path.with_name(f"{path.stem}_{i + 1}.svg"))
        numbers = figure.table()._repr_html_()
        parts.append(f"{figure.svg}<details><summary>the numbers</summary>{numbers}</details>")
    card = escape(json.dumps(result.get("card", {}), indent=1))
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>deft-lab, measured</title>"
        f"<body>{''.join(parts)}<h2>Card</h2><pre>{card}</pre></body></html>\n"
    )
    return drawn


def draw_ratios(rows: list[Row]) -> Figure:
    """For each case, the time of every subject as a multiple of the device read, on a log scale."""
    found = [verdict for verdict in verdicts(rows) if verdict.read]
    timed = [row for row in rows if row["kind"] != "read" and row["ratio_to_read"]]
    if not timed:
        raise DeftLabError("no row stands beside a device read; time `read` in the same run")
    canvas = Canvas(
        "Attention over trees, as a multiple of reading the same KV once",
        "Further left is faster; 1 is the device read. L2 cold, the better of graph and eager.",
    )
    scale = _Scale([row["ratio_to_read"] for row in timed] + [1.0], LEFT, WIDTH - MARGIN - 10)
    draw_legend(canvas, [("ours", Paint(4)), ("fastest of ours", Paint(5)), ("peers", Paint(2))])
    top = canvas.y
    fastest = {v.case: v.method["subject"] for v in found if v.method}
    for verdict in found:
        middle = canvas.y + ROW / 2
        canvas.text(LEFT - 8, middle + 4, verdict.case, anchor="end")
        canvas.rect(Box(LEFT, middle - 0.5, scale.right - LEFT, 1), "track")
        of_case = [row for row in timed if row["case"] == verdict.case]
        for row in sorted(of_case, key=lambda r: r["subject"] == fastest.get(verdict.case)):
            _mark(canvas, row, scale.at(row["ratio_to_read"]), middle, fastest)
        canvas.y += ROW
    scale.draw(canvas, top)
    speedups = [v.speedup for v in found if v.speedup]
    mean = geometric_mean(speedups)
    said = f" Fastest peer over fastest method: geometric mean {mean:.2f}." if mean else ""
    lines = [
        f"{v.case}: {v.method['subject']} {v.method['ratio_to_read']:.2f} times the read"
        for v in found
        if v.method
    ]
    columns = ("case", "subject", "us", "times the read")
    data = tuple((r["case"], r["subject"], r["best_us"], r["ratio_to_read"]) for r in timed)
    return canvas.finish(
        f"The fastest of our methods on each case. {'; '.join(lines)}.{said}", Table(columns, data)
    )


def draw_residuals(rows: list[Row]) -> Figure:
    """For each method, the predicted time over the measured one, case by case, on a log scale."""
    canvas = Canvas(
        "The model against the clock",
        "Predicted over measured time of a replayed graph, L2 cold: left of 1 the model is too fast.",
    )
    ratio = {id(row): row["predicted_us"] / row["measured_us"] for row in rows}
    scale = _Scale([*ratio.values(), 0.7, 1.5], LEFT + 50, WIDTH - MARGIN - 10)
    if any("held_out" in row for row in rows):
        draw_legend(canvas, [("held out", Paint(0)), ("seen by the fit", Paint(1, 1))])
    top = canvas.y
    for name in dict.fromkeys(row["subject"] for row in rows):
        middle = canvas.y + ROW / 2
        canvas.text(scale.left - 8, middle + 4, name, anchor="end")
        canvas.rect(Box(scale.left, middle - 0.5, scale.right - scale.left, 1), "track")
        for row in rows:
            if row["subject"] == name:
                tip = f"{row['case']}: {row['predicted_us']:.1f} for {row['measured_us']:.1f} us"
                paint = Paint(0) if row.get("held_out", True) else Paint(1, 1)
                canvas.bar(Box(scale.at(ratio[id(row)]) - 3, middle - 6, 6, 12), paint, tip, case=row["case"])
        canvas.y += ROW
    scale.draw(canvas, top)
    judged = [row for row in rows if row.get("held_out", True)]
    worst = sorted(judged, key=lambda row: -abs(ratio[id(row)] - 1))[:5]
    named = "; ".join(f"{r['subject']} on {r['case']} {ratio[id(r)]:.2f}" for r in worst)
    error = statistics.median(abs(ratio[id(row)] - 1) for row in judged) if judged else 0.0
    alt = f"Median absolute error {100 * error:.0f} % over {len(judged)} calls. Furthest off: {named}."
    columns = ("case", "subject", "predicted us", "measured us", "predicted / measured")
    data = tuple(
        (r["case"], r["subject"], r["predicted_us"], r["measured_us"], round(ratio[id(r)], 4)) for r in rows
    )
    return canvas.finish(alt, Table(columns, data))


def draw_sweep(rows: list[Row]) -> Figure:
    """One sweep: a line for each subject over the values, us on a log scale."""
    sweep, values = rows[0]["sweep"], list(dict.fromkeys(row["value"] for row in rows))
    canvas = Canvas(
        f"Time of one attention call over {sweep}", "us, measured, log scale; each line a subject."
    )
    names = list(dict.fromkeys(row["subject"] for row in rows))
    draw_legend(canvas, [(name, _line_paint(i)) for i, name in enumerate(names)])
    top, left, right = canvas.y + 6, float(LEFT), WIDTH - MARGIN - 40.0
    low, high = (edge(math.log(row["best_us"]) for row in rows) for edge in (min, max))
    per_log = HEIGHT / max(high - low, 0.1)
    x_of = {v: left + (right - left) * i / max(1, len(values) - 1) for i, v in enumerate(values)}
    for tick in TICKS:
        if low <= math.log(tick) <= high:
            y = top + HEIGHT - per_log * (math.log(tick) - low)
            canvas.rect(Box(left, y, right - left, 1), "track")
            canvas.text(left - 8, y + 4, f"{tick:g} us", "muted small", "end")
    for i, name in enumerate(names):
        spots = [
            (x_of[row["value"]], top + HEIGHT - per_log * (math.log(row["best_us"]) - low), row)
            for row in rows
            if row["subject"] == name
        ]
        _line(canvas, spots, _line_paint(i))
    canvas.y = top + HEIGHT + 18
    for value, x in x_of.items():
        canvas.text(x, canvas.y, str(value), "muted small", "middle")
    ends = [row for row in rows if row["value"] == values[-1]]
    said = ", ".join(
        f"{row['subject']} {row['best_us']:.1f} us" for row in sorted(ends, key=lambda r: r["best_us"])
    )
    columns = ("value", "subject", "us", "times the read")
    data = tuple((str(r["value"]), r["subject"], r["best_us"], r["ratio_to_read"]) for r in rows)
    return canvas.finish(f"At {sweep} {values[-1]}: {said}.", Table(columns, data))


class _Scale:
    """A log scale from `left` to `right`, wide enough for the values."""

    def __init__(self, values: list[float], left: float, right: float) -> None:
        self.left, self.right = float(left), float(right)
        self.low, self.high = math.log(min(values)) - 0.05, math.log(max(values)) + 0.05

    def at(self, value: float) -> float:
        """The x of a value."""
        return self.left + (self.right - self.left) * (math.log(value) - self.low) / (self.high - self.low)

    def draw(self, canvas: Canvas, top: float) -> None:
        """Ticks, their numbers below all that was drawn, and a line at 1."""
        shown, last = [], -math.inf
        for tick in TICKS:
            if self.low <= math.log(tick) <= self.high and self.at(tick) - last >= 26:
                shown.append(tick)
                last = self.at(tick)
        marks = "".join(f"M{self.at(tick):.2f},{canvas.y + 4:.2f}v4" for tick in shown)
        if self.low <= 0 <= self.high:
            marks += f"M{self.at(1):.2f},{top:.2f}V{canvas.y + 4:.2f}"
        canvas.path(f"M{self.left:.2f},{canvas.y + 4:.2f}H{self.right:.2f}{marks}", "tick")
        canvas.y += 20
        for tick in shown:
            canvas.text(self.at(tick), canvas.y, f"{tick:g}x", "muted small", "middle")


def _mark(canvas: Canvas, row: Row, x: float, middle: float, fastest: dict[str, str]) -> None:
    """A subject on the line of its case: ours as tall bars, peers as low ones."""
    is_fastest = row["kind"] == "method" and fastest.get(row["case"]) == row["subject"]
    paint = Paint(5) if is_fastest else Paint(4 if row["kind"] == "method" else 2)
    tall = 16 if is_fastest else 11 if row["kind"] == "method" else 7
    tip = f"{row['subject']}: {row['best_us']:.1f} us, {row['ratio_to_read']:.2f} times the read"
    canvas.bar(Box(x - 2.5, middle - tall / 2, 5, tall), paint, tip, case=row["case"], subject=row["subject"])


def draw_legend(canvas: Canvas, entries: list[tuple[str, Paint]]) -> None:
    """Painted names at the left margin, in as many lines as they need."""
    x = float(MARGIN)
    for words, paint in entries:
        width = 19 + text_width(words, SMALL) + 16
        if x + width > WIDTH - MARGIN:
            x, canvas.y = float(MARGIN), canvas.y + 18
        canvas.bar(Box(x, canvas.y + 2, 14, 11), paint)
        canvas.text(x + 19, canvas.y + 12, words, "small")
        x += width
    canvas.y += 26


def _line_paint(i: int) -> Paint:
    return Paint(i % len(PALETTE), (i // len(PALETTE)) % 3)


def _line(canvas: Canvas, spots: list[tuple[float, float, Row]], paint: Paint) -> None:
    """A line through the spots; dashed where colours come a second time."""
    d = "M" + "L".join(f"{x:.2f},{y:.2f}" for x, y, _ in spots)
    dash = ";stroke-dasharray:5 3" if paint.hatch else ""
    canvas.path(d, f"c{paint.color}", style=f"fill:none;stroke-width:2{dash}")
    for x, y, row in spots:
        tip = f"{row['subject']}, {row['value']}: {row['best_us']:.1f} us"
        canvas.bar(Box(x - 3, y - 3, 6, 6), paint, tip)

"""Who runs on which SM and when: the programs of one attention call, in the colours of the nodes they read.

A row is an SM, or a slot of one (`work` says in which order). The bar of a program is divided as
its tokens are among nodes: it reads one chunk after the other.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..cost import Rota, rota, unit_rota
from ..geometry import LLAMA3_8B, Geometry, need_geometry
from ..hardware import H200, Hardware, need_hardware
from ..plan import Plan, need_plan
from .figure import Figure, Table
from .nodes import node_in_words, node_paints, refuse_too_large
from .svg import Box, Canvas, in_lines, px, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, in_seconds, listed, number, percent, title_of
from .work import Pieces, joined, pieces

LEFT = MARGIN + 46  # room for the names of the SMs
ROW, ROOM = 18, 396  # height of an SM where there is room; what all share, px
MOST_BARS = 2400  # shapes; with more, what touches and has one colour becomes one shape
MOST_TIPS = 800


@dataclass(frozen=True)
class Scale:
    """Where times and SMs lie, in px."""

    top: float
    height: float  # of all rows
    per_time: float
    n_slots: int  # of an SM, in the launch that takes longest
    by_slot: bool  # rows are slots: the first ones of all SMs, then the second ones

    def box(self, work: Pieces, i: int) -> Box:
        """The place of a piece."""
        x = LEFT + self.per_time * float(work.begin[i])
        width = self.per_time * float(work.end[i] - work.begin[i])
        return Box(x, self.top + self.height * float(work.top[i]), width, self.height * float(work.height[i]))


def draw_timeline(
    plan: Plan,
    geometry: Geometry = LLAMA3_8B,
    hardware: Hardware = H200,
    *,
    unit: int | None = None,
    pack_heads: bool | None = None,
    title: str | None = None,
) -> Figure:
    """Draw on which SM each program of one attention call of one layer runs, and when.

    Args:
        plan: of a tree of at most 5,000 nodes.
        geometry: of the model.
        hardware: the machine.
        unit: None: seconds, as `predict` has them. A number: the model of units of so many KV tokens, one
            program an SM, see `cost.unit_rota`; of the hardware, only the number of SMs matters.
        pack_heads: seconds only: a program takes all query heads of a KV head. None: as the method does.
        title: default: the method and the machine.

    Raises:
        DeftLabError: the tree has more nodes than a picture can show, or the unit is below 1.
    """
    need_plan(plan)
    need_geometry(geometry)
    need_hardware(hardware)
    refuse_too_large(plan.tree)
    if unit is None:
        work = rota(plan, geometry, hardware, pack_heads=pack_heads)
    else:
        work = unit_rota(plan, geometry.n_q_heads, hardware.n_sms, unit=unit)
    name = title_of(plan.method)
    rows = "a slot of an SM; the first slots of all SMs, then the next" if _scale(work).by_slot else "an SM"
    canvas = Canvas(
        title or f"Who runs where and when: {name} on {machine(work, hardware)}",
        f"Row: {rows}. Bar: a program, in the colours of the nodes whose KV it reads.",
        *in_lines(programs_words(work), f"modelled: {times_words(work)}."),
    )
    draw_rows(canvas, work)
    draw_times(canvas, work)
    alt = f"{name} on {machine(work, hardware)}, modelled: {programs_words(work)}. {_alt_times(work)}"
    return canvas.finish(alt, _table(work))


def draw_rows(canvas: Canvas, work: Rota, room: float = ROOM, longest: float = 0.0) -> None:
    """All rows in at most `room` px, as wide as if they lasted `longest` (default: as long as they do)."""
    canvas.y += 14
    scale = replace(_scale(work, room, longest), top=canvas.y)
    _draw_launches(canvas, work, scale)
    _draw_pieces(canvas, work, scale)
    _draw_sms(canvas, work, scale)
    canvas.y += scale.height + 2


def _scale(work: Rota, room: float = ROOM, longest: float = 0.0) -> Scale:
    spans, n_slots = work.timeline.spans(), work.timeline.n_slots
    longest_span = max(range(len(spans)), key=lambda i: spans[i].end - spans[i].begin)
    per_sm = n_slots[longest_span] // work.n_sms
    height = min(ROW * work.n_sms, room)
    by_slot = per_sm > 1 and height / (work.n_sms * per_sm) < 4
    return Scale(0.0, height, (WIDTH - MARGIN - LEFT) / (longest or work.makespan), per_sm, by_slot)


def machine(work: Rota, hardware: Hardware) -> str:
    """The machine in words: of units, its SMs are all that counts."""
    return hardware.name if work.unit is None else count(work.n_sms, "SM")


def duration(work: Rota, value: float) -> str:
    """A time of the rota in words."""
    return in_seconds(value) if work.unit is None else f"{value:,.1f} units".replace(".0 ", " ")


def programs_words(work: Rota) -> str:
    """How many programs each launch has."""
    counts = np.bincount(work.timeline.launch, minlength=len(work.timeline.names)).tolist()
    named = [f"{name} ({number(n)})" for name, n in zip(work.timeline.names, counts, strict=True)]
    return f"programs of {listed(named)}" if len(named) > 1 else count(counts[0], "program")


def times_words(work: Rota) -> str:
    """How long all of it takes, and who waits."""
    unit = "" if work.unit is None else f" of {count(work.unit, 'KV token')}"
    return f"{duration(work, work.makespan)}{unit}, {idle_words(work)}"


def _alt_times(work: Rota) -> str:
    unit = "" if work.unit is None else f" of {count(work.unit, 'KV token')}"
    spans = work.timeline.spans()
    parts = [f"{span.name} {duration(work, span.end - span.begin)}" for span in spans]
    return (
        f"All is done after {duration(work, work.makespan)}{unit}"
        + (f" ({listed(parts)})" if len(parts) > 1 else "")
        + f"; work cut as finely as one likes would take {duration(work, work.ideal)}. "
        f"While launches run: {idle_words(work)}."
    )


def idle_words(work: Rota) -> str:
    """Who waits while launches run. Where an SM holds several programs, an empty slot is no idle SM."""
    if max(work.timeline.n_slots) == work.n_sms:
        return f"SMs idle for {percent(work.idle)} of the time"
    sms, slots = percent(work.idle_sms), percent(work.idle)
    return f"SMs without a program for {sms} of the time, slots empty for {slots}"


def _draw_launches(canvas: Canvas, work: Rota, scale: Scale) -> None:
    """A track for each launch, and its name where there is room."""
    free = 0.0
    for span in work.timeline.spans():
        x, width = LEFT + scale.per_time * span.begin, scale.per_time * (span.end - span.begin)
        canvas.rect(Box(x, scale.top, width, scale.height), "track")
        if len(work.timeline.names) == 1:
            continue
        needs = text_width(span.name, SMALL)
        place = max(free, min(x, WIDTH - MARGIN - needs))
        if place <= x + width:
            canvas.text(place, scale.top - 5, span.name, "muted small")
            free = place + needs + 8


def _draw_pieces(canvas: Canvas, work: Rota, scale: Scale) -> None:
    drawn = pieces(work, by_slot=scale.by_slot)
    if scale.height < 6 * work.n_sms or len(drawn.node) > MOST_BARS:
        drawn = joined(drawn, touching=len(drawn.node) > MOST_BARS)
    if len(drawn.node) > MOST_BARS:
        drawn = joined(pieces(work, by_slot=scale.by_slot, largest=True), touching=True)
    tree, paints = work.plan.tree, node_paints(work.plan.tree)
    with_tips = len(drawn.node) <= MOST_TIPS
    for i, node in enumerate(drawn.node.tolist()):
        box = scale.box(drawn, i)
        if node < 0:
            canvas.rect(box, "queries", work.timeline.names[drawn.launch[i]] * with_tips)
            continue
        label = int(tree.label[node])
        when = f"{duration(work, drawn.begin[i])} to {duration(work, drawn.end[i])}"
        tip = f"{node_in_words(tree, node)}: {when}" if with_tips else ""
        canvas.bar(box, paints[node], tip, node=label)
        if box.height >= SMALL + 1 and box.width >= text_width(f"n{label}", SMALL) + 8:
            canvas.text_on(paints[node], box.x + 4, box.y + box.height / 2 + 4, f"n{label}")


def _draw_sms(canvas: Canvas, work: Rota, scale: Scale) -> None:
    row = scale.height / (work.n_sms * (scale.n_slots if scale.by_slot else 1))
    if scale.by_slot:
        for slot in range(0, scale.n_slots, int(np.ceil((SMALL + 2) / (row * work.n_sms)))):
            top = scale.top + row * work.n_sms * slot
            canvas.text(LEFT - 6, top + 11, f"slot {slot}", "muted small", "end")
            canvas.path(f"M{px(LEFT - 44)},{px(top)}h38", "tick")
        return
    least = int(np.ceil((SMALL + 1) / row))
    step = next(s for s in (1, 2, 4, 8, 12, 16, 24, 32, 64, 128, least) if s >= least)
    for sm in range(0, work.n_sms, step):
        canvas.text(LEFT - 6, scale.top + row * (sm + 0.5) + 4, f"SM {sm}", "muted small", "end")
    if row >= 6:
        lines = "".join(f"M{LEFT},{px(scale.top + row * i)}H{WIDTH - MARGIN}" for i in range(1, work.n_sms))
        canvas.path(lines, "gap", stroke_width="1.5")


def draw_times(canvas: Canvas, work: Rota) -> None:
    """The axis below the rows, to the end of the work."""
    per_time = (WIDTH - MARGIN - LEFT) / work.makespan
    if work.unit is not None:
        canvas.axis(LEFT, per_time, int(work.makespan), lambda n: count(n, "unit"))
        return
    # the axis counts in whole numbers: nanoseconds are fine enough
    most = max(1, int(work.makespan * 1e9))
    canvas.axis(LEFT, per_time / 1e9, most, lambda n: in_seconds(n / 1e9, short=True))


def _table(work: Rota) -> Table:
    timeline, n_sms = work.timeline, work.n_sms
    seconds = timeline.end - timeline.begin
    programs = np.bincount(timeline.sm, minlength=n_sms)
    busy = np.bincount(timeline.sm, seconds, n_sms)
    last = np.zeros(n_sms)
    np.maximum.at(last, timeline.sm, timeline.end)
    scale, unit = (1e6, "µs") if work.unit is None else (1.0, "units")
    rows = zip(
        range(n_sms), programs.tolist(), (scale * busy).round(4).tolist(), (scale * last).round(4).tolist(),
        strict=True,
    )  # fmt: skip
    return Table(("SM", "programs", f"{unit} of all programs", f"{unit} at its last end"), tuple(rows))

"""Methods beside each other: of each the mask and the timeline, low, and all times on one scale."""

from collections.abc import Sequence

from ..cost import Rota, rota
from ..geometry import Geometry
from ..hardware import Hardware
from ..methods import find_method
from ..plan import Plan
from .figure import Figure, Table
from .mask import draw_pairs, plan_words
from .nodes import refuse_too_large
from .svg import Canvas, in_lines
from .theme import SMALL
from .timeline import draw_rows, draw_times, idle_words, programs_words
from .words import in_seconds, title_of

PAIRS, ROWS = 80, 60  # px for the rows of a mask, and for those of a timeline


def draw_methods(
    plans: Sequence[Plan], geometry: Geometry, hardware: Hardware, *, pack_heads: bool | None = None
) -> Figure:
    """Draw of each plan who meets whom, and who runs when.

    Args:
        plans: at least one, of one tree of at most 5,000 nodes.
        geometry: of the model.
        hardware: the machine.
        pack_heads: a program takes all query heads of a KV head; None: as each method does.

    Raises:
        DeftLabError: the tree has more nodes than a picture can show.
    """
    refuse_too_large(plans[0].tree)
    works = [rota(plan, geometry, hardware, pack_heads=pack_heads) for plan in plans]
    slowest = max(works, key=lambda work: work.makespan)
    canvas = Canvas(
        f"Who meets whom, and who runs when, on {hardware.name}",
        "Above: a row is a query, a column tokens of a node. Painted: seen. Dashed: computed, masked away.",
        "Below: a row is a slot of an SM, a bar a program, in the colours of the nodes whose KV it reads. "
        "One scale of time for all.",
    )
    for work in works:
        _draw_method(canvas, work, slowest.makespan)
    draw_times(canvas, slowest)
    said = [f"{title_of(work.plan.method)} {in_seconds(work.makespan)}" for work in works]
    alt = f"Masks and timelines of {len(works)} methods on {hardware.name}, modelled: {', '.join(said)}."
    rows = tuple((work.plan.method, 1e6 * work.makespan) for work in works)
    return canvas.finish(alt, Table(("method", "µs a layer, modelled"), rows))


def _draw_method(canvas: Canvas, work: Rota, longest: float) -> None:
    canvas.y += 6
    name, time = title_of(work.plan.method), in_seconds(work.makespan)
    canvas.line(f"{name}: {time}, KV {_stored(work.plan)}", "strong")
    canvas.line(plan_words(work.plan), "muted small", SMALL)
    draw_pairs(canvas, work.plan.tree, work.plan, PAIRS)
    canvas.y += 4
    for words in in_lines(programs_words(work), f"{idle_words(work)}."):
        canvas.line(words, "muted small", SMALL)
    draw_rows(canvas, work, ROWS, longest)


def _stored(plan: Plan) -> str:
    method = find_method(plan.method)
    if method.copies:
        return "in a copy for each query"
    return "stored once, in pages" if method.layout == "paged" else "stored once"

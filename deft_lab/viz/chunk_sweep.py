"""Bytes of one step against the length of a chunk: KV is the same in all, partials are not."""

from collections.abc import Collection, Sequence

from ..cost import ROLES, Traffic, traffic
from ..errors import DeftLabError, check_kind
from ..geometry import Geometry
from ..methods import METHODS, find_method, plan_tree
from ..tree import Tree
from .figure import Figure, Table
from .io_bars import ROLE_PAINTS, ROLE_WORDS
from .svg import Box, Canvas, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import in_bytes, number, round_bytes, times

LEFT, RIGHT = MARGIN + 104, 190
TOTAL = WIDTH - MARGIN - 96
ROW, BAR = 24, 16
LENGTHS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


def draw_chunk_sweep(
    tree: Tree,
    geometry: Geometry,
    method: str = "deft_flatten",
    *,
    lengths: Sequence[int] = LENGTHS,
    pack_heads: bool | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the requested bytes of one step for several chunk lengths, and mark the least.

    Args:
        tree: what the step attends over.
        geometry: of the model; `geometry.layer` for one layer.
        method: one that takes `chunk_len`.
        lengths: tokens of a chunk.
        pack_heads: a program takes all query heads of a KV head; default: as the method does.
        title: default: a plain one.

    Raises:
        DeftLabError: there is no length, or the method is unknown or takes no `chunk_len`.
    """
    name = find_method(method).name
    check_kind(DeftLabError, Collection, "list tokens of a chunk", lengths=lengths)
    if not len(lengths):
        raise DeftLabError("no chunk length to draw; pass some, such as (64, 128, 256)")
    plans = [plan_tree(tree, name, chunk_len=length) for length in lengths]
    sums = [traffic(plan, geometry, "requested", pack_heads=pack_heads) for plan in plans]
    canvas = Canvas(
        title or f"{METHODS[name].title}: bytes of one step by chunk length",
        "Account “requested”: what the kernels ask the memory system for. A bar for each chunk length.",
    )
    roles = [role for role in ROLES if any(moved.by_role()[role] for moved in sums)]
    _legend(canvas, roles)
    totals = [moved.total for moved in sums]
    least, most = min(totals), max(totals)
    per_byte = (WIDTH - RIGHT - LEFT) / most
    canvas.text(LEFT - 8, canvas.y, "chunk length", "muted small", "end")
    canvas.text(TOTAL, canvas.y, "total", "muted small", "end")
    canvas.text(WIDTH - MARGIN, canvas.y, "programs", "muted small", "end")
    canvas.y += 4
    for length, plan, moved in zip(lengths, plans, sums, strict=True):
        n_programs = programs(int(plan.n_tiles.sum()), geometry, pack_heads)
        _draw_row(canvas, length, moved, per_byte, n_programs, moved.total == least)
    canvas.axis(LEFT, per_byte, most, round_bytes)
    best = lengths[totals.index(least)]
    alt = (
        f"Requested bytes of one step of {METHODS[name].title} by chunk length: "
        f"{'; '.join(f'{n} tokens {in_bytes(total)}' for n, total in zip(lengths, totals, strict=True))}. "
        f"The least is {in_bytes(least)} at {best} tokens, {times(most / least)} times less than the most."
    )
    columns = ("chunk length", "groups", *(f"{role} bytes" for role in ROLES), "total bytes")
    rows = tuple(
        (n, plan.n_groups, *moved.by_role().values(), moved.total)
        for n, plan, moved in zip(lengths, plans, sums, strict=True)
    )
    return canvas.finish(alt, Table(columns, rows))


def programs(n_items: int, geometry: Geometry, pack_heads: bool | None) -> int:
    """Programs of a launch over so many items."""
    return n_items * (geometry.n_kv_heads if pack_heads else geometry.n_q_heads)


def _legend(canvas: Canvas, roles: list[str]) -> None:
    x = float(LEFT)
    for role in roles:
        canvas.bar(Box(x, canvas.y + 2, 14, 11), ROLE_PAINTS[role])
        canvas.text(x + 19, canvas.y + 12, ROLE_WORDS[role], "small")
        x += 19 + text_width(ROLE_WORDS[role], SMALL) + 16
    canvas.y += 34


def _draw_row(
    canvas: Canvas, length: int, moved: Traffic, per_byte: float, n_programs: int, is_least: bool
) -> None:
    middle = canvas.y + ROW / 2
    strong = "strong" if is_least else ""
    canvas.text(LEFT - 8, middle + 4, f"{number(length)}{' ◂ least' if is_least else ''}", strong, "end")
    x = float(LEFT)
    for role, value in moved.by_role().items():
        if not value:
            continue
        box = Box(x, middle - BAR / 2, per_byte * value, BAR)
        canvas.bar(
            box, ROLE_PAINTS[role], f"{length} tokens, {ROLE_WORDS[role]}: {in_bytes(value)}", role=role
        )
        x += box.width
    canvas.text(TOTAL, middle + 4, in_bytes(moved.total), strong, "end")
    canvas.text(WIDTH - MARGIN, middle + 4, number(n_programs), "muted small", "end")
    canvas.y += ROW

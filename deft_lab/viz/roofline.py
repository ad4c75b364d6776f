"""The roofline: how fast a machine can compute, given how many operations each byte is worth.

intensity: floating-point operations for each byte moved. roof: no program exceeds the smaller of the
machine's peak and intensity times the rate at which bytes arrive. ridge: the intensity where the two meet.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import DeftLabError, check_kind, check_numbers
from ..hardware import Hardware, need_hardware
from .axes import Axis
from .chart import Mark, draw_lines
from .figure import Figure, Table
from .words import in_bytes


class Work(NamedTuple):
    """What a kernel does, and how long it takes; without a time it is drawn on the roof."""

    name: str
    flop: float
    bytes: float
    seconds: float | None = None


def ridge(hardware: Hardware) -> float:
    """FLOP for each byte from memory at which the memory and the tensor cores are equally busy."""
    need_hardware(hardware)
    return hardware.flop_per_s / hardware.hbm_bytes_per_s


def draw_roofline(works: Sequence[Work], hardware: Hardware, *, l2: bool = False, title: str = "") -> Figure:
    """Draw works below the roof of a machine, both axes logarithmic.

    Args:
        works: operations, bytes and, where measured or predicted, seconds of each.
        hardware: whose dense peak and rates make the roof.
        l2: draw the roof of the L2 cache, too: for bytes that programs request.
        title: default: a plain one.

    Raises:
        DeftLabError: there is no work, or one is without operations, bytes or time.
    """
    need_hardware(hardware)
    check_kind(DeftLabError, Sequence, "list works", works=works)
    if not works:
        raise DeftLabError("no work to draw; name at least one")
    for work in works:
        check_kind(DeftLabError, Work, "Work(name, flop, bytes) makes one", work=work)
        check_kind(DeftLabError, str, "it is shown as it is written", name=work.name)
        check_numbers(DeftLabError, 0, flop=work.flop, bytes=work.bytes, seconds=work.seconds or 0)
        if not (work.flop > 0 and work.bytes > 0 and (work.seconds is None or work.seconds > 0)):
            raise DeftLabError(f"work {work.name!r}: operations, bytes and seconds must be above 0")
    found = [_place(work, hardware) for work in works]
    low = min(1.0, *(0.7 * mark.x for mark in found))
    high = max(4 * ridge(hardware), *(1.5 * mark.x for mark in found))
    name = "roof, bytes from memory" if l2 else "roof"
    lines = {name: _roof(hardware.hbm_bytes_per_s, hardware, low, high)}
    if l2:
        lines["roof, bytes from the L2"] = _roof(hardware.l2_bytes_per_s, hardware, low, high)
    figure = draw_lines(
        title or f"The roof of the {hardware.name}",
        lines,
        Axis("intensity: FLOP for each byte", log=True),
        Axis("TFLOP/s", log=True),
        marks=found,
        subtitle=f"{in_bytes(hardware.hbm_bytes_per_s)}/s from memory, "
        f"{hardware.flop_per_s / 1e12:.0f} TFLOP/s of dense bfloat16; they meet at "
        f"{ridge(hardware):.0f} FLOP a byte.",
    )
    rows = tuple((w.name, w.flop, w.bytes, m.x, m.y, w.seconds) for w, m in zip(works, found, strict=True))
    columns = ("work", "FLOP", "bytes", "FLOP a byte", "TFLOP/s", "seconds")
    return Figure(figure.title, figure.alt, figure.svg, Table(columns, rows), figure.height)


def _place(work: Work, hardware: Hardware) -> Mark:
    intensity = work.flop / work.bytes
    most = min(hardware.flop_per_s, intensity * hardware.hbm_bytes_per_s)
    rate = most if work.seconds is None else work.flop / work.seconds
    how = "on the roof" if work.seconds is None else f"{work.seconds * 1e6:.1f} µs"
    tip = f"{work.name}: {intensity:.1f} FLOP a byte, {rate / 1e12:.1f} TFLOP/s, {how}"
    return Mark(work.name, intensity, rate / 1e12, tip)


def _roof(rate: float, hardware: Hardware, low: float, high: float) -> list[tuple[float, float]]:
    corner = hardware.flop_per_s / rate
    at = sorted({low, min(max(corner, low), high), high})
    return [(x, min(hardware.flop_per_s, x * rate) / 1e12) for x in at]

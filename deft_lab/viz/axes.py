"""Axes of a chart: from a value to a place, and round numbers to read it by."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real

from ..errors import DeftLabError, check_kind

STEPS = (1, 2, 5)  # times a power of ten: round numbers
FEW_DECADES = (((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), 1), ((1, 1.5, 2, 3, 5, 7), 1))  # parts, every so many


def short(value: float) -> str:
    """A number as an axis has room for: 0.5, 20, 4k, 3M, 2e9; 1,024 where three figures are too few."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.3g}"
    if abs(value) < 10_000 and value % 10 and value == int(value):
        return f"{value:,.0f}"
    for power, letter in ((6, "M"), (3, "k")):
        if 10**power <= abs(value) < 1000 * 10**power:
            return f"{value / 10**power:.3g}{letter}"
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows.

    Args:
        label: of what, with the unit.
        log: equal steps are equal factors; every value must be above 0.
        words: how a value is written at ticks, in tips and in words.
        ends: values that the axis must reach, beside those drawn.
    """

    label: str
    log: bool = False
    words: Callable[[float], str] = short
    ends: Sequence[float] = ()


class Scale:
    """An axis with values on it, laid from one place to another, px. A linear one begins at 0."""

    def __init__(self, axis: Axis, values: Iterable[float], first_px: float, last_px: float) -> None:
        check_kind(DeftLabError, Axis, "Axis('label') makes one", axis=axis)
        found: list[float] = []
        for value in (*values, *axis.ends):
            if not isinstance(value, Real):
                raise DeftLabError(f"axis {axis.label!r}: {value!r:.60} is no number")
            found.append(float(value))
        bad = [value for value in found if not math.isfinite(value) or (axis.log and value <= 0)]
        if bad or not found:
            what = f"{bad[0]!r} does not fit" if bad else "nothing to draw"
            needs = "numbers above 0" if axis.log else "finite numbers"
            raise DeftLabError(f"axis {axis.label!r}: {what}; it takes {needs}")
        self.axis, self.first, self.last = axis, float(first_px), float(last_px)
        low, high = min(found), max(found)
        self.doublings = sorted(set(found)) if axis.log and all(map(_is_power_of_two, found)) else []
        if axis.log:
            low, high = math.log10(low), math.log10(high)
            room = max(0.02 * (high - low), 0.1 if high == low else 0.0)
            self.low, self.high = low - room, high + room
        else:
            low = min(0.0, low)
            self.low, self.high = low, high + 0.02 * (high - low) if high > low else low + 1.0

    def at(self, value: float) -> float:
        """The place of a value, px."""
        t = math.log10(value) if self.axis.log else value
        return self.first + (self.last - self.first) * (t - self.low) / (self.high - self.low)

    def ticks(self, most: int = 8) -> list[float]:
        """At most so many round numbers within the axis; the values themselves if all are powers of two."""
        if 2 < len(self.doublings) <= most:
            return self.doublings
        if self.axis.log:
            decades = range(math.floor(self.low), math.ceil(self.high) + 1)
            for parts, every in (*FEW_DECADES, ((1, 2, 5), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 5)):
                values = [part * 10.0**d for d in decades if d % every == 0 for part in parts]
                inside = [v for v in values if self.low - 1e-9 <= math.log10(v) <= self.high + 1e-9]
                if len(inside) <= most:
                    return inside
            return inside[:most]
        step = next(
            part * 10.0**power
            for power in range(-15, 40)
            for part in STEPS
            if (self.high - self.low) / (part * 10.0**power) <= most - 1
        )
        return [i * step for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def _is_power_of_two(value: float) -> bool:
    return value >= 1 and value == int(value) and int(value).bit_count() == 1

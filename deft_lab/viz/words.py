"""Numbers in words, the same way in every figure, table and sentence."""

from ..methods import METHODS
from ..tree.views import count as count  # one of ours: words and drawings agree

UNITS = ("B", "kB", "MB", "GB", "TB")  # powers of 1000, as in datasheets


def title_of(method: str) -> str:
    """A method's name in papers; of a method that only you have, the name that its plan gives."""
    return METHODS[method].title if method in METHODS else method


def number(value: int) -> str:
    """4400 -> 4,400."""
    return f"{value:,}"


def in_bytes(value: float) -> str:
    """Bytes with four figures: 329318400 -> 329.3 MB."""
    if value < 1000:
        return f"{value:.0f} B"
    power = 1
    while power < len(UNITS) - 1 and value >= 999.95 * 1000**power:
        power += 1
    scaled = value / 1000**power
    decimals = 2 if scaled < 99.995 else 1
    return f"{scaled:,.{decimals}f} {UNITS[power]}"


def round_bytes(value: float) -> str:
    """A round number of bytes, without decimals that say nothing: 500000000 -> 500 MB."""
    digits, unit = in_bytes(value).split()
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} {unit}"


def times(ratio: float) -> str:
    """A ratio with two decimals: 18.2727 -> 18.27."""
    return f"{ratio:,.2f}"


def listed(words: list[str], most: int = 8) -> str:
    """Words with commas, the rest counted: q0, q1, ... (20 in all)."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[: most - 2])}, ... ({len(words):,} in all)"


def in_seconds(value: float, short: bool = False) -> str:
    """A time with three figures: 0.0000712 -> 71.2 µs; `short`: without decimals that say nothing."""
    unit, scale = next(
        ((u, s) for u, s in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)) if value >= 0.9995 * s), ("ns", 1e-9)
    )
    scaled = value / scale
    digits = f"{scaled:,.{0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2}f}"
    return f"{digits.rstrip('0').rstrip('.') if short and '.' in digits else digits} {unit}"


def percent(share: float) -> str:
    """A share of 1 in percent: 0.123 -> 12.3 %."""
    return f"{100 * share:.1f} %"

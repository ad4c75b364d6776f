"""Known wrong answers to the exercises of notebook 12, by what is wrong with them."""

import math
from itertools import combinations, pairwise, permutations
from typing import Any

PLACE = {
    "the sheet's sparse peak": lambda f, b, h: (f / b, min(2 * h.flop_per_s, f / b * h.hbm_bytes_per_s)),
    "the sum of both roofs": lambda f, b, h: (f / b, h.flop_per_s + f / b * h.hbm_bytes_per_s),
    "the higher roof": lambda f, b, h: (f / b, max(h.flop_per_s, f / b * h.hbm_bytes_per_s)),
    "bytes for each operation": lambda f, b, h: (b / f, min(h.flop_per_s, f / b * h.hbm_bytes_per_s)),
    "memory only": lambda f, b, h: (f / b, f / b * h.hbm_bytes_per_s),
    "peak only": lambda f, b, h: (f / b, h.flop_per_s),
    "the roof of the cache": lambda f, b, h: (f / b, min(h.flop_per_s, f / b * h.l2_bytes_per_s)),
    "in TFLOP/s": lambda f, b, h: (f / b, min(h.flop_per_s, f / b * h.hbm_bytes_per_s) / 1e12),
    "seconds in the place of a rate": lambda f, b, h: (f / b, max(f / h.flop_per_s, b / h.hbm_bytes_per_s)),
    "one after the other": lambda f, b, h: (f / b, f / (f / h.flop_per_s + b / h.hbm_bytes_per_s)),
    "swaps the pair": lambda f, b, h: (min(h.flop_per_s, f / b * h.hbm_bytes_per_s), f / b),
    "the ridge": lambda f, b, h: (f / b, h.flop_per_s / h.hbm_bytes_per_s),
}


def furthest(off: Any) -> Any:
    """An answer to 12.2 by another measure."""
    return lambda rows, rate: max(rows, key=lambda row: off(row[1] / rate, row[2]))[0]


OUTLIER = {
    "the slowest call": furthest(lambda said, seen: seen),
    "the largest difference in seconds": furthest(lambda said, seen: abs(said - seen)),
    "only those that are too slow": furthest(lambda said, seen: seen / said),
    "only those that are too fast": furthest(lambda said, seen: said / seen),
    "the best": furthest(lambda said, seen: -abs(math.log(said / seen))),
    "relative to the measured time": furthest(lambda said, seen: abs(said - seen) / seen),
    "relative to the predicted time": furthest(lambda said, seen: abs(said - seen) / said),
    "the most bytes": furthest(lambda said, seen: said),
    "the factor, not the name": lambda rows, rate: max(s * rate / b for _, b, s in rows),
    "the first": lambda rows, rate: rows[0][0],
    "the whole row": lambda rows, rate: rows[-1],
}


def swapped(rows: Any) -> list[tuple[str, str]]:
    return [(a, b) for (a, ca, wa), (b, cb, wb) in permutations(rows, 2) if ca < cb and wa > wb]


SWAPS = {
    "nothing changes": lambda rows: [],
    "the order of the rows decides who comes first": lambda rows: [
        (a, b) for (a, ca, wa), (b, cb, wb) in combinations(rows, 2) if (ca < cb) != (wa < wb)
    ],
    "each pair both ways": lambda rows: [*swapped(rows), *((b, a) for a, b in swapped(rows))],
    "each pair twice": lambda rows: swapped(rows) * 2,
    "neighbours only": lambda rows: [
        (a, b) for (a, ca, wa), (b, cb, wb) in pairwise(rows) if ca < cb and wa > wb
    ],
    "ties count": lambda rows: [
        (a, b) for (a, ca, wa), (b, cb, wb) in permutations(rows, 2) if ca <= cb and wa >= wb
    ],
    "the faster one when warm first": lambda rows: [(b, a) for a, b in swapped(rows)],
    "who changes place": lambda rows: [
        (x[0], y[0])
        for x, y in zip(sorted(rows, key=lambda r: r[1]), sorted(rows, key=lambda r: r[2]), strict=True)
        if x[0] != y[0]
    ],
    "all pairs that keep their order": lambda rows: [
        (a, b) for (a, ca, wa), (b, cb, wb) in permutations(rows, 2) if ca < cb and wa < wb
    ],
    "how many": lambda rows: len(swapped(rows)),
    "one pair is enough": lambda rows: swapped(rows)[:1],
}

STEP_SPEEDUP = {
    "the part's own factor": lambda step, part, factor: factor,
    "the part takes no time any more": lambda step, part, factor: step / max(step - part, 1e-9),
    "the new step in ms": lambda step, part, factor: step - part + part / factor,
    "the share that is saved": lambda step, part, factor: (part - part / factor) / step,
    "the part becomes slower": lambda step, part, factor: step / (step - part + part * factor),
    "the rest becomes faster": lambda step, part, factor: step / ((step - part) / factor + part),
    "weighs the factors, not the times": lambda step, part, factor: 1 + part / step * (factor - 1),
    "upside down": lambda step, part, factor: (step - part + part / factor) / step,
    "adds the part again": lambda step, part, factor: step / (step + part / factor),
    "in percent": lambda step, part, factor: 100 * (step / (step - part + part / factor) - 1),
}

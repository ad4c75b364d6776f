"""What the rows of a run say together: per case the fastest method against the fastest peer and the read."""

import math
from typing import Any, NamedTuple

Row = dict[str, Any]
READ_FACTOR, READ_PLUS_US = 1.5, 4.0  # the goal: at most so many times `read`, plus a second launch


class Verdict(NamedTuple):
    """One case in a line. What is not there is None."""

    case: str
    read: Row | None
    method: Row | None  # the fastest of ours
    peer: Row | None  # the fastest peer

    @property
    def speedup(self) -> float | None:
        """Time of the fastest peer over that of the fastest method."""
        if self.method is None or self.peer is None:
            return None
        return self.peer["best_us"] / self.method["best_us"]

    @property
    def is_near_read(self) -> bool | None:
        """Whether the fastest method takes at most 1.5 x read + 4 us."""
        if self.method is None or self.read is None:
            return None
        return self.method["best_us"] <= READ_FACTOR * self.read["best_us"] + READ_PLUS_US


def verdicts(rows: list[Row]) -> list[Verdict]:
    """A verdict for each case, in the order of the rows."""
    found = []
    for case in dict.fromkeys(row["case"] for row in rows):
        of_case = [row for row in rows if row["case"] == case and row["best_us"]]
        best = {
            kind: min((r for r in of_case if r["kind"] == kind), key=lambda r: r["best_us"], default=None)
            for kind in ("read", "method", "peer")
        }
        found.append(Verdict(case, best["read"], best["method"], best["peer"]))
    return found


def geometric_mean(values: list[float]) -> float | None:
    """The geometric mean; None of nothing."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None

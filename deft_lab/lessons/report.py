"""Every exercise at a glance: its solution passes, its known wrong answers fail, its skeleton is open."""

from collections.abc import Iterable
from typing import NamedTuple

from .checking import UNREAD, examine
from .contract import Exercise

LEAST_MUTANTS = 5


class Row(NamedTuple):
    """What checks say of one exercise."""

    key: str
    title: str
    solution_passes: bool
    rejected: int
    mutants: int
    skeleton_is_open: bool
    missing: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """All that is asked of an exercise; one that lacks a package is not held against it."""
        enough = self.rejected == self.mutants >= LEAST_MUTANTS
        return bool(self.missing) or (self.solution_passes and enough and self.skeleton_is_open)


def row_of(found: Exercise) -> Row:
    """Check the solution, every mutant and the skeleton of an exercise."""
    rejected = sum(is_rejected(found, mutant) for mutant in found.mutants.values())
    skeleton = examine(found, handed_in(found))
    politely = skeleton.status == "open" and f'hint("{found.key}")' in skeleton.markdown
    passes = examine(found, found.answer).passed
    return Row(found.key, found.title, passes, rejected, len(found.mutants), politely, found.missing)


def is_rejected(found: Exercise, mutant: object) -> bool:
    """Whether a known wrong answer is found wrong by its judge, which has read it."""
    result = examine(found, mutant)
    return result.status == "wrong" and UNREAD not in result.complaint.why


def handed_in(found: Exercise) -> object:
    """What a learner hands in who runs the cell with the skeleton as it is."""
    cell: dict[str, object] = {}
    exec(found.skeleton, cell)
    return cell[found.solution.__name__]


def table(rows: Iterable[Row]) -> str:
    """The rows as text, with their sum."""
    rows = list(rows)
    width = max((len(row.title) for row in rows), default=5)
    lines = [f"{'':5} {'exercise':{width}}  solution  wrong answers rejected  skeleton"]
    for row in rows:
        if row.missing:
            lines.append(f"{row.key:5} {row.title:{width}}  needs {', '.join(row.missing)}")
            continue
        solution = "passes" if row.solution_passes else "FAILS"
        rejected = f"{row.rejected} of {row.mutants}"
        skeleton = "open" if row.skeleton_is_open else "NOT OPEN"
        lines.append(f"{row.key:5} {row.title:{width}}  {solution:8}  {rejected:>22}  {skeleton}")
    good, n_rejected = sum(row.is_good for row in rows), sum(row.rejected for row in rows)
    n_mutants = sum(row.mutants for row in rows if not row.missing)
    lines.append(
        f"{good} of {len(rows)} exercises are good; {n_rejected} of {n_mutants} wrong answers are rejected"
    )
    return "\n".join(lines)

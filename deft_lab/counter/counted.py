"""What was counted: bytes by role, source line and program."""

import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from ..cost import ROLES, Traffic
from .spans import Span, known_role

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Moved:
    """What some accesses moved.

    Args:
        loaded: bytes.
        stored: bytes.
        accesses: how many moved anything.
        sectors: of 32 bytes, each counted once an access; what is far above (loaded + stored) / 32 is
            scattered.
    """

    loaded: int = 0
    stored: int = 0
    accesses: int = 0
    sectors: int = 0

    @property
    def bytes(self) -> int:
        """Loaded and stored together."""
        return self.loaded + self.stored

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(
            self.loaded + other.loaded,
            self.stored + other.stored,
            self.accesses + other.accesses,
            self.sectors + other.sectors,
        )


class Line(NamedTuple):
    """A line of a kernel's source that moves bytes of one role."""

    file: str
    number: int  # from 1
    op: str  # "load", "store" or "atomic"
    role: str

    @property
    def text(self) -> str:
        """The source, without indentation; of a statement on several lines, the one where the call begins."""
        return linecache.getline(self.file, self.number).strip()


class Program(NamedTuple):
    """One program of one launch."""

    launch: int  # from 0, in the order of launching
    kernel: str
    x: int
    y: int
    z: int


@dataclass(eq=False, repr=False)
class Counted:
    """The bytes that kernels moved. Figures are those until now; kernels may still run.

    Args:
        spans: where each role lies in memory.
        rows: (program, source line) -> what moved; all other figures are sums of these.
    """

    spans: list[Span]
    rows: dict[tuple[Program, Line], Moved] = field(default_factory=dict)

    def __repr__(self) -> str:
        roles = {role: moved.bytes for role, moved in self.by_role().items() if moved.accesses}
        return f"Counted({', '.join(f'{role}={n_bytes:,}' for role, n_bytes in roles.items())})"

    def bytes(self, role: str) -> int:
        """Bytes of one role, loaded and stored."""
        return self.by_role()[known_role(role)].bytes

    def unique_bytes(self, role: str) -> int:
        """Bytes of one role that were touched at all, each once, by whatever program."""
        return sum(span.touched_bytes() for span in self.spans if span.role == known_role(role))

    def by_role(self) -> dict[str, Moved]:
        """Role -> what moved, for all ROLES: what has no tensor has moved nothing."""
        return {role: Moved() for role in ROLES} | self._grouped(lambda program, line: line.role)

    def by_line(self) -> dict[Line, Moved]:
        """Source line -> what moved, in the order of files and lines."""
        return dict(sorted(self._grouped(lambda program, line: line).items()))

    def by_program(self) -> dict[Program, dict[str, Moved]]:
        """Program -> role -> what moved, in the order in which programs ran."""
        table: dict[Program, dict[str, Moved]] = {}
        for (program, role), moved in self._grouped(lambda program, line: (program, line.role)).items():
            table.setdefault(program, {})[role] = moved
        return table

    def traffic(self, method: str) -> Traffic:
        """The bytes as Traffic, account `counted`."""
        return Traffic("counted", method, **{role: moved.bytes for role, moved in self.by_role().items()})

    def _grouped(self, key_of: Callable[[Program, Line], Key]) -> dict[Key, Moved]:
        table: dict[Key, Moved] = {}
        for (program, line), moved in self.rows.items():
            key = key_of(program, line)
            table[key] = table.get(key, Moved()) + moved
        return table

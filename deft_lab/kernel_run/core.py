"""The nouns of a kernel's run. What holds at a moment follows from the moments up to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ..tree import Tree

KINDS = ("enter", "call", "line", "return")


class Function(NamedTuple):
    """A kernel or a helper, with its source."""

    name: str
    file: str
    first: int  # number of its first line
    lines: tuple[str, ...]

    def text(self, line: int) -> str:
        """A line by its number in the file."""
        return self.lines[line - self.first]


class Memory(NamedTuple):
    """A tensor. Its cells are its elements, or rows of D elements where the last axis is D."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    itemsize: int
    nodes: tuple[int, ...]  # [cell] index of the tree's node, -1: of none; empty: of none at all
    values: tuple[int, ...]  # [cell] of a table of integers; empty: not kept

    @property
    def width(self) -> int:
        """Elements of a cell."""
        return self.shape[-1] if self.axes[-1] == "D" else 1

    @property
    def cells(self) -> tuple[int, ...]:
        """Shape of the cells."""
        return self.shape[:-1] if self.axes[-1] == "D" else self.shape


class Program(NamedTuple):
    """One program of one launch."""

    launch: int
    kernel: str
    x: int
    y: int
    z: int


class Touch(NamedTuple):
    """One access: cells of one memory."""

    memory: int
    op: str  # "load", "store" or "atomic"
    cells: tuple[int, ...]
    n_bytes: int


class Moment(NamedTuple):
    """A line that ran.

    Args:
        program: index into the run's programs.
        function: index into the run's functions.
        line: its number in the file; of a statement on several lines, the first.
        depth: 0 in the kernel, 1 in a helper that it calls.
        kind: "enter" a function with its arguments, "call" a helper (the line goes on after it), "line", or
            "return", whose value is among the changes as `return`.
        changes: name -> value, of the variables that the line changed.
        touches: what it loaded and stored.
    """

    program: int
    function: int
    line: int
    depth: int
    kind: str
    changes: Mapping[str, Any]
    touches: tuple[Touch, ...]


@dataclass(frozen=True, eq=False)
class KernelRun:
    """All moments of some launches.

    Args:
        title: what was run.
        tree: whose attention it was; None: of no tree.
        functions: kernels and helpers.
        memories: the tensors that were named.
        programs: in the order in which they ran.
        moments: at least one.
        made: versions of what recorded it.
    """

    title: str
    tree: Tree | None
    functions: tuple[Function, ...]
    memories: tuple[Memory, ...]
    programs: tuple[Program, ...]
    moments: tuple[Moment, ...]
    made: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.moments)

    def __repr__(self) -> str:
        return f"KernelRun({self.title!r}: {len(self.programs)} programs, {len(self):,} moments)"

    @cached_property
    def _scopes(self) -> list[Mapping[str, Any]]:
        """[moment] the variables of its function; neighbours share values."""
        scopes: list[Mapping[str, Any]] = []
        stack: list[Mapping[str, Any]] = []
        for moment in self.moments:
            if moment.kind == "enter":
                del stack[moment.depth :]
                stack.append({})
            del stack[moment.depth + 1 :]
            if moment.changes:
                stack[-1] = {**stack[-1], **moment.changes}
            scopes.append(stack[-1])
        return scopes

    def variables(self, step: int) -> Mapping[str, Any]:
        """Name -> value of the variables of the function that the moment is in, after its line."""
        return self._scopes[step]

    def function(self, step: int) -> Function:
        """The function that the moment is in."""
        return self.functions[self.moments[step].function]

    def text(self, step: int) -> str:
        """The line of source, without indentation."""
        return self.function(step).text(self.moments[step].line).strip()

    def touched_nodes(self, step: int) -> tuple[int, ...]:
        """Indices of the tree's nodes whose K or V, or whose table entries, the line touched."""
        found = {
            self.memories[touch.memory].nodes[cell]
            for touch in self.moments[step].touches
            if self.memories[touch.memory].nodes
            for cell in touch.cells
        }
        return tuple(sorted(found - {-1}))

    @cached_property
    def bytes(self) -> tuple[int, ...]:
        """[moment] bytes that were loaded and stored up to it."""
        total, sums = 0, []
        for moment in self.moments:
            total += sum(touch.n_bytes for touch in moment.touches)
            sums.append(total)
        return tuple(sums)

    @cached_property
    def loop_steps(self) -> tuple[int, ...]:
        """Moments at which a loop goes round: its header ran, and gave its variable a value."""
        return tuple(
            i
            for i, moment in enumerate(self.moments)
            if moment.kind == "line" and moment.changes and self.text(i).startswith(("for ", "while "))
        )

    @cached_property
    def program_steps(self) -> tuple[int, ...]:
        """The first moment of each program."""
        return tuple(
            i
            for i, moment in enumerate(self.moments)
            if not i or moment.program != self.moments[i - 1].program
        )

    def steps_where(self, condition: str) -> tuple[int, ...]:
        """Moments at which a condition begins to hold; see `deft_lab.kernel_run.conditions`."""
        from .conditions import steps_where

        return steps_where(self, condition)

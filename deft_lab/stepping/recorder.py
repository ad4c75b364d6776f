"""Stand beside Triton's interpreter while it runs a kernel, and note every line."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np
import triton
from torch import Tensor

from ..errors import DeftLabError
from ..interpret import interpreted, interpreter, swapped
from ..kernel_run import Function, KernelRun, Memory, Moment, Program, Touch
from ..tree import Tree
from .source import Source
from .values import SKIP, Places, value_of

MOST_MOMENTS = 50_000


class Named(NamedTuple):
    """A tensor that a kernel reads or writes.

    Args:
        tensor: on the CPU, contiguous.
        axes: their names; a last one called "D" makes rows the cells.
        nodes: [cell] index of the tree's node, -1: of none; empty: of none at all.
        keep: whether its integers go into the run.
    """

    tensor: Tensor
    axes: tuple[str, ...]
    nodes: Sequence[int] = ()
    keep: bool = False


@dataclass
class _Open:
    """A function that is running."""

    source: Source
    function: int
    pending: int | None = None  # the statement that runs now
    before: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    touches: list[Touch] = field(default_factory=list)
    called: bool = False  # whether the statement has called a helper


class Recorded:
    """What has been noted so far; `run()` makes a KernelRun of it."""

    def __init__(self, title: str, tensors: Mapping[str, Named], tree: Tree | None) -> None:
        self.title, self.tree = title, tree
        self.memories = [_memory(name, named) for name, named in tensors.items()]
        self.places = Places(
            [
                (n.tensor.data_ptr(), n.tensor.numel() * n.tensor.element_size(), n.tensor.element_size())
                for n in tensors.values()
            ]
        )
        self.functions: list[Function] = []
        self.programs: list[Program] = []
        self.moments: list[Moment] = []
        self.sources: dict[CodeType, tuple[Source, int]] = {}
        self.stack: list[_Open] = []
        self.launch = -1

    def run(self) -> KernelRun:
        """The run.

        Raises:
            DeftLabError: nothing was launched.
        """
        if not self.moments:
            raise DeftLabError(
                "no kernel ran while it was recorded; launch one inside `with record_run(...)`"
            )
        return KernelRun(
            self.title,
            self.tree,
            tuple(self.functions),
            tuple(self.memories),
            tuple(self.programs),
            tuple(self.moments),
            {"triton": triton.__version__},
        )

    # what the interpreter tells

    def set_grid_dim(self, go_on: Callable[..., Any], *grid: int) -> Any:
        self.launch += 1
        self.stack.clear()
        return go_on(*grid)

    def load(self, go_on: Callable[..., Any], pointers: Any, mask: Any, *more: Any, **named: Any) -> Any:
        self.touch("load", pointers, mask)
        return go_on(pointers, mask, *more, **named)

    def store(self, go_on: Callable[..., Any], pointers: Any, value: Any, mask: Any, *more: Any) -> Any:
        self.touch("store", pointers, mask)
        return go_on(pointers, value, mask, *more)

    def atomic(self, go_on: Callable[..., Any], kind: Any, pointers: Any, *more: Any) -> Any:
        self.touch("atomic", pointers, more[1])
        return go_on(kind, pointers, *more)

    def touch(self, op: str, pointers: Any, mask: Any) -> None:
        """Note the cells of one access."""
        addresses = np.asarray(pointers.data)
        if mask is not None:
            addresses = addresses[np.broadcast_to(np.asarray(mask.data).astype(bool), addresses.shape)]
        addresses = addresses.ravel().astype(np.int64)
        if not addresses.size or not self.stack:
            return
        for memory in sorted({self.places.memory_of(int(address)) for address in addresses} - {None}):
            mine = [a for a in addresses.tolist() if self.places.memory_of(a) == memory]
            elements = self.places.elements(memory, mine)
            cells = np.unique(elements // self.memories[memory].width)
            n_bytes = len(mine) * self.memories[memory].itemsize
            self.stack[-1].touches.append(Touch(memory, op, tuple(cells.tolist()), n_bytes))

    # what Python tells

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
        """sys.settrace's function: follow kernels and helpers, nothing else."""
        if event != "call" or self.launch < 0 or not _is_kernel(frame):
            return None
        self.enter(frame)
        return self.follow

    def follow(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        """The trace function inside a kernel."""
        if event == "line":
            self.line(frame)
        elif event == "return":
            self.leave(frame, argument)
        return self.follow

    def enter(self, frame: FrameType) -> None:
        """A kernel begins, or the running line calls a helper."""
        if not self.stack:
            builder = interpreter().interpreter_builder
            self.programs.append(Program(self.launch, frame.f_code.co_name, *map(int, builder.grid_idx)))
        else:
            above = self.stack[-1]
            if above.pending is not None and not above.called:
                above.called = True
                self.note(above, above.pending, "call", {})
        if frame.f_code not in self.sources:
            source = Source(frame.f_code)
            self.sources[frame.f_code] = (source, len(self.functions))
            self.functions.append(source.function)
        opened = _Open(*self.sources[frame.f_code])
        self.stack.append(opened)
        self.note(opened, opened.source.function.first, "enter", self.changes(opened, frame))

    def line(self, frame: FrameType) -> None:
        """A line begins, so the one before it has ended."""
        opened = self.stack[-1]
        statement = opened.source.statement(frame.f_lineno)
        if statement != opened.pending:
            self.end(opened, frame)
            opened.pending, opened.called = statement, False

    def end(self, opened: _Open, frame: FrameType) -> None:
        """Note the statement that has run."""
        if opened.pending is not None:
            self.note(opened, opened.pending, "line", self.changes(opened, frame))

    def leave(self, frame: FrameType, argument: Any) -> None:
        """A function ends with its last line; a helper's value is noted with it."""
        opened = self.stack[-1]
        changes = self.changes(opened, frame)
        returned = value_of(argument, self.places) if len(self.stack) > 1 else SKIP
        if returned is not SKIP and returned is not None:
            changes["return"] = returned
        if opened.pending is not None:
            self.note(opened, opened.pending, "return", changes)
        self.stack.pop()

    def changes(self, opened: _Open, frame: FrameType) -> dict[str, Any]:
        """Variables whose values are new."""
        found = {}
        for name, value in frame.f_locals.items():
            if name in opened.objects and opened.objects[name] is value:
                continue  # the interpreter's values are never changed in place
            opened.objects[name] = value
            now = value_of(value, self.places)
            if now is not SKIP and (name not in opened.before or opened.before[name] != now):
                found[name] = opened.before[name] = now
        return found

    def note(self, opened: _Open, line: int, kind: str, changes: dict[str, Any]) -> None:
        """One moment."""
        if len(self.moments) >= MOST_MOMENTS:
            raise DeftLabError(
                f"more than {MOST_MOMENTS:,} lines ran; record a smaller tree, fewer heads or larger tiles"
            )
        depth = self.stack.index(opened)
        place = (len(self.programs) - 1, opened.function, line, depth)
        self.moments.append(Moment(*place, kind, changes, tuple(opened.touches)))
        opened.touches.clear()


def _memory(name: str, named: Named) -> Memory:
    tensor, axes = named.tensor, named.axes
    if tensor.device.type != "cpu" or not tensor.is_contiguous() or tensor.dim() != len(axes):
        raise DeftLabError(
            f"the tensor {name!r} has {tensor.dim()} dimensions on {tensor.device}; name a contiguous tensor "
            f"on the CPU with one axis for each dimension, not {axes}"
        )
    kept = tuple(int(x) for x in tensor.ravel().tolist()) if named.keep else ()
    memory = Memory(name, axes, tuple(tensor.shape), tensor.element_size(), tuple(named.nodes), kept)
    if named.nodes and len(named.nodes) != int(np.prod(memory.cells)):
        raise DeftLabError(
            f"{len(named.nodes)} nodes for the {int(np.prod(memory.cells))} cells of {name!r}; "
            "give one a cell, -1 where there is none"
        )
    return memory


def _is_kernel(frame: FrameType) -> bool:
    """Code that the interpreter has rewritten, and that is not Triton's own."""
    names = frame.f_globals
    if "interpreter_semantic" not in names or frame.f_code.co_name.startswith("<"):
        return False
    return str(names.get("__name__", "")).split(".")[0] != "triton"


@contextmanager
def record_run(title: str, tensors: Mapping[str, Named], tree: Tree | None = None) -> Iterator[Recorded]:
    """Interpret every launch made inside, and record it line by line.

    Args:
        title: of the run.
        tensors: name -> the tensors whose cells are to be told; others are touched unseen.
        tree: whose attention it is.

    Raises:
        DeftLabError: a tensor is not on the CPU or not contiguous, its axes or nodes do not fit, or too many
            lines ran.
    """
    recorded = Recorded(title, tensors, tree)
    builder = interpreter().interpreter_builder
    hooks = {
        "create_masked_load": partial(recorded.load, builder.create_masked_load),
        "create_masked_store": partial(recorded.store, builder.create_masked_store),
        "create_atomic_rmw": partial(recorded.atomic, builder.create_atomic_rmw),
        "set_grid_dim": partial(recorded.set_grid_dim, builder.set_grid_dim),
    }
    before = sys.gettrace()
    with interpreted(), swapped(builder, **hooks):
        sys.settrace(recorded.trace)
        try:
            yield recorded
        finally:
            sys.settrace(before)

"""Stand before the memory functions of Triton's interpreter and note each access."""

import linecache
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import triton
from torch import Tensor

from .. import interpret
from ..errors import DeftLabError
from ..interpret import interpreted, interpreter, swapped
from .counted import Counted, Line, Moved, Program
from .spans import Span, spans_of

SECTOR = 32  # bytes; the least that a GPU moves between its L2 cache and an SM


@contextmanager
def count_bytes(tensors: Mapping[str, Tensor | Sequence[Tensor]]) -> Iterator[Counted]:
    """Interpret every launch made inside, and count its bytes.

    Args:
        tensors: role -> the tensors of that role, on the CPU; views are held to their own bounds. Together
            all that the kernels touch.

    Raises:
        DeftLabError: a role is unknown, a tensor is not on the CPU, tensors of two roles overlap; or a
            kernel touches what lies in none of them, or an address that its element size does not divide.
    """
    counted = Counted(spans_of(tensors))
    builder = interpreter().interpreter_builder
    watch = _Watch(counted, builder)
    hooks = {
        "create_masked_load": partial(watch.load, builder.create_masked_load),
        "create_masked_store": partial(watch.store, builder.create_masked_store),
        "create_atomic_rmw": partial(watch.atomic_rmw, builder.create_atomic_rmw),
        "create_atomic_cas": partial(watch.atomic_cas, builder.create_atomic_cas),
        "set_grid_dim": partial(watch.launch, builder.set_grid_dim),
    }
    with interpreted(), swapped(builder, **hooks):
        yield counted


class _Watch:
    """Each hook notes the access, then makes it."""

    def __init__(self, counted: Counted, builder: Any) -> None:
        self.counted, self.builder = counted, builder
        self.first = [span.first for span in counted.spans]
        self.n_launches = 0
        self.kernel = ""

    def launch(self, go_on: Callable[..., Any], *grid: int) -> Any:
        self.n_launches += 1
        self.kernel = ""
        return go_on(*grid)

    # unmasked, descriptor and tensor-pointer accesses arrive at these, too
    def load(self, go_on: Callable[..., Any], pointers: Any, mask: Any, *more: Any, **named: Any) -> Any:
        self.note("load", pointers, mask)
        return go_on(pointers, mask, *more, **named)

    def store(self, go_on: Callable[..., Any], pointers: Any, value: Any, mask: Any, *more: Any) -> Any:
        self.note("store", pointers, mask)
        return go_on(pointers, value, mask, *more)

    def atomic_rmw(self, go_on: Callable[..., Any], kind: Any, pointers: Any, *more: Any) -> Any:
        self.note("atomic", pointers, more[1])
        return go_on(kind, pointers, *more)

    def atomic_cas(self, go_on: Callable[..., Any], pointers: Any, *more: Any) -> Any:
        self.note("atomic", pointers, None)
        return go_on(pointers, *more)

    def note(self, op: str, pointers: Any, mask: Any) -> None:
        """Count one access."""
        addresses = np.asarray(pointers.data)
        if mask is not None:
            # the interpreter hands some masks out as integers
            on = np.broadcast_to(np.asarray(mask.data).astype(bool), addresses.shape)
            addresses = addresses if on.all() else addresses[on]
        if not addresses.size:
            return
        size = max(1, pointers.get_element_ty().primitive_bitwidth // 8)
        addresses = addresses.ravel().view(np.int64)
        file, number = self.source()
        program = Program(self.n_launches - 1, self.kernel, *self.builder.grid_idx)
        for span, mine in self.split(addresses, size, (op, file, number, program)):
            n_bytes = mine.size * size
            moved = Moved(
                loaded=n_bytes if op != "store" else 0,
                stored=n_bytes if op != "load" else 0,
                accesses=1,
                sectors=_n_distinct(mine // SECTOR),
            )
            row = (program, Line(file, number, op, span.role))
            self.counted.rows[row] = self.counted.rows.get(row, Moved()) + moved
            span.touch(mine, size)

    def split(
        self, addresses: Any, size: int, where: tuple[str, str, int, Program]
    ) -> Iterator[tuple[Span, Any]]:
        """The addresses, by the span in which they lie.

        Raises:
            DeftLabError: one lies in none, or is not a multiple of `size`.
        """
        spans = self.counted.spans
        low, high = int(addresses.min()), int(addresses.max())
        place = bisect_right(self.first, low) - 1
        if (addresses & (size - 1)).any():  # sizes are powers of two
            raise DeftLabError(
                f"{_said(*where)} {size} bytes at an address that {size} does not divide, where a GPU stops; "
                "mend the address, or align the tensor"
            )
        if place >= 0 and high + size <= spans[place].stop:
            yield spans[place], addresses
            return
        places = np.searchsorted(self.first, addresses, side="right") - 1
        stops = np.array([span.stop for span in spans] or [0])
        astray = (places < 0) | (addresses + size > stops[places])
        if astray.any():
            raise DeftLabError(
                f"{_said(*where)} {size} bytes {self.beside(int(addresses[astray][0]))}; "
                "mend the address or the mask, or give that tensor a role"
            )
        for place in np.unique(places):
            yield spans[place], addresses[places == place]

    def beside(self, address: int) -> str:
        """Where an address lies that is in no tensor."""
        if not self.counted.spans:
            return "where no tensor has a role"

        def distance(span: Span) -> int:
            return max(span.first - address, address - span.stop, 0)

        near = min(self.counted.spans, key=distance)
        side = "before" if address < near.first else "behind"
        return f"{distance(near)} bytes {side} the nearest tensor that has a role, {near.role!r}"

    def source(self) -> tuple[str, int]:
        """File and line of the kernel or helper that is making an access."""
        frames = _kernel_frames(sys._getframe(2))
        if not self.kernel:
            self.kernel = frames[-1].f_code.co_name
        return frames[0].f_code.co_filename, frames[0].f_lineno


def _kernel_frames(frame: FrameType | None) -> list[FrameType]:
    """The frames of kernel code that lead to `frame`, the innermost first."""
    found = []
    launch = interpreter().GridExecutor.__call__.__code__
    while frame is not None and frame.f_code is not launch:
        if not _is_machinery(frame.f_code.co_filename):
            found.append(frame)
        frame = frame.f_back
    return found


@cache
def _is_machinery(file: str) -> bool:
    """Not a kernel's file."""
    return file in (__file__, interpret.__file__) or Path(file).is_relative_to(Path(triton.__file__).parent)


def _said(op: str, file: str, number: int, program: Program) -> str:
    text = linecache.getline(file, number).strip()
    place = f"{Path(file).name}:{number} `{text}`, program {program[2:]} of {program.kernel}"
    return f"{place}: {'an' if op == 'atomic' else 'a'} {op} of"


def _n_distinct(numbers: Any) -> int:
    """len(np.unique(numbers)), in a fifth of its time."""
    ordered = np.sort(numbers)
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))

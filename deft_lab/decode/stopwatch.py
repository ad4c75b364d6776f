"""Seconds per part of a decode: from device events on a GPU, from the clock elsewhere."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

MOST_OPEN = 256  # parts whose device time nobody has read yet


class Stopwatch:
    """Sums the time of named parts; parts may lie within each other.

    Args:
        device: whose time counts. On a GPU nothing waits for it until `read`.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._cuda = device, device.type == "cuda"
        self._seconds: dict[str, float] = {}
        self._open: deque[tuple[str, Any, Any]] = deque()
        self._spare: list[Any] = []  # events; making one costs more than recording it

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what happens inside, on the device where there is one."""
        start = self._now()
        try:
            yield
        finally:
            self._add(name, start, self._now())

    @contextmanager
    def host(self, name: str) -> Iterator[None]:
        """Time what the host does inside, whatever the device is doing."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

    def _now(self) -> Any:
        if not self._cuda:
            return time.perf_counter()
        event = self._spare.pop() if self._spare else torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event

    def _add(self, name: str, start: Any, stop: Any) -> None:
        if self._cuda:
            self._open.append((name, start, stop))
            if len(self._open) > MOST_OPEN:
                self._close()
        else:
            self._seconds[name] = self._seconds.get(name, 0.0) + stop - start

    def read(self) -> dict[str, float]:
        """Part -> seconds so far; waits for the device."""
        while self._open:
            self._close()
        return dict(self._seconds)

    def _close(self) -> None:
        """Read the part that was opened first."""
        name, start, stop = self._open.popleft()
        stop.synchronize()
        self._seconds[name] = self._seconds.get(name, 0.0) + 1e-3 * start.elapsed_time(stop)
        self._spare += (start, stop)

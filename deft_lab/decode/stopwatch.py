"""Seconds per part of a decode: from device events on a GPU, from the clock elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Stopwatch:
    """Sums the time of named parts; parts may lie within each other.

    Args:
        device: whose time counts. On a GPU nothing waits for it until `read`.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._seconds: dict[str, float] = {}
        self._open: list[tuple[str, Any, Any]] = []

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
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _add(self, name: str, start: Any, stop: Any) -> None:
        if self._cuda:
            self._open.append((name, start, stop))
        else:
            self._seconds[name] = self._seconds.get(name, 0.0) + stop - start

    def read(self) -> dict[str, float]:
        """Part -> seconds so far; waits for the device."""
        if self._open:
            torch.cuda.synchronize()
        for name, start, stop in self._open:
            self._seconds[name] = self._seconds.get(name, 0.0) + 1e-3 * start.elapsed_time(stop)
        self._open.clear()
        return dict(self._seconds)

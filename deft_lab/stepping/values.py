"""Variables of an interpreted kernel as plain JSON: numbers, small arrays, pointers by memory and place."""

import math
from bisect import bisect_right
from typing import Any

import numpy as np
import triton.language as tl

MOST = 64  # elements of an array that are kept; of a larger one, its range
DIGITS = 4  # of floats
SKIP = object()  # what is no value: modules, functions, types


class Places:
    """Where the named tensors lie in memory."""

    def __init__(self, spans: list[tuple[int, int, int]]) -> None:
        """`spans`: (first address, bytes, bytes of an element) of each tensor."""
        self.spans = spans
        self.order = sorted(range(len(spans)), key=lambda i: spans[i][0])
        self.firsts = [spans[i][0] for i in self.order]

    def memory_of(self, address: int) -> int | None:
        """The tensor that an address lies in."""
        at = bisect_right(self.firsts, address) - 1
        if at < 0:
            return None
        found = self.order[at]
        first, size, _ = self.spans[found]
        return found if address < first + size else None

    def elements(self, memory: int, addresses: Any) -> Any:
        """Addresses as numbers of elements of a tensor; outside of it, below 0 or too large."""
        first, _, size = self.spans[memory]
        return (np.asarray(addresses, dtype=np.int64) - first) // size


def value_of(value: Any, places: Places) -> Any:
    """A variable as JSON, or SKIP."""
    value = getattr(value, "value", value) if isinstance(value, tl.constexpr) else value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, tl.tensor):
        return _tensor(value, places)
    if isinstance(value, tuple | list | tl.tuple):
        parts = [value_of(part, places) for part in value]
        return SKIP if any(part is SKIP for part in parts) else {"t": parts}
    return SKIP


def _tensor(value: Any, places: Places) -> Any:
    shape = [int(getattr(n, "value", n)) for n in value.shape]
    data = np.asarray(value.handle.data)
    if value.dtype.scalar.is_ptr():
        return _pointer(data, shape, places)
    if value.dtype.scalar.is_bf16():
        data = (data.astype(np.uint32) << 16).view(np.float32)
    if not shape:
        return _number(data.ravel()[0].item())
    kind = {"d": str(value.dtype.scalar), "s": shape}
    if data.size > MOST:
        return {**kind, "lo": _number(data.min().item()), "hi": _number(data.max().item())}
    return {**kind, "v": [_number(x) for x in data.ravel().tolist()]}


def _pointer(data: Any, shape: list[int], places: Places) -> Any:
    addresses = data.ravel().astype(np.int64)
    inside = (places.memory_of(int(address)) for address in addresses)
    memory = next((found for found in inside if found is not None), None)
    if memory is None:
        return {"p": -1, "s": shape}
    if addresses.size > MOST:
        return {"p": memory, "s": shape}
    return {"p": memory, "s": shape, "v": places.elements(memory, addresses).tolist()}


def _number(value: Any) -> Any:
    """Floats with a few digits; JSON has no infinities."""
    if isinstance(value, bool | int):
        return value
    if math.isnan(value) or math.isinf(value):
        return str(value)
    rounded = float(f"{value:.{DIGITS}g}")
    return 0.0 if rounded == 0 else rounded

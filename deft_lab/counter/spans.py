"""Where the tensors of each role lie in memory, and which of their bytes were touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from ..cost import ROLES
from ..errors import DeftLabError, check_choice


@dataclass(slots=True)
class Span:
    """Addresses first .. stop - 1, of one role."""

    first: int
    stop: int
    role: str
    # element size -> which elements were touched, [element] bool; element 0 holds the byte `first`
    touched: dict[int, Any] = field(default_factory=dict)

    def touch(self, addresses: Any, size: int) -> None:
        """Note that elements of `size` bytes, a power of two that divides the addresses, were accessed."""
        if size not in self.touched:
            self.touched[size] = np.zeros(self.stop // size - self.first // size + 1, bool)
        self.touched[size][addresses // size - self.first // size] = True

    def touched_bytes(self) -> int:
        """Bytes that were accessed at all."""
        if not self.touched:
            return 0
        largest = max(self.touched)
        begin = self.first // largest * largest
        touched = np.zeros(self.stop - begin + largest, bool)
        for size, elements in self.touched.items():
            at = self.first // size * size - begin
            touched[at : at + elements.size * size] |= np.repeat(elements, size)
        return int(touched.sum())


def spans_of(tensors: Mapping[str, Tensor | Sequence[Tensor]]) -> list[Span]:
    """What the tensors span in memory, in ascending order; spans of one role that overlap become one."""
    found = []
    for role, given in tensors.items():
        known_role(role)
        for tensor in [given] if isinstance(given, Tensor) else given:
            if tensor.device.type != "cpu":
                raise DeftLabError(f"a tensor of role {role!r} is on {tensor.device}; count on the CPU")
            if tensor.numel():
                last = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
                first = tensor.data_ptr()
                found.append((first, first + (last + 1) * tensor.element_size(), role))
    spans: list[Span] = []
    for first, stop, role in sorted(found):
        if spans and first < spans[-1].stop:
            before = spans.pop()
            if before.role != role:
                raise DeftLabError(
                    f"tensors of roles {before.role!r} and {role!r} overlap in memory; a byte has one role"
                )
            first, stop = before.first, max(before.stop, stop)
        spans.append(Span(first, stop, role))
    return spans


def known_role(role: str) -> str:
    """The role, if it is one."""
    check_choice(DeftLabError, ROLES, role=role)
    return role

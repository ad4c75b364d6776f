"""Bytes of one attention call, counted where Triton runs, and read from a recording elsewhere.

A recording holds what `tools/record_counts.py` counted for the plans of notebook 08; a test counts them
anew. Triton exists for Linux; on a Mac the notebook shows the recorded counts, and says so.
"""

import hashlib
import importlib.util
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import kernels
from ..builders import build_tree
from ..cost import Traffic, traffic
from ..data import data_path
from ..errors import DeftLabError
from ..geometry import Geometry
from ..methods import plan_tree
from ..plan import Plan
from ..viz import SourceBytes, Table

if TYPE_CHECKING:  # a machine that only counts needs no widgets
    from ..widgets import CountInspector

FILE = ("lessons", "counted_steps.json")
ONE_KV_HEAD = Geometry(n_q_heads=4, n_kv_heads=1, head_dim=128)  # an eighth of a layer of Llama-3-8B


@dataclass(frozen=True)
class CountedStep:
    """What the kernels of one attention call requested.

    Args:
        traffic: by role; account "counted".
        lines: by source line and role.
        is_recorded: read from the recording, because Triton is not there.
    """

    traffic: Traffic
    lines: tuple[SourceBytes, ...]
    is_recorded: bool = False

    def times(self, factor: int) -> "CountedStep":
        """Bytes of `factor` times as many heads, or layers: each does the same work."""
        roles = {role: None if n is None else n * factor for role, n in self.traffic.by_role().items()}
        moved = Traffic(self.traffic.account, self.traffic.method, **roles)
        lines = tuple(line._replace(n_bytes=line.n_bytes * factor) for line in self.lines)
        return replace(self, traffic=moved, lines=lines)

    def table(self) -> Table:
        """(columns, rows): what each source line moves of each role."""
        return Table(("role", "line", "op", "source", "bytes"), tuple(_row(line) for line in self.lines))

    def beside(self, modelled: Traffic, title: str | None = None) -> "CountInspector":
        """The count beside an account: choose a bar, and see the source lines that move its bytes."""
        from ..widgets import inspect_count

        return inspect_count(modelled, self.traffic, self.lines, kernel_sources(), title=title)


def kernel_sources() -> dict[str, str]:
    """File name -> text of all kernels; none of them is imported."""
    folder = Path(kernels.__path__[-1])
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def _row(line: SourceBytes) -> tuple[str, str, str, str, int]:
    return line.role, line.where, line.op, line.text, line.n_bytes


def draw_count(
    builder: str, method: str, geometry: Geometry = ONE_KV_HEAD, **options: Any
) -> "CountInspector":
    """Count a step over a tree of `build_tree(builder, **options)`, and show it beside account `requested`.

    Raises:
        DeftLabError: a name is unknown; or Triton is not there, and nobody has recorded this step.
    """
    plan = plan_tree(build_tree(builder, **options), method)
    step = count_step(plan, geometry)
    return step.beside(traffic(plan, geometry, "requested"))


def count_step(plan: Plan, geometry: Geometry, pack_heads: bool | None = None) -> CountedStep:
    """Count what the kernels of `plan` load and store, in Triton's interpreter.

    Args:
        plan: of one attention call.
        geometry: of one layer; one KV head with its query heads is enough, the others do the same.
        pack_heads: a program takes all query heads of a KV head; default: as the method does.

    Raises:
        DeftLabError: Triton is not there, and nobody has recorded this plan.
    """
    if has_triton():
        return counted_now(plan, geometry, pack_heads)
    return recorded(plan, geometry, pack_heads)


def has_triton() -> bool:
    """Whether kernels can be interpreted here."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "triton"))


def counted_now(plan: Plan, geometry: Geometry, pack_heads: bool | None = None) -> CountedStep:
    """The count itself; needs Triton."""
    from ..ops.counting import count_attention

    counted = count_attention(plan, geometry, pack_heads)
    lines = tuple(
        SourceBytes(line.role, line.op, f"{Path(line.file).name}:{line.number}", line.text, moved.bytes)
        for line, moved in counted.by_line().items()
    )
    return CountedStep(counted.traffic(plan.method), lines)


def recorded(plan: Plan, geometry: Geometry, pack_heads: bool | None = None) -> CountedStep:
    """What the recording says of a plan.

    Raises:
        DeftLabError: it does not hold it.
    """
    kept = json.loads(data_path(*FILE).read_text(encoding="utf-8"))["steps"]
    key = key_of(plan, geometry, pack_heads)
    if key not in kept:
        raise DeftLabError(
            "Triton is not installed, so the kernels cannot be counted here, and the recording holds other "
            "plans only; run the notebook unchanged to see its counts, or on Linux: pip install triton==3.7.1"
        )
    entry = kept[key]
    lines = tuple(SourceBytes(*line) for line in entry["lines"])
    return CountedStep(Traffic("counted", plan.method, **entry["bytes"]), lines, is_recorded=True)


def entry_of(step: CountedStep) -> dict[str, Any]:
    """A count as the recording keeps it."""
    return {"bytes": step.traffic.by_role(), "lines": [list(line) for line in step.lines]}


def key_of(plan: Plan, geometry: Geometry, pack_heads: bool | None) -> str:
    """The same for the same work, whatever made the plan."""
    arrays = (plan.chunk_node, plan.chunk_start, plan.chunk_stop, plan.group_start, plan.q_first, plan.q_stop)
    digest = hashlib.sha256(f"{plan.method} {geometry} {bool(pack_heads)}".encode())
    for array in arrays:
        digest.update(np.asarray(array, dtype=np.int64).tobytes() + b"|")
    return digest.hexdigest()[:16]

"""Kernel runs as files: one JSON object, a line a moment; a value that comes again is a number of a list."""

import json
from pathlib import Path
from typing import Any

from ..data import data_path
from ..errors import TraceError, TreeError
from ..tree import Tree
from .core import KINDS, Function, KernelRun, Memory, Moment, Program, Touch

SCHEMA = "deft_lab.kernel_run/1"
SUFFIX = ".run.json"
OPS = ("load", "store", "atomic")


def write_kernel_run(run: KernelRun, path: str | Path) -> Path:
    """Write a run; the same run gives the same bytes."""
    path = Path(path)
    path.write_text(to_json(run), encoding="utf-8")
    return path


def to_json(run: KernelRun) -> str:
    """A run as text."""
    values: dict[str, int] = {}
    moments = [_packed(moment, values) for moment in run.moments]
    head = {
        "schema": SCHEMA,
        "title": run.title,
        "made": dict(run.made),
        "tree": None if run.tree is None else json.loads(run.tree.to_json()),
        "functions": run.functions,
        "memories": run.memories,
        "programs": run.programs,
    }
    lines = [f"{json.dumps(name)}: {_dumps(value)}" for name, value in head.items()]
    lines.append('"values": [\n' + ",\n".join(values) + "\n]")
    lines.append('"moments": [\n' + ",\n".join(map(_dumps, moments)) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _packed(moment: Moment, values: dict[str, int]) -> list[Any]:
    changes: list[Any] = []
    for name, value in moment.changes.items():
        changes += [name, values.setdefault(_dumps(value), len(values))]
    touches = [[t.memory, OPS.index(t.op), _runs(t.cells), t.n_bytes] for t in moment.touches]
    kind = KINDS.index(moment.kind)
    return [moment.program, moment.function, moment.line, moment.depth, kind, changes, touches]


def _runs(cells: tuple[int, ...]) -> list[int]:
    """Cells as first, count, first, count, ..."""
    runs: list[int] = []
    for cell in cells:
        if runs and cell == runs[-2] + runs[-1]:
            runs[-1] += 1
        else:
            runs += [cell, 1]
    return runs


def read_kernel_run(path: str | Path) -> KernelRun:
    """Read a run.

    Raises:
        TraceError: the file is no kernel run.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise TraceError(f"{path.name} has schema {data['schema']!r}, not {SCHEMA!r}; record it again")
        return _of(data)
    except (OSError, KeyError, TypeError, ValueError, IndexError) as bad:
        if isinstance(bad, TraceError):
            raise
        raise TraceError(f"{path.name} is no kernel run ({bad!r}); record it again") from bad


def _of(data: dict[str, Any]) -> KernelRun:
    values = data["values"]
    moments = []
    for program, function, line, depth, kind, changed, touched in data["moments"]:
        changes = {name: values[i] for name, i in zip(changed[::2], changed[1::2], strict=True)}
        touches = tuple(Touch(memory, OPS[op], _cells(runs), n) for memory, op, runs, n in touched)
        moments.append(Moment(program, function, line, depth, KINDS[kind], changes, touches))
    try:
        tree = None if data["tree"] is None else Tree.from_json(json.dumps(data["tree"]))
    except TreeError as bad:
        raise TraceError(f"the run's tree is none ({bad})") from bad
    return KernelRun(
        data["title"],
        tree,
        tuple(Function(name, file, first, tuple(lines)) for name, file, first, lines in data["functions"]),
        tuple(
            Memory(name, tuple(axes), tuple(shape), size, tuple(nodes), tuple(kept))
            for name, axes, shape, size, nodes, kept in data["memories"]
        ),
        tuple(Program(*fields) for fields in data["programs"]),
        tuple(moments),
        data["made"],
    )


def _cells(runs: list[int]) -> tuple[int, ...]:
    pairs = zip(runs[::2], runs[1::2], strict=True)
    return tuple(cell for first, count in pairs for cell in range(first, first + count))


def load_kernel_run(name: str) -> KernelRun:
    """A bundled run; `bundled_kernel_runs()` lists them.

    Raises:
        DeftLabError: there is none of that name.
    """
    return read_kernel_run(data_path("kernel_runs", f"{name}{SUFFIX}"))


def bundled_kernel_runs() -> tuple[str, ...]:
    """Names that `load_kernel_run` takes."""
    return tuple(sorted(p.name.removesuffix(SUFFIX) for p in data_path("kernel_runs").glob(f"*{SUFFIX}")))

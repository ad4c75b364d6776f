"""What a moment of a kernel's run says: values in a few letters, a sentence, the line with its numbers."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from ...kernel_run import KernelRun, Memory, Moment
from ...viz.words import count
from .stage import show

NAME = re.compile(r"(?<![\w.\"'])([A-Za-z_]\w*)(?![\w(]|\s*=[^=])")


def number(value: Any) -> str:
    """One number of a variable."""
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return str(value)
    return show(float(value)) if isinstance(value, float) or value in ("inf", "-inf", "nan") else str(value)


def in_letters(value: Any, run: KernelRun) -> list[str]:
    """A value, a line for each row of a matrix."""
    if not isinstance(value, dict):
        return [number(value)]
    if "t" in value:
        return [line for part in value["t"] for line in in_letters(part, run)]
    if "p" in value:
        return [_pointer(value, run)]
    shape = "×".join(map(str, value["s"]))
    if "v" not in value:
        return [f"{value['d']} {shape}: {number(value['lo'])} to {number(value['hi'])}"]
    cells = ["01"[x] if isinstance(x, bool) else number(x) for x in value["v"]]
    width = value["s"][-1]
    wide = max(map(len, cells))
    rows = [cells[i : i + width] for i in range(0, len(cells), width)]
    return [" ".join(cell.rjust(wide) for cell in row) for row in rows]


def _pointer(value: Mapping[str, Any], run: KernelRun) -> str:
    if value["p"] < 0:
        return "→ elsewhere"
    memory = run.memories[value["p"]]
    if "v" not in value:
        return f"→ {memory.name}, {'×'.join(map(str, value['s']))}"
    shown = ", ".join(map(str, value["v"][:8])) + (", …" if len(value["v"]) > 8 else "")
    return f"→ {memory.name}[{shown}]"


def kind_of(value: Any) -> str:
    """Type and shape of a value, where it is an array."""
    if isinstance(value, dict) and "d" in value:
        return f"{value['d']} {'×'.join(map(str, value['s']))}"
    return ""


def row_of(name: str, value: Any, run: KernelRun) -> str:
    """A variable as a row of a table."""
    lines = "<br>".join(escape(line).replace(" ", "&nbsp;") for line in in_letters(value, run))
    kind = kind_of(value)
    of = f' <span class="deft-kind">{escape(kind)}</span>' if kind else ""
    return f'<th scope="row">{escape(name)}{of}</th><td>{lines}</td>'


def sentence(run: KernelRun, step: int) -> str:
    """What happens at a moment."""
    moment, name = run.moments[step], run.function(step).name
    if moment.kind == "enter":
        return f"{name} begins" + ("." if moment.depth else f", program {run.programs[moment.program].x}.")
    if moment.kind == "call":
        called = run.function(step + 1).name
        return f"This line calls {called}."
    said = [_touched(run, step)] if moment.touches else []
    names = [each for each in moment.changes if each != "return"]
    if names and not said:
        said.append(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} set.")
    if moment.kind == "return" and moment.depth:
        said.append(f"{name} gives back its value.")
    elif moment.kind == "return":
        said.append("The program ends.")
    return " ".join(said) or _without_change(run.text(step))


def _touched(run: KernelRun, step: int) -> str:
    said = []
    for touch in run.moments[step].touches:
        memory = run.memories[touch.memory]
        verb = {"load": "Loads", "store": "Stores", "atomic": "Adds to"}[touch.op]
        what = count(len(touch.cells), "cell")
        places = ", ".join(cell_name(memory, cell) for cell in touch.cells[:6])
        more = ", …" if len(touch.cells) > 6 else ""
        said.append(f"{verb} {what} of {memory.name}: {places}{more}")
    nodes = run.touched_nodes(step)
    if nodes and run.tree is not None:
        labels = ", ".join(str(int(run.tree.label[node])) for node in nodes)
        said[-1] += f", of node{'s' * (len(nodes) > 1)} {labels}"
    return "; ".join(said) + "."


def _without_change(text: str) -> str:
    if text.startswith(("for ", "while ")):
        return "The loop is over."
    if text.startswith("if "):
        return "A condition: see which line follows."
    return "No variable changes."


def cell_name(memory: Memory, cell: int) -> str:
    """A cell by its indices."""
    places: list[int] = []
    for size in reversed(memory.cells):
        places.insert(0, cell % size)
        cell //= size
    named = zip(memory.axes, places, memory.cells, strict=False)
    return " ".join(f"{axis} {place}" for axis, place, size in named if size > 1) or "0"


def formula(run: KernelRun, step: int) -> str:
    """The line, the line with its numbers, and what it has set."""
    moment, function = run.moments[step], run.function(step)
    text = run.text(step)
    lines = [f"{function.file}:{moment.line}  {text}"]
    if moment.kind != "line":
        return lines[0]
    before = run.variables(step - 1) if step and run.moments[step - 1].function == moment.function else {}
    numbers = substituted(text, before)
    for name, value in list(moment.changes.items())[:3]:
        shown = in_letters(value, run)
        flat = " | ".join(line.strip() for line in shown) if len(shown) < 5 else kind_of(value)
        left = f"{name} = {numbers} = " if numbers and len(moment.changes) == 1 else f"{name} = "
        lines.append(left + flat)
    return "\n".join(lines)


def substituted(text: str, scope: Mapping[str, Any]) -> str:
    """The right side of an assignment with numbers for the names that are numbers; empty if none is."""
    parts = re.split(r"(?<![=!<>])=(?!=)", text.split("  #")[0], maxsplit=1)
    if len(parts) < 2 or text.startswith(("if ", "for ", "while ")):
        return ""
    right, found = parts[1].strip(), []

    def replaced(match: re.Match[str]) -> str:
        value = scope.get(match[1], match[1])
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(match[1])
            return number(value)
        return match[1]

    shown = NAME.sub(replaced, right)
    return shown if found and shown.count("(") == shown.count(")") else ""


def touched_now(moment: Moment) -> list[tuple[int, str, int]]:
    """(memory, op, cell) of a moment."""
    return [(touch.memory, touch.op, cell) for touch in moment.touches for cell in touch.cells]

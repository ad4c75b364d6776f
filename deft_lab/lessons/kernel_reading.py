"""Reading kernels in a notebook: their source in Markdown, and values of a recorded run as a table."""

from pathlib import Path
from typing import Any

from ..viz import Table
from .cards import Text


def source_of(run: Any, name: str, begin: str = "", end: str = "") -> Text:
    """The source of a kernel or helper of a `KernelRun`, with line numbers.

    Args:
        run: whose functions are known.
        name: of the function.
        begin: leave out what stands above the first line that holds this text.
        end: leave out what stands below the first line after it that holds this text.
    """
    function = next(f for f in run.functions if f.name == name)
    lines = list(enumerate(function.lines, function.first))
    lines = lines[next(i for i, line in enumerate(lines) if begin in line[1]) :]
    if end:
        lines = lines[: 1 + next(i for i, line in enumerate(lines) if end in line[1])]
    text = "\n".join(f"{number:3}  {line}" for number, line in lines)
    first, last = lines[0][0], lines[-1][0]
    link = f'../kernels/{function.file}#L{first}-L{last} "lines {first} to {last}"'
    return Text(f"[{function.file}]({link})\n\n```python\n{text}\n```")


def stripped_source() -> Text:
    """The stripped kernel of exercises 7.1 to 7.4, without its pieces; needs no Triton to be read."""
    file = Path(__file__).with_name("stripped_kernel.py")
    kernel = file.read_text(encoding="utf-8").partition("@triton.jit\n")[2].partition("\n\n\n# ---")[0]
    return Text(f"```python\n@triton.jit\n{kernel.rstrip()}\n```")


def values_of(run: Any, step: int, *names: str) -> Table:
    """(columns, rows): the named variables of a recorded run after one of its moments."""
    from ..widgets.players.kernel_words import in_letters, kind_of

    scope = run.variables(step)
    rows = tuple(
        (name, kind_of(scope[name]) or "one", " | ".join(in_letters(scope[name], run))) for name in names
    )
    return Table(("variable", "type and shape", "values"), rows)

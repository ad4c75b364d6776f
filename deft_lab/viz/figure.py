"""A finished figure: its picture, the same in words, and the same as a table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DeftLabError, place_to_write
from .words import number

Cell = int | float | str | None
NUMBER = re.compile(
    r"[-+−~<≈]?[\d.,]+(e[-+]?\d+)? ?(%|[x×]|[kMG]?B)?|nan|[-−]?(inf|∞)"
)  # with what may stand behind it
MOST_ROWS = 60  # shown; `table.rows` holds them all


class Table(NamedTuple):
    """The numbers of a figure; unpacks to (columns, rows), and shows as a table in a notebook."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def _repr_html_(self) -> str:
        sides = [
            ' style="text-align:left"' if self._is_words(column) else ""
            for column in range(len(self.columns))
        ]
        head = "".join(
            f"<th{side}>{escape(name)}</th>" for name, side in zip(self.columns, sides, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f"<td{side}>{escape(_shown(cell))}</td>" for cell, side in zip(row, sides, strict=True))
            + "</tr>"
            for row in self.rows[:MOST_ROWS]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{self._left_out('<p>')}"

    def _repr_markdown_(self) -> str:
        sides = [":---" if self._is_words(column) else "---:" for column in range(len(self.columns))]
        lines = [self.columns, sides]
        lines += [[_shown(cell).replace("|", r"\|") for cell in row] for row in self.rows[:MOST_ROWS]]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + self._left_out("\n\n")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self._repr_markdown_())

    def _is_words(self, column: int) -> bool:
        """Words begin at the left; front ends set everything to the right."""
        cells = [row[column] for row in self.rows]
        return any(isinstance(cell, str) and cell and not NUMBER.fullmatch(cell) for cell in cells)

    def _left_out(self, lead: str) -> str:
        more = len(self.rows) - MOST_ROWS
        return f"{lead}... and {more:,} more rows; `.rows` holds them all" if more > 0 else ""


def _shown(cell: Cell) -> str:
    if cell is None:
        return "not counted"
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return number(cell) if isinstance(cell, int) else cell


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its words and numbers. Shows as SVG in a notebook and as `alt` in a terminal.

    Args:
        title: what it shows.
        alt: one or two sentences with the key numbers, for those who do not see the picture.
        svg: the picture, a whole SVG document.
        data: the numbers in it; read them with `table()`.
        height: of the picture at its natural size, in px.
    """

    title: str
    alt: str
    svg: str = field(repr=False)
    data: Table = field(repr=False)
    height: float = field(repr=False)

    def table(self) -> Table:
        """(columns, rows) of the numbers in the picture."""
        return self.data

    def save(self, path: str | Path) -> Path:
        """Write the picture to a .svg file.

        Raises:
            DeftLabError: the name does not end in .svg, or the folder is not there.
        """
        path = place_to_write(DeftLabError, path)
        if path.suffix != ".svg":
            raise DeftLabError(f"cannot save a figure as {path.name!r}; end the name in .svg")
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_mimebundle_(
        self, include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
    ) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": self.alt}

"""Showing a card: Markdown in a notebook, plain text elsewhere.

card: a value with `markdown` (and `figures`, which may be empty). It is shown once when it is made, and
again when it is the value of a later cell.
"""

import re
import sys
from typing import Any

_latest: tuple[Any, int] = (None, -1)  # the card shown last, and the number of its cell


class Card:
    """Base of what a lesson shows."""

    markdown: Any  # str; a subclass may make it a property, and so the next
    figures: Any = ()  # a sequence of figures

    def show(self) -> None:
        """Show the card now."""
        global _latest
        shell = notebook()
        if shell is None:
            print(plain(self.markdown))
            return
        from IPython.display import display

        _latest = (self, shell.execution_count)
        display({"text/markdown": self.markdown, "text/plain": plain(self.markdown)}, raw=True)
        for figure in self.figures:
            display(figure)

    def _ipython_display_(self) -> None:
        shell = notebook()
        if shell is None or _latest[0] is not self or _latest[1] != shell.execution_count:
            self.show()


def notebook() -> Any:
    """The running IPython shell, or None; IPython is not imported for the question."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def plain(markdown: str) -> str:
    """Markdown as a terminal shows it: no tags, no emphasis."""
    text = re.sub(r"</?(details|summary|br)[^>]*>", "", markdown)
    return re.sub(r"\*\*|```\w*\n?", "", text).strip()


def number(value: float) -> str:
    """A number as a person writes it: three figures or two decimals, thousands apart, an exponent if huge."""
    if value != 0 and not 1 <= abs(value) < 1e9:
        return f"{value:.3g}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def with_unit(value: float, unit: str) -> str:
    """A number with its unit: 18.27x, 329.3 MB."""
    return f"{number(value)}{unit}" if unit in ("", "x", "×", "%") else f"{number(value)} {unit}"

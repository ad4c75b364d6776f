"""The inspector of a count: bars of bytes by role; the one that is chosen shows its source lines."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..cost import Traffic
from ..viz import Figure, SourceBytes, draw_counted
from ..viz.io_bars import ROLE_WORDS
from ..viz.words import in_bytes, listed
from .look import look_and

DOES = {"load": "loads", "store": "stores", "atomic": "adds"}


class CountInspector(anywidget.AnyWidget):
    """Modelled and counted bytes. `pick` chooses a role ("kv", "partials", ...), here or on the page."""

    _esm = Path(__file__).with_suffix(".js")
    _css = look_and("widgets.css")
    svg = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)  # role -> a sentence
    pick = traitlets.Unicode().tag(sync=True)

    def __init__(self, figure: Figure, lines: Sequence[SourceBytes]) -> None:
        self.figure = figure
        super().__init__(svg=figure.svg, words=_words(lines), pick="")

    @traitlets.validate("pick")
    def _known(self, proposal: Any) -> str:
        """Keep to what there is; anything else chooses nothing."""
        return proposal["value"] if proposal["value"] in self.words else ""

    @property
    def alt(self) -> str:
        """The picture in words."""
        return self.figure.alt

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"image/svg+xml": self.figure.svg, "text/plain": self.alt}, metadata


def inspect_count(
    modelled: Traffic,
    counted: Traffic,
    lines: Sequence[SourceBytes],
    sources: Mapping[str, str],
    *,
    title: str | None = None,
) -> CountInspector:
    """Inspect counted bytes beside a model: choose a bar, and see the source lines that move them.

    Args:
        modelled: of any account; roles that it does not count have no bar.
        counted: of the same method, heads and layers.
        lines: who moves the bytes.
        sources: file name -> text of the files of the lines.
        title: default: a plain one.
    """
    return CountInspector(draw_counted(modelled, counted, lines, sources, title=title), lines)


def _words(lines: Sequence[SourceBytes]) -> dict[str, str]:
    """What the status line says of each role."""
    words = {}
    for role in dict.fromkeys(line.role for line in lines):
        mine = sorted((line for line in lines if line.role == role), key=lambda line: -line.n_bytes)
        said = [f"{line.where} {DOES[line.op]} {in_bytes(line.n_bytes)}" for line in mine[:3]]
        said += [f"{len(mine) - 3} more lines the rest"] if len(mine) > 3 else []
        words[role] = f"{ROLE_WORDS[role]}: {listed(said)}."
    return words

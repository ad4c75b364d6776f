"""The stage: a canvas without a heading, whose shapes can be sent one by one, and what players draw on it.

Pictures of neighbouring steps share most of their shapes; a page receives each distinct shape once.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np

from ...tree import Tree
from ...viz.nodes import node_in_words, node_paints
from ...viz.svg import Box, Canvas, Paint, document, hatch_pattern, px, text_width
from ...viz.theme import SMALL

CELL = 20  # height of a cell of a table of numbers, px


class Grid(NamedTuple):
    """A table of numbers on the stage: where it begins, and how wide its columns are."""

    x: float
    y: float
    column: float

    def box(self, row: int, column: int) -> Box:
        """The place of a cell."""
        return Box(self.x + self.column * column, self.y + CELL * row, self.column, CELL)


class Stage(Canvas):
    """Shapes of one step. `height` is fixed, so that neighbouring steps do not jump."""

    def __init__(self, height: float) -> None:
        self.title, self.y, self.height = "", 0.0, height
        self._parts: list[str] = []
        self._hatched: set[Paint] = set()
        self.bottom = 0.0  # of what has been drawn

    def _rect(self, box: Box, look: str, tip: str, data: dict[str, object]) -> None:
        self.bottom = max(self.bottom, box.y + box.height + 3)
        super()._rect(box, look, tip, data)

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        self.bottom = max(self.bottom, y + 6)
        super().text(x, y, text, kind, anchor)

    def add(self, other: "Stage") -> None:
        """The shapes of another stage, as one group."""
        self._parts.append(other.whole())
        self._hatched |= other._hatched

    def whole(self) -> str:
        """All shapes as one group, with the names of hatchings open; joined once."""
        if len(self._parts) != 1 or not self._parts[0].startswith("<g>"):
            self._parts = ["<g>" + "".join(self._parts) + "</g>"]
        return self._parts[0]

    def fragments(self, name: str) -> tuple[str, ...]:
        """The shapes in the order of drawing, patterns first; `name` makes their ids unique."""
        patterns = [hatch_pattern(name, paint) for paint in sorted(self._hatched)]
        return (*patterns, *(part.replace("url(#@", f"url(#{name}-") for part in self._parts))

    def document(self, title: str, alt: str, name: str) -> str:
        """The picture as a whole SVG."""
        return document(name, title, alt, self.height, "".join(self.fragments(name)))

    def cell(self, box: Box, text: str, kind: str = "", tip: str = "") -> None:
        """A number in a frame; kinds: `changed`, `lit`, `off`."""
        inner = Box(box.x + 1, box.y + 1, box.width - 2, box.height - 2)
        self.rect(inner, f"cell {kind}".strip(), tip)
        look = "small" + (" muted" if kind == "off" else "") + (" strong" if "changed" in kind else "")
        self.text(box.x + box.width - 6, box.y + CELL - 6, text, look, "end")

    def numbers(
        self,
        grid: Grid,
        rows: Sequence[Sequence[str]],
        kind: Callable[[int, int], str] = lambda row, column: "",
    ) -> None:
        """A table of cells; empty strings are left out."""
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                if text:
                    self.cell(grid.box(i, j), text, kind(i, j))

    def label(self, x: float, y: float, text: str, anchor: str = "start") -> None:
        """A small muted name."""
        self.text(x, y, text, "muted small", anchor)


def show(value: float, digits: int = 3) -> str:
    """A number as short as a cell wants it: -inf is a sign, large and small ones have powers."""
    if np.isneginf(value):
        return "−∞"
    if np.isnan(value):
        return "NaN"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.1e}".replace("-", "−")
    if float(value).is_integer() and abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.{digits}f}".replace("-", "−")


def draw_small_tree(
    stage: Stage,
    tree: Tree,
    room: Box,
    *,
    lit: Collection[int] = (),
    dim: Collection[int] = (),
    queries: bool = True,
) -> None:
    """A tree from left to right; `lit` nodes have a strong rim, `dim` ones are pale (both: indices)."""
    names = _query_names(tree) if queries else [""] * tree.n_nodes
    tail = max(text_width(name, SMALL) for name in names) + 14
    x, y, width = _places(tree, room._replace(width=room.width - tail))
    thick = float(min(16, 0.8 * room.height / len(tree.leaves)))
    for node in range(1, tree.n_nodes):
        parent = int(tree.parent[node])
        from_x, middle = x[parent] + width[parent], (x[parent] + width[parent] + x[node]) / 2
        bend = f"{px(middle)},{px(y[parent])} {px(middle)},{px(y[node])} {px(x[node])},{px(y[node])}"
        stage.path(f"M{px(from_x)},{px(y[parent])}C{bend}", "link")
    said = -np.inf  # y of the last query's name
    for node, paint in enumerate(node_paints(tree)):
        box = Box(float(x[node]), float(y[node]) - thick / 2, float(width[node]), thick)
        draw_node(stage, tree, node, paint, box, mark="lit" if node in lit else "dim" if node in dim else "")
        if names[node] and abs(float(y[node]) - said) > SMALL:
            said = float(y[node])
            stage.text(box.x + box.width + 6, said + 4, names[node], "muted small rim")


def draw_node(  # noqa: PLR0913  (a shape, and how it looks)
    stage: Stage, tree: Tree, node: int, paint: Paint, box: Box, *, mark: str = "", name: str | None = None
) -> None:
    """The bar of a node with its name, as far as there is room for it."""
    label = int(tree.label[node])
    if mark == "dim":
        stage.rect(box, "track", node_in_words(tree, node), node=label)
    else:
        stage.bar(box, paint, node_in_words(tree, node), node=label, **({"mark": mark} if mark else {}))
    text, middle = f"n{label}" if name is None else name, box.y + box.height / 2 + 4
    if not text or box.width < text_width(text, SMALL) + 4 or box.height < SMALL + 1:
        return
    if mark == "dim":
        stage.text(box.x + 4, middle, text, "muted small")
    else:
        stage.text_on(paint, box.x + 4, middle, text)


def _query_names(tree: Tree) -> list[str]:
    """[node] the queries that sit there."""
    names = [[] for _ in range(tree.n_nodes)]
    for row, seat in zip(tree.query_order.tolist(), tree.seat.tolist(), strict=True):
        names[seat].append(f"q{row}")
    return [" ".join(some if len(some) < 4 else [*some[:2], "…"]) for some in names]


def _places(tree: Tree, room: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[node] left end, middle, width."""
    depth = int(tree.depth.max()) + 1
    link = min(26.0, 0.3 * room.width / depth)
    weight = np.maximum(np.sqrt(tree.length), 1e-9)
    along = np.zeros(tree.n_nodes)
    for node, parent in enumerate(tree.parent.tolist()):
        along[node] = weight[node] + (along[parent] if parent >= 0 else 0)
    least = 6.0
    per = (room.width - link * (depth - 1) - least * depth) / along.max()
    width = per * weight + least
    x, y = np.zeros(tree.n_nodes), np.zeros(tree.n_nodes)
    for node, parent in enumerate(tree.parent.tolist()):
        x[node] = x[parent] + width[parent] + link if parent >= 0 else room.x
    row = room.height / len(tree.leaves)
    y[tree.leaves] = room.y + row * (np.arange(len(tree.leaves)) + 0.5)
    leaves = set(tree.leaves.tolist())
    for node in range(tree.n_nodes - 1, -1, -1):
        if node not in leaves:
            below = [float(y[child]) for child in tree.children(node)]
            y[node] = (min(below) + max(below)) / 2
    return x, y, width

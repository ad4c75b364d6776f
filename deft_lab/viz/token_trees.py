"""Small multiples of token trees: panels of the same scale, each with the numbers that belong to it.

A dot is a drafted token, below the last committed one; its area is how likely a round gets there.
"""

from collections.abc import Mapping, Sequence

from ..errors import DeftLabError, check_counts, check_kind
from ..token_tree import TokenTree
from ..token_tree.convert import bare
from .figure import Figure, Table
from .svg import Box, Canvas, px
from .theme import MARGIN, SMALL, TEXT, WIDTH
from .words import count

PER_ROW, GAP = 3, 16  # panels side by side, px between them
LEVEL, MOST_LEVEL_ROOM = 20, 190  # px of a level, and of all levels of a panel at most
BIGGEST, LEAST = 7.0, 1.6  # radius of a dot that is always reached, and of one that hardly is
Number = float | int | str


def draw_token_trees(
    title: str,
    trees: Mapping[str, Sequence[int]],
    numbers: Mapping[str, Mapping[str, Number]] | None = None,
    chances: Mapping[str, Sequence[float]] | None = None,
    *,
    note: str = "",
    per_row: int = PER_ROW,
) -> Figure:
    """Draw token trees beside each other.

    Args:
        title: what they have in common.
        trees: name -> shape, [node] parent of each, -1: the last committed token.
        numbers: name -> what is written below the tree, by what it is; the columns of the table.
        chances: name -> [node] how likely a round commits the node, 0 to 1; default: all dots are alike.
        note: a line below the title.
        per_row: panels side by side.

    Raises:
        DeftLabError: there is no tree, or a list has another length than its tree.
        TreeError: a parent comes after its child.
    """
    by_name = {"trees": trees, "numbers": numbers or {}, "chances": chances or {}}
    check_kind(DeftLabError, Mapping, "give {name of a tree: ...}", **by_name)
    check_counts(DeftLabError, 1, per_row=per_row)
    if not trees:
        raise DeftLabError("no token tree to draw; give at least one")
    made = {name: bare(shape) for name, shape in trees.items()}
    chances = chances or {}
    for name, tree in made.items():
        if name in chances and len(chances[name]) != len(tree):
            raise DeftLabError(
                f"{len(chances[name])} chances for the {len(tree)} nodes of {name!r}; give one of each"
            )
    numbers = numbers or {}
    canvas = Canvas(title, *([note] if note else []))
    names = list(made)
    for first in range(0, len(names), per_row):
        row = names[first : first + per_row]
        _draw_row(canvas, {name: made[name] for name in row}, numbers, chances, per_row)
    return canvas.finish(_alt(title, made, numbers), _table(made, numbers))


def _draw_row(
    canvas: Canvas,
    row: Mapping[str, TokenTree],
    numbers: Mapping[str, Mapping[str, Number]],
    chances: Mapping[str, Sequence[float]],
    per_row: int,
) -> None:
    """Panels of one row: name, tree, numbers; as high as the highest of them."""
    width = (WIDTH - 2 * MARGIN - (per_row - 1) * GAP) / per_row
    deepest = max((max(tree.depth, default=0) for tree in row.values()), default=0)
    level = min(LEVEL, MOST_LEVEL_ROOM / max(1, deepest))
    lines = max((len(numbers.get(name, ())) for name in row), default=0)
    top = canvas.y + TEXT + 8
    height = 2 * BIGGEST + deepest * level
    for i, (name, tree) in enumerate(row.items()):
        left = MARGIN + i * (width + GAP)
        canvas.text(left, canvas.y + TEXT, name, "strong")
        box = Box(left, top, width, height)
        if lines:
            canvas.path(f"M{px(left)},{px(top + height + 6)}h{px(width)}", "link", stroke_opacity=0.5)
        _draw_tree(canvas, tree, box, level, chances.get(name))
        for line, (what, value) in enumerate(numbers.get(name, {}).items()):
            y = top + height + 6 + (line + 1) * (SMALL + 5)
            canvas.text(left, y, what, "muted small")
            canvas.text(left + width, y, _said(value), "small", "end")
    canvas.y = top + height + 8 + lines * (SMALL + 5) + 16


def _draw_tree(
    canvas: Canvas, tree: TokenTree, box: Box, level: float, chances: Sequence[float] | None
) -> None:
    column = _columns(tree)
    n_columns = max(1, len(tree.leaves))
    step = min(2.4 * BIGGEST, (box.width - 2 * BIGGEST) / n_columns)
    left = box.x + (box.width - step * n_columns) / 2
    x = {node: left + step * (at + 0.5) for node, at in column.items()}
    y = {node: box.y + BIGGEST + level * (tree.depth[node] if node >= 0 else 0) for node in column}
    most = min(BIGGEST, 0.46 * level, max(LEAST, 0.6 * step))
    lines = "".join(
        f"M{px(x[parent])},{px(y[parent])}L{px(x[node])},{px(y[node])}"
        for node, parent in enumerate(tree.parents)
    )
    if lines:
        canvas.path(lines, "link", stroke_opacity=0.6)
    for node in range(len(tree)):
        chance = 1.0 if chances is None else min(1.0, max(0.0, chances[node]))
        radius = max(min(LEAST, most), most * chance**0.5)
        canvas.circle(x[node], y[node], radius, "c0" if tree.depth[node] % 2 else "c4")
    canvas.circle(x[-1], y[-1], most, "c5")


def _columns(tree: TokenTree) -> dict[int, float]:
    """Node (-1: the root) -> its place across: leaves side by side, a parent above the middle of its own."""
    leaf_at: dict[int, float] = {}
    waiting, n = [-1], 0
    while waiting:
        node = waiting.pop()
        if not tree.children[node]:
            leaf_at[node] = float(n)
            n += 1
        waiting.extend(reversed(tree.children[node]))
    place = dict(leaf_at)
    for node in range(len(tree) - 1, -2, -1):
        below = tree.children[node]
        if below:
            place[node] = (place[below[0]] + place[below[-1]]) / 2
    return place


def _said(value: Number) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _alt(title: str, trees: Mapping[str, TokenTree], numbers: Mapping[str, Mapping[str, Number]]) -> str:
    said = []
    for name, tree in trees.items():
        what = ", ".join(f"{key} {_said(value)}" for key, value in numbers.get(name, {}).items())
        shape = f"{count(len(tree), 'token')} in {count(max(tree.depth, default=0), 'level')}"
        said.append(f"{name}: {shape}{', ' if what else ''}{what}")
    return f"{title}. {'; '.join(said)}."


def _table(trees: Mapping[str, TokenTree], numbers: Mapping[str, Mapping[str, Number]]) -> Table:
    more = list(dict.fromkeys(key for found in numbers.values() for key in found))
    rows = tuple(
        (name, len(tree), max(tree.depth, default=0), *(numbers.get(name, {}).get(key) for key in more))
        for name, tree in trees.items()
    )
    return Table(("tree", "tokens", "levels", *more), rows)

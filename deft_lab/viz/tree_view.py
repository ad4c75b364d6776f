"""A tree from left to right: every node a bar, children to the right of their parent, queries as dots.

The width of a bar is the square root of the node's tokens, so that a prompt of thousands and branches of
one token fit into one picture; the heading says so and a key gives the measure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tree import Tree
from .figure import Figure, Table
from .nodes import node_in_words, node_paints, refuse_too_large
from .svg import Box, Canvas, px, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, listed, number

Floats = NDArray[np.float64]
ROW = 18  # height of a leaf's row where there is room, px
ROOM = 300  # height of a tree of some leaves; with more it grows as long as their labels fit, px
MOST_ROOM = 640  # height of a tree of many leaves, px
LINK = 30  # px between a parent and its children where there is room
LINE = SMALL + 1  # height of a label, px


@dataclass(frozen=True)
class Layout:
    """Where the nodes lie, in px."""

    x: Floats  # [node] left end of the bar
    width: Floats  # [node]
    y: Floats  # [node] middle
    thickness: Floats  # [node]
    row: float  # height of a leaf's row
    per_root: float  # px of width per square root of a token

    @property
    def dot(self) -> float:
        """Radius of a query's dot."""
        return min(3.2, 0.4 * self.row)

    def box(self, node: int) -> Box:
        """The bar of a node."""
        x, width, y, thickness = (float(of[node]) for of in (self.x, self.width, self.y, self.thickness))
        return Box(x, y - thickness / 2, width, thickness)


def draw_tree(tree: Tree, *, title: str | None = None) -> Figure:
    """Draw a decoding tree: how long its nodes are, how they branch, where its queries sit.

    Args:
        tree: of at most 5,000 nodes.
        title: default: a plain one.

    Raises:
        DeftLabError: the tree has more nodes than a picture can show.
    """
    refuse_too_large(tree)
    canvas = Canvas(
        title or "A decoding tree",
        "Bar: a node, as wide as the square root of its tokens; beside its name stands how many they are. "
        "Dot: a query, at the end of its node.",
    )
    layout = _layout(tree, canvas.y + LINE)  # room for a label above the first row
    _draw_links(canvas, tree, layout)
    for node, paint in enumerate(node_paints(tree)):
        canvas.bar(layout.box(node), paint, node_in_words(tree, node), node=int(tree.label[node]))
    n_labels = _draw_labels(canvas, tree, layout)
    canvas.y = float(layout.y.max() + layout.row / 2) + 4
    if n_labels < tree.n_nodes:
        words = f"{n_labels} of {tree.n_nodes:,} nodes are labelled; draw_tree(tree).table() has all."
        canvas.line(words, "muted small")
    _draw_key(canvas, tree, layout)
    return canvas.finish(_alt(tree), _table(tree))


def _layout(tree: Tree, top: float) -> Layout:
    n_rows = len(tree.leaves)
    row = min(ROW, max(ROOM / n_rows, min(LINE + 0.5, MOST_ROOM / n_rows), min(2.5, 900 / n_rows)))
    room = WIDTH - 2 * MARGIN - max(_leaf_label_width(tree, leaf) for leaf in tree.leaves.tolist())
    depth = tree.depth
    link = min(LINK, 0.35 * room / max(1, depth.max()))
    least = min(2.0, 0.2 * room / (depth.max() + 1))  # px of a node of few tokens
    roots = np.sqrt(tree.length)
    per_root = (room - depth * link - (depth + 1) * least) / np.maximum(_along_path(tree, roots), 1e-9)
    width = np.maximum(per_root.min() * roots, np.where(tree.length > 0, least, least / 2))
    x = MARGIN + _along_path(tree, width) - width + depth * link
    n_leaves = np.searchsorted(tree.leaves, tree.subtree_stop) - np.searchsorted(
        tree.leaves, np.arange(tree.n_nodes)
    )
    thickness = np.minimum(13.0, 0.74 * row * n_leaves)
    return Layout(x, width, _middles(tree, top, row), thickness, row, float(per_root.min()))


def _along_path(tree: Tree, value: Floats) -> Floats:
    """[node] sum of `value` from the root down to the node, its own included."""
    total = value.tolist()
    for node, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            total[node] += total[parent]
    return np.array(total)


def _middles(tree: Tree, top: float, row: float) -> Floats:
    """[node] y: the leaves below each other, a parent halfway between its first and last child."""
    y = np.zeros(tree.n_nodes)
    y[tree.leaves] = top + row * (np.arange(len(tree.leaves)) + 0.5)
    high, low = np.full(tree.n_nodes, np.inf), np.full(tree.n_nodes, -np.inf)
    for node in range(tree.n_nodes - 1, -1, -1):
        if high[node] <= low[node]:
            y[node] = (high[node] + low[node]) / 2
        parent = tree.parent[node]
        if parent >= 0:
            high[parent], low[parent] = min(high[parent], y[node]), max(low[parent], y[node])
    return y


def _draw_links(canvas: Canvas, tree: Tree, layout: Layout) -> None:
    curves = []
    for node in range(1, tree.n_nodes):
        parent = tree.parent[node]
        x, y = layout.x[parent] + layout.width[parent], layout.y[parent]
        to_x, to_y = layout.x[node], layout.y[node]
        middle = px((x + to_x) / 2)
        curves.append(f"M{px(x)},{px(y)}C{middle},{px(y)} {middle},{px(to_y)} {px(to_x)},{px(to_y)}")
    if curves:
        # many links side by side would become one grey area
        canvas.path("".join(curves), "link", stroke_width=px(min(1.2, max(0.35, layout.row / 10))))


def _node_label(tree: Tree, node: int) -> str:
    length = int(tree.length[node])
    return f"n{tree.label[node]} · {count(length, 'token') if node == 0 else number(length)}"


def _query_label(tree: Tree, node: int) -> str:
    first, stop = np.searchsorted(tree.seat, [node, node + 1])
    return listed([f"q{row}" for row in tree.query_order[first:stop].tolist()], most=3)


def _leaf_label_width(tree: Tree, leaf: int) -> float:
    texts = text_width(_query_label(tree, leaf), SMALL) + text_width(_node_label(tree, leaf), SMALL)
    return texts + 20


class _Occupied:
    """Where bars, dots and labels are, to place no label over another."""

    def __init__(self, boxes: list[Box]) -> None:
        self._edges = np.array([[b.x, b.x + b.width, b.y, b.y + b.height] for b in boxes])
        self._edges = np.concatenate([self._edges, np.full((2 * len(boxes), 4), np.inf)])
        self._n = len(boxes)

    def take(self, box: Box) -> bool:
        """Occupy the place if it is free."""
        left, right, top, bottom = self._edges[: self._n].T
        hit = (left < box.x + box.width) & (right > box.x) & (top < box.y + box.height) & (bottom > box.y)
        if hit.any():
            return False
        self._edges[self._n] = box.x, box.x + box.width, box.y, box.y + box.height
        self._n += 1
        return True


def _draw_labels(canvas: Canvas, tree: Tree, layout: Layout) -> int:
    """Dots, and labels as far as there is room; those that most queries see first. Returns how many nodes."""
    occupied = _Occupied([layout.box(node) for node in range(tree.n_nodes)])
    seated = np.bincount(tree.seat, minlength=tree.n_nodes)
    is_leaf = np.isin(np.arange(tree.n_nodes), tree.leaves)
    paints = node_paints(tree)
    n_labels = 0
    for node in np.lexsort((-tree.length, tree.q_first - tree.q_stop)).tolist():
        x, y, width, thickness = layout.box(node)
        right, middle = x + width, float(layout.y[node])
        if seated[node]:
            canvas.circle(right + layout.dot + 1, middle, layout.dot, "seat")
            right += 2 * layout.dot + 5
        text = _node_label(tree, node)
        needs = text_width(text, SMALL)
        inside = thickness >= LINE and needs + 4 <= width
        if inside:
            canvas.text_on(paints[node], x + 5, middle + 4, text)
            n_labels += 1
        queries = _query_label(tree, node) if seated[node] else ""
        if is_leaf[node]:
            gap = text_width(queries, SMALL) + 6 if queries else 0
            place = Box(right, middle - LINE / 2, gap + (0 if inside else needs), LINE)
            if place.width and occupied.take(place):
                if queries:
                    canvas.text(right, middle + 4, queries, "muted small rim")
                if not inside:
                    canvas.text(right + gap, middle + 4, text, "small rim")
                    n_labels += 1
        elif not inside and occupied.take(Box(x, y - LINE - 1, needs, LINE)):
            canvas.text(x, y - 3, text, "small rim")
            n_labels += 1
    return n_labels


def _draw_key(canvas: Canvas, tree: Tree, layout: Layout) -> None:
    """Bars of round numbers of tokens, to measure the others by."""
    longest = max(1, int(tree.length.max()))
    sizes = [10**power for power in range(10) if 10**power <= longest]
    x, shown = float(MARGIN), False
    for n in sizes:
        width, text = layout.per_root * n**0.5, count(n, "token")
        if width < 4 or x + width + text_width(text, SMALL) > WIDTH - MARGIN:
            continue
        if not shown:
            canvas.y += 20
        shown = True
        canvas.path(f"M{px(x)},{px(canvas.y - 8)}v8m0,-4h{px(width)}m0,-4v8", "tick")
        canvas.text(x + width + 6, canvas.y, text, "muted small")
        x += width + 6 + text_width(text, SMALL) + 24


def _alt(tree: Tree) -> str:
    longest = int(np.argmax(tree.length))
    leaves, links = count(len(tree.leaves), "leaf", "leaves"), count(int(tree.depth.max()), "link")
    return (
        f"A decoding tree of {count(tree.n_nodes, 'node')}, {leaves} and "
        f"{count(tree.n_queries, 'query', 'queries')}, {links} deep; "
        f"its longest node, {tree.label[longest]}, holds {count(int(tree.length[longest]), 'token')}. "
        f"It stores {count(tree.n_tokens, 'token')}, and its queries see {number(tree.n_path_tokens)} in all."
    )


def _table(tree: Tree) -> Table:
    columns = ("node", "parent", "tokens", "queries that see it", "queries that sit there")
    seated = np.bincount(tree.seat, minlength=tree.n_nodes).tolist()
    seen_by = (tree.q_stop - tree.q_first).tolist()
    parents = ["root", *tree.label[tree.parent[1:]].tolist()]
    rows = zip(tree.label.tolist(), parents, tree.length.tolist(), seen_by, seated, strict=True)
    return Table(columns, tuple(rows))

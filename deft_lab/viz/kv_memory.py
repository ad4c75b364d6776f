"""Two ways to keep the KV of a tree, drawn to one scale: once per node, or one copy per query.

The upper strip is the memory of the tree, node after node. Below, each query has a row with a copy of
its whole path. A node that many queries see is one piece above and a column of copies below.
"""

import numpy as np

from ..tree import Tree
from .figure import Figure, Table
from .nodes import node_in_words, node_paints, refuse_too_large
from .svg import Box, Canvas, px, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, times

STRIP = 20  # height of the upper strip, px
ROW, ROOM = 15, 240  # height of a copy where there is room; what many share, px
LEFT = MARGIN + 34  # room for the names of the queries


def draw_kv_memory(tree: Tree, *, title: str | None = None) -> Figure:
    """Draw the KV of a tree stored once per node (unique), and copied for each query (duplicated).

    Args:
        tree: of at most 5,000 nodes.
        title: default: a plain one.

    Raises:
        DeftLabError: the tree has more nodes than a picture can show.
    """
    refuse_too_large(tree)
    canvas = Canvas(
        title or "The KV of the tree in memory",
        "Both to the same scale; a node has the colour that it has in the tree.",
    )
    per_token = (WIDTH - MARGIN - LEFT) / tree.n_tokens
    canvas.line(f"Unique: each node once, {count(tree.n_tokens, 'token')}", "strong")
    for node, paint in enumerate(node_paints(tree)):
        start, length = int(tree.start[node]), int(tree.length[node])
        box = Box(LEFT + per_token * start, canvas.y + 2, per_token * length, STRIP)
        if length:
            canvas.bar(box, paint, node_in_words(tree, node), node=int(tree.label[node]), copies=1)
            _name(canvas, tree, node, box)
    canvas.y += STRIP + 10
    canvas.line(
        f"Duplicated: a copy of the path for each of {count(tree.n_queries, 'query', 'queries')}, "
        f"{count(tree.n_path_tokens, 'token')}: {times(tree.sharing)} times as many",
        "strong",
    )
    _draw_copies(canvas, tree, per_token)
    canvas.y += 4
    canvas.axis(LEFT, per_token, tree.n_tokens, lambda n: count(n, "token"))
    return canvas.finish(_alt(tree), _table(tree))


def _draw_copies(canvas: Canvas, tree: Tree, per_token: float) -> None:
    """One rectangle a node: its copies lie below each other, since they start at the same token."""
    row = min(ROW, ROOM / tree.n_queries)
    top, before = canvas.y + 5, _tokens_above(tree)
    for node, paint in enumerate(node_paints(tree)):
        first, seen_by = int(tree.q_first[node]), int(tree.q_stop[node] - tree.q_first[node])
        width = per_token * int(tree.length[node])
        if seen_by and width:
            box = Box(LEFT + per_token * before[node], top + row * first, width, row * seen_by)
            tip = f"{node_in_words(tree, node)}, so {count(seen_by, 'copy', 'copies')}"
            canvas.bar(box, paint, tip, node=int(tree.label[node]), copies=seen_by)
            _name(canvas, tree, node, box._replace(height=min(row, STRIP)))
    if row > 2:
        lines = "".join(f"M{px(LEFT - 1)},{px(top + row * i)}H{WIDTH}" for i in range(1, tree.n_queries))
        canvas.path(lines, "gap", stroke_width=px(min(2.0, 0.25 * row)))
    step = max(1, int(np.ceil((SMALL + 1) / row)))
    for i in range(0, tree.n_queries, step):
        middle = top + row * (i + 0.5)
        canvas.text(LEFT - 6, middle + 4, f"q{tree.query_order[i]}", "muted small", "end")
    canvas.y = top + row * tree.n_queries


def _tokens_above(tree: Tree) -> list[int]:
    """[node] tokens of its prefix."""
    above = [0] * tree.n_nodes
    for node, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            above[node] = above[parent] + int(tree.length[parent])
    return above


def _name(canvas: Canvas, tree: Tree, node: int, box: Box) -> None:
    name = f"n{tree.label[node]}"
    if box.height >= SMALL + 2 and box.width >= text_width(name, SMALL) + 6:
        canvas.text_on(node_paints(tree)[node], box.x + 4, box.y + box.height / 2 + 4, name)


def _alt(tree: Tree) -> str:
    return (
        f"Stored once per node, the KV of the tree takes {count(tree.n_tokens, 'token')}. "
        f"With a copy of the path for each of {count(tree.n_queries, 'query', 'queries')} it takes "
        f"{count(tree.n_path_tokens, 'token')}, {times(tree.sharing)} times as many."
    )


def _table(tree: Tree) -> Table:
    copies = (tree.q_stop - tree.q_first).tolist()
    rows = [
        (label, length, n, length * n)
        for label, length, n in zip(tree.label.tolist(), tree.length.tolist(), copies, strict=True)
    ]
    rows.append(("all", tree.n_tokens, tree.n_queries, tree.n_path_tokens))
    return Table(("node", "unique tokens", "copies", "duplicated tokens"), tuple(rows))

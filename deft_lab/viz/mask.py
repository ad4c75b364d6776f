"""The mask of a tree: which query sees which token, as a matrix of queries and KV.

Rows are queries and columns tokens, both depth first, so what a node's queries see is one rectangle. A
column of many tokens is drawn narrower than its tokens: as wide as the square root of the node's length.
For a plan, what it computes and then masks away is shown too.
"""

from dataclasses import dataclass

import numpy as np

from ..methods import find_method
from ..plan import Plan
from ..tree import Tree
from ..tree._shape import Ints
from .figure import Figure, Table
from .nodes import node_in_words, node_paints, refuse_too_large
from .svg import Box, Canvas, px, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, number, percent

LEFT = MARGIN + 34  # room for the names of the queries
GAP = 4  # px between the names of two nodes
ROW, ROOM = 18, 320  # height of a query where there is room; what all share, px
MOST_CUTS = 2000  # edges of groups; more would be one grey
MASK_WORDS = {
    "none": "no mask: a group holds only what its queries see",
    "dense": "a dense matrix through memory",
    "bits": "a word of bits for each token of a group",
    "intervals": "the first and the last query that see each token",
}


@dataclass(frozen=True)
class Grid:
    """Where columns and rows lie, in px."""

    x: Ints  # [node] left end of its columns
    width: Ints  # [node]
    top: float
    row: float

    def box(self, tree: Tree, node: int, rows: tuple[int, int], tokens: tuple[int, int]) -> Box:
        """The rectangle of some queries and some tokens of a node."""
        per_token = float(self.width[node]) / max(1, int(tree.length[node]))
        x = float(self.x[node]) + per_token * tokens[0]
        return Box(
            x,
            self.top + self.row * rows[0],
            per_token * (tokens[1] - tokens[0]),
            self.row * (rows[1] - rows[0]),
        )


def draw_mask(shown: Tree | Plan, *, title: str | None = None) -> Figure:
    """Draw which query sees which token of a tree; of a plan, also what it computes for nothing.

    Args:
        shown: a tree of at most 5,000 nodes, or a plan of one.
        title: default: a plain one, or the name of the method.

    Raises:
        DeftLabError: the tree has more nodes than a picture can show.
    """
    plan = shown if isinstance(shown, Plan) else None
    tree = shown.tree if isinstance(shown, Plan) else shown
    refuse_too_large(tree)
    canvas = Canvas(
        title or (f"The mask of {find_method(plan.method).title}" if plan else "Who sees what"),
        "Row: a query. Column: tokens of a node, as wide as the square root of their number. Painted: seen.",
        plan_words(plan) if plan else f"{_visible(tree)} of all pairs are visible.",
    )
    draw_pairs(canvas, tree, plan)
    canvas.y += 4
    return canvas.finish(_alt(tree, plan), _plan_table(plan) if plan else _tree_table(tree))


def draw_pairs(canvas: Canvas, tree: Tree, plan: Plan | None, room: float = ROOM) -> None:
    """The matrix, in at most `room` px."""
    canvas.y += 16
    grid = _grid(tree, canvas.y, room)
    _draw_columns(canvas, tree, grid)
    if plan:
        _draw_computed(canvas, plan, grid)
    paints = node_paints(tree)
    for node in np.flatnonzero((tree.length > 0) & (tree.q_stop > tree.q_first)).tolist():
        rows = int(tree.q_first[node]), int(tree.q_stop[node])
        box = grid.box(tree, node, rows, (0, int(tree.length[node])))
        canvas.bar(box, paints[node], node_in_words(tree, node), node=int(tree.label[node]))
    _draw_lines(canvas, tree, grid)
    if plan:
        _draw_cuts(canvas, plan, grid)
    canvas.y += grid.row * tree.n_queries


def _grid(tree: Tree, top: float, room: float) -> Grid:
    roots = np.sqrt(tree.length)
    width = roots * ((WIDTH - MARGIN - LEFT) / roots.sum())
    return Grid(LEFT + np.cumsum(width) - width, width, top, min(ROW, room / tree.n_queries))


def _draw_columns(canvas: Canvas, tree: Tree, grid: Grid) -> None:
    """A frame, and the names of the nodes above their columns."""
    height, free = grid.row * tree.n_queries, 0.0
    canvas.rect(Box(LEFT, grid.top, WIDTH - MARGIN - LEFT, height), "paper")
    for node in range(tree.n_nodes):
        name, x = f"n{tree.label[node]}", float(grid.x[node])
        needs, middle = text_width(name, SMALL), x + float(grid.width[node]) / 2
        if needs <= grid.width[node] and middle - needs / 2 >= free:
            canvas.text(middle, grid.top - 5, name, "muted small", "middle")
            free = middle + needs / 2 + GAP


def _draw_computed(canvas: Canvas, plan: Plan, grid: Grid) -> None:
    """What some query of a group does not see, though the group computes it."""
    tree = plan.tree
    group = np.repeat(np.arange(plan.n_groups), np.diff(plan.group_start))
    first, stop = plan.q_first[group], plan.q_stop[group]
    wasted = (first < tree.q_first[plan.chunk_node]) | (stop > tree.q_stop[plan.chunk_node])
    for i in np.flatnonzero(wasted).tolist():
        tokens = int(plan.chunk_start[i]), int(plan.chunk_stop[i])
        box = grid.box(tree, int(plan.chunk_node[i]), (int(first[i]), int(stop[i])), tokens)
        tip = f"group {group[i]} computes scores here that it masks away"
        canvas.rect(box, "waste", tip, wasted=int(group[i]))


def _draw_lines(canvas: Canvas, tree: Tree, grid: Grid) -> None:
    if grid.row > 3:
        lines = "".join(
            f"M{px(LEFT)},{px(grid.top + grid.row * i)}H{WIDTH - MARGIN}" for i in range(1, tree.n_queries)
        )
        canvas.path(lines, "gap", stroke_width=px(min(1.5, 0.12 * grid.row)))
    step = max(1, int(np.ceil((SMALL + 1) / grid.row)))
    for i in range(0, tree.n_queries, step):
        name, y = f"q{tree.query_order[i]}", grid.top + grid.row * (i + 0.5) + 4
        canvas.text(LEFT - 6, y, name, "muted small", "end")


def _draw_cuts(canvas: Canvas, plan: Plan, grid: Grid) -> None:
    """A line where a group begins, over its queries."""
    if plan.n_groups > MOST_CUTS:
        return
    cuts = []
    for chunk, first, stop in zip(
        plan.group_start[:-1].tolist(), plan.q_first.tolist(), plan.q_stop.tolist(), strict=True
    ):
        node, token = int(plan.chunk_node[chunk]), int(plan.chunk_start[chunk])
        box = grid.box(plan.tree, node, (first, stop), (token, token))
        cuts.append(f"M{px(box.x)},{px(box.y)}v{px(box.height)}")
    canvas.path("".join(cuts), "cut")


def _visible(tree: Tree) -> str:
    return f"{number(tree.n_path_tokens)} ({percent(tree.n_path_tokens / (tree.n_queries * tree.n_tokens))})"


def plan_words(plan: Plan) -> str:
    """Groups, mask, and what is computed for nothing."""
    computed = int((plan.kv_len * plan.q_len).sum())
    mask, wasted = MASK_WORDS[find_method(plan.method).mask], 1 - plan.tree.n_path_tokens / computed
    for_nothing = f"{percent(wasted)} of them masked away (dashed)" if wasted else "none of them masked away"
    return f"{count(plan.n_groups, 'group')}, {mask}. {count(computed, 'pair')} computed, {for_nothing}."


def _alt(tree: Tree, plan: Plan | None) -> str:
    shape = f"{count(tree.n_queries, 'query', 'queries')} and {count(tree.n_tokens, 'token')}"
    pairs = number(tree.n_queries * tree.n_tokens)
    said = f"A matrix of {shape}. {_visible(tree)} of its {pairs} pairs are visible"
    if plan is None:
        return f"{said}."
    computed = int((plan.kv_len * plan.q_len).sum())
    return (
        f"{said}. {find_method(plan.method).title} computes {number(computed)} pairs in "
        f"{count(plan.n_groups, 'group')}, so {number(computed - tree.n_path_tokens)} for nothing; its mask: "
        f"{MASK_WORDS[find_method(plan.method).mask]}."
    )


def _tree_table(tree: Tree) -> Table:
    seen_by = tree.q_stop - tree.q_first
    rows = zip(
        tree.label.tolist(), tree.start[: tree.n_nodes].tolist(), tree.length.tolist(), seen_by.tolist(),
        (seen_by * tree.length).tolist(), strict=True,
    )  # fmt: skip
    columns = ("node", "first column", "tokens", "queries that see it", "visible pairs")
    return Table(columns, tuple(rows))


def _plan_table(plan: Plan) -> Table:
    tree = plan.tree
    group = np.repeat(np.arange(plan.n_groups), np.diff(plan.group_start))
    first = np.maximum(plan.q_first[group], tree.q_first[plan.chunk_node])
    stop = np.minimum(plan.q_stop[group], tree.q_stop[plan.chunk_node])
    pairs = np.maximum(stop - first, 0) * (plan.chunk_stop - plan.chunk_start)
    visible = np.add.reduceat(pairs, plan.group_start[:-1])
    computed = plan.kv_len * plan.q_len
    columns = (plan.kv_len, plan.q_len, computed, visible, computed - visible)
    rows = zip(range(plan.n_groups), *(column.tolist() for column in columns), strict=True)
    names = ("group", "tokens", "queries", "pairs computed", "pairs visible", "pairs masked away")
    return Table(names, tuple(rows))

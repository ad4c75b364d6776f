"""The reduction as a picture: a row for each query, a column for each group, a cell for each partial.

A cell is filled as far as the partial weighs in its query's output: exp(lse - max), over their sum. Without
lse, every partial is drawn alike: then the picture says only who is reduced with whom.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DeftLabError
from ..plan import Plan, need_plan
from .figure import Figure, Table
from .nodes import node_paints, refuse_too_large
from .svg import Box, Canvas, Paint, px, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, number, title_of

LEFT, RIGHT = MARGIN + 40, 96  # room for the names of queries; for how many partials each has, px
ROW, WIDEST = 20, 62  # px of a row and of a column, at most
Place = tuple[float, float, float]  # width and height of a cell, and where the first row begins, px
Paints = list[tuple[Paint, int]]  # [group] the paint of its first node, and that node's label
MOST_GROUPS, MOST_QUERIES = 240, 80


def draw_reduction(plan: Plan, lse: ArrayLike | None = None, *, title: str | None = None) -> Figure:
    """Draw which partials make which query, and how much each weighs.

    Args:
        plan: of at most 240 groups and 80 queries.
        lse: [partial] of one query head; default: nothing is known of the weights.
        title: default: the name of the method.

    Raises:
        DeftLabError: the plan is too large for a picture, or `lse` has not one number for each partial.
    """
    need_plan(plan)
    refuse_too_large(plan.tree)
    if plan.n_groups > MOST_GROUPS or plan.tree.n_queries > MOST_QUERIES:
        raise DeftLabError(
            f"{plan.n_groups:,} groups and {plan.tree.n_queries:,} queries are more than this picture shows "
            f"({MOST_GROUPS} and {MOST_QUERIES}); draw a smaller tree, or longer chunks"
        )
    weight = None if lse is None else _weights(plan, lse)
    canvas = Canvas(
        title or f"Who is reduced with whom in {title_of(plan.method)}",
        "Row: a query. Column: a group, in the colour of its first node. Cell: a partial"
        + (", filled as far as it weighs in the query's output." if weight is not None else "."),
    )
    _draw_matrix(canvas, plan, weight)
    return canvas.finish(_alt(plan, weight), _table(plan, weight))


def _weights(plan: Plan, given: ArrayLike) -> NDArray[np.float64]:
    """[partial] share of its query's output; the shares of a query add up to 1."""
    try:
        lse = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as bad:
        raise DeftLabError(f"lse={given!r:.60}; give a number for each partial") from bad
    if lse.shape != (plan.n_partials,):
        raise DeftLabError(
            f"lse has shape {lse.shape} for {plan.n_partials} partials; give one head, such as lse[:, 0]"
        )
    start, partial = plan.reduction()
    weight = np.zeros(plan.n_partials)
    for query in range(plan.tree.n_queries):
        mine = partial[start[query] : start[query + 1]]
        share = np.exp(lse[mine] - lse[mine].max())
        weight[mine] = share / share.sum()
    return weight


def _draw_matrix(canvas: Canvas, plan: Plan, weight: NDArray[np.float64] | None) -> None:
    width = min(WIDEST, (WIDTH - LEFT - RIGHT) / plan.n_groups)
    row = max(7.0, min(ROW, 480 / plan.tree.n_queries))
    node = plan.chunk_node[plan.group_start[:-1]].tolist()
    paints = [(node_paints(plan.tree)[first], int(plan.tree.label[first])) for first in node]
    step = int(np.ceil((text_width(f"g{plan.n_groups}", SMALL) + 4) / width))
    canvas.y += 12
    for group in range(0, plan.n_groups, step):
        canvas.text(LEFT + width * (group + 0.5), canvas.y, f"g{group}", "muted small", "middle")
    top = canvas.y + 5
    if weight is None:
        _draw_runs(canvas, plan, (width, row, top), paints)
    else:
        _draw_weights(canvas, plan, weight, (width, row, top), paints)
    rows, query_of = plan.tree.query_order.tolist(), plan.query_of_partial()
    many = np.bincount(query_of, minlength=plan.tree.n_queries).tolist()
    for query, name in enumerate(rows):
        if row >= SMALL or query % 2 == 0:
            middle = top + row * (query + 0.5) + 4
            canvas.text(LEFT - 6, middle, f"q{name}", "muted small", "end")
            canvas.text(LEFT + width * plan.n_groups + 8, middle, count(many[query], "partial"), "small")
    canvas.y = top + row * plan.tree.n_queries + 4
    canvas.path(f"M{LEFT},{px(top)}V{px(canvas.y - 4)}", "tick")


def _draw_runs(canvas: Canvas, plan: Plan, at: Place, paints: Paints) -> None:
    """All partials of a group as one bar, cut between the queries."""
    width, row, top = at
    for group in range(plan.n_groups):
        first, many = int(plan.q_first[group]), int(plan.q_len[group])
        box = Box(LEFT + width * group + 0.5, top + row * first + 1, width - 1, row * many - 2)
        paint, label = paints[group]
        canvas.bar(box, paint, f"group {group}: {count(many, 'partial')}", node=label, group=group)
    cuts = "".join(
        f"M{LEFT},{px(top + row * i)}h{px(width * plan.n_groups)}" for i in range(1, plan.tree.n_queries)
    )
    if cuts:
        canvas.path(cuts, "gap", stroke_width=1.5)


def _draw_weights(canvas: Canvas, plan: Plan, weight: NDArray[np.float64], at: Place, paints: Paints) -> None:
    """A cell for each partial, filled as far as it weighs."""
    width, row, top = at
    rows, group_of = plan.tree.query_order.tolist(), np.repeat(np.arange(plan.n_groups), plan.q_len).tolist()
    for i, query in enumerate(plan.query_of_partial().tolist()):
        group, share = group_of[i], float(weight[i])
        box = Box(LEFT + width * group + 0.5, top + row * query + 1, width - 1, row - 2)
        canvas.rect(box, "track", f"partial {i}: query q{rows[query]} in group {group}, weight {share:.4f}")
        paint, label = paints[group]
        if share > 0:
            canvas.bar(box._replace(width=max(0.8, box.width * share)), paint, node=label, group=group)
        if width >= 34 and row >= SMALL + 4:
            canvas.text(box.x + box.width - 3, box.y + row / 2 + 3, f"{share:.2f}", "small rim", "end")


def _alt(plan: Plan, weight: NDArray[np.float64] | None) -> str:
    many = np.bincount(plan.query_of_partial(), minlength=plan.tree.n_queries)
    least, most = int(many.min()), int(many.max())
    span = count(most, "partial") if least == most else f"{least} to {count(most, 'partial')}"
    heaviest = "" if weight is None else f" The heaviest partial of all weighs {weight.max():.2f}."
    return (
        f"{title_of(plan.method)} leaves {count(plan.n_partials, 'partial')} in "
        f"{count(plan.n_groups, 'group')}; each of {count(plan.tree.n_queries, 'query', 'queries')} is "
        f"reduced from {span}.{heaviest}"
    )


def _table(plan: Plan, weight: NDArray[np.float64] | None) -> Table:
    group = np.repeat(np.arange(plan.n_groups), plan.q_len).tolist()
    rows = plan.tree.query_order[plan.query_of_partial()].tolist()
    shares = [None] * plan.n_partials if weight is None else [f"{share:.6f}" for share in weight]
    columns = ("partial", "group", "query", "weight")
    return Table(
        columns,
        tuple(
            (number(i), g, f"q{q}", w) for i, (g, q, w) in enumerate(zip(group, rows, shares, strict=True))
        ),
    )

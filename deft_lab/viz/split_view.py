"""A plan as a picture: which tokens each group reads, and for which queries.

Every group is a row. On the left lies the memory of the tree, node after node, with the group's chunks
where they are; on the right the group's queries. A column that is painted in many rows is read many times.
"""

from ..plan import Plan, need_plan
from ..tree._shape import Ints
from .figure import Figure, Table
from .nodes import node_in_words, node_paints, refuse_too_large
from .svg import Box, Canvas, Paint, px, text_width
from .theme import MARGIN, SMALL
from .words import count, number, title_of

HEAD, TAIL = 30, 10  # groups drawn from the front and from the back of a long plan
ROW, BAR = 17, 12
KV = (MARGIN + 42, 395)  # left end and width of the memory, px
TOKENS = 121  # room for a count of two thousand million tokens
QUERIES = (KV[0] + KV[1] + TOKENS, 130)
LEAST = 1.0  # px of a chunk of few tokens


def draw_split(plan: Plan, *, title: str | None = None) -> Figure:
    """Draw who reads what: the chunks and the queries of every group, up to 40 groups.

    Args:
        plan: of a tree of at most 5,000 nodes.
        title: default: the name of the method.

    Raises:
        DeftLabError: the tree has more nodes than a picture can show.
    """
    need_plan(plan)
    refuse_too_large(plan.tree)
    name = title_of(plan.method)
    canvas = Canvas(
        title or f"Who reads what in {name}",
        "Each row is a group: on the left its tokens in the memory of the tree, on the right its queries.",
        _sums(plan),
    )
    canvas.y += 12
    canvas.text(KV[0], canvas.y, f"memory: {count(plan.tree.n_tokens, 'token')}", "muted small")
    canvas.text(QUERIES[0], canvas.y, _span(plan, 0, plan.tree.n_queries), "muted small")
    canvas.y += 5
    shown = _shown(plan.n_groups)
    paints = node_paints(plan.tree)
    for before, group in zip([-1, *shown], shown, strict=False):
        if group > before + 1:
            canvas.y += 4
            left_out = f"groups {number(before + 1)} to {number(group - 1)}"
            canvas.line(f"... {left_out} are left out ...", "muted small", SMALL)
            canvas.y += 4
        _draw_group(canvas, plan, group, paints)
    return canvas.finish(_alt(plan), _table(plan))


def _shown(n_groups: int) -> list[int]:
    if n_groups <= HEAD + TAIL:
        return list(range(n_groups))
    return [*range(HEAD), *range(n_groups - TAIL, n_groups)]


def _draw_group(canvas: Canvas, plan: Plan, index: int, paints: list[Paint]) -> None:
    group, middle = plan.groups[index], canvas.y + ROW / 2
    canvas.text(KV[0] - 6, middle + 4, f"g{index}", "muted small", "end")
    _draw_chunks(canvas, plan, index, paints)
    canvas.text(KV[0] + KV[1] + 6, middle + 4, count(group.kv_len, "token"), "small")
    _draw_queries(canvas, plan, index)
    queries = count(len(group.queries), "query", "queries")
    canvas.text(QUERIES[0] + QUERIES[1] + 6, middle + 4, queries, "small")
    canvas.y += ROW


def _draw_chunks(canvas: Canvas, plan: Plan, index: int, paints: list[Paint]) -> None:
    tree, top = plan.tree, canvas.y + (ROW - BAR) / 2
    canvas.rect(Box(KV[0], top, KV[1], BAR), "track")
    per_token, right = KV[1] / tree.n_tokens, KV[0] + KV[1]
    for node, start, stop in plan.groups[index].chunks:
        x = min(KV[0] + per_token * (int(tree.start[node]) + start), right - LEAST)
        box = Box(x, top, max(LEAST, per_token * (stop - start)), BAR)
        label = int(tree.label[node])
        tip = f"tokens {number(start)} to {number(stop - 1)} of {node_in_words(tree, node)}"
        canvas.bar(box, paints[node], tip, node=label, group=index)
        if box.width >= text_width(f"n{label}", SMALL) + 8:
            canvas.text_on(paints[node], x + 4, top + BAR / 2 + 4, f"n{label}")


def _draw_queries(canvas: Canvas, plan: Plan, index: int) -> None:
    queries, top = plan.groups[index].queries, canvas.y + (ROW - BAR) / 2
    per_query = QUERIES[1] / plan.tree.n_queries
    canvas.rect(Box(QUERIES[0], top, QUERIES[1], BAR), "track")
    box = Box(QUERIES[0] + per_query * queries.start, top, per_query * len(queries), BAR)
    tip = f"group {index}: {_span(plan, queries.start, queries.stop)}"
    canvas.rect(box, "queries", tip, group=index, queries=len(queries))
    if per_query >= 4:
        cuts = [QUERIES[0] + per_query * query for query in queries[1:]]
        canvas.path("".join(f"M{px(x)},{px(top)}v{BAR}" for x in cuts), "gap")


def _span(plan: Plan, first: int, stop: int) -> str:
    rows = plan.tree.query_order[first:stop].tolist()
    if len(rows) == 1:
        return f"query q{rows[0]}"
    # the caller's numbers may jump; the picture is in preorder
    order = "" if rows == sorted(rows) else ", depth-first"
    return f"{len(rows):,} queries: q{rows[0]} ... q{rows[-1]}{order}"


def _sums(plan: Plan) -> str:
    groups = count(plan.n_groups, "group reads", "groups read")
    return f"{groups} {count(int(plan.kv_start[-1]), 'token')}, {count(plan.n_partials, 'partial')}."


def _alt(plan: Plan) -> str:
    drawn = len(_shown(plan.n_groups))
    left_out = f" {drawn} groups are drawn, {plan.n_groups - drawn:,} are left out." * (drawn < plan.n_groups)
    return (
        f"{title_of(plan.method)} makes {count(plan.n_groups, 'group')} of "
        f"{_range(plan.kv_len, 'token', 'tokens')} and {_range(plan.q_len, 'query', 'queries')}. "
        f"Together they read {count(int(plan.kv_start[-1]), 'token')}, of {number(plan.tree.n_tokens)} "
        f"in the tree, and leave {count(plan.n_partials, 'partial')}.{left_out}"
    )


def _range(values: Ints, one: str, many: str) -> str:
    least, most = int(values.min()), int(values.max())
    return count(most, one, many) if least == most else f"{number(least)} to {count(most, one, many)}"


def _table(plan: Plan) -> Table:
    rows = []
    for i, group in enumerate(plan.groups):
        chunks = [f"n{plan.tree.label[c.node]}[{c.start}:{c.stop}]" for c in group.chunks]
        queries = plan.tree.query_order[group.queries.start : group.queries.stop].tolist()
        rows.append((i, group.kv_len, " + ".join(chunks), len(queries), " ".join(f"q{q}" for q in queries)))
    return Table(("group", "tokens", "chunks", "queries", "which queries"), tuple(rows))

"""A plan as the arrays that the released kernels take, every entry visible, in the colour of its node.

entry: one KV token of a group; a word says which of the group's queries see it. The names of the arrays are
those of DeFT's released code, so that whoever reads it finds them again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import DeftLabError
from ..methods import find_method
from ..plan import Plan, need_plan
from ..tree._shape import Ints
from .figure import Figure, Table
from .nodes import node_in_words, node_paints, refuse_too_large
from .svg import Box, Canvas, Paint, px, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, number

LEFT = MARGIN + 160  # room for the names of arrays
CELL, GAP = 19, 4  # height of an entry, and what parts two lines, px
MOST_ENTRIES, MOST_QUERIES = 120, 64  # that a picture shows one by one
NODE_NAMES = (
    "KV_indices",
    "KV_indices_offset",
    "KV_len",
    "KVMapQ_List",
    "KVMapQ_List_Offset",
    "KVMapQ_List_Len",
)
FLAT_NAMES = ("block_kv", "block_bitmasks", "block_lens", "block_q", "block_q_offset", "block_q_cnts")
RELEASED = ("deft_node", "deft_node_chunk", "deft_tree_index", "deft_flatten")
PER_TOKEN = ("KV_indices", "block_kv", "block_bitmasks")
PER_PARTIAL = ("KVMapQ_List", "block_q")
SAYS = {
    "KV_indices": "slots of the KV",
    "KV_indices_offset": "where a group begins in it",
    "KV_len": "tokens of a group",
    "KVMapQ_List": "queries of the groups",
    "KVMapQ_List_Offset": "where a group begins in it",
    "KVMapQ_List_Len": "queries of a group",
    "block_kv": "slots of the KV",
    "block_bitmasks": "who sees the token",
    "block_lens": "tokens of a group",
    "block_q": "queries of the groups",
    "block_q_offset": "where a group begins in it",
    "block_q_cnts": "queries of a group",
}


class _Entry(NamedTuple):
    """One number of an array: its text, its group, and the nodes that it is about."""

    text: str
    group: int
    nodes: tuple[int, ...]
    query: int | None = None


def released_arrays(plan: Plan, slots: Sequence[int] | Ints | None = None) -> dict[str, Ints]:
    """The arrays of a KV-guided plan, by their names in the released code.

    Args:
        plan: by DeFT-Node, DeFT-Node-Chunk, DeFT-Tree-Index or DeFT-Flatten.
        slots: [token] of the depth-first flattened tree; default: token t lies in slot t.

    Raises:
        DeftLabError: the plan is of another method, or `slots` does not fit its tree.
        PlanError: a group of DeFT-Flatten has more queries than a word has bits.
    """
    need_plan(plan)
    if plan.method not in RELEASED:
        raise DeftLabError(f"{plan.method!r} has no such arrays; draw a plan of deft_node or deft_flatten")
    token = plan.arrays().token
    slot = token if slots is None else _slots(slots, plan.tree.n_tokens)[token]
    query = plan.tree.query_order[plan.query_of_partial()]
    if plan.method != "deft_flatten":
        columns = (slot, plan.kv_start[:-1], plan.kv_len, query, plan.partial_start[:-1], plan.q_len)
        return dict(zip(NODE_NAMES, columns, strict=True))
    words = np.concatenate([plan.arrays().bit_mask(group) for group in range(plan.n_groups)])
    columns = (slot, words, plan.kv_len, query, plan.partial_start[:-1], plan.q_len)
    return dict(zip(FLAT_NAMES, columns, strict=True))


def _slots(slots: Sequence[int] | Ints, n_tokens: int) -> Ints:
    found = np.asarray(slots)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise DeftLabError(f"slots={slots!r:.60}; it must be a list of integers")
    if len(found) != n_tokens:
        raise DeftLabError(f"{len(found)} slots for {n_tokens} tokens; give one for each")
    return found.astype(np.int64)


def draw_arrays(plan: Plan, slots: Sequence[int] | Ints | None = None, *, title: str | None = None) -> Figure:
    """Draw the arrays of a KV-guided plan, one number a cell.

    Args:
        plan: as `released_arrays` takes it, of at most 120 entries and 64 queries.
        slots: [token] of the depth-first flattened tree; default: token t lies in slot t.
        title: default: the name of the method.

    Raises:
        DeftLabError: the plan is of another method, or too large for a picture of every number.
    """
    need_plan(plan)
    refuse_too_large(plan.tree)
    if int(plan.kv_start[-1]) > MOST_ENTRIES or plan.n_partials > MOST_ENTRIES:
        raise DeftLabError(
            f"{int(plan.kv_start[-1]):,} entries and {plan.n_partials:,} partials are more than a picture of "
            f"every number shows ({MOST_ENTRIES}); draw a smaller tree, or read released_arrays(plan)"
        )
    arrays = released_arrays(plan, slots)
    canvas = Canvas(
        title or f"The arrays of {find_method(plan.method).title}",
        "An entry has the colour of its node. A frame is a group: g0, g1, ... "
        + ("A word has a bit for each query of its group, the first on the right." * ("block_q" in arrays)),
    )
    rows = {name: _entries(plan, name, values) for name, values in arrays.items()}
    needs = {name: max(text_width(e.text, SMALL) for e in row) + 8 for name, row in rows.items()}
    common = max([26.0, *(width for width in needs.values() if width <= 44)])  # so that columns align
    for name, row in rows.items():
        _draw_array(canvas, plan, name, row, max(common, needs[name]))
    return canvas.finish(_alt(plan, arrays), _table(arrays))


def _entries(plan: Plan, name: str, values: Ints) -> list[_Entry]:
    """The numbers of an array, with what each is about, as labels of nodes."""
    label, tree = plan.tree.label.tolist(), plan.tree
    if name in PER_TOKEN:
        groups = np.repeat(np.arange(plan.n_groups), plan.kv_len).tolist()
        nodes = plan.arrays().node.tolist()
        width = plan.q_len
        texts = [
            f"{value:0{width[group]}b}" if name == "block_bitmasks" else str(value)
            for value, group in zip(values.tolist(), groups, strict=True)
        ]
        return [_Entry(t, g, (label[n],)) for t, g, n in zip(texts, groups, nodes, strict=True)]
    if name in PER_PARTIAL:
        groups = np.repeat(np.arange(plan.n_groups), plan.q_len).tolist()
        rows = plan.query_of_partial().tolist()
        paths = [tuple(label[n] for n in tree.path(int(tree.seat[row]))) for row in range(tree.n_queries)]
        return [
            _Entry(str(value), group, paths[row], int(value))
            for value, group, row in zip(values.tolist(), groups, rows, strict=True)
        ]
    return [
        _Entry(str(value), group, tuple(dict.fromkeys(label[c.node] for c in plan.groups[group].chunks)))
        for group, value in enumerate(values.tolist())
    ]


def _draw_array(canvas: Canvas, plan: Plan, name: str, entries: list[_Entry], width: float) -> None:
    """The name on the left, and as many lines of cells as it takes."""
    per_line = max(1, int((WIDTH - MARGIN - LEFT) // width))
    paints = dict(zip(plan.tree.label.tolist(), node_paints(plan.tree), strict=True))
    canvas.y += 6
    top = canvas.y
    for first in range(0, len(entries), per_line):
        line = entries[first : first + per_line]
        canvas.y += 13
        for i, entry in enumerate(line):
            x = LEFT + i * width
            if i == 0 or line[i - 1].group != entry.group:
                canvas.text(x + 1, canvas.y - 3, f"g{entry.group}", "muted small")
            box = Box(x, canvas.y, width, CELL)
            paint = paints[entry.nodes[0]] if name in PER_TOKEN else None
            _draw_cell(canvas, plan, entry, box, paint)
        _draw_frames(canvas, line, width)
        canvas.y += CELL + GAP
    canvas.text(MARGIN, top + 13 + CELL / 2, name, "strong mono small")
    canvas.text(MARGIN, top + 13 + CELL / 2 + 13, SAYS[name], "muted small")
    canvas.y = max(canvas.y, top + 13 + CELL / 2 + 18)


def _draw_cell(canvas: Canvas, plan: Plan, entry: _Entry, box: Box, paint: Paint | None) -> None:
    """A cell of a token in its node's paint, or one of a group or query without."""
    middle = box.x + box.width / 2
    if paint is not None:
        tip = f"group {entry.group}, {node_in_words(plan.tree, plan.tree.index(entry.nodes[0]))}"
        canvas.bar(box, paint, tip, node=entry.nodes[0], group=entry.group)
        # text_width is what a text may need; the usual font takes rather less
        canvas.text_on(paint, middle - 0.46 * text_width(entry.text, SMALL), box.y + 13, entry.text)
        return
    about = {"group": entry.group, "nodes": " ".join(map(str, entry.nodes))}
    words = f"group {entry.group}"
    if entry.query is not None:
        about["query"] = entry.query
        words += f": query q{entry.query}, which sees nodes {', '.join(map(str, entry.nodes))}"
    canvas.rect(box, "cell", words, **about)
    canvas.text(middle, box.y + 13, entry.text, "small", "middle")


def _draw_frames(canvas: Canvas, line: list[_Entry], width: float) -> None:
    """A frame around the entries of each group."""
    groups = [entry.group for entry in line]
    path = ""
    for group in dict.fromkeys(groups):
        first, n = groups.index(group), groups.count(group)
        x = LEFT + first * width
        path += f"M{px(x)},{px(canvas.y)}h{px(n * width)}v{CELL}h{px(-n * width)}Z"
    canvas.path(path, "link", stroke_width=1.6)


def _alt(plan: Plan, arrays: dict[str, Ints]) -> str:
    sizes = ", ".join(f"{name} {len(values)}" for name, values in arrays.items())
    return (
        f"The arrays that {find_method(plan.method).title}'s kernel takes for "
        f"{count(plan.n_groups, 'group')}, "
        f"{count(int(plan.kv_start[-1]), 'KV entry', 'KV entries')} and {count(plan.n_partials, 'partial')}. "
        f"Entries: {sizes}."
    )


def _table(arrays: dict[str, Ints]) -> Table:
    rows = [(name, len(values), " ".join(map(number, values.tolist()))) for name, values in arrays.items()]
    return Table(("array", "entries", "values"), tuple(rows))

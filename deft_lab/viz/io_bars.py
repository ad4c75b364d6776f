"""Bytes that one decode step moves: a bar for each method, a piece of it for each role.

The numbers are `deft_lab.traffic`'s. Which account counts them is part of the figure: the same plan has
other bytes in another account.
"""

from collections.abc import Iterable

from ..cost import ACCOUNTS, ROLES, Traffic, traffic
from ..errors import DeftLabError, check_choice, check_names
from ..geometry import Geometry
from ..methods import METHODS, find_method, plan_tree
from ..tree import Tree
from .figure import Figure, Table
from .svg import Box, Canvas, Paint, text_width
from .theme import MARGIN, SMALL, WIDTH
from .words import count, in_bytes, listed, round_bytes, times

ACCOUNT_WORDS = {
    "paper": "the paper's Table 12; partials of fused methods, Q and O left out",
    "logged": "the counters of the released code",
    "requested": "what the kernels ask the memory system for; caches may serve a part",
    "unique": "each byte that any kernel must touch, once; the floor, the same for all methods",
}
MULTI_HEAD = ("paper", "logged")  # accounts that give every query head a KV head of its own
ROLE_PAINTS = {
    "kv": Paint(4),
    "q": Paint(1),
    "o": Paint(0, 1),
    "partials": Paint(5, 1),
    "lse": Paint(3, 2),
    "mask": Paint(6, 2),
    "index": Paint(2),
}
ROLE_WORDS = {
    "kv": "KV", "q": "Q", "o": "O", "partials": "partials", "lse": "LSE", "mask": "mask", "index": "index"
}  # fmt: skip
LEFT, RIGHT = MARGIN + 158, 206  # room for the names, and for the totals and ratios
TOTAL = WIDTH - MARGIN - 112  # right end of the totals
RATIO = "times the least"
ROW, BAR = 26, 17
Method = str | tuple[str, str]


def draw_io_bars(
    tree: Tree,
    geometry: Geometry,
    methods: Iterable[Method] | None = None,
    *,
    account: str = "requested",
    pack_heads: bool = False,
    title: str | None = None,
) -> Figure:
    """Draw the bytes of one decode step over `tree`, method by method.

    Args:
        tree: what the step attends over.
        geometry: of the model; `geometry.layer` for one layer.
        methods: names of METHODS or (mode, mem) pairs; default: all of them.
        account: who counts, one of ACCOUNTS.
        pack_heads: account `requested` only: a program takes all query heads of a KV head. Without it, each
            method does as it does by default: of all methods, `tree_waves` alone packs.
        title: default: a plain one; the account stands below it.

    Raises:
        DeftLabError: there is no method, one or the account is unknown, or it does not know `pack_heads`.
    """
    check_names(DeftLabError, methods=methods)
    names = [find_method(m).name for m in (METHODS if methods is None else methods)]
    if not names:
        raise DeftLabError(f"no method to draw; name some of {', '.join(METHODS)}")
    check_choice(DeftLabError, ACCOUNTS, account=account)
    packed = True if pack_heads else None  # None: as the method does
    sums = [traffic(plan_tree(tree, name), geometry, account, pack_heads=packed) for name in names]
    canvas = Canvas(title or "Bytes of one decode step", *_subtitles(sums, geometry, pack_heads))
    _draw_legend(canvas, sums)
    least, most = min(t.total for t in sums), max(t.total for t in sums)
    per_byte = (WIDTH - RIGHT - LEFT) / most
    canvas.text(TOTAL, canvas.y, "total", "muted small", "end")
    canvas.text(WIDTH - MARGIN, canvas.y, RATIO, "muted small", "end")
    canvas.y += 4
    for moved in sums:
        _draw_method(canvas, moved, per_byte, moved.total / least)
    canvas.axis(LEFT, per_byte, most, round_bytes)
    return canvas.finish(_alt(sums, geometry, pack_heads), _table(sums, least))


def _subtitles(sums: list[Traffic], geometry: Geometry, pack_heads: bool) -> list[str]:
    account = sums[0].account
    missing = [ROLE_WORDS[role] for role in ROLES if all(t.by_role()[role] is None for t in sums)]
    left_out = [f"Not counted: {', '.join(missing)}."] if missing else []
    return [
        f"Account “{account}”: {ACCOUNT_WORDS[account]}.",
        f"{_geometry_in_words(geometry)}{_heads_in_words(sums, geometry, pack_heads)}.",
        *left_out,
    ]


def _geometry_in_words(geometry: Geometry) -> str:
    return (
        f"{count(geometry.n_layers, 'layer')}, {count(geometry.n_q_heads, 'query head')}, "
        f"{count(geometry.n_kv_heads, 'KV head')} of {geometry.head_dim}, "
        f"{count(geometry.dtype_bytes, 'byte')} an element"
    )


def _heads_in_words(sums: list[Traffic], geometry: Geometry, pack_heads: bool) -> str:
    """Which heads were counted, where that is not plain."""
    account = sums[0].account
    if account in MULTI_HEAD and geometry.q_per_kv > 1:
        return f"; KV counted as of {geometry.n_q_heads} heads, as for multi-head attention"
    if pack_heads:
        return ", query heads of a KV head packed"
    packing = [METHODS[t.method].title for t in sums if METHODS[t.method].packs_heads]
    return f"; heads packed by {listed(packing)}" if packing and account == "requested" else ""


def _draw_legend(canvas: Canvas, sums: list[Traffic]) -> None:
    x = float(LEFT)
    for role in _roles(sums):
        canvas.bar(Box(x, canvas.y + 2, 14, 11), ROLE_PAINTS[role])
        canvas.text(x + 19, canvas.y + 12, ROLE_WORDS[role], "small")
        x += 19 + text_width(ROLE_WORDS[role], SMALL) + 16
    canvas.y += 34


def _roles(sums: list[Traffic]) -> list[str]:
    return [role for role in ROLES if any(moved.by_role()[role] for moved in sums)]


def _draw_method(canvas: Canvas, moved: Traffic, per_byte: float, ratio: float) -> None:
    middle = canvas.y + ROW / 2
    name = METHODS[moved.method].title
    canvas.text(LEFT - 8, middle + 4, name, anchor="end")
    x = float(LEFT)
    for role, value in moved.by_role().items():
        if not value:
            continue
        paint, words = ROLE_PAINTS[role], ROLE_WORDS[role]
        box = Box(x, middle - BAR / 2, per_byte * value, BAR)
        canvas.bar(box, paint, f"{name}, {words}: {in_bytes(value)}", method=moved.method, role=role)
        if box.width > text_width(words, SMALL) + 10:
            canvas.text_on(paint, x + 5, middle + 4, words)
        x += box.width
    canvas.text(TOTAL, middle + 4, in_bytes(moved.total), anchor="end")
    canvas.text(WIDTH - MARGIN, middle + 4, f"{times(ratio)}×", "strong", "end")
    canvas.y += ROW


def _alt(sums: list[Traffic], geometry: Geometry, pack_heads: bool) -> str:
    titles: dict[int, list[str]] = {}  # of the methods of each total
    for moved in sorted(sums, key=lambda moved: moved.total):
        titles.setdefault(moved.total, []).append(METHODS[moved.method].title)
    least = min(titles)
    heads = _heads_in_words(sums, geometry, pack_heads)
    said = [
        f"{listed(names)} {in_bytes(total)}" + f" ({times(total / least)} times)" * (total > least)
        for total, names in titles.items()
    ]
    return (
        f"Bytes of one decode step in account {sums[0].account!r} "
        f"({_geometry_in_words(geometry)}{heads}), from least to most: "
        f"{'; '.join(said)}."
    )


def _table(sums: list[Traffic], least: int) -> Table:
    rows = tuple(
        (t.method, t.account, *t.by_role().values(), t.total, round(t.total / least, 4)) for t in sums
    )
    return Table(("method", "account", *(f"{role} bytes" for role in ROLES), "total bytes", RATIO), rows)

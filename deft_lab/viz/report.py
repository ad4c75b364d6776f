"""A report: one tree under several methods as one HTML page that needs no network and no script."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from ..cost import predict
from ..errors import DeftLabError, check_kind, check_names, place_to_write
from ..geometry import LLAMA3_8B, Geometry
from ..hardware import H200, Hardware
from ..methods import find_method, plan_tree
from ..tree import Tree
from .figure import Figure, Table
from .io_bars import draw_io_bars
from .kv_memory import draw_kv_memory
from .mask import draw_mask
from .timeline import draw_timeline
from .tree_view import draw_tree

STYLE = """
:root { color-scheme: light dark; }
body { max-width: 820px; margin: 2rem auto; padding: 0 1rem; line-height: 1.5; }
body { font-family: system-ui, sans-serif; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8888; }
th:first-child, td:first-child { text-align: left; }
details { margin: .3rem 0 2rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { details:not([open]) { display: none; } summary { list-style: none; } }
@media print { h2, summary { break-after: avoid; } svg, tr { break-inside: avoid; } }
"""


def write_report(
    tree: Tree,
    methods: Sequence[str],
    path: str | Path,
    *,
    geometry: Geometry = LLAMA3_8B.layer,
    hardware: Hardware = H200,
    title: str = "A decoding tree and its methods",
) -> Path:
    """Write pictures, numbers and words of one decode step as one .html file.

    Args:
        tree: what is decoded.
        methods: names of METHODS, in this order.
        path: of the page; must end in .html.
        geometry: of one layer.
        hardware: for modelled times.
        title: of the page.

    Raises:
        DeftLabError: no method is named, one is unknown, or the path does not end in .html or lies in no
            folder.
    """
    path = place_to_write(DeftLabError, path)
    if path.suffix != ".html":
        raise DeftLabError(f"cannot write a report as {path.name!r}; end the name in .html")
    check_kind(DeftLabError, str, "it is shown as it is written", title=title)
    check_names(DeftLabError, methods=methods)
    if not methods:
        raise DeftLabError("no methods; name at least one, such as ['radix', 'deft_flatten']")
    plans = {name: plan_tree(tree, name) for name in methods}
    figures = [
        draw_tree(tree),
        draw_kv_memory(tree),
        draw_io_bars(tree, geometry, tuple(plans)),
        draw_mask(tree),
        *(draw_timeline(plan, geometry, hardware) for plan in plans.values()),
    ]
    rows = tuple(
        (find_method(name).title, p.n_groups, int(p.kv_len.sum()), p.n_partials,
         1e6 * predict(p, geometry, hardware).seconds)
        for name, p in plans.items()
    )  # fmt: skip
    heads = (
        "method",
        "groups",
        "tokens read by group",
        "partials",
        f"µs a layer on {hardware.name}, modelled",
    )
    path.write_text(page(title, Table(heads, rows), figures, tree), encoding="utf-8")
    return path


def page(title: str, summary: Table, figures: Sequence[Figure], tree: Tree) -> str:
    """The HTML: a summary, each figure with its words and its numbers, and the tree to be loaded again."""
    parts = [f"<h1>{escape(title)}</h1>", summary._repr_html_()]
    for figure in figures:
        parts += [
            f"<h2>{escape(figure.title)}</h2>", figure.svg, f"<p>{escape(figure.alt)}</p>",
            f"<details><summary>The numbers</summary>{figure.table()._repr_html_()}</details>",
        ]  # fmt: skip
    parts.append(f"<h2>The tree as a file</h2><pre>{escape(tree.to_json())}</pre>")
    head = f"<title>{escape(title)}</title><style>{STYLE}</style>"
    view = '<meta name="viewport" content="width=device-width">'
    return f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{view}{head}</head><body>\n' + (
        "\n".join(parts) + "\n</body></html>\n"
    )

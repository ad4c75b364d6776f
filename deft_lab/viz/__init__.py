"""Figures: functions that draw a tree, its memory, its bytes or a plan, each with words and a table.

    draw_tree(tree)    draw_kv_memory(tree)    draw_io_bars(tree, geometry)    draw_split(plan)
    draw_lines(title, lines, x, y)    draw_strips(title, strips, axis)    draw_roofline(works, hardware)
    draw_token_trees(title, {name: shape})    draw_arrays(plan)    draw_reduction(plan, lse)
    draw_mask(tree or plan)    draw_timeline(plan, geometry, hardware)
    draw_counted(modelled, counted)    draw_chunk_sweep(tree, geometry)
    write_report(tree, methods, path)    all of it as one page

A Figure is an SVG that needs no script, no network and no library of plots; it follows the theme of the
page. `figure.alt` says the same in words, `figure.table()` in numbers.
"""

from .arrays import draw_arrays, released_arrays
from .axes import Axis
from .chart import Mark, Spot, draw_lines, draw_strips
from .chunk_sweep import draw_chunk_sweep
from .counted import draw_counted
from .figure import Figure, Table
from .io_bars import draw_io_bars
from .kv_memory import draw_kv_memory
from .mask import draw_mask
from .reduction import draw_reduction
from .report import write_report
from .roofline import Work, draw_roofline
from .source_panes import SourceBytes
from .split_view import draw_split
from .svg import stack
from .timeline import draw_timeline
from .token_trees import draw_token_trees
from .tree_view import draw_tree

__all__ = [
    "Axis",
    "Figure",
    "Mark",
    "SourceBytes",
    "Spot",
    "Table",
    "Work",
    "draw_arrays",
    "draw_chunk_sweep",
    "draw_counted",
    "draw_io_bars",
    "draw_kv_memory",
    "draw_lines",
    "draw_mask",
    "draw_reduction",
    "draw_roofline",
    "draw_split",
    "draw_strips",
    "draw_timeline",
    "draw_token_trees",
    "draw_tree",
    "released_arrays",
    "stack",
    "write_report",
]

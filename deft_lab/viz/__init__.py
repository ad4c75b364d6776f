"""Figures: functions that draw a tree, its memory, its bytes or a plan, each with words and a table.

    draw_tree(tree)    draw_kv_memory(tree)    draw_io_bars(tree, geometry)    draw_split(plan)

A Figure is an SVG that needs no script, no network and no library of plots; it follows the theme of the
page. `figure.alt` says the same in words, `figure.table()` in numbers.
"""

from .figure import Figure, Table
from .io_bars import draw_io_bars
from .kv_memory import draw_kv_memory
from .split_view import draw_split
from .svg import stack
from .tree_view import draw_tree

__all__ = ["Figure", "Table", "draw_io_bars", "draw_kv_memory", "draw_split", "draw_tree", "stack"]

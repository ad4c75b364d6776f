"""Token trees: what a draft proposes, for a target to verify at once."""

from .convert import level_by_level, medusa_buffers, ranks_of, shape_from_ranks, widths
from .core import TokenTree, tree_from_paths
from .edits import best_nodes, keep, merge
from .growmap import growmap_of, read_growmap, shape_from_growmap, write_growmap
from .topologies import topologies

__all__ = [
    "TokenTree", "best_nodes", "growmap_of", "keep", "level_by_level", "medusa_buffers", "merge", "ranks_of",
    "read_growmap", "shape_from_growmap", "shape_from_ranks", "topologies", "tree_from_paths", "widths",
    "write_growmap",
]  # fmt: skip

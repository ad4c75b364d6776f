"""Token trees: what a draft proposes, for a target to verify at once."""

from .core import TokenTree, tree_from_paths

__all__ = ["TokenTree", "tree_from_paths"]

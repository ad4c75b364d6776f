"""Decoding trees: the noun (`core`), its edits, its file format, and converters to other notations."""

from .core import Tree
from .views import Node

__all__ = ["Node", "Tree"]

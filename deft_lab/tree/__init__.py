"""Decoding trees: the noun (`core`), its edits, its file format, and converters to other notations."""

from .core import Node, Tree

__all__ = ["Node", "Tree"]

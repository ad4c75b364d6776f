"""Exact attention on the CPU in numpy: the float64 oracle, and the grouped twin to step through."""

from .dense import dense_attention
from .grouped import attend_group, group_tokens, partial_attention, reduce_partials

__all__ = ["attend_group", "dense_attention", "group_tokens", "partial_attention", "reduce_partials"]

"""Recorded growth: the noun (`core`), its events, and its compiled form (`lives`)."""

from .core import Trace
from .events import Event, Window

__all__ = ["Event", "Trace", "Window"]

"""Recorded growth: the noun (`core`), its events, and its compiled form (`lives`)."""

from .core import Trace
from .events import Event, Window
from .recording import Recording, bundled_recordings, load_recording, read_recording

__all__ = ["Event", "Recording", "Trace", "Window", "bundled_recordings", "load_recording", "read_recording"]

"""Recorded growth: the noun (`core`), its events, and its compiled form (`lives`)."""

from .core import Trace
from .events import Event, Window
from .recording import Recording, bundled_recordings, load_recording, read_recording
from .samples import Sample, read_sample

__all__ = [
    "Event",
    "Recording",
    "Sample",
    "Trace",
    "Window",
    "bundled_recordings",
    "load_recording",
    "read_recording",
    "read_sample",
]

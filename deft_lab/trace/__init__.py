"""Recorded growth: the noun (`core`), its events, and its compiled form (`lives`)."""

from .core import Trace
from .events import Event, Window
from .recording import Recording, bundled_recordings, load_recording, read_recording
from .samples import Sample, read_sample
from .told import Compared, Opening, Told

__all__ = [
    "Compared",
    "Event",
    "Opening",
    "Recording",
    "Sample",
    "Told",
    "Trace",
    "Window",
    "bundled_recordings",
    "load_recording",
    "read_recording",
    "read_sample",
]

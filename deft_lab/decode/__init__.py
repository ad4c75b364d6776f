"""Real decodes: a tree grows inside an unmodified Hugging Face Llama.

model = load_model("target")                      # ours, a folder, or a model of the hub
session = Session(model, method="deft_flatten")   # a pool of KV pages, and a tree in it
session.prefill(model.encode("..."))
result = run(session, FewShot(width=4))           # a task decides what forks, pauses and ends
"""

from .hf import TreeModel, load_model
from .live import LiveDecoder
from .record import Recorder, Samples
from .run import Branch, Result, run
from .sampling import Sampler
from .session import Session
from .tasks import (
    TASKS,
    BeamSearch,
    FewShot,
    Reasoning,
    SelfConsistency,
    SpeculativeReplay,
    TreeOfThoughts,
)

__all__ = [
    "TASKS",
    "BeamSearch",
    "Branch",
    "FewShot",
    "LiveDecoder",
    "Reasoning",
    "Recorder",
    "Result",
    "Sampler",
    "Samples",
    "SelfConsistency",
    "Session",
    "SpeculativeReplay",
    "TreeModel",
    "TreeOfThoughts",
    "load_model",
    "run",
]

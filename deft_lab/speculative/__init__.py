"""Speculation with models: a draft proposes token trees, a target verifies them, and all of it is measured.

result = speculate(load_model("target"), load_model("draft"), "sort 7 2 9 4 by 4\\n", builder="chain")
metrics = measure(result, plain_decoding(...))
"""

from .laws import DraftLaws, ModelLaws
from .loop import Round, Speculation, SpeculationResult, speculate
from .metrics import Plain, SpeculationMetrics, measure, plain_decoding

__all__ = [
    "DraftLaws",
    "ModelLaws",
    "Plain",
    "Round",
    "Speculation",
    "SpeculationMetrics",
    "SpeculationResult",
    "measure",
    "plain_decoding",
    "speculate",
]

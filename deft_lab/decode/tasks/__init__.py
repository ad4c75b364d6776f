"""Tasks: how a tree grows. Each is a function of the session that returns births (see `run.py`).

To add one: write it in a file here, add its line to TASKS, and draw its growth by hand in
`tests/test_tasks.py`; a test fails without one.
"""

from collections.abc import Callable
from typing import Any

from .beam_search import BeamSearch
from .few_shot import FewShot, SelfConsistency
from .reasoning import Reasoning
from .speculative_replay import SpeculativeReplay
from .tree_of_thoughts import TreeOfThoughts

TASKS: dict[str, Callable[..., Any]] = {
    "few_shot": FewShot,  # branches side by side
    "beam_search": BeamSearch,  # the best beams go on
    "self_consistency": SelfConsistency,  # sampled branches vote
    "tree_of_thoughts": TreeOfThoughts,  # propose, judge, keep the best
    "reasoning": Reasoning,  # the shape of a recorded run
    "speculative_replay": SpeculativeReplay,  # the authors' mock, for timing alone
}

__all__ = [
    "TASKS",
    "BeamSearch",
    "FewShot",
    "Reasoning",
    "SelfConsistency",
    "SpeculativeReplay",
    "TreeOfThoughts",
]

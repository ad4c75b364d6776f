"""The exercises by key.

To add one: write it into `nb<notebook>.py` with its judge, add at least five wrong answers to
`nb<notebook>_mutants.py`, and put its skeleton into the notebook. The shared tests run over the table.
"""

from ..contract import Exercise
from . import nb01

EXERCISES: dict[str, Exercise] = {found.key: found for module in (nb01,) for found in module.EXERCISES}

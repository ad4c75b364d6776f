"""The exercises by key.

To add one: write it into `nb<notebook>.py` (its `EXERCISES`) with its judge in `nb<notebook>_judges.py`, add
at least five wrong answers to `nb<notebook>_mutants.py`, and put its skeleton into the notebook. The files
are found by their names, and the shared tests run over the table. An exercise that needs torch or Triton
imports it inside its functions: the table is read where neither is installed.
"""

import re
from importlib import import_module
from pkgutil import iter_modules

from ..contract import Exercise

NOTEBOOKS = sorted(found.name for found in iter_modules(__path__) if re.fullmatch(r"nb\d\d", found.name))
EXERCISES: dict[str, Exercise] = {
    found.key: found for notebook in NOTEBOOKS for found in import_module(f".{notebook}", __name__).EXERCISES
}

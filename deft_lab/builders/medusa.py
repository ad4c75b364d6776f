"""Published token trees for speculative decoding, by name.

Source: `data/topologies.json`, the tree choices of Medusa and EAGLE-1 (both Apache-2.0).
"""

import json
from functools import cache

from ..data import data_path
from ..errors import TreeError
from ..tree import Tree
from ..tree.convert import from_medusa


@cache
def topologies() -> dict[str, list[list[int]]]:
    """Name -> rank paths of every bundled topology."""
    data = json.loads(data_path("topologies.json").read_text())
    return {**data["medusa"], "eagle1_default_25": data["eagle1_default_25"]}


def medusa(topology: str = "mc_sim_7b_63", prompt: int = 1000) -> Tree:
    """The token tree of that name below `prompt` tokens; every token holds a query.

    Raises:
        TreeError: no topology has that name.
    """
    if topology not in topologies():
        raise TreeError(f"no topology {topology!r}; choose one of {', '.join(topologies())}")
    return from_medusa(topologies()[topology], prompt)

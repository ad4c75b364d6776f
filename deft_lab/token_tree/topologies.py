"""Published token trees, by name.

Source: `data/topologies.json`, the tree choices of Medusa and EAGLE-1 (both Apache-2.0).
"""

import json
from functools import cache

from ..data import data_path
from ..errors import TreeError, check_choice


@cache
def topologies() -> dict[str, list[list[int]]]:
    """Name -> rank paths of every bundled topology, in the order in which its authors added them."""
    data = json.loads(data_path("topologies.json").read_text())
    return {**data["medusa"], "eagle1_default_25": data["eagle1_default_25"]}


def find_topology(name: str) -> list[list[int]]:
    """The rank paths of that topology.

    Raises:
        TreeError: no topology has that name.
    """
    check_choice(TreeError, topologies(), topology=name)
    return topologies()[name]

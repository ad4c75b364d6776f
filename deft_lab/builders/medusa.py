"""Published token trees for speculative decoding, by name."""

from ..token_tree.topologies import find_topology, topologies
from ..tree import Tree
from ..tree.convert import from_medusa


def medusa(topology: str = "mc_sim_7b_63", prompt: int = 1000) -> Tree:
    """The token tree of that name below `prompt` tokens; every token holds a query.

    Raises:
        TreeError: no topology has that name.
    """
    return from_medusa(find_topology(topology), prompt)


__all__ = ["medusa", "topologies"]

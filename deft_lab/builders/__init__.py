"""Builders: functions that make a tree.

To add one: write it in a file here, add its line to BUILDERS, and draw its case by hand in
`tests/test_builders.py`; a test fails without one.
"""

from collections.abc import Callable
from inspect import Parameter, signature

from ..errors import TreeError, check_choice, check_kind
from ..tree import Tree
from .bundled import bundled_trees, load_tree
from .graph_of_thoughts import graph_of_thoughts
from .growth import beam_search
from .look_alike import reasoning_like
from .mcts import mcts
from .medusa import medusa, topologies
from .shapes import chain, few_shot, k_ary, random_tree, star
from .templates import from_template

BUILDERS: dict[str, Callable[..., Tree]] = {
    "chain": chain,  # one branch: nothing to share
    "star": star,  # one-token leaves on a prompt
    "few_shot": few_shot,  # one fork, equal branches
    "k_ary": k_ary,  # a full tree
    "random": random_tree,  # by seed
    "beam_search": beam_search,  # what survives of a beam search
    "medusa": medusa,  # published token trees, by name
    "reasoning_like": reasoning_like,  # look-alikes of DeFT's four reasoning tasks
    "mcts": mcts,  # a search that grows where it pays
    "graph_of_thoughts": graph_of_thoughts,  # split, try, keep, merge
    "from_template": from_template,  # DeFT's recorded runs
}


def build_tree(builder: str, **options: object) -> Tree:
    """Build a tree with the named builder; `options` go to it.

    Raises:
        TreeError: the builder or an option is unknown, a value is not allowed, or no Tree came of it.
    """
    check_choice(TreeError, BUILDERS, builder=builder)
    known = signature(BUILDERS[builder]).parameters
    for option in options:
        if option not in known:
            raise TreeError(f"builder {builder!r} has no option {option!r}; it takes {', '.join(known)}")
    for option, parameter in known.items():
        if parameter.default is Parameter.empty and option not in options:
            raise TreeError(f"builder {builder!r} needs the option {option!r}; pass {option}=...")
    tree = BUILDERS[builder](**options)
    check_kind(TreeError, Tree, "a builder gives a Tree", **{f"what {builder!r} built": tree})
    return tree


__all__ = ["BUILDERS", "build_tree", "bundled_trees", "load_tree", "topologies"]

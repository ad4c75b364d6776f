"""Methods: eight ways to group the queries and the KV of a tree, the last one our own.

To add one: write `methods/<name>.py` with its plan and its METHOD, add its line to METHODS, and draw
its case by hand in `tests/test_methods.py`. The shared tests run over the registry.
"""

from collections.abc import Callable
from functools import cache
from inspect import signature

from ..errors import PlanError, check_choice
from ..plan import Plan
from ..tree import Tree
from . import (
    deft_flatten,
    deft_node,
    deft_node_chunk,
    deft_tree_index,
    flash_decoding,
    radix,
    tree_mask,
    tree_waves,
)
from .base import CHUNK_LEN, QUERY_TILE, Method

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        flash_decoding.METHOD,  # unpaged, query-guided: nothing is shared
        tree_mask.METHOD,  # unpaged, one dense masked call
        radix.METHOD,  # paged, query-guided: memory is shared, reads are not
        deft_node.METHOD,  # paged, KV-guided from here on: reads are shared
        deft_node_chunk.METHOD,
        deft_flatten.METHOD,
        deft_tree_index.METHOD,
        tree_waves.METHOD,  # ours: whole waves, intervals, packed heads
    )
}


def find_method(name: str | tuple[str, str]) -> Method:
    """The method of this name, or of the released runner's (mode, mem) pair.

    Raises:
        PlanError: there is none, or what METHODS has under the name is no Method.
    """
    if isinstance(name, tuple):
        for method in METHODS.values():
            if isinstance(method, Method) and method.modes == name:
                return method
        pairs = ", ".join(str(method.modes) for method in METHODS.values() if isinstance(method, Method))
        raise PlanError(f"no method for (mode, mem) {name!r}; choose one of {pairs}")
    check_choice(PlanError, METHODS, method=name)
    found = METHODS[name]
    if not isinstance(found, Method):
        raise PlanError(
            f"METHODS[{name!r}] is a {type(found).__name__} where a Method is expected; put your function "
            "into Method(name, ..., plan=...), as notebook 13 does"
        )
    return found


def plan_tree(tree: Tree, method: str | tuple[str, str] = "deft_flatten", **options: int) -> Plan:
    """Plan one attention call over `tree`.

    Args:
        tree: the tree to attend over.
        method: a name of METHODS, or the released runner's (mode, mem) pair.
        options: of the method, such as `chunk_len`.

    Raises:
        PlanError: the method or the option is unknown, or the option's value is not allowed.
    """
    if not isinstance(tree, Tree):
        raise PlanError(
            f"plan_tree takes a Tree, not a {type(tree).__name__}; build one with build_tree or Tree"
        )
    found = find_method(method)
    known = _options_of(found.plan) if options else []
    for option in options:
        if option not in known:
            raise PlanError(
                f"method {found.name!r} has no option {option!r}; it takes {', '.join(known) or 'none'}"
            )
    return found.plan(tree, **options)


@cache  # reading a signature takes longer than many a plan
def _options_of(plan: Callable[..., Plan]) -> list[str]:
    return list(signature(plan).parameters)[1:]


__all__ = ["CHUNK_LEN", "METHODS", "QUERY_TILE", "Method", "find_method", "plan_tree"]

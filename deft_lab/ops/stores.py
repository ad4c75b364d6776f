"""Where the tokens of a plan lie: in the pages of a pool, or in the unpaged copy that the method reads."""

import numpy as np

from ..errors import AttentionError
from ..kv import Pool, Unpaged
from ..methods import find_method
from ..plan import Plan
from ..tree._shape import Ints


def entry_slots(plan: Plan, store: Pool | Unpaged, token: Ints) -> Ints:
    """[entry] the slot of each entry, where `token` [entry] is its place in the flattened tree.

    Raises:
        AttentionError: `store` is the unpaged copy of another tree, or has copies the method does not read.
        PoolError: the pool does not hold the plan's tree.
    """
    if isinstance(store, Pool):
        return store.slots(plan.tree)[token]
    check_unpaged(plan, store)
    # a query's path is stored in the order in which its groups read it
    return token if store.copies == "none" else np.arange(len(token))


def check_unpaged(plan: Plan, store: Unpaged) -> None:
    """Refuse an unpaged copy that is not of this tree or not what the method reads."""
    method = find_method(plan.method)
    if method.layout != "unpaged":
        raise AttentionError(f"method {plan.method!r} reads pages; hand it the Pool, not an unpaged copy")
    if store.tree != plan.tree:
        raise AttentionError("the unpaged KV is a copy of another tree; make it anew with Unpaged.from_pool")
    wanted = "path" if method.copies else "none"
    if store.copies != wanted:
        raise AttentionError(
            f"method {plan.method!r} reads copies={wanted!r}, the KV has copies={store.copies!r}"
        )

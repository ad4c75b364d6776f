"""Tree-Waves, deft-lab's own method: the flattened tree, cut so that programs fill whole waves of the SMs.

wave: as many programs as the GPU holds at once, `n_sms` times one or two. Every group is one tile of queries
(wide or narrow) with consecutive tokens of the depth-first flattened tree; it runs once per KV head, with the
query heads of that KV head packed into the tile. The longest groups come first.

Sources of ideas: DeFT (arXiv 2404.00242) flattens and cuts; FastTree (MLSys 2025) and PAT (arXiv 2511.22333)
use tiles of several shapes; stream-K (arXiv 2301.03598) fills waves; Hydragen (arXiv 2402.05099) packs.
"""

import numpy as np

from ..errors import PlanError, check_counts
from ..plan import Plan
from ..tree import Tree
from ._wave_tiles import Runs, Work, groups_of
from ._waves import cut_runs, find_runs
from .base import Method


def plan_tree_waves(tree: Tree, q_per_kv: int = 4, n_kv_heads: int = 8, n_sms: int = 132) -> Plan:
    """Groups of about equal cost that fill whole waves.

    Args:
        tree: the tree to attend over.
        q_per_kv: query heads that read one KV head; they share the rows of a tile.
        n_kv_heads: KV heads of a layer; each runs every group once.
        n_sms: streaming multiprocessors of the GPU. The defaults are Llama-3-8B on an H200.

    Raises:
        PlanError: a count is below 1.
    """
    check_counts(PlanError, 1, q_per_kv=q_per_kv, n_kv_heads=n_kv_heads, n_sms=n_sms)
    runs = find_runs(tree, q_per_kv)
    work = cut_runs(runs, max(1, n_sms // n_kv_heads), max(1, 2 * n_sms // n_kv_heads))
    return _as_plan(tree, runs, work)


def _as_plan(tree: Tree, runs: Runs, work: Work) -> Plan:
    """Spell the work out as chunks of nodes, the costliest group first."""
    order = (-work.cost).argsort(kind="stable")
    frame, seen, head, tail = groups_of(runs, work.tiles, order)
    # all nodes of a group are whole but for the first and the last
    start, stop = np.zeros_like(seen), runs.length[seen]
    begin, end = work.begin[order], work.end[order]
    start[frame.group_start[:-1]] = begin - runs.start[head]
    stop[frame.group_start[1:] - 1] = end - runs.start[tail]
    return Plan._of(
        tree, METHOD.name, frame, chunk_start=start, chunk_stop=stop, first_seen=begin, kv_len=end - begin
    )


METHOD = Method(
    name="tree_waves",
    title="Tree-Waves (deft-lab)",
    modes=("waves", "paged"),
    plan=plan_tree_waves,
    layout="paged",
    guided="kv",
    kernel="one program per group and KV head, in whole waves; intervals of queries instead of a mask",
    mask="intervals",
    packs_heads=True,
)

"""How long planning takes, per method and tree, beside a planner made of Python lists.

step: every branch grows by one token and the tree is planned, as at most decode steps; what follows from
links and seats alone is kept. new tree: as after a fork or a prune; the tree is made and checked from its
arrays, everything is derived anew, and it is planned.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..builders import build_tree
from ..builders.look_alike import reasoning_template_like
from ..builders.templates import TemplateFile
from ..methods import METHODS, plan_tree
from ..plan import Plan
from ..provenance import card, time_calls
from ..tree import Tree
from .list_planner import LIST_PLANNERS

# bound on deft_flatten's median step, in ms
TARGETS = {
    "few-shot 50 x 200 on 4000": 0.5,
    "Medusa 64 on 16k": 0.5,
    "star 256 on 4000": 0.8,
    "ToT sorting, widest": 0.5,
    "256 unshared x 1000": 1.5,
    "random, 5000 nodes": 15.0,
}


def cases(templates: Path | None) -> dict[str, tuple[Tree, str]]:
    """Name -> (tree, what it is)."""
    sorting = "look-alike of sorting, seed 3"
    growth = reasoning_template_like("sorting", 3).growth()
    if templates is not None:
        file = TemplateFile(templates / "sorting128ToT.json")
        sorting = f"sorting128ToT.json, item {file.complete[0]}"
        growth = file.reasoning(file.complete[0]).growth()
    trees = (
        (build_tree("few_shot", prompt=4000, width=50, length=200), "few_shot"),
        (build_tree("medusa", topology="mc_sim_7b_63", prompt=16000), "mc_sim_7b_63"),
        (build_tree("star", width=256, prompt=4000), "star"),
        (growth.tree_at(growth.widest()), sorting),
        (Tree([-1] + [0] * 256, [0] + [1000] * 256), "a root without tokens"),
        (build_tree("random", seed=0, n_nodes=5000, max_length=79, prompt=40), "random, seed 0"),
    )
    return dict(zip(TARGETS, trees, strict=True))


def bench_plan(templates: Path | None = None, least: float = 0.2) -> dict[str, Any]:
    """Time all methods on all cases, one core, and the list planners where there is one."""
    rows = [row for name, (tree, what) in cases(templates).items() for row in _rows(name, tree, what, least)]
    return {"card": card(measures="host time of planning one step, ms", warm_up_calls=1), "rows": rows}


def _rows(name: str, tree: Tree, what: str, least: float) -> Iterator[dict[str, Any]]:
    for method in METHODS:
        plan = plan_tree(tree, method)
        yield {
            "case": name,
            "tree": what,
            "nodes": tree.n_nodes,
            "queries": tree.n_queries,
            "tokens": tree.n_tokens,
            "method": method,
            "groups": plan.n_groups,
            "plan_bytes": plan_bytes(plan),
            "step": time_calls(lambda m: plan_tree(_grown(tree), m), method, least, 200),
            "new_tree": time_calls(lambda m: plan_tree(_made_anew(tree), m), method, least, 200),
            "lists": time_calls(lambda m: LIST_PLANNERS[m](tree), method, least, 20)
            if method in LIST_PLANNERS
            else None,
            "target_ms": TARGETS[name] if method == "deft_flatten" else None,
        }


def plan_bytes(plan: Plan) -> int:
    """Bytes of the arrays that a plan holds."""
    arrays = (plan.chunk_node, plan.chunk_start, plan.chunk_stop, plan.group_start, plan.q_first, plan.q_stop)
    return sum(array.nbytes for array in arrays)


def _grown(tree: Tree) -> Tree:
    """The tree of the next step. In a token tree, too, only the lengths change here, not who sits where."""
    lengths = tree.length.copy()
    lengths[tree.seat] += 1
    return tree.with_length(lengths)


def _made_anew(tree: Tree) -> Tree:
    return Tree(tree.parent, tree.length, tree.seat, tree.label)

"""The inspector of arrays: a tree above the arrays of its plan; whatever is pointed at lights up in both."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..methods import plan_tree
from ..plan import Plan
from ..tree import Tree
from ..tree.convert import from_nested
from ..viz import draw_arrays, draw_tree, stack
from ..viz.nodes import node_in_words
from ..viz.words import count, listed
from .look import look_and


class ArrayInspector(anywidget.AnyWidget):
    """Tree and arrays of one plan. `pick` lights up a node ("n3") or a query ("q0"), here or on the page."""

    _esm = Path(__file__).with_suffix(".js")
    _css = look_and("widgets.css")
    svg = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)  # "n3" or "q0" -> a sentence
    paths = traitlets.Dict().tag(sync=True)  # "q0" -> labels of the nodes that it sees
    pick = traitlets.Unicode().tag(sync=True)

    def __init__(self, plan: Plan, slots: Sequence[int] | None = None) -> None:
        self.plan = plan
        self.figure = stack(f"{plan!r}", [draw_tree(plan.tree), draw_arrays(plan, slots)])
        super().__init__(svg=self.figure.svg, words=_words(plan), paths=_paths(plan.tree), pick="")

    @traitlets.validate("pick")
    def _known(self, proposal: Any) -> str:
        """Keep to what there is: anything else lights up nothing."""
        return proposal["value"] if proposal["value"] in self.words else ""

    @property
    def alt(self) -> str:
        """The picture in words."""
        return self.figure.alt

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"image/svg+xml": self.figure.svg, "text/plain": self.alt}, metadata


def inspect_arrays(
    tree: Tree | Sequence[Any],
    method: str = "deft_flatten",
    *,
    slots: Sequence[int] | None = None,
    **options: int,
) -> ArrayInspector:
    """Inspect the arrays of a plan beside its tree: point at a number or a node, and both light up.

    Args:
        tree: a tree, or a nested list of one; small enough to show every number.
        method: DeFT-Node, DeFT-Node-Chunk, DeFT-Tree-Index or DeFT-Flatten, by name.
        slots: [token] of the depth-first flattened tree; default: token t lies in slot t.
        options: of the method, such as `chunk_len`.

    Raises:
        PlanError: the method or an option is unknown.
        DeftLabError: the plan has no such arrays, or too many numbers for a picture.
    """
    whole = tree if isinstance(tree, Tree) else from_nested(tree)
    return ArrayInspector(plan_tree(whole, method, **options), slots)


def _paths(tree: Tree) -> dict[str, list[int]]:
    label = tree.label.tolist()
    return {
        f"q{row}": [label[node] for node in tree.path(int(seat))]
        for row, seat in zip(tree.query_order.tolist(), tree.seat, strict=True)
    }


def _words(plan: Plan) -> dict[str, str]:
    """What the status line says of each node and of each query."""
    tree = plan.tree
    words = {}
    for node, label in enumerate(tree.label.tolist()):
        mine = [g for g, group in enumerate(plan.groups) if any(c.node == node for c in group.chunks)]
        where = (
            f"in {count(len(mine), 'group')}: {listed([f'g{g}' for g in mine])}" if mine else "in no group"
        )
        rows = tree.query_order[tree.q_first[node] : tree.q_stop[node]].tolist()
        words[f"n{label}"] = f"{node_in_words(tree, node)} ({listed([f'q{row}' for row in rows])}); {where}."
    for query, row in enumerate(tree.query_order.tolist()):
        mine = [g for g, group in enumerate(plan.groups) if query in group.queries]
        nodes = [f"n{label}" for label in _paths(tree)[f"q{row}"]]
        words[f"q{row}"] = (
            f"query q{row} sees {listed(nodes)}; it is in {count(len(mine), 'group')}, "
            f"{listed([f'g{g}' for g in mine])}, and gets a partial from each."
        )
    return {key: sentence[:1].upper() + sentence[1:] for key, sentence in words.items()}

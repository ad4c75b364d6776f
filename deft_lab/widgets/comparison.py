"""Methods beside each other on one tree: mask, memory, groups, timeline, bytes and predicted time."""

from collections.abc import Iterable
from typing import Any

import traitlets

from ..builders import load_tree
from ..cost import traffic
from ..errors import DeftLabError, check_names
from ..geometry import LLAMA3_8B, Geometry
from ..hardware import find_hardware
from ..methods import METHODS, find_method, plan_tree
from ..tree import Tree
from ..viz import Figure, Table, draw_io_bars, stack
from ..viz.beside import draw_methods
from ..viz.words import count, in_bytes, in_seconds
from .linked import VIEWS, Linked
from .look import LOOK, STATIC

SEQUENTIAL_AND_DEFT = ("radix", "deft_node", "deft_flatten")


class Comparison(Linked):
    """Shows methods beside each other. `tree`, `hardware` and `account` can be set, here or on the page."""

    _esm = STATIC / "compare.js"
    _css = LOOK
    document = traitlets.Unicode().tag(sync=True)  # the tree as JSON
    selection = traitlets.List(traitlets.Int()).tag(sync=True)  # labels
    theme = traitlets.Enum(("auto", "light", "dark"), "auto").tag(sync=True)

    def _plan(self, change: object = None) -> None:
        with self.hold_sync():  # one message: the page never sees plans of another tree
            self.document = self.tree.to_json()
            super()._plan(change)

    def table(self) -> Table:
        """What each method costs: a row a method."""
        columns = ("method", "KV in memory", "groups", "partials", "pairs computed", "KV bytes")
        counted = (f"bytes, {self.account}", "µs a layer, modelled")
        return Table(columns + counted, tuple(self._row(name) for name in self.methods))

    def _row(self, name: str) -> tuple[int | float | str | None, ...]:
        part, method = self.plans["methods"][name], METHODS[name]
        packed = self.pack_heads if self.account == "requested" else None
        moved = traffic(plan_tree(self.tree, name), self.geometry, self.account, pack_heads=packed)
        memory = "copies" if method.copies else method.layout
        return (
            name, memory, part["n_groups"], part["n_partials"], part["computed"], moved.kv, moved.total,
            round(1e6 * part["seconds"], 2),
        )  # fmt: skip

    @property
    def alt(self) -> str:
        """The comparison in words."""
        each = [
            f"{METHODS[name].title} {count(groups, 'group')}, {in_bytes(total)}, {in_seconds(us / 1e6)}"
            for name, _, groups, *_, total, us in self.table().rows
        ]
        tree, machine = self.tree, find_hardware(self.hardware).name
        return (
            f"{count(len(each), 'method')} on a tree of {count(tree.n_nodes, 'node')} and "
            f"{count(tree.n_queries, 'query', 'queries')}, on {machine}, bytes in account "
            f"{self.account!r}, modelled time of a layer: {'; '.join(each)}."
        )

    def figure(self) -> Figure:
        """What is shown, as one picture for readers where no widget can run."""
        machine, layer = find_hardware(self.hardware), self.geometry
        packed = bool(self.pack_heads) and self.account == "requested"
        bars = draw_io_bars(self.tree, layer, self.methods, account=self.account, pack_heads=packed)
        plans = [plan_tree(self.tree, name) for name in self.methods]
        drawn = draw_methods(plans, layer, machine, pack_heads=self.pack_heads)
        whole = stack("Methods beside each other", [bars, drawn])
        return Figure(whole.title, self.alt, whole.svg, self.table(), whole.height)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        figure = self.figure()
        return data | {"image/svg+xml": figure.svg, "text/plain": self.alt}, metadata


def compare(
    tree: Tree | str,
    methods: Iterable[str | tuple[str, str]] = SEQUENTIAL_AND_DEFT,
    *,
    hardware: str = "h200",
    account: str = "requested",
    geometry: Geometry = LLAMA3_8B.layer,
    pack_heads: bool | None = None,
) -> Comparison:
    """Put methods beside each other: mask, memory, groups, timeline, bytes and predicted time of one step.

    Args:
        tree: what the step attends over, of at most 5,000 nodes; or the name of a bundled one.
        methods: names of METHODS or (mode, mem) pairs.
        hardware: a name of HARDWARE.
        account: who counts the bytes, one of ACCOUNTS.
        geometry: of the model.
        pack_heads: a program takes all query heads of a KV head; None: as each method does.

    Raises:
        DeftLabError: there is no method, or one, the machine or the account is unknown.
    """
    check_names(DeftLabError, methods=methods)
    find_hardware(hardware)
    tree = load_tree(tree) if isinstance(tree, str) else tree
    names = list(dict.fromkeys(find_method(method).name for method in methods))
    if not names:
        raise DeftLabError(f"no method to compare; name some of {', '.join(METHODS)}")
    return Comparison(
        tree, geometry=geometry, pack_heads=pack_heads, methods=names, method=names[-1],
        hardware=hardware, account=account, views=list(VIEWS),
    )  # fmt: skip

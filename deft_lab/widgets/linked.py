"""What widgets with linked views share: a tree, and the plans of all methods that follow it.

The page draws; it asks for a method, a machine and an account by setting the traits of these names. Plans
are made anew whenever the tree or the machine changes. Until they arrive, and for ever if no kernel runs,
the page says that what it shows of plans is of the tree before.
"""

from collections.abc import Collection
from typing import Any

import anywidget
import traitlets

from ..cost import ACCOUNTS
from ..errors import DeftLabError, check_choice
from ..geometry import LLAMA3_8B, Geometry
from ..hardware import HARDWARE, find_hardware
from ..methods import METHODS, find_method
from ..tree import Tree
from ..viz.nodes import MOST_NODES
from .payload import payload

VIEWS = ("memory", "mask", "groups", "timeline", "bytes")  # names of the linked views
Menu = list[list[str]]


class Linked(anywidget.AnyWidget):
    """A tree with its plans. Subclasses show it; setting `tree`, `method`, `hardware` or `account` updates.

    Args:
        tree: what the step attends over.
        geometry: of the model.
        pack_heads: a program takes all query heads of a KV head; None: as each method does.
        traits: of the subclass.

    Raises:
        DeftLabError: a method, machine, account or view is unknown.
    """

    tree = traitlets.Instance(Tree)
    plans = traitlets.Dict().tag(sync=True)  # what `payload` gives; empty: no view needs them
    views = traitlets.List(traitlets.Unicode()).tag(sync=True)  # some of VIEWS
    method = traitlets.Unicode("deft_flatten").tag(sync=True)  # that timeline, groups and mask show
    methods = traitlets.List(traitlets.Unicode(), list(METHODS)).tag(
        sync=True
    )  # those that plans are made of
    hardware = traitlets.Unicode("h200").tag(sync=True)
    account = traitlets.Unicode("requested").tag(sync=True)
    menus = traitlets.Dict(
        {
            "method": [[name, method.title] for name, method in METHODS.items()],
            "hardware": [[name, hardware.name] for name, hardware in HARDWARE.items()],
            "account": [[name, name] for name in ACCOUNTS],
        },
        read_only=True,
    ).tag(sync=True)

    def __init__(
        self,
        tree: Tree,
        *,
        geometry: Geometry = LLAMA3_8B.layer,
        pack_heads: bool | None = None,
        **traits: Any,
    ) -> None:
        self.geometry, self.pack_heads = geometry, pack_heads
        super().__init__(tree=tree, **traits)
        self.observe(self._plan, ["tree", "hardware", "methods", "views"])
        self._plan()

    @traitlets.validate("method")
    def _known_method(self, proposal: Any) -> str:
        return find_method(proposal["value"]).name

    @traitlets.validate("methods")
    def _known_methods(self, proposal: Any) -> list[str]:
        if not proposal["value"]:
            raise DeftLabError(f"no method to plan; name some of {', '.join(METHODS)}")
        return [find_method(name).name for name in proposal["value"]]

    @traitlets.validate("hardware")
    def _known_hardware(self, proposal: Any) -> str:
        find_hardware(proposal["value"])
        return proposal["value"]

    @traitlets.validate("account")
    def _known_account(self, proposal: Any) -> str:
        check_choice(DeftLabError, ACCOUNTS, account=proposal["value"])
        return proposal["value"]

    @traitlets.validate("views")
    def _known_views(self, proposal: Any) -> list[str]:
        for view in proposal["value"]:
            check_choice(DeftLabError, VIEWS, view=view)
        return proposal["value"]

    def _plan(self, _change: object = None) -> None:
        if not self.views or self.tree.n_nodes > MOST_NODES:
            self.plans = {}
            return
        machine = find_hardware(self.hardware)
        self.plans = payload(
            self.tree, self.methods, self.geometry, machine, pack_heads=self.pack_heads,
            timelines=self._timelines(),
        )  # fmt: skip

    def _timelines(self) -> Collection[str] | None:
        """Methods whose timelines the page shows; None: all."""
        return None

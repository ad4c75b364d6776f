"""Linked views: the pictures of one tree, which always show the same tree, and a sentence about it.

`show(tree)` redraws them all. Where the tree comes from is not their business.
"""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..cost import ACCOUNTS
from ..errors import DeftLabError, check_choice
from ..geometry import Geometry
from ..tree import Tree
from ..viz import Figure, draw_io_bars, draw_kv_memory, draw_tree, stack
from ..viz.words import count, number, times
from .look import look_and


class LinkedViews(anywidget.AnyWidget):
    """Tree, KV memory and bytes of one tree. `account` chooses who counts the bytes, here or on the page;
    `pack_heads` is for the account "requested" (see `traffic`).

    Python draws, the page shows: it receives finished pictures, and sends back the account.

    Raises:
        DeftLabError: the account is unknown.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = look_and("widgets.css")
    account = traitlets.Unicode().tag(sync=True)
    accounts = traitlets.List(ACCOUNTS, read_only=True).tag(sync=True)
    svgs = traitlets.List(traitlets.Unicode()).tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)  # announced by screen readers when it changes

    def __init__(self, geometry: Geometry, *, account: str = "requested", pack_heads: bool = False) -> None:
        self.geometry, self.pack_heads = geometry, pack_heads
        self.tree: Tree | None = None
        self.figures: tuple[Figure, ...] = ()
        super().__init__(account=account)
        self.observe(self._draw, "account")

    @traitlets.validate("account")
    def _known(self, proposal: Any) -> str:
        check_choice(DeftLabError, ACCOUNTS, account=proposal["value"])
        return proposal["value"]

    def show(self, tree: Tree) -> None:
        """Draw this tree from now on, in every view."""
        self.tree = tree
        self._draw()

    def _draw(self, _change: object = None) -> None:
        if self.tree is None:
            return
        self.figures = (
            draw_tree(self.tree),
            draw_kv_memory(self.tree),
            self._bars(self.tree),
        )
        with self.hold_sync():  # one message, so that no view is ahead of another
            self.svgs = [figure.svg for figure in self.figures]
            self.status = in_words(self.tree)

    def _bars(self, tree: Tree) -> Figure:
        # only this account counts programs, so only there can heads be packed
        packed = self.pack_heads and self.account == "requested"
        return draw_io_bars(tree, self.geometry, account=self.account, pack_heads=packed)

    def picture(self) -> dict[str, str]:
        """What the views show now, for readers where no widget can run."""
        if not self.figures:
            return {}
        whole = stack(self.status, self.figures)
        return {"image/svg+xml": whole.svg, "text/plain": f"{self.status} {whole.alt}"}

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | self.picture(), metadata


def in_words(tree: Tree) -> str:
    """What a reader should take from the pictures of this tree."""
    return (
        f"{count(tree.n_nodes, 'node')}, {count(tree.n_queries, 'query', 'queries')}: "
        f"{count(tree.n_tokens, 'token')} stored, {number(tree.n_path_tokens)} read by per-branch attention: "
        f"{times(tree.sharing)} times as many."
    )

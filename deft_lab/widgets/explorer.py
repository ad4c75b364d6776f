"""The explorer: a source of trees above linked views of the tree that it gives."""

from typing import Any

import ipywidgets
import traitlets

from ..tree import Tree
from .views import LinkedViews


class TreeExplorer(ipywidgets.VBox):
    """Joins a source, any widget with a trait `tree`, and views. `observe(f, "tree")` calls f on a change."""

    tree = traitlets.Instance(Tree, read_only=True)

    def __init__(self, source: ipywidgets.Widget, views: LinkedViews) -> None:
        self.source, self.views = source, views
        super().__init__([source, views])
        source.observe(self._show, "tree")
        self._show()

    def _show(self, _change: object = None) -> None:
        self.views.show(self.source.tree)
        self.set_trait("tree", self.source.tree)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return super()._repr_mimebundle_(**kwargs) | self.views.picture()

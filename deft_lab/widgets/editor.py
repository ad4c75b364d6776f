"""The tree editor: a widget in which a decoding tree is changed by hand, by keys, or from Python."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..tree import Tree

STATIC = Path(__file__).with_name("static")
THEMES = ("auto", "light", "dark")


class TreeEditor(anywidget.AnyWidget):
    """Shows a tree with linked views and lets it be edited.

    The page owns an edit while it happens and tells the command and what came of it; Python does the same
    command and compares.
    """

    _esm = STATIC / "editor.js"
    _css = STATIC / "deft.css"
    tree = traitlets.Instance(Tree)
    document = traitlets.Unicode().tag(sync=True)  # the tree as JSON
    plans = traitlets.Dict().tag(sync=True)  # what the linked views need of plans, by method
    views = traitlets.List(traitlets.Unicode()).tag(sync=True)  # names of the linked views
    selection = traitlets.List(traitlets.Int()).tag(sync=True)  # labels
    theme = traitlets.Enum(THEMES, "auto").tag(sync=True)

    def __init__(self, tree: Tree, **traits: Any) -> None:
        super().__init__(tree=tree, document=tree.to_json(), **traits)

"""The tree editor: a widget in which a decoding tree is changed by hand, by keys, or from Python.

    editor = edit("few_shot")           editor.tree, editor.history, editor.observe(f, "tree")
    editor.move(5, 2); editor.undo()    the same commands as the page's

Who owns the state: the page applies an edit at once, also without a kernel, and tells the log and the
document that came of it. Python does the new commands of the log with its own edits and compares; what it
refuses, it takes back, and says why. Both keep one log: a `start`, the `commands` done, those `undone`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets

from ..errors import DeftLabError, TreeError
from ..tree import Tree
from . import links
from .catalogue import find_preset
from .commands import Command, apply, said
from .library import menu, open_tree, write_whole
from .linked import Linked
from .look import LOOK, STATIC, THEMES
from .picture import picture_of

HELP = """\
Focus the tree (click it, or Tab to it), then:
arrows        parent, first child, siblings; Shift extends the selection
Enter         add a child; Shift-Enter a sibling         F, digit      fork
M, arrows, Enter   move below another node               Delete        prune
S, digits, Enter   split after so many tokens            J             merge with the only child
L, digits, Enter   set the length                        G             grow every query by a token
Space         fold or unfold                             O             show only this subtree
Ctrl-Z, Shift-Ctrl-Z   undo, redo                        Ctrl-S        save
P             presets; N: their numbers                  ?             all keys, in the page
Ctrl-O        open a file, a link or JSON
With the mouse: drag a node onto another to move it, the end of its bar for its length, the mark above
it to cut it; drop a .json or paste a link to load it.
Python: editor.move(5, 2), add, fork, prune, split, merge, set_length, grow, undo, redo, save,
editor.load("random", seed=3); editor.presets lists them, each with its options."""


class TreeEditor(Linked):
    """Shows a tree with linked views and lets it be edited.

    Args:
        tree: where to begin.
        path: the file to which Ctrl-S saves; default: the browser downloads it.
        traits: `theme` ("auto" follows the notebook; or "light", "dark"), and those of `Linked`: `views`,
            `method`, `hardware`, `account`, `geometry`.

    Raises:
        TreeError: a command is not allowed; nothing is changed.
    """

    _esm = STATIC / "editor.js"
    _css = LOOK
    start = traitlets.Unicode().tag(sync=True)  # the first tree as JSON
    document = traitlets.Unicode().tag(sync=True)  # the tree as JSON
    commands = traitlets.List(traitlets.Dict()).tag(sync=True)  # done, first to last
    undone = traitlets.List(traitlets.Dict()).tag(sync=True)  # taken back, the next to do again last
    refused = traitlets.Dict().tag(sync=True)  # {message, n}: why Python took back what the page did
    selection = traitlets.List(traitlets.Int()).tag(sync=True)  # labels
    folded = traitlets.List(traitlets.Int()).tag(sync=True)  # labels whose subtree is hidden
    focused = traitlets.Int(None, allow_none=True).tag(sync=True)  # label of the only subtree shown
    presets = traitlets.List(traitlets.Dict()).tag(sync=True)  # the menu: name, title, options of each
    source = traitlets.Dict().tag(sync=True)  # {name, options} of the preset that `start` is, if it is one
    path = traitlets.Unicode().tag(sync=True)
    theme = traitlets.Enum(THEMES, "auto").tag(sync=True)

    def __init__(self, tree: Tree, *, path: str | Path = "", **traits: Any) -> None:
        document = tree.to_json()
        self._trees: list[Tree] = []  # before each command
        self._known: tuple[Any, ...] = (document, [], [])
        self._now = tree
        super().__init__(
            tree=tree, start=document, document=document, presets=menu(), path=str(path), **traits
        )
        self.observe(self._adopt, ["document", "commands", "undone"])
        self.observe(self._replaced, "tree")
        self.observe(self._chosen, "method")
        self.on_msg(self._told)

    # --- commands

    def _do(self, command: Command) -> None:
        tree = apply(self.tree, command)
        self._trees.append(self.tree)
        self._publish(tree, [*self.commands, dict(command)], [])

    def add(self, node: int, length: int = 1) -> None:
        """Add a child of `length` tokens below `node`."""
        self._do({"op": "add", "node": node, "length": length})

    def fork(self, node: int, k: int = 2, length: int = 1) -> None:
        """Add `k` children of `length` tokens below `node`."""
        self._do({"op": "fork", "node": node, "k": k, "length": length})

    def prune(self, node: int) -> None:
        """Remove `node` and everything below it."""
        self._do({"op": "prune", "node": node})

    def move(self, node: int, parent: int) -> None:
        """Hang the subtree of `node` below `parent`."""
        self._do({"op": "move", "node": node, "parent": parent})

    def split(self, node: int, k: int) -> None:
        """Keep `k` tokens in `node`; a new only child takes the rest."""
        self._do({"op": "split", "node": node, "k": k})

    def merge(self, node: int) -> None:
        """Take the only child of `node` into it."""
        self._do({"op": "merge", "node": node})

    def set_length(self, node: int, length: int) -> None:
        """Set the tokens of one node."""
        self._do({"op": "set_length", "node": node, "length": length})

    def grow(self, n: int = 1) -> None:
        """Give every query `n` more tokens."""
        self._do({"op": "grow", "n": n})

    def load(self, source: Tree | str | Path, **options: int | str) -> None:
        """Show another tree: a Tree, a .json file, a link, a preset: load("random", seed=3). Can be undone.

        Raises:
            DeftLabError: it is none of these, or the preset does not take an option; `presets` says which.
        """
        tree, name = open_tree(source, **options)
        shaped = {"options": options} if options else {}
        self._do({"op": "load", "name": name, **shaped, "document": tree.to_json()})

    def undo(self) -> None:
        """Take back the last command.

        Raises:
            TreeError: there is none.
        """
        if not self.commands:
            raise TreeError("nothing to undo")
        *commands, last = self.commands
        self._publish(self._trees.pop(), commands, [*self.undone, last])

    def redo(self) -> None:
        """Do again what `undo` took back last.

        Raises:
            TreeError: there is nothing.
        """
        if not self.undone:
            raise TreeError("nothing to redo")
        *undone, command = self.undone
        self._trees.append(self.tree)
        self._publish(apply(self.tree, command), [*self.commands, command], undone)

    @property
    def history(self) -> list[str]:
        """The commands done, as calls: ["move(5, 2)", ...]."""
        return [said(command) for command in self.commands]

    # --- what is shown

    def fold(self, node: int) -> None:
        """Hide what is below `node`."""
        self.tree.index(node)
        self.folded = sorted({*self.folded, node})

    def unfold(self, node: int) -> None:
        """Show what `fold` hides."""
        self.folded = [label for label in self.folded if label != node]

    def focus_on(self, node: int | None = None) -> None:
        """Show only the subtree of `node`; without a node, the whole tree."""
        if node is not None:
            self.tree.index(node)
        self.focused = node

    @traitlets.validate("selection", "folded")
    def _existing(self, proposal: Any) -> list[int]:
        for label in proposal["value"]:
            self._now.index(label)
        return proposal["value"]

    # --- files and links

    def to_json(self) -> str:
        """The tree as JSON."""
        return self.tree.to_json()

    def from_json(self, text: str) -> None:
        """Load what `to_json` wrote. Can be undone."""
        self.load(Tree.from_json(text))

    def save(self, path: str | Path = "") -> Path:
        """Write the tree as JSON to `path`, by default the one that the editor was given.

        Raises:
            DeftLabError: there is no path, or it cannot be written.
        """
        where = path or self.path
        if not where:
            raise DeftLabError("no path to save to; name one: editor.save('tree.json')")
        try:
            write_whole(Path(where), self.to_json() + "\n")
        except OSError as bad:
            raise DeftLabError(f"cannot write {where}: {bad.strerror or bad}; choose another path") from bad
        self.path = str(where)
        return Path(where)

    def permalink(self, page: str = "") -> str:
        """A link that holds the tree; `edit(link)` opens it, and so does pasting it onto an editor."""
        return f"{page}#{links.FRAGMENT}{links.encode(self.tree)}"

    def help(self) -> None:
        """Print every key and what the mouse does."""
        print(HELP)

    # --- with the page

    def _timelines(self) -> tuple[str, ...] | None:
        """At first all, so that a page without a kernel has them; after an edit the one that is shown."""
        return (self.method,) if self.plans else None

    def _chosen(self, _change: object = None) -> None:
        if "pieces" not in self.plans.get("methods", {}).get(self.method, {"pieces": b""}):
            self._plan()

    def _publish(self, tree: Tree, commands: Sequence[Command], undone: Sequence[Command]) -> None:
        """Show this state here and in the page, as one message."""
        document = tree.to_json()
        self._now, self._known = tree, (document, list(commands), list(undone))
        alive = set(tree.label.tolist())
        with self.hold_sync(), self.hold_trait_notifications():
            self.document, self.commands, self.undone = document, list(commands), list(undone)
            self.selection = [label for label in self.selection if label in alive]
            self.folded = [label for label in self.folded if label in alive]
            if self.focused not in alive:
                self.focused = None
            self.tree = tree

    def _replaced(self, change: Any) -> None:
        if change["new"] is self._now:
            return
        tree = change["new"]
        self._trees.append(change["old"])
        command = {"op": "load", "name": "tree", "document": tree.to_json()}
        self._publish(tree, [*self.commands, command], [])

    def _adopt(self, _change: object = None) -> None:
        """Take over what the page did, if Python comes to the same."""
        known = self._known[1]
        if (self.document, self.commands, self.undone) == self._known:
            return
        same = 0
        while same < min(len(known), len(self.commands)) and known[same] == self.commands[same]:
            same += 1
        trees = self._trees[:same]
        tree = self._trees[same] if same < len(known) else self._now
        try:
            for command in self.commands[same:]:
                trees.append(tree)
                tree = apply(tree, command)
            if tree.to_json() != self.document:
                raise TreeError(
                    "the page and the library disagree on what the last edit makes; please report it"
                )
        except DeftLabError as refused:
            self._refuse(str(refused))
            return
        self._trees = trees
        self._publish(tree, self.commands, self.undone)

    def _refuse(self, message: str) -> None:
        """Show the page what Python has, and why."""
        self._publish(self._now, *self._known[1:])
        self.refused = {"message": message, "n": self.refused.get("n", 0) + 1}

    def _told(self, _widget: object, content: Any, _buffers: object) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        try:
            if kind == "save":
                self.send({"kind": "said", "message": f"saved to {self.save()}"})
            elif kind == "preset":
                self._load_preset(str(content.get("name")), content.get("options"))
        except DeftLabError as refused:
            self.send({"kind": "refused", "message": str(refused)})

    def _load_preset(self, name: str, options: Any) -> None:
        find_preset(name)  # and nothing else: a page names no files
        self.load(name, **(options if isinstance(options, dict) else {}))
        self.send({"kind": "said", "message": f"loaded {said(self.commands[-1])[5:-1]}"})

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | picture_of(self.tree, self), metadata

"""Work a tree editor in a notebook by mouse and by keys, and ask Python what came of it."""

import json
from dataclasses import dataclass
from typing import Any

from lab import Notebook
from waiting import until

from deft_lab import Tree


@dataclass
class Hand:
    """One editor of a notebook: `name` in Python, the `which`-th on the page."""

    notebook: Notebook
    name: str = "editor"
    which: int = 0

    @property
    def page(self) -> Any:
        return self.notebook.page

    @property
    def root(self) -> Any:
        return self.page.locator(".deft-editor").nth(self.which)

    # --- Python's side

    def ask(self, expression: str) -> Any:
        """A value of Python's editor: ask("selection")."""
        return json.loads(self.notebook.python(f"import json; print(json.dumps({self.name}.{expression}))"))

    def tree(self) -> Tree:
        return Tree.from_json(self.notebook.python(f"print({self.name}.to_json())"))

    def expect(self, tree: Tree) -> None:
        """Python comes to this tree, which the page already shows."""
        until(self.tree, tree)

    def expect_value(self, expression: str, value: Any) -> None:
        until(lambda: self.ask(expression), value)

    def begin(self, tree: Tree) -> None:
        """Show this tree with nothing else going on, the focus on the tree, the cursor on its root."""
        self.page.keyboard.press("Escape")
        text = tree.to_json()
        self.notebook.python(f"from deft_lab import Tree; {self.name}.tree = Tree.from_json('{text}')")
        self.notebook.python(f"{self.name}.focus_on(); {self.name}.folded = []; {self.name}.selection = [0]")
        until(self.labels, sorted(tree.label.tolist()))
        self.page.mouse.move(2, 2)
        self.root.locator(".deft-canvas").focus()
        self.page.keyboard.press("Home")
        self.expect_value("selection", [0])

    # --- the page's side

    def labels(self) -> list[int]:
        """Of the nodes that show."""
        marks = self.root.locator(".deft-canvas [data-node]")
        return sorted(int(x) for x in marks.evaluate_all("marks => marks.map((m) => m.dataset.node)"))

    def status(self) -> str:
        return self.root.locator(".deft-status").inner_text().removeprefix("✕ ")

    def expect_words(self, words: str) -> None:
        until(self.status, lambda seen: words in seen)

    def refused(self) -> bool:
        return self.root.locator(".deft-status.deft-refused").count() == 1

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def spot(self, label: int) -> tuple[float, float]:
        """The middle of a node's bar on the screen."""
        return middle(self.box(label))

    def box(self, label: int) -> dict[str, float]:
        """A node's bar on the screen."""
        return self.root.locator(f'[data-node="{label}"] .bar').bounding_box()

    def handle(self, name: str) -> tuple[float, float]:
        return middle(self.root.locator(f'.handles [data-handle="{name}"]').bounding_box())

    def click(self, label: int) -> None:
        self.page.mouse.click(*self.spot(label))

    def press(self, name: str) -> None:
        """A button of the bars, by its class."""
        self.root.locator(f".deft-button.{name}").click(force=True)  # also where it says that it is off

    def drag(self, start: tuple[float, float], stop: tuple[float, float], let_go: bool = True) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(start[0] + 3, start[1] + 3)
        self.page.mouse.move(*stop, steps=6)
        if let_go:
            self.page.mouse.up()


def middle(box: dict[str, float]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

"""Commands of the editor: edits of a tree as plain JSON, the same in Python and in the page.

A command is {"op": name, ...}; its words are the call that does the same from Python: `move(5, 2)`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import TreeError
from ..tree import Tree

Command = Mapping[str, Any]


def _all(tree: Tree, commands: list[Command]) -> Tree:
    for command in commands:
        tree = apply(tree, command)
    return tree


OPS: dict[str, Callable[..., Tree]] = {
    "add": lambda tree, node, length=1: tree.fork(node, k=1, length=length),
    "fork": lambda tree, node, k=2, length=1: tree.fork(node, k=k, length=length),
    "prune": lambda tree, node: tree.prune(node),
    "move": lambda tree, node, parent: tree.move(node, parent),
    "split": lambda tree, node, k: tree.split(node, k),
    "merge": lambda tree, node: tree.merge(node),
    "set_length": lambda tree, node, length: tree.set_length(node, length),
    "grow": lambda tree, n=1: tree.grow(n),
    "load": lambda _tree, document, name="", options=None: Tree.from_json(document),
    "all": _all,
}
NAMED = {"fork": ("k", "length"), "add": ("length",)}  # arguments that are said with their names


def apply(tree: Tree, command: Command) -> Tree:
    """The tree that the command makes of `tree`.

    Raises:
        TreeError: the edit is not allowed, or there is no such command.
    """
    options = {name: value for name, value in command.items() if name != "op"}
    op = command.get("op")
    if op not in OPS:
        raise TreeError(f"no command '{op}'; choose one of {', '.join(OPS)}")
    try:
        return OPS[op](tree, **options)
    except TypeError as bad:
        raise TreeError(f"command '{op}' does not take {', '.join(options) or 'nothing'}") from bad


def said(command: Command) -> str:
    """The command as a call."""
    op = command["op"]
    if op == "all":
        return "; ".join(map(said, command["commands"]))
    if op == "load":
        options = [f", {name}={_literal(value)}" for name, value in command.get("options", {}).items()]
        return f"load({_literal(str(command.get('name', '')))}{''.join(options)})"
    named = NAMED.get(op, ())
    order = [name for name in ("node", "parent", "k", "length", "n") if name in command]
    words = [f"{name}={command[name]}" if name in named else f"{command[name]}" for name in order]
    return f"{op}({', '.join(words)})"


def _literal(value: Any) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

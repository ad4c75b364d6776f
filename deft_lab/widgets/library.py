"""The trees that the editor offers: every builder with its own choice of numbers, and the bundled trees."""

import os
from functools import cache
from pathlib import Path

from ..builders import BUILDERS, build_tree, bundled_trees, load_tree
from ..errors import DeftLabError
from ..tree import Tree
from . import links

TITLES = {
    "chain": "chain: one branch",
    "few_shot": "few-shot: one prompt, 20 branches of 20",
    "star": "star: leaves of one token",
    "k_ary": "k-ary: a full tree",
    "beam_search": "beam search: what survives of it",
    "medusa": "Medusa: 63 drafted tokens and their root",
    "reasoning_like": "reasoning: a look-alike of DeFT's tasks",
    "mcts": "tree search (MCTS)",
    "graph_of_thoughts": "graph of thoughts: split, try, keep, merge",
    "random": "random: 30 nodes",
}
OPTIONS = {
    "chain": {"length": 1000, "n_nodes": 4},
    "few_shot": {"prompt": 4000, "width": 20, "length": 20},
}
NEEDS_A_FILE = {"from_template"}  # DeFT's own recordings, once they are fetched


def tree_names() -> tuple[str, ...]:
    """The names that `edit` takes: builders, then bundled trees."""
    return (*(name for name in TITLES if name in BUILDERS), *bundled_trees())


@cache
def named_tree(name: str) -> Tree:
    """The tree of that name.

    Raises:
        DeftLabError: there is none; the message lists them.
    """
    if name in TITLES:
        return build_tree(name, **OPTIONS.get(name, {}))
    if name in bundled_trees():
        return load_tree(name)
    raise DeftLabError(f"no preset {name!r}; choose one of {', '.join(tree_names())}")


@cache
def menu() -> tuple[dict[str, str], ...]:
    """[{name, title, code}] for the page, which can load each without Python."""
    entries = [(name, TITLES.get(name, f"bundled: {name}")) for name in tree_names()]
    return tuple(
        {"name": name, "title": title, "code": links.encode(named_tree(name))} for name, title in entries
    )


def open_tree(source: Tree | str | Path) -> tuple[Tree, str]:
    """A tree, and what to call it: of a Tree, a file that `save` wrote, a link, or the name of a preset.

    Raises:
        DeftLabError: it is none of these.
    """
    if isinstance(source, Tree):
        return source, "tree"
    text = str(source)
    if isinstance(source, Path) or text.endswith(".json"):
        return _read(Path(source)), Path(source).name
    if links.FRAGMENT in text:
        return links.decode(text), "link"
    return named_tree(text), text


def _read(path: Path) -> Tree:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as bad:
        reason = bad.strerror or type(bad).__name__
        raise DeftLabError(f"cannot read {path}: {reason}; save(path) writes such a file") from bad
    return Tree.from_json(text)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever finds half of it."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)

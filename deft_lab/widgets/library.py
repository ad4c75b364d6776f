"""The trees that the editor opens: presets of the catalogue, files, links, and trees of your own."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import DeftLabError
from ..tree import Tree
from . import links
from .catalogue import CATALOGUE, as_entry, find_preset, presets, templates


def tree_names() -> tuple[str, ...]:
    """The names that `edit` takes: builders, token trees, bundled trees, DeFT's templates if here."""
    return tuple(presets())


def named_tree(name: str, **options: int | str) -> Tree:
    """The tree of that preset, with these options instead of its defaults.

    Raises:
        DeftLabError: there is no such preset or option, or a value is not allowed; the message says what is.
    """
    return find_preset(name).tree(**options)


def menu() -> list[dict[str, Any]]:
    """[{name, title, family, options, code}] for the page; it loads what has a code without Python."""
    return [*_bundled_menu(), *(as_entry(name, preset) for name, preset in templates().items())]


@cache
def _bundled_menu() -> tuple[dict[str, Any], ...]:
    known = {name: preset for name, preset in presets().items() if name not in templates()}
    codes = {name: links.encode(preset.tree()) for name, preset in known.items()}
    return tuple(as_entry(name, preset) | {"code": codes[name]} for name, preset in known.items())


def open_tree(source: Tree | str | Path, **options: int | str) -> tuple[Tree, str]:
    """A tree, and what to call it: of a Tree, a file that `save` wrote, a link, or the name of a preset.

    Raises:
        DeftLabError: it is none of these, or what is no preset was given options.
    """
    if options and (not isinstance(source, str) or source not in presets()):
        raise DeftLabError(
            f"{', '.join(options)} can shape a preset only, and {source!r} is none; "
            f"choose one of {', '.join(CATALOGUE)}"
        )
    if isinstance(source, Tree):
        return source, "tree"
    text = str(source)
    if isinstance(source, Path) or (text.endswith(".json") and not links.looks_like_link(text)):
        return _read(Path(source)), Path(source).name
    if links.looks_like_link(text):
        return links.decode(text), "link"
    return named_tree(text, **options), text


def _read(path: Path) -> Tree:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as bad:
        reason = bad.strerror or type(bad).__name__
        raise DeftLabError(f"cannot read {path}: {reason}; save(path) writes such a file") from bad
    try:
        return Tree.from_json(text)
    except DeftLabError as bad:
        raise type(bad)(f"{path}: {bad}") from bad


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever finds half of it."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)

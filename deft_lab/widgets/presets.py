"""Presets: trees to choose from, and which of the controls shape each of them.

To add one, add its line to PRESETS. The bundled trees follow by themselves, as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..builders import build_tree, bundled_trees, load_tree
from ..errors import DeftLabError
from ..tree import Tree

CONTROLS = ("prompt", "width", "length")


@dataclass(frozen=True)
class Preset:
    """A family of trees, or one tree.

    Args:
        title: its name in the menu.
        build: from (prompt, width, length) to a tree.
        fixed: the controls that do not shape it, each with the reason.
    """

    title: str
    build: Callable[[int, int, int], Tree]
    fixed: Mapping[str, str] = field(default_factory=dict)


PRESETS = {
    "few_shot": Preset(
        "few-shot: one fork, equal branches",
        lambda prompt, width, length: build_tree("few_shot", prompt=prompt, width=width, length=length),
    ),
    "star": Preset(
        "star: leaves of one token",
        lambda prompt, width, length: build_tree("star", prompt=prompt, width=width),
        {"length": "every leaf of a star holds 1 token"},
    ),
    "beam_search": Preset(
        "beam search: what survives of it",
        lambda prompt, width, length: build_tree("beam_search", prompt=prompt, width=width, n_steps=32),
        {"length": "the search runs 32 steps"},
    ),
    "medusa": Preset(
        "Medusa: 63 drafted tokens and their root",
        lambda prompt, width, length: build_tree("medusa", prompt=prompt),
        {"width": "the topology is published", "length": "every drafted token is a node"},
    ),
    "random": Preset(
        "random: 30 nodes",
        lambda prompt, width, length: build_tree("random", prompt=prompt),
        {"width": "drawn at random", "length": "drawn at random, 1 to 60 tokens a node"},
    ),
}


def preset_names() -> tuple[str, ...]:
    """The names that `explore` takes: PRESETS, then the bundled trees."""
    return (*PRESETS, *(name for name in bundled_trees() if name not in PRESETS))


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        DeftLabError: there is none; the message lists them.
    """
    if name in PRESETS:
        return PRESETS[name]
    if name not in preset_names():
        raise DeftLabError(f"no preset {name!r}; choose one of {', '.join(preset_names())}")
    fixed = dict.fromkeys(CONTROLS, "a bundled tree is shown as it is")
    return Preset(f"bundled: {name}", lambda *_: load_tree(name), fixed)

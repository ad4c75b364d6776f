"""Widgets: pictures of a tree that follow the hand.

    explorer = explore("few_shot")      a tree from a preset and sliders, with linked views below
    explorer.tree                       the tree on the screen; `explorer.observe(f, "tree")` follows it

A source is a widget with a trait `tree`: today the ControlPanel. The views (LinkedViews) know only trees,
so a TreeExplorer takes any source.

    player = play_partial()             a calculation step by step, forth and back; see `players`
"""

from ..geometry import LLAMA3_8B, Geometry
from .controls import ControlPanel
from .explorer import TreeExplorer
from .players import StepPlayer, play_grouping, play_partial, play_reduction
from .presets import PRESETS, preset_names
from .views import LinkedViews


def explore(  # noqa: PLR0913  (the controls, one by one)
    preset: str = "few_shot",
    *,
    prompt: int = 4000,
    width: int = 20,
    length: int = 20,
    account: str = "requested",
    pack_heads: bool = False,
    geometry: Geometry = LLAMA3_8B.layer,
) -> TreeExplorer:
    """Explore decoding trees: presets and sliders, and three pictures that change with them.

    Args:
        preset: where to begin, one of `preset_names()`.
        prompt: tokens of the root.
        width: branches that leave it.
        length: tokens of each branch below the prompt.
        account: who counts the bytes, one of ACCOUNTS.
        pack_heads: account `requested`: a program takes all query heads of a KV head, in every method.
        geometry: of the model.

    Raises:
        DeftLabError: the preset or the account is unknown, or a number is below 1.
    """
    panel = ControlPanel(preset, prompt=prompt, width=width, length=length)
    return TreeExplorer(panel, LinkedViews(geometry, account=account, pack_heads=pack_heads))


__all__ = [
    "ControlPanel",
    "LinkedViews",
    "PRESETS",
    "StepPlayer",
    "TreeExplorer",
    "explore",
    "play_grouping",
    "play_partial",
    "play_reduction",
    "preset_names",
]

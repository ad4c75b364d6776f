"""Widgets: pictures of a tree that follow the hand.

    editor = edit("few_shot")           a tree to be changed by hand, by keys or from Python
    compare(tree, ["radix", "deft_flatten"])    methods beside each other
    explorer = explore("few_shot")      a tree from a preset and sliders, with linked views below
    explorer.tree                       the tree on the screen; `explorer.observe(f, "tree")` follows it

A source is a widget with a trait `tree`: today the ControlPanel. The views (LinkedViews) know only trees,
so a TreeExplorer takes any source.

    inspect_arrays([6, [3, 2, 1], 4], chunk_len=4)    a tree beside the arrays of its plan

    player = play_partial()             a calculation step by step, forth and back; see `players`
"""

from collections.abc import Iterable
from pathlib import Path

from ..errors import DeftLabError, check_choice, check_names
from ..geometry import LLAMA3_8B, Geometry
from ..hardware import find_hardware
from ..tree import Tree
from .arrays import ArrayInspector, inspect_arrays
from .comparison import Comparison, compare
from .controls import ControlPanel
from .counted import CountInspector, inspect_count
from .decoding import DecodePlayer, LiveDecode, live, play_decode
from .editor import TreeEditor
from .explorer import TreeExplorer
from .library import open_tree
from .linked import VIEWS
from .look import THEMES
from .players import KernelPlayer, StepPlayer, play_grouping, play_kernel, play_partial, play_reduction
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


def edit(  # noqa: PLR0913  (what the views show, one by one)
    source: Tree | str | Path = "few_shot",
    *,
    views: Iterable[str] = VIEWS,
    method: str = "deft_flatten",
    hardware: str = "h200",
    account: str = "requested",
    geometry: Geometry = LLAMA3_8B.layer,
    path: str | Path = "",
    theme: str = "auto",
    **options: int | str,
) -> TreeEditor:
    """Edit a decoding tree by hand, by keys, or from Python: edit("few_shot", width=4).

    Args:
        source: a Tree, a .json file that the editor saved, a link that it copied, or the name of a preset:
            a builder, a bundled tree, or one of DeFT's templates if DEFT_LAB_TEMPLATES names their folder.
        views: the linked views below the tree, some of VIEWS.
        method: whose groups, timeline and mask they show first.
        hardware: the machine that times are predicted for, a name of HARDWARE.
        account: who counts the bytes first, one of ACCOUNTS.
        geometry: of the model.
        path: where Ctrl-S saves; default: the file opened, else the browser downloads.
        theme: "auto" follows the notebook; or "light", "dark".
        options: numbers of the preset, such as `seed`; `editor.presets` lists them.

    Raises:
        DeftLabError: there is no such preset, option, view, method, machine or account, or the file or link
            holds no tree.
    """
    check_names(DeftLabError, views=views)
    find_hardware(hardware)
    check_choice(DeftLabError, THEMES, theme=theme)
    tree, name = open_tree(source, **options)
    is_preset = isinstance(source, str) and name == source
    is_file = not isinstance(source, Tree) and str(source).endswith(".json")
    return TreeEditor(
        tree, path=path or (source if is_file else ""), theme=theme, views=list(views), method=method,
        hardware=hardware, account=account, geometry=geometry,
        source={"name": name, "options": options} if is_preset else {},
    )  # fmt: skip


__all__ = [
    "PRESETS",
    "VIEWS",
    "ArrayInspector",
    "Comparison",
    "ControlPanel",
    "CountInspector",
    "DecodePlayer",
    "KernelPlayer",
    "LinkedViews",
    "LiveDecode",
    "StepPlayer",
    "TreeEditor",
    "TreeExplorer",
    "compare",
    "edit",
    "explore",
    "inspect_arrays",
    "inspect_count",
    "live",
    "play_decode",
    "play_grouping",
    "play_kernel",
    "play_partial",
    "play_reduction",
    "preset_names",
]

"""The control panel: a source of trees that is worked with a menu and three sliders.

What does not shape the chosen preset is disabled, says why, and keeps its value.
"""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..errors import DeftLabError
from ..tree import Tree
from .look import look_and
from .presets import CONTROLS, find_preset, preset_names

RANGES = {"prompt": (100, 16_000, 100), "width": (1, 64, 1), "length": (1, 400, 1)}  # first, last, step


class ControlPanel(anywidget.AnyWidget):
    """Makes a tree from a preset and three numbers; `tree` is always the one that they describe.

    All are traits: `panel.prompt = 2000` moves the slider, and `panel.observe(f, "tree")` follows the tree.
    The page sends back the preset and the numbers, nothing else.

    Raises:
        DeftLabError: the preset is unknown, or a number is below 1.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = look_and("widgets.css")
    tree = traitlets.Instance(Tree, read_only=True)
    preset = traitlets.Unicode().tag(sync=True)
    prompt = traitlets.Int().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    length = traitlets.Int().tag(sync=True)
    menu = traitlets.List().tag(sync=True)  # [name, title] of every preset
    ranges = traitlets.Dict().tag(sync=True)  # control -> [first, last, step]
    fixed = traitlets.Dict().tag(sync=True)  # control -> why it is disabled

    def __init__(
        self, preset: str = "few_shot", *, prompt: int = 4000, width: int = 20, length: int = 20
    ) -> None:
        menu = [[name, find_preset(name).title] for name in preset_names()]
        super().__init__(preset=preset, prompt=prompt, width=width, length=length, menu=menu)
        self.observe(self._build, ["preset", *CONTROLS])
        self._build()

    @traitlets.validate("preset")
    def _known(self, proposal: Any) -> str:
        find_preset(proposal["value"])
        return proposal["value"]

    @traitlets.validate(*CONTROLS)
    def _positive(self, proposal: Any) -> int:
        if proposal["value"] < 1:
            name = proposal["trait"].name
            raise DeftLabError(f"{name}={proposal['value']}; it must be at least 1")
        return proposal["value"]

    def _build(self, _change: object = None) -> None:
        preset, values = find_preset(self.preset), [getattr(self, name) for name in CONTROLS]
        with self.hold_sync():
            self.fixed = dict(preset.fixed)
            self.ranges = {
                name: [min(first, value), max(last, value), step]
                for (name, (first, last, step)), value in zip(RANGES.items(), values, strict=True)
            }
        self.set_trait("tree", preset.build(*values))

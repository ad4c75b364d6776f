"""Players: a calculation in steps, each with its sentence, its formula in numbers, and its picture.

step: pure data that Python has made. script: all steps of one calculation, and how to draw any of them;
what is shown is a function of the step's number and of nothing else. player: a widget that walks a script,
forth and back.

    player = play_partial()        player.step = 14        player.strip(0, 5)
"""

from .grouping import play_grouping
from .kernel import KernelPlayer, play_kernel
from .partial import play_partial
from .player import StepPlayer
from .reduction import play_reduction
from .step import Script, Step

__all__ = [
    "KernelPlayer",
    "Script",
    "Step",
    "StepPlayer",
    "play_grouping",
    "play_kernel",
    "play_partial",
    "play_reduction",
]

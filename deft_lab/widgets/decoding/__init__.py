"""Decodes on the page: a recorded one, played token by token, or one that a model makes while one looks.

player = play_decode("tree_of_thoughts")        player.step = 14        player.table()
"""

from .player import DecodePlayer, play_decode

__all__ = ["DecodePlayer", "play_decode"]

"""Decodes on the page: a recorded one, played token by token, or one that a model makes while one looks.

player = play_decode("tree_of_thoughts")        player.step = 14        player.table()
live(editor, decoder)                           press Decode: the drawn tree drives the decoder
"""

from .player import DecodePlayer, play_decode
from .running import LiveDecode, live

__all__ = ["DecodePlayer", "LiveDecode", "live", "play_decode"]

"""A tree as a short text that fits into a link; the page reads and writes the same.

    1_-1.0*20_4000.20*20_1~20_0~21_21     parents, lengths, seats, labels, next label

20*3 is 20, 20, 20; 1~3 is 1, 2, 3. Every character is safe in the fragment of a link.
"""

import re

from ..errors import TreeError
from ..tree import Tree

VERSION = "1"
FRAGMENT = "deft_tree="
MOST = 1_000_000  # numbers in one array
_RUN = re.compile(r"(-?\d{1,10})(?:([*~])(\d{1,7}))?", re.ASCII)


def encode(tree: Tree) -> str:
    """The tree as text for a link."""
    arrays = tree.parent, tree.length, tree.callers_seat(), tree.label
    return "_".join([VERSION, *(_runs(array.tolist()) for array in arrays), str(tree.next_label)])


def decode(text: str) -> Tree:
    """The tree in a link, in its fragment, or in what `encode` wrote.

    Raises:
        TreeError: the link is cut short, or describes no tree.
    """
    if looks_like_link(text) and FRAGMENT not in text:
        raise TreeError(
            f"the link holds no tree: '{FRAGMENT}' is not in it; copy one with the editor's button Copy link"
        )
    code = text.rpartition(FRAGMENT)[2].strip().split("&")[0]
    code = code.replace("%2A", "*").replace("%7E", "~")  # some programs write them so
    parts = code.split("_")
    if parts[0] != VERSION or len(parts) != 6:
        raise TreeError(f"a link of a tree has 6 parts and begins with '{VERSION}_'; copy the whole link")
    parent, length, seat, label, (next_label, *_) = map(_unrolled, parts[1:])
    return Tree(parent, length, seat, label, next_label=next_label)


def looks_like_link(text: str) -> bool:
    """Whether a text is meant as a link, whole or broken."""
    return FRAGMENT in text or "://" in text or text.startswith("#")


def _runs(values: list[int]) -> str:
    parts, i = [], 0
    while i < len(values):
        same = rising = 1
        while i + same < len(values) and values[i + same] == values[i]:
            same += 1
        while i + rising < len(values) and values[i + rising] == values[i] + rising:
            rising += 1
        n = max(same, rising)
        parts.append(f"{values[i]}" if n < 2 else f"{values[i]}{'*' if same >= rising else '~'}{n}")
        i += n
    return ".".join(parts)


def _unrolled(text: str) -> list[int]:
    values: list[int] = []
    for part in text.split("."):
        found = _RUN.fullmatch(part)
        if not found:
            raise TreeError(f"'{part}' is no run of numbers; the link may be cut short, copy it again")
        first, kind, times = int(found[1]), found[2], int(found[3] or 1)
        if len(values) + times > MOST:
            raise TreeError("the link holds more numbers than a tree has nodes")
        values.extend(range(first, first + times) if kind == "~" else [first] * times)
    return values

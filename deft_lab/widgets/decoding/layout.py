"""Where the nodes of a film lie at a step: boxes of text from left to right, a column for each depth.

Columns are as wide as the longest texts of the whole film ask, so they stand still while it plays; a node's
box is as high as its text. js/decode/layout.js is the twin of this file, and a test compares them.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from .film import Film

CHAR = 6.65  # px of a letter of the typewriter font at 11 px
HEAD, LINE, PAD = 15, 14, 6  # px: a box's name, a line of text, room below
GAP, LINK, MARGIN = 7, 26, 14  # px between boxes above each other, between columns, at the rim
SIDES = 14  # px of a box beside its letters
LEAST, MOST = 10, 420  # letters that a column has room for at least, or asks for at most
# (queries at most, lines of a box): many branches leave each less room; of longer texts the end is shown
ROOM_FOR_LINES = ((6, 5), (10, 3), (16, 2))
MOST_GHOSTS = 8  # pruned nodes that are shown once more; of a larger number none is
MOST_BOXES = 240


class Placed(NamedTuple):
    """The box of a node."""

    node: int  # its column in the film
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    new: int  # letters at the end that are new at this step
    ghost: bool  # pruned by this very step


def wrap(text: str, letters: int) -> list[str]:
    """Lines of at most so many letters, broken after blanks where there are any; joined they are the text.

    A blank at the end of a line hangs over.
    """
    lines = []
    while len(text) > letters:
        at = text.rfind(" ", 1, letters + 1)
        cut = at + 1 if at > 0 else letters
        lines.append(text[:cut])
        text = text[cut:]
    return [*lines, text] if text else lines


def columns(film: "Film", width: float) -> list[int]:
    """[depth] letters that a column has room for."""
    depth = depths(film)
    asked = [LEAST] * (max(depth) + 1)
    for x, d in enumerate(depth):
        asked[d] = max(asked[d], min(MOST, sum(map(len, film.pieces[x]))))
    free = int((width - 2 * MARGIN - LINK * (len(asked) - 1) - SIDES * len(asked)) / CHAR)
    room, open_ = [LEAST] * len(asked), set(range(len(asked)))
    while open_:  # those that ask for less than their share get what they ask
        rest = free - sum(room[d] for d in range(len(asked)) if d not in open_)
        total = sum(asked[d] ** 0.5 for d in open_)
        share = {d: int(rest * asked[d] ** 0.5 / total) for d in open_}
        small = {d for d in open_ if asked[d] <= share[d]}
        for d in small or open_:
            room[d] = max(LEAST, asked[d] if small else share[d])
        open_ -= small or open_
    return room


def depths(film: "Film") -> list[int]:
    """[node] links from the root."""
    depth: list[int] = []
    for parent in film.lives.union.parent.tolist():
        depth.append(depth[parent] + 1 if parent >= 0 else 0)
    return depth


def shown(film: "Film", step: int) -> list[int]:
    """The nodes to draw at a step, in preorder: those that live, and few that have just been pruned."""
    here = film.alive[step].copy()
    ghosts = np.flatnonzero((film.lives.died == step) & (film.lives.born < step))
    if len(ghosts) <= MOST_GHOSTS:
        here[ghosts] = True
    return np.flatnonzero(here).tolist()[:MOST_BOXES]


def place(film: "Film", step: int, room: list[int]) -> list[Placed]:
    """The boxes of a step, in preorder."""
    depth, parents = depths(film), film.lives.union.parent.tolist()
    nodes = shown(film, step)
    x_of = [MARGIN + sum(CHAR * room[i] + SIDES + LINK for i in range(d)) for d in range(len(room))]
    lines = {x: _lines(film, x, step, room[depth[x]]) for x in nodes}
    height = {x: HEAD + LINE * len(lines[x]) + PAD for x in nodes}
    kids: dict[int, list[int]] = {x: [] for x in nodes}
    for x in nodes[1:]:
        kids[parents[x]].append(x)
    below: dict[int, float] = {}  # of the children, with the gaps between them
    whole: dict[int, float] = {}
    for x in reversed(nodes):
        below[x] = sum(whole[kid] + GAP for kid in kids[x]) - GAP if kids[x] else 0
        whole[x] = max(height[x], below[x])
    top = {nodes[0]: float(MARGIN)}
    for x in nodes:
        y = top[x] + (whole[x] - below[x]) / 2
        for kid in kids[x]:
            top[kid] = y
            y += whole[kid] + GAP
    return [
        Placed(
            x,
            x_of[depth[x]],
            top[x] + (whole[x] - height[x]) / 2,
            CHAR * room[depth[x]] + SIDES,
            height[x],
            tuple(lines[x]),
            _n_new(film, x, step),
            not film.alive[step, x],
        )
        for x in nodes
    ]


def most_lines(film: "Film") -> int:
    """Lines that a box of this film has room for."""
    widest = int(film.n_queries.max())
    return next((lines for queries, lines in ROOM_FOR_LINES if widest <= queries), 1)


def _lines(film: "Film", x: int, step: int, letters: int) -> list[str]:
    lines, most = wrap(film.text(x, step).replace("\n", "↵"), letters), most_lines(film)
    if len(lines) <= most:
        return lines
    lines = lines[-most:]
    return ["…" + lines[0][1:], *lines[1:]]


def _n_new(film: "Film", x: int, step: int) -> int:
    """Letters of the tokens that a node gained at a step; of a prompt none."""
    if step == 0 or not film.alive[step, x]:
        return 0
    before = int(film.length[step - 1, x]) if film.lives.born[x] < step else 0
    return len("".join(film.pieces[x][before : int(film.length[step, x])]))

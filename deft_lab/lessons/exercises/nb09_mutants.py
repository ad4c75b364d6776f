"""Known wrong answers to the exercises of notebook 09, by what is wrong with them."""

from typing import Any

import numpy as np


def run(first: Any, length: Any) -> list[int]:
    return list(range(int(first), int(first) + int(length)))


def above(tree: Any, node: int) -> Any:
    return sum(tree.length[n] for n in tree.path(node)[:-1])


POSITIONS = {
    "where the KV lies: all nodes before it": lambda t, n: run(sum(t.length[:n]), t.length[n]),
    "starts behind its parent only": lambda t, n: run(t.length[t.parent[n]] if n else 0, t.length[n]),
    "starts behind the root only": lambda t, n: run(t.length[0] if n else 0, t.length[n]),
    "starts at 0 in every node": lambda t, n: run(0, t.length[n]),
    "counts from 1": lambda t, n: run(above(t, n) + 1, t.length[n]),
    "counts its own tokens as ancestors": lambda t, n: run(above(t, n) + t.length[n], t.length[n]),
    "one token too many": lambda t, n: run(above(t, n), t.length[n] + 1),
    "counts nodes, not tokens": lambda t, n: run(len(t.path(n)) - 1, t.length[n]),
    "behind its elder siblings": lambda t, n: run(
        above(t, n) + sum(t.length[s] for s in t.children(t.parent[n]) if s < n) if n else 0, t.length[n]
    ),
    "only the first position": lambda t, n: [int(above(t, n))],
    "an empty node has one": lambda t, n: run(above(t, n), max(1, t.length[n])),
    "the same for all its tokens": lambda t, n: [int(above(t, n))] * int(t.length[n]),
}


def alone(tree: Any, leaf: int) -> list[int]:
    """Nodes above a leaf with one leaf below them, and the leaf."""
    return [n for n in tree.path(leaf) if sum(n in tree.path(other) for other in tree.leaves) == 1]


FREED = {
    "the leaf only": lambda t, leaf: [leaf],
    "the whole branch": lambda t, leaf: list(t.path(leaf)),
    "the branch without the root": lambda t, leaf: list(t.path(leaf)[1:]) or [leaf],
    "leaf and parent": lambda t, leaf: list(t.path(leaf)[-2:]),
    "keeps the root for ever": lambda t, leaf: [n for n in alone(t, leaf) if n],
    "every only child of the branch": lambda t, leaf: [
        n for n in t.path(leaf) if n == leaf or len(t.children(n)) == 1
    ],
    "the branching node, too": lambda t, leaf: sorted(
        {*alone(t, leaf), max(0, int(t.parent[alone(t, leaf)[0]]))}
    ),
    "what the others still need": lambda t, leaf: sorted(
        {n for other in t.leaves if other != leaf for n in t.path(other)}
    ),
    "not the leaf itself": lambda t, leaf: [n for n in alone(t, leaf) if n != leaf],
    "no empty nodes": lambda t, leaf: [n for n in alone(t, leaf) if t.length[n]],
    "siblings as well": lambda t, leaf: (
        sorted({*alone(t, leaf), *t.children(t.parent[leaf])}) if leaf else [0]
    ),
}


def near(ours: Any, theirs: Any, tolerance: float) -> bool:
    return ours.shape == theirs.shape and bool((abs(ours - theirs) <= tolerance).all())


def tokens(ours: Any, theirs: Any) -> bool:
    return ours.shape == theirs.shape and bool((ours.argmax(-1) == theirs.argmax(-1)).all())


IS_SAME = {
    "compares the tokens only": lambda a, b, tol: tokens(a, b),
    "compares the logits only": near,
    "forgets that too low is wrong, too": lambda a, b, tol: tokens(a, b) and bool((a - b <= tol).all()),
    "the mean of the differences": lambda a, b, tol: tokens(a, b) and bool((a - b).mean() <= tol),
    "the mean size of the differences": lambda a, b, tol: tokens(a, b) and bool(abs(a - b).mean() <= 0.01),
    "the mean size, within the tolerance": lambda a, b, tol: (
        a.shape == b.shape and tokens(a, b) and bool(abs(a - b).mean() <= tol)
    ),
    "np.allclose with its relative tolerance": lambda a, b, tol: (
        a.shape == b.shape and tokens(a, b) and bool(np.allclose(a, b, atol=tol))
    ),
    "none is large: NaN passes": lambda a, b, tol: tokens(a, b) and not bool((abs(a - b) > tol).any()),
    "NaN is no reason": lambda a, b, tol: tokens(a, b) and bool(np.nanmax(abs(a - b)) <= tol),
    "the first branch only": lambda a, b, tol: near(a[:1], b[:1], tol) and tokens(a[:1], b[:1]),
    "the last step only": lambda a, b, tol: near(a[:, -1], b[:, -1], tol) and tokens(a[:, -1], b[:, -1]),
    "the best logit only": lambda a, b, tol: tokens(a, b) and bool((abs(a.max(-1) - b.max(-1)) <= tol).all()),
    "sums that cancel": lambda a, b, tol: tokens(a, b) and bool((abs((a - b).sum(-1)) <= 10 * tol).all()),
    "any shape": lambda a, b, tol: bool((abs(a - b) <= tol).all() and (a.argmax(-1) == b.argmax(-1)).all()),
    "equal to the last bit": lambda a, b, tol: a.shape == b.shape and bool((a == b).all()),
    "laws instead of logits": lambda a, b, tol: (
        tokens(a, b)
        and bool(
            (
                abs(np.exp(a) / np.exp(a).sum(-1)[..., None] - np.exp(b) / np.exp(b).sum(-1)[..., None])
                <= tol
            ).all()
        )
    ),
    "always": lambda a, b, tol: True,
    "never": lambda a, b, tol: False,
}

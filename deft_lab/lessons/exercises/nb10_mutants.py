"""Known wrong answers to the exercises of notebook 10, by what is wrong with them."""

from typing import Any

import numpy as np

from .nb10_judges import right_mask


def ordered(choices: Any) -> list[Any]:
    return [[], *sorted(choices, key=lambda path: (len(path), path))]


def by(choices: Any, sees: Any, paths: Any = None) -> list[list[int]]:
    paths = paths or ordered(choices)
    return [[int(bool(sees(row, column))) for column in paths] for row in paths]


def begins(row: Any, column: Any) -> bool:
    return row[: len(column)] == column


MEDUSA_MASK = {
    "as written: not sorted": lambda c: by(c, begins, [[], *c]),
    "sorted by ranks, not by length": lambda c: by(c, begins, [[], *sorted(c)]),
    "parents only": lambda c: by(c, lambda r, k: r == k or (r and r[:-1] == k)),
    "no end of the text": lambda c: by(c, lambda r, k: begins(r, k) and (len(k) > 0 or r == k)),
    "nobody sees itself": lambda c: by(c, lambda r, k: begins(r, k) and r != k),
    "upside down": lambda c: by(c, lambda r, k: begins(k, r)),
    "everything earlier, as in a plain text": lambda c: np.tril(np.ones((len(c) + 1,) * 2)),
    "siblings, too": lambda c: by(c, lambda r, k: begins(r, k) or (r and k and r[:-1] == k[:-1])),
    "all that is higher up": lambda c: by(c, lambda r, k: len(k) < len(r) or r == k),
    "without row and column 0": lambda c: by(c, begins, ordered(c)[1:]),
    "everybody sees everybody": lambda c: np.ones((len(c) + 1,) * 2),
    "hidden instead of seen": lambda c: 1 - right_mask(c),
    "minus infinity where hidden": lambda c: np.where(right_mask(c) == 1, 0, -np.inf),
    "the first child only": lambda c: by(c, lambda r, k: begins(r, k) and (not k or k[-1] == 0 or r == k)),
}


def changed(tree: Any, **entries: Any) -> dict[str, Any]:
    """The right ledger, but for some entries."""
    u, t = tree.n_tokens, tree.n_path_tokens
    right = {
        "flash_decoding": (t, t, t),
        "radix": (u, t, t),
        "tree_mask": (u, u, tree.n_queries * u),
        "deft_node": (u, u, t),
    }
    return right | entries


LEDGER = {
    "radix reads a shared token once": lambda t: changed(t, radix=(t.n_tokens, t.n_tokens, t.n_path_tokens)),
    "radix keeps copies": lambda t: changed(t, radix=(t.n_path_tokens,) * 3),
    "flash-decoding stores once": lambda t: changed(
        t, flash_decoding=(t.n_tokens, t.n_path_tokens, t.n_path_tokens)
    ),
    "the mask computes what is seen": lambda t: changed(
        t, tree_mask=(t.n_tokens, t.n_tokens, t.n_path_tokens)
    ),
    "the mask reads for each query": lambda t: changed(
        t, tree_mask=(t.n_tokens, t.n_queries * t.n_tokens, t.n_queries * t.n_tokens)
    ),
    "deft computes all pairs": lambda t: changed(
        t, deft_node=(t.n_tokens, t.n_tokens, t.n_queries * t.n_tokens)
    ),
    "deft shares the computation, too": lambda t: changed(t, deft_node=(t.n_tokens,) * 3),
    "deft reads per query": lambda t: changed(t, deft_node=(t.n_tokens, t.n_path_tokens, t.n_path_tokens)),
    "counts nodes": lambda t: changed(t, radix=(t.n_nodes, t.n_path_tokens, t.n_path_tokens)),
    "all the same": lambda t: dict.fromkeys(changed(t), (t.n_tokens, t.n_path_tokens, t.n_path_tokens)),
    "a method is missing": lambda t: {k: v for k, v in changed(t).items() if k != "tree_mask"},
    "pairs instead of triples": lambda t: {k: v[:2] for k, v in changed(t).items()},
    "stored and read change places": lambda t: {k: (b, a, c) for k, (a, b, c) in changed(t).items()},
}

MY_TREE = {
    "one query": [100],
    "the few-shot tree": [4000] + [20] * 20,
    "two branches of a long prompt": [4000, 20, 20],
    "nothing shared": [0] + [100] * 4,
    "short, but hardly shared": [10, 100, 100],
    "deep": [512, [64, 64, 64], [64, 64, 64]],
    "a long prompt that forks twice": [2000, [10, 5, 5], [10, 5, 5]],
    "a number": 3,
    "a chain": [50, [50, 50]],
    "thirty-two branches of a prompt": [1000] + [10] * 32,
    "needlessly large": [2_000_000, 1, 1],
}

"""Max-Gram (MaG): a draft without a network, which goes on as the longest match in the text did.

history: the prompt, and the text so far without its last token.
bigram table: token -> the token that follows it most often; 0 where it was never seen.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...chance import Chance
from ...errors import DraftError
from .record import Drafted

Ids = tuple[int, ...]


def longest_match(history: Sequence[int], context: Sequence[int]) -> int | None:
    """Where the history goes on after the longest suffix of `context` in it, the leftmost of equals."""
    best, after = 0, None
    for end in (i for i, token in enumerate(history) if token == context[-1]):
        length, most = 1, min(end + 1, len(context))
        while length < most and history[end - length] == context[-1 - length]:
            length += 1
        if length > best:
            best, after = length, end + 1
    return after


def max_gram(prompt: Sequence[int], ids: Sequence[int], k: int, bigrams: Sequence[int]) -> Ids:
    """`k` tokens: those after the longest match in the history, after one in the text itself, bigrams.

    The second search is for what the first one found short, at the end of the history: its text ends in the
    tokens found, and it stands twice in a row in what is searched, as published. The published code may give
    more than `k` here; we cut.

    Source: CS Drafting (2312.11462).
    """
    text = list(ids)
    for search in ("history", "text"):
        history = (list(prompt) if search == "history" else text[:-1]) + text[:-1]
        after = longest_match(history, text)
        missing = len(ids) + k - len(text)
        if after is not None and missing:
            text += history[after : after + missing]
    while len(text) < len(ids) + k:
        # a table may be shorter than the model's vocabulary, which is padded to a round number
        text.append(bigrams[text[-1]] if text[-1] < len(bigrams) else 0)
    return tuple(text[len(ids) :])


class MaG:
    """The last draft of a cascade.

    Args:
        bigrams: the table, of `bigram_table`.
        name: in records.
    """

    family, eos, n_parameters = "any", frozenset[int](), 0

    def __init__(self, bigrams: Sequence[int], name: str = "MaG") -> None:
        self.bigrams, self.name = tuple(bigrams), name
        self.vocab_size = len(self.bigrams)

    def vocabulary(self) -> None:
        """It knows ids alone."""

    def propose(
        self, prompt: Ids, ids: Ids, k: int, chance: Chance | None = None
    ) -> tuple[tuple[Drafted, ...], int]:
        """`k` tokens, no forward; no chance in it."""
        return tuple(Drafted(token, self.name) for token in max_gram(prompt, ids, k, self.bigrams)), 0

    def review(self, *_: Any) -> tuple[tuple[Drafted, ...], int, int]:
        raise DraftError(f"{self.name} cannot review, only propose; it must be the last draft")


class MaGLaws:
    """Laws of Max-Gram for token builders: all to the token that it proposes.

    Args:
        mag: the draft.
        prompt: what it searches first.
        ids: text so far.
        vocab_size: of the target; default: that of the table.
    """

    def __init__(self, mag: MaG, prompt: Ids, ids: Ids, vocab_size: int | None = None) -> None:
        self.mag, self.prompt, self.ids = mag, prompt, ids
        self.vocab_size = vocab_size or mag.vocab_size

    def __call__(self, paths: Sequence[Ids]) -> NDArray[np.float64]:
        laws = np.zeros((len(paths), self.vocab_size))
        for row, path in enumerate(paths):
            laws[row, max_gram(self.prompt, (*self.ids, *path), 1, self.mag.bigrams)[0]] = 1.0
        return laws


# --- bigram tables


def bigram_table(texts: Iterable[Sequence[int]], vocab_size: int, pad: int | None = None) -> Ids:
    """Token -> what follows it most often in `texts`; of equals the smallest id, 0 if it was never seen.

    Args:
        texts: of token ids.
        vocab_size: entries of the table.
        pad: a token that stands between texts; it neither follows nor is followed.
    """
    counts = np.zeros((vocab_size, vocab_size), np.int64)
    for text in texts:
        row = np.asarray(text, dtype=np.int64)
        before, after = row[:-1], row[1:]
        there = (before != pad) & (after != pad) if pad is not None else np.ones(len(before), bool)
        np.add.at(counts, (before[there], after[there]), 1)
    return tuple(counts.argmax(1).tolist())


@cache
def workbook_bigrams(n_rows: int = 64) -> Ids:
    """The table of our models' language, from problems drawn for it; other seeds than those of training."""
    from ... import workbook

    rows = workbook.corpus_rows(n_rows, 1024, "bigrams")
    return bigram_table(rows, len(workbook.VOCABULARY), workbook.PAD)


def read_bigrams(path: str | Path) -> Ids:
    """A table from a JSON list of ids.

    Raises:
        DraftError: the file holds no such list.
    """
    try:
        table = json.loads(Path(path).read_text())
    except (OSError, ValueError) as bad:
        raise DraftError(f"cannot read a bigram table from {path}: {bad}") from bad
    if not isinstance(table, list) or not table or not all(isinstance(x, int) and x >= 0 for x in table):
        raise DraftError(
            f"{path} is no bigram table; it must be a JSON list: entry i is what follows token i"
        )
    return tuple(table)

"""Max-Gram (MaG) as the last draft of a cascade, and tables of bigrams for it.

bigram table: token -> the token that follows it most often; 0 where it was never seen.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...chance import Chance
from ...drafting.max_gram import max_gram
from ...errors import DraftError, check_counts, check_kind, place_to_read
from .record import Drafted

Ids = tuple[int, ...]


class MaG:
    """The last draft of a cascade.

    Args:
        bigrams: the table, of `bigram_table`.
        name: in records.

    Raises:
        DraftError: an entry is no token of the table.
    """

    family, eos, n_parameters = "any", frozenset[int](), 0

    def __init__(self, bigrams: Sequence[int], name: str = "MaG") -> None:
        check_kind(DraftError, str, "it stands in records", name=name)
        table = np.asarray(bigrams) if isinstance(bigrams, Sequence | np.ndarray) else np.zeros(0)
        known = table.ndim == 1 and table.size and table.dtype.kind in "iu"
        if not known or table.min() < 0 or table.max() >= len(table):
            raise DraftError(
                f"bigrams={bigrams!r:.60}; list what follows each token, a token of the table: "
                "bigram_table makes one, workbook_bigrams() has ours"
            )
        self.bigrams, self.name = tuple(table.tolist()), name
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


# --- bigram tables


def bigram_table(texts: Iterable[Sequence[int]], vocab_size: int, pad: int | None = None) -> Ids:
    """Token -> what follows it most often in `texts`; of equals the smallest id, 0 if it was never seen.

    Args:
        texts: of token ids.
        vocab_size: entries of the table.
        pad: a token that stands between texts; it neither follows nor is followed.

    Raises:
        DraftError: a text holds what is no token below `vocab_size`.
    """
    check_kind(DraftError, Iterable, "list texts of token ids", texts=texts)
    check_counts(DraftError, 1, vocab_size=vocab_size)
    counts = np.zeros((vocab_size, vocab_size), np.int64)
    for text in texts:
        row = np.asarray(text)
        known = row.dtype.kind in "iu" and ((row >= 0) & (row < vocab_size)).all()
        if row.ndim != 1 or (row.size and not known):
            raise DraftError(f"a text is {text!r:.60}; list token ids, 0 .. {vocab_size - 1}")
        before, after = row[:-1].astype(np.int64), row[1:].astype(np.int64)
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
    place = place_to_read(DraftError, path)
    try:
        table = json.loads(place.read_text())
    except (OSError, ValueError) as bad:
        raise DraftError(f"cannot read a bigram table from {path}: {bad}") from bad
    if not isinstance(table, list) or not table or not all(type(x) is int and x >= 0 for x in table):
        raise DraftError(
            f"{path} is no bigram table; it must be a JSON list: entry i is what follows token i"
        )
    return tuple(table)

"""Max-Gram (MaG): go on as the longest match in the text did, and by bigrams where there is none; no network.

history: the prompt, and the text so far without its last token.
bigram table: token -> the token that follows it most often; 0 where it was never seen.
Source: CS Drafting (2312.11462).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .base import Path


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


def max_gram(prompt: Sequence[int], ids: Sequence[int], k: int, bigrams: Sequence[int]) -> Path:
    """`k` tokens: those after the longest match in the history, after one in the text itself, bigrams.

    The second search is for what the first one found short, at the end of the history: its text ends in the
    tokens found, and it stands twice in a row in what is searched, as published. The published code may give
    more than `k` here; we cut.
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


class MaxGramLaws:
    """Max-Gram as the laws of a draft: all to the token that it proposes, nothing where it knows none.

    Args:
        context: text so far, the last committed token last.
        vocab_size: tokens of the other drafts.
        bigrams: the table; empty: matches alone.
    """

    def __init__(self, context: Sequence[int], vocab_size: int, bigrams: Sequence[int] = ()) -> None:
        self.context, self.vocab_size, self.bigrams = tuple(context), vocab_size, tuple(bigrams)

    def __call__(self, paths: Sequence[Path]) -> NDArray[np.float64]:
        """[path, vocabulary] laws; no forward."""
        laws = np.zeros((len(paths), self.vocab_size))
        for row, path in enumerate(paths):
            text = (*self.context, *path)
            known = bool(text) and (text[-1] in text[:-1] or text[-1] < len(self.bigrams))
            if known:
                laws[row, max_gram((), text, 1, self.bigrams)[0]] = 1.0
        return laws

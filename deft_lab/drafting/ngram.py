"""Prompt lookup: what followed the last tokens when they were seen before, as a trie. No draft is asked.

Source: Saxena, "Prompt lookup decoding" (2023), which takes one match; the trie of all is as REST's
(2311.08252).
"""

from collections import Counter
from collections.abc import Sequence

from ..chance import Chance
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree, tree_from_paths
from .base import Laws, Path


def ngram(
    laws: Laws, budget: int, chance: Chance, context: Sequence[int] = (), n: int = 3, length: int = 10
) -> TokenTree:
    """The continuations of every earlier place where the last `n` tokens stand; most frequent first.

    If there is none, the last n - 1 tokens are looked up, down to one; a text without a match gives an
    empty tree. The score of a node is its share of the matches.

    Args:
        laws: gives the size of the vocabulary.
        budget: nodes.
        chance: not asked.
        context: the text so far, the last committed token last.
        n: tokens that must match.
        length: tokens taken after a match.

    Raises:
        DraftError: `context` is empty or leaves the vocabulary, or a size is below 1.
    """
    check_counts(DraftError, 1, n=n, length=length)
    text = tuple(context)
    if not text or min(text) < 0 or max(text) >= laws.vocab_size:
        raise DraftError(
            f"context of {len(text)} tokens; hand over the text so far, of tokens 0 .. {laws.vocab_size - 1}"
        )
    found = _continuations(text, n, length)
    count = Counter(path[:end] for path in found for end in range(1, len(path) + 1))
    # Counter keeps the order of first sight, latest match first; a path is never more frequent than its
    # beginning, so the first ones of this order are a trie
    best = sorted(count, key=lambda path: (-count[path], len(path)))[:budget]
    share = {path: count[path] / len(found) for path in best}
    return tree_from_paths(best, scores=share, provenance=dict.fromkeys(best, "ngram"))


def _continuations(text: Path, n: int, length: int) -> list[Path]:
    """What follows each earlier place of the longest ending of at most `n` tokens that has one."""
    for size in range(min(n, len(text) - 1), 0, -1):
        ending = text[-size:]
        found = [
            text[start + size : start + size + length]
            for start in range(len(text) - size - 1, -1, -1)
            if text[start : start + size] == ending
        ]
        if found:
            return found
    return []

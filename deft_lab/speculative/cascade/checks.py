"""What a cascade refuses before it starts."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

from ...errors import DraftError
from .reviewers import Ids, Reviewer

K = tuple[tuple[int, ...], ...]  # [draft, draft]


def check_k_matrix(k_matrix: Any, n_drafts: int) -> K:
    """The matrix as tuples of integers.

    Raises:
        DraftError: it is not square, of another size than there are drafts, holds what is no count, or
            has an entry below its diagonal.
    """
    rows = k_matrix.tolist() if hasattr(k_matrix, "tolist") else k_matrix
    if n_drafts < 1:
        raise DraftError("no drafts; a cascade needs one at least, Max-Gram if no other")
    if not isinstance(rows, Sequence) or not all(isinstance(row, Sequence) for row in rows):
        raise DraftError(f"k_matrix={k_matrix!r}; it must be a list of rows, such as [[5, 10], [0, 10]]")
    if len(rows) != n_drafts or any(len(row) != n_drafts for row in rows):
        shape = " x ".join(str(n) for n in (len(rows), *sorted({len(row) for row in rows})))
        raise DraftError(
            f"k_matrix is {shape} for {n_drafts} drafts; it needs a row and a column for each of them, "
            "Max-Gram included"
        )
    for r, row in enumerate(rows):
        for j, entry in enumerate(row):
            if isinstance(entry, bool) or not isinstance(entry, int | float) or not entry >= 0 or entry % 1:
                raise DraftError(f"k_matrix[{r}][{j}]={entry!r}; it must be a number of tokens, 0 or more")
            if j < r and entry:
                raise DraftError(
                    f"k_matrix[{r}][{j}]={entry}; it must be 0, because draft {r - 1} is fed only by drafts "
                    f"{r} and after"
                )
    return tuple(tuple(int(entry) for entry in row) for row in rows)


def check_lenience(lenience: float) -> None:
    """Refuse a lenience that is none.

    Raises:
        DraftError: it is below 1.
    """
    if not 1 <= lenience < float("inf"):
        raise DraftError(f"lenience={lenience}; it must be 1 (exact) or more")


def check_models(drafts: object, *targets: object) -> None:
    """Refuse what are no reviewers, such as names of models.

    Raises:
        DraftError: one is none.
    """
    if isinstance(drafts, str) or not isinstance(drafts, Sequence):
        raise DraftError(f"drafts={drafts!r:.60}; list reviewers, the best first: [MaG(workbook_bigrams())]")
    for model in (*drafts, *targets):
        if not all(hasattr(model, name) for name in ("family", "name", "vocab_size", "eos", "review")):
            raise DraftError(
                f"{model!r:.60} is no reviewer; CausalReviewer(load_model('draft')) makes one of a model"
            )


def flat_ids(what: str, ids: Any, vocab_size: int) -> Ids:
    """Ids as a tuple; published calls pass a tensor of one row.

    Raises:
        DraftError: there are several rows, or one is no token.
    """
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise DraftError(f"{what}={ids!r:.60}; list token ids, as a tokenizer gives them")
    listed = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    if listed and isinstance(listed[0], list):
        if len(listed) > 1:
            raise DraftError(f"{len(listed)} rows of ids; the cascade decodes one text at a time")
        listed = listed[0]
    for token in listed:
        if not isinstance(token, Integral) or not 0 <= token < vocab_size:
            raise DraftError(f"{what} holds {token!r:.60}; the target knows the tokens 0 .. {vocab_size - 1}")
    return tuple(int(token) for token in listed)


def check_reviewers(drafts: Sequence[Reviewer], target: Reviewer) -> None:
    """Refuse models that do not speak of the same tokens.

    Raises:
        DraftError: a name stands twice, a draft that must review cannot, or kinds or vocabularies differ.
    """
    names = [model.name for model in (*drafts, target)]
    for name in names:
        if names.count(name) > 1:
            raise DraftError(
                f"two models are called {name!r}; give each a name of its own, to tell them apart"
            )
    for draft in drafts:
        if draft.family == "any":
            if draft.vocab_size > target.vocab_size:
                raise DraftError(
                    f"{draft.name} has a bigram for {draft.vocab_size} tokens, {target.name} knows "
                    f"{target.vocab_size}; build the table with the target's tokenizer"
                )
            if draft is not drafts[-1]:
                raise DraftError(f"{draft.name} cannot review, only propose; it must be the last draft")
            continue
        if draft.family != target.family:
            raise DraftError(
                f"{draft.name} is {draft.family}, {target.name} is {target.family}; use one kind"
            )
        if draft.vocab_size != target.vocab_size:
            raise DraftError(
                f"{draft.name} knows {draft.vocab_size} tokens, {target.name} {target.vocab_size}; a token "
                "id must mean the same to both"
            )
        own, its = draft.vocabulary(), target.vocabulary()
        if own is not None and its is not None and own != its:
            differing = sum(its.get(text) != token for text, token in own.items())
            raise DraftError(
                f"the tokenizers of {draft.name} and {target.name} differ in {differing} tokens; a token id "
                "must mean the same to both"
            )

"""Reviewers: models of a cascade, which judge drafted tokens and can propose some.

laws: a model's next-token laws after the text so far and after each token that follows it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ...chance import Chance
from ...decode.hf import TreeModel
from ...decode.sampling import Sampler
from ...errors import DraftError, check_kind
from .record import PROPOSED, Drafted
from .review import Laws, review

Ids = tuple[int, ...]
CAUSAL, SEQ2SEQ, ANY = "decoder-only", "encoder-decoder", "any"


class Reviewer(Protocol):
    """What a cascade asks of a model. `family` is CAUSAL, SEQ2SEQ, or ANY: it proposes alone."""

    name: str
    family: str
    vocab_size: int
    eos: frozenset[int]
    n_parameters: int

    def vocabulary(self) -> dict[str, int] | None:
        """Text of a token -> id; None if it came without a tokenizer."""

    def review(
        self, prompt: Ids, ids: Ids, drafted: Sequence[Drafted], lenience: float, chance: Chance | None
    ) -> tuple[tuple[Drafted, ...], int, int]:
        """(what passes and one token more, how many passed, forwards) for tokens drafted after `ids`."""

    def propose(
        self, prompt: Ids, ids: Ids, k: int, chance: Chance | None
    ) -> tuple[tuple[Drafted, ...], int]:
        """(tokens that follow `ids`, forwards)."""


class Neural:
    """Review and proposal from laws; a subclass says how it gets them."""

    name: str
    family = CAUSAL
    vocab_size: int
    eos: frozenset[int] = frozenset()
    n_parameters = 0
    tokenizer: Any = None

    def laws(self, prompt: Ids, ids: Ids, first: int) -> Laws:
        """[len(ids) - first + 1, vocabulary]: row i is the law at place first + i. One forward."""
        raise NotImplementedError

    def vocabulary(self) -> dict[str, int] | None:
        """Text of a token -> id; None if it came without a tokenizer."""
        return None if self.tokenizer is None else dict(self.tokenizer.get_vocab())

    def review(
        self, prompt: Ids, ids: Ids, drafted: Sequence[Drafted], lenience: float, chance: Chance | None
    ) -> tuple[tuple[Drafted, ...], int, int]:
        """One forward over all drafted tokens."""
        laws = self.laws(prompt, ids + tuple(token.token for token in drafted), len(ids))
        return (*review(laws, drafted, self.name, lenience, chance), 1)

    def propose(
        self, prompt: Ids, ids: Ids, k: int, chance: Chance | None
    ) -> tuple[tuple[Drafted, ...], int]:
        """One forward a token; the published code does not count them."""
        drafted: list[Drafted] = []
        for _ in range(k):
            (law,) = self.laws(prompt, ids, len(ids))
            token = int(law.argmax()) if chance is None else chance.choose(law)
            # a greedy proposal is judged as one that could not have been another, as published
            drafted.append(Drafted(token, self.name, PROPOSED, None if chance is None else law))
            ids += (token,)
        return tuple(drafted), k


class TableReviewer(Neural):
    """A Markov table: what follows depends on the last token alone. To enumerate, and to explain.

    Args:
        table: [token, vocabulary] probabilities.
        name: in records.

    Raises:
        DraftError: the rows are no laws.
    """

    def __init__(self, table: Laws, name: str) -> None:
        check_kind(DraftError, str, "it stands in records", name=name)
        try:
            self.table, self.name = np.asarray(table, dtype=np.float64), name
        except (TypeError, ValueError) as bad:
            raise DraftError(f"table={table!r:.60}; it holds what is no number") from bad
        if self.table.ndim != 2 or self.table.shape[0] != self.table.shape[1] or not self.table.size:
            shape = list(self.table.shape)
            raise DraftError(f"table has shape {shape}; it must be square: a law over all tokens for each")
        rows = np.flatnonzero(~((self.table >= 0).all(1) & np.isclose(self.table.sum(1), 1)))
        if len(rows):
            raise DraftError(f"row {rows[0]} of the table is no law; it must be 0 or more, and sum to 1")
        self.vocab_size = len(self.table)

    def laws(self, prompt: Ids, ids: Ids, first: int) -> Laws:
        return self.table[list(ids[first - 1 :])]


class CausalReviewer(Neural):
    """A decoder-only model; keys and values of the text that two forwards share are computed once.

    Args:
        model: its own attention is used, not the tree's: a draft is one chain here.
        name: in records; default: the model's.
        sampler: gives the laws; default: those of the model, temperature 1.
    """

    def __init__(self, model: TreeModel, name: str | None = None, sampler: Sampler | None = None) -> None:
        self.model, self.name = model, name or model.name
        self.vocab_size, self.eos, self.tokenizer = model.vocab_size, model.eos, model.tokenizer
        self.n_parameters = model.n_parameters
        self._law = _law_of(sampler)
        self._seen: Ids = ()
        self._cache: Any = None

    @torch.inference_mode()
    def laws(self, prompt: Ids, ids: Ids, first: int) -> Laws:
        limit = getattr(self.model.model.config, "max_position_embeddings", None)
        if limit is not None and len(ids) > limit:
            raise DraftError(
                f"{len(ids)} tokens; {self.name} takes {limit}: lower max_length or the k_matrix"
            )
        shared = self._keep(ids, first - 1)
        self._seen = ()  # what a forward that was broken off has cached is not known
        with self.model.plain() as model:
            logits = model(
                input_ids=torch.tensor([ids[shared:]], device=self.model.device),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=len(ids) - first + 1,
            ).logits[0]
        self._seen = ids
        return self._law(logits)

    def _keep(self, ids: Ids, most: int) -> int:
        """Forget what `ids` does not share; how many tokens are kept, `most` or fewer."""
        from transformers import DynamicCache

        shared = 0
        while shared < min(most, len(self._seen)) and self._seen[shared] == ids[shared]:
            shared += 1
        if not shared:
            self._cache = DynamicCache(config=self.model.model.config)
        elif shared < len(self._seen):
            self._cache.crop(shared - len(self._seen))
        return shared


class Seq2SeqReviewer(Neural):
    """An encoder-decoder such as FLAN-T5: the prompt goes to the encoder, once; drafts to the decoder.

    Its own attention, no tree and no cache: the decoder reads its text anew in each forward.

    Args:
        model: an `AutoModelForSeq2SeqLM`.
        name: in records.
        tokenizer: None where only ids are used.
        sampler: gives the laws; default: those of the model, temperature 1.
    """

    family = SEQ2SEQ

    def __init__(self, model: Any, name: str, tokenizer: Any = None, sampler: Sampler | None = None) -> None:
        self.model, self.name, self.tokenizer = model.eval(), name, tokenizer
        self.vocab_size = int(model.config.vocab_size)
        eos = model.config.eos_token_id
        self.eos = frozenset([] if eos is None else [eos] if isinstance(eos, int) else eos)
        self.n_parameters = sum(parameter.numel() for parameter in model.parameters())
        self._law = _law_of(sampler)
        self._encoded: tuple[Ids, Any] | None = None

    @property
    def start(self) -> Ids:
        """What its text begins with."""
        return (int(self.model.config.decoder_start_token_id),)

    @torch.inference_mode()
    def laws(self, prompt: Ids, ids: Ids, first: int) -> Laws:
        if self._encoded is None or self._encoded[0] != prompt:
            encoder = self.model.get_encoder()
            self._encoded = prompt, encoder(torch.tensor([prompt], device=self.model.device))
        text = torch.tensor([ids], device=self.model.device)
        logits = self.model(encoder_outputs=self._encoded[1], decoder_input_ids=text, use_cache=False).logits
        return self._law(logits[0, first - 1 :])


def _law_of(sampler: Sampler | None) -> Callable[[Tensor], Laws]:
    def law(logits: Tensor) -> Laws:
        # float64: no two logits become one probability, so the likeliest token stays the likeliest
        scores = logits if sampler is None else sampler.law(logits)
        return np.asarray(scores.double().softmax(-1).cpu().numpy())

    return law

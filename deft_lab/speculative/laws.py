"""A draft model as laws: what a token builder asks, answered by a Hugging Face model with KV of its own.

Each call that asks something new is one forward of the draft, over the tokens that are new in it: the KV of
the levels above is there. What was drafted and is then committed is not decoded again: its KV is kept by
`Session.accept`, as in the target.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..decode.hf import TreeModel
from ..decode.sampling import Sampler
from ..decode.session import Session
from ..drafting import CHILDREN, TOP_K
from ..errors import DraftError, ModelError, check_kind, check_numbers

A_SAMPLER = "Sampler(temperature=1.0) makes one"
LEAF = 0  # the only branch of the session
# at temperature 0 draws without replacement then are the draft's ranking, but for near-ties
NEARLY_GREEDY = 0.05
Path = tuple[int, ...]


class DraftLaws(Protocol):
    """Laws that follow a text: what `speculate` needs of a draft."""

    vocab_size: int
    n_calls: int  # forwards
    n_tokens: int  # decoded in them
    seconds: float  # of them
    n_parameters: int

    def __call__(self, paths: Sequence[Path]) -> NDArray[np.float64]:
        """[path, vocabulary] law of what follows each path below the last committed token."""

    def begin(self, prompt: Sequence[int]) -> None:
        """The text begins."""

    def commit(self, tokens: Sequence[int]) -> None:
        """The text goes on; paths start at its new end from now on."""


class ModelLaws:
    """Laws of a draft model.

    Args:
        model: the draft.
        sampler: its law is the one that children are drawn from, and tested with.
        n_slots: tokens that its pool has room for.
        method: how queries and KV are grouped.
        backend: of the attention.
    """

    def __init__(
        self,
        model: TreeModel,
        sampler: Sampler | None = None,
        n_slots: int = 4096,
        *,
        method: str = "tree_waves",
        backend: str = "auto",
    ) -> None:
        need_model(draft=model)
        sampler = sampler_of(sampler, temperature=1.0)
        self.vocab_size, self.n_parameters = model.vocab_size, model.n_parameters
        self.n_calls = self.n_tokens = 0
        self.seconds = 0.0
        self.sampler = sampler
        # a drafted token is a node: pages of one slot waste nothing on it
        self.session = Session(model, method, n_slots, page_size=1, backend=backend)
        self._waiting: list[int] = []  # committed, without KV yet
        self._known: dict[Path, NDArray[np.float64]] = {}
        self._node_of: dict[Path, int] | None = None  # of what awaits its verdict

    def begin(self, prompt: Sequence[int]) -> None:
        """Run the prompt."""
        self.session.prefill(prompt)

    def __call__(self, paths: Sequence[Path]) -> NDArray[np.float64]:
        """[path, vocabulary] laws below the last committed token; one forward if any path is new.

        Raises:
            PoolError: the pool is full; what was known still is.
        """
        asked = [tuple(path) for path in paths]
        if any(path not in self._known for path in asked):
            began = time.perf_counter()
            self._forward(asked)
            self.seconds += time.perf_counter() - began
        return np.stack([self._known[path] for path in asked])

    def law_of(self, path: Path) -> NDArray[np.float64] | None:
        """The law after a path, if it was asked for in this round."""
        return self._known.get(path)

    def commit(self, tokens: Sequence[int]) -> None:
        """Go on with committed tokens; the KV of those that were drafted stays."""
        node_of, path = self._node_of, ()
        if node_of is None:
            self._waiting += tokens
        else:
            kept = list(range(len(self._waiting)))
            for end in range(1, len(tokens) + 1):
                path = tuple(tokens[:end])
                if path not in node_of:
                    break
                kept.append(node_of[path])
            self.session.accept(kept)
            self._waiting = list(tokens[len(kept) - len(self._waiting) :])
        self._node_of = None
        self._known.clear()

    def _forward(self, asked: list[Path]) -> None:
        """Decode what is new in the paths, below the committed tokens that have no KV."""
        n = len(self._waiting)
        if not n and () not in self._known:
            self._known[()] = laws_of(self.sampler, self.session.logits_of(LEAF)[None])[0]
        begun = self._node_of is not None
        node_of = dict(self._node_of or {(): n - 1})
        tokens = [] if begun else list(self._waiting)
        parents = list(range(-1, len(tokens) - 1))
        first = n + len(node_of) - 1 if begun else 0
        for path in asked:
            for end in range(1, len(path) + 1):
                if path[:end] not in node_of:
                    node_of[path[:end]] = first + len(tokens)
                    parents.append(node_of[path[: end - 1]])
                    tokens.append(path[end - 1])
        if not tokens:
            return
        logits = self.session.verify(LEAF, parents, tokens, more=begun)
        self.n_calls += 1
        self.n_tokens += len(tokens)
        self._node_of = node_of
        laws = laws_of(self.sampler, logits)
        for path, node in node_of.items():
            if node >= first:
                self._known[path] = laws[node - first]


def laws_of(sampler: Sampler, logits: Tensor) -> NDArray[np.float64]:
    """[row, vocabulary] float64 laws that tokens are drawn with, each summing to 1.

    Args:
        sampler: its temperature, top-k and top-p.
        logits: [row, vocabulary].

    Raises:
        DraftError: the logits hold what is no number.
    """
    with torch.inference_mode():
        law = sampler.law(logits).double().exp()
        laws = (law / law.sum(-1, keepdim=True)).cpu().numpy()
    if np.isnan(laws[:, 0]).any():  # the sum of a row with a NaN is one, and so is all of the row
        raise DraftError("the model's logits hold NaN, so nothing follows from them; try dtype='float32'")
    return laws


def draft_sampler(sampler: Sampler, children: str, temperature: float | None = None) -> Sampler:
    """The sampler whose law a draft answers with.

    Above temperature 0 it is the target's. At 0 that would give all to one token and leave every node one
    child; no verifier asks for q there, so builders that rank get the draft's confidence (temperature 1),
    those that draw a law so sharp that draws without replacement are the ranking.

    Args:
        sampler: of the target.
        children: one of `drafting.CHILDREN`, or a word for a kind that no verifier knows.
        temperature: take this one instead; lossless, too, because a tree carries the q it was drawn from.

    Raises:
        DraftError: one of them is none.
    """
    check_kind(DraftError, Sampler, A_SAMPLER, sampler=sampler)
    check_kind(DraftError, str, f"name a kind, such as {', '.join(CHILDREN)}", children=children)
    if temperature is not None:
        check_numbers(DraftError, 0, draft_temperature=temperature)
    if temperature is None and sampler.temperature > 0:
        return sampler
    if temperature is None:
        temperature = 1.0 if children == TOP_K else NEARLY_GREEDY
    if temperature <= 0:
        raise DraftError(f"draft_temperature={temperature}; it must be above 0")
    kept = (sampler.top_k, sampler.top_p) if sampler.temperature > 0 else (None, 1.0)
    return replace(sampler, temperature=temperature, top_k=kept[0], top_p=kept[1])


def need_model(**models: object) -> None:
    """Refuse what is no model, such as the name of one.

    Raises:
        DraftError: one is none.
    """
    check_kind(DraftError, TreeModel, "load_model('target') makes one", **models)


def need_draft(draft: object) -> None:
    """Refuse what is neither a model nor laws that follow a text.

    Raises:
        DraftError: it is neither.
    """
    if not isinstance(draft, TreeModel) and not (hasattr(draft, "begin") and hasattr(draft, "commit")):
        raise DraftError(
            f"draft is a {type(draft).__name__}; load_model('draft') makes a model, ModelLaws(model) laws"
        )


def sampler_of(sampler: Sampler | None, temperature: float = 0.0) -> Sampler:
    """The sampler, or that of a temperature where there is none.

    Raises:
        DraftError: it is something else.
    """
    if sampler is None:
        return Sampler(temperature)
    check_kind(DraftError, Sampler, A_SAMPLER, sampler=sampler)
    return sampler


def check_same_tokens(target: TreeModel, draft: TreeModel) -> None:
    """Refuse a draft whose tokens are not the target's.

    Raises:
        ModelError: the vocabularies differ in size, or a token has another id.
    """
    if target.vocab_size != draft.vocab_size:
        raise ModelError(
            f"{draft.name} knows {draft.vocab_size} tokens, {target.name} {target.vocab_size}; "
            "a draft needs the target's tokenizer"
        )
    if target.tokenizer is None or draft.tokenizer is None:
        return
    mine, theirs = target.tokenizer.get_vocab(), draft.tokenizer.get_vocab()
    different = sorted(token for token in mine.keys() | theirs.keys() if mine.get(token) != theirs.get(token))
    if different:
        raise ModelError(
            f"{draft.name} and {target.name} number {len(different)} tokens differently, {different[0]!r} "
            "among them; a draft needs the target's tokenizer"
        )

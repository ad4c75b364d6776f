"""The cascade: a draft only reviews what cheaper drafts proposed, and early places get the better drafts.

reviewer: a model that says which drafted tokens pass. drafts: best first, the last proposes alone.
k_matrix: [draft, draft], upper triangular. Row 0 says how many tokens each draft adds to the draft of the
target; row r how draft r - 1, when it reviews, is fed by drafts r, r + 1, ... All are lower bounds: a call
may give more than it is asked for.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ...chance import Chance, Dice
from ...errors import DraftError, check_counts
from .checks import K, check_k_matrix, check_lenience, check_models, check_reviewers, flat_ids
from .record import PROPOSAL, REVIEW, Call, Drafted, Record
from .reviewers import Ids, Reviewer

PROPOSED_AT_ONCE = 10  # tokens that the last draft is asked for; a constant in the published code, too


def csd(  # noqa: PLR0913  (the published signature)
    draft_list: Sequence[Reviewer],
    target_model: Reviewer,
    initial_input: Sequence[int],
    input_ids: Sequence[int],
    k_matrix: Any,
    max_length: int = 200,
    leniency: float = 1,
    sample: bool = False,
    chance: Chance | None = None,
) -> tuple[Ids, Record]:
    """Decode with a cascade of drafts; the text is the target's own, greedy or sampled.

    Args:
        draft_list: best first, Max-Gram last.
        target_model: what decides; always without lenience.
        initial_input: the prompt; of an encoder-decoder: the encoder's input.
        input_ids: text so far; of an encoder-decoder its start token, else the prompt.
        k_matrix: [draft, draft] tokens that each draft adds.
        max_length: new tokens at most.
        leniency: of the reviews below the target; 1: none.
        sample: draw from the reviewers' laws instead of taking the likeliest token.
        chance: of the draws; default: dice with seed 0.

    Returns:
        `input_ids` with the new tokens, and what happened.

    Raises:
        DraftError: the drafts, the ids, the matrix or the lenience do not fit.

    Source: Chen et al., "Cascade Speculative Drafting" (2312.11462). Ours: sampling; a token is judged by the
    probability under the law that it came from (published: the last call's); what follows the end is cut.
    """
    check_models(draft_list, target_model)
    k = check_k_matrix(k_matrix, len(draft_list))
    check_reviewers(draft_list, target_model)
    check_lenience(leniency)
    check_counts(DraftError, 1, max_length=max_length)
    size = target_model.vocab_size
    prompt, given = flat_ids("initial_input", initial_input, size), flat_ids("input_ids", input_ids, size)
    if not given:
        raise DraftError("input_ids is empty; give the prompt, or an encoder-decoder's start token")
    cascade = _Cascade(prompt, float(leniency), (chance or Dice(0)) if sample else None)
    rounds: list[Call] = []
    tokens: list[Drafted] = []
    while len(tokens) < max_length:
        ids = given + tuple(token.token for token in tokens)
        rounds.append(cascade.call(tuple(draft_list), target_model, ids, (), k, lenience=1.0))
        tokens += rounds[-1].kept
        if any(token.token in target_model.eos for token in rounds[-1].kept):
            break
    tokens = _cut(tokens, target_model.eos)[:max_length]
    record = Record(tuple(rounds), tuple(tokens), target_model.name)
    return given + tuple(token.token for token in tokens), record


class _Cascade:
    """The recursion, with its clock."""

    def __init__(self, prompt: Ids, lenience: float, chance: Chance | None) -> None:
        self.prompt, self.lenience, self.chance = prompt, lenience, chance
        self.tick = 0

    def call(
        self, drafts: tuple[Reviewer, ...], reviewer: Reviewer, ids: Ids, prefix: Ids, k: K, lenience: float
    ) -> Call:
        """Let the drafts fill the reviewer's draft, and the reviewer judge it; without drafts it proposes."""
        began = self.tick
        if not drafts:
            kept, n_forwards = reviewer.propose(self.prompt, ids, PROPOSED_AT_ONCE, self.chance)
            if not kept:
                raise DraftError(
                    f"{reviewer.name} proposed nothing; the last draft must propose a token at least"
                )
            self.tick += 1
            return Call(reviewer.name, PROPOSAL, prefix, (), kept, 0, n_forwards, 1.0, began, self.tick)
        drafted: list[Drafted] = []
        calls: list[Call] = []
        for i, wanted in enumerate(accumulate(k[0])):
            below = tuple(row[i + 1 :] for row in k[i + 1 :])
            while len(drafted) < wanted:
                so_far = tuple(token.token for token in drafted)
                calls.append(
                    self.call(drafts[i + 1 :], drafts[i], ids + so_far, prefix + so_far, below, self.lenience)
                )
                drafted += calls[-1].kept
        kept, n_accepted, n_forwards = reviewer.review(self.prompt, ids, drafted, lenience, self.chance)
        self.tick += 1
        return Call(
            reviewer.name, REVIEW, prefix, tuple(drafted), kept, n_accepted, n_forwards, lenience,
            began, self.tick, tuple(calls),
        )  # fmt: skip


def _cut(tokens: list[Drafted], eos: frozenset[int]) -> list[Drafted]:
    """Up to the first end of text."""
    for at, token in enumerate(tokens):
        if token.token in eos:
            return tokens[: at + 1]
    return tokens

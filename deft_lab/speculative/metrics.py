"""What a speculative decode was worth: every number that papers report, each with its definition.

drafted: nodes of the token trees. accepted: drafted nodes that were committed. committed: accepted nodes and
the target's own tokens. The first token of a text, drawn from the prompt's logits, belongs to no round and is
counted nowhere, and a round's last tokens count even where the text was cut at its most.
"""

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..cost import traffic
from ..decode.hf import TreeModel
from ..decode.plain import ids_of
from ..decode.sampling import Sampler
from ..decode.session import Session
from ..errors import DraftError, check_counts, check_kind, check_numbers
from ..methods import plan_tree
from .laws import LEAF, need_model, sampler_of
from .loop import Round, SpeculationResult

ACCOUNTS = ("unique", "requested")


@dataclass(frozen=True)
class Plain:
    """Plain decoding of as many tokens: one forward of the target a token; prefill lies before it."""

    tokens: tuple[int, ...]
    seconds: float
    kv_bytes: dict[str, int]  # account -> of all decodes

    @property
    def n_decoded(self) -> int:
        """Tokens that were written by decodes: all but the first, which the prompt's logits give."""
        return len(self.tokens) - 1


@dataclass(frozen=True)
class SpeculationMetrics:
    """Numbers of one or more texts. A rate without cases is None.

    Args:
        rounds: forwards of the target.
        tau: committed tokens a round, the target's own among them: block efficiency, tokens a target call.
        tau_without_bonus: accepted tokens a round.
        tau_error: standard error of tau, rounds taken as independent.
        acceptance: accepted over drafted nodes.
        by_rank: [rank] of children of this rank whose parent was committed (or is the root), the part that
            was accepted. A verifier takes one child at most, so a row adds up to the chance of going on.
        by_position: [depth - 1] of rounds, the part that accepted at least so many nodes: cumulative.
        by_position_given: [depth - 1] the same among rounds that accepted the position before and had a node
            drafted below it: conditional.
        lengths: accepted nodes -> rounds.
        alpha: mean of sum min(p, q) over the committed positions whose q is known: what one drafted token is
            accepted with.
        draft_calls: forwards of the draft a round.
        draft_tokens: tokens decoded in them a round; the KV of levels above is kept.
        verify_tokens: tokens of the target's forward a round: drafted nodes and the pending token.
        wasted: drafted nodes a round that were not accepted.
        seconds: part -> seconds a round.
        tokens_per_s: committed tokens over the seconds of all rounds.
        plain_tokens_per_s: of plain decoding of the same number of tokens.
        speedup: the one over the other, measured.
        predicted_speedup: tau / (t(n) + d c): t(n) the target's forward of a round and c one of the draft,
            both in forwards of plain decoding; d draft calls a round. What it lacks is overhead.
        swi: standardised walltime improvement: speed-up if a forward took a time in proportion to the
            model's parameters alone: committed / (rounds + draft calls x cost ratio).
        kv_bytes: account -> KV bytes that the target's attention reads a committed token (accepted or its
            own: by accepted ones alone plain decoding would cost infinitely much).
        plain_kv_bytes: the same of plain decoding.
    """

    rounds: int
    tau: float
    tau_without_bonus: float
    tau_error: float | None
    acceptance: float | None
    by_rank: list[float | None]
    by_position: list[float]
    by_position_given: list[float | None]
    lengths: dict[int, int]
    alpha: float | None
    draft_calls: float
    draft_tokens: float
    verify_tokens: float
    wasted: float
    seconds: dict[str, float]
    tokens_per_s: float
    plain_tokens_per_s: float | None
    speedup: float | None
    predicted_speedup: float | None
    swi: float
    kv_bytes: dict[str, float]
    plain_kv_bytes: dict[str, float] | None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def measure(result: SpeculationResult, plain: Plain | None = None) -> SpeculationMetrics:
    """The metrics of one text.

    Raises:
        DraftError: it has no round.
    """
    check_kind(DraftError, SpeculationResult, "speculate(...) gives one", result=result)
    rounds = result.rounds
    kv = kv_bytes_of(rounds, result.session) if rounds else {}
    return of_rounds(rounds, result.setting["draft_cost"], kv, plain)


def of_rounds(
    rounds: Sequence[Round],
    draft_cost: float,
    kv_bytes: dict[str, int] | None = None,
    plain: Plain | None = None,
) -> SpeculationMetrics:
    """The metrics of rounds, of one text or of several.

    Args:
        rounds: at least one.
        draft_cost: a forward of the draft, in forwards of the target, for SWI.
        kv_bytes: account -> of all rounds.
        plain: as many tokens, decoded plainly.

    Raises:
        DraftError: there is no round.
    """
    check_kind(DraftError, Sequence, "list rounds", rounds=rounds)
    for one in rounds:
        check_kind(DraftError, Round, "a result has `rounds`", round=one)
    if plain is not None:
        check_kind(DraftError, Plain, "plain_decoding(...) gives one", plain=plain)
    check_numbers(DraftError, 0, draft_cost=draft_cost)
    if not rounds:
        raise DraftError("no round to measure; the text ended with its first token")
    n = len(rounds)
    accepted = [len(r.path) for r in rounds]
    committed = [len(r.tokens) for r in rounds]
    drafted = sum(len(r.tree) for r in rounds)
    overlaps = [overlap for r in rounds for overlap in r.overlap]
    parts = {part: sum(r.seconds[part] for r in rounds) / n for part in rounds[0].seconds}
    calls = sum(r.draft_calls for r in rounds) / n
    tau = sum(committed) / n
    own = tau / sum(parts.values()) if sum(parts.values()) else 0.0
    times = _times(parts, tau, plain) if plain and plain.n_decoded else (None, None, None)
    return SpeculationMetrics(
        rounds=n,
        tau=tau,
        tau_without_bonus=sum(accepted) / n,
        tau_error=standard_error(committed),
        acceptance=sum(accepted) / drafted if drafted else None,
        by_rank=acceptance_by_rank(rounds),
        by_position=[sum(a >= depth for a in accepted) / n for depth in range(1, 1 + max(accepted))],
        by_position_given=acceptance_by_position(rounds),
        lengths=dict(sorted(Counter(accepted).items())),
        alpha=sum(overlaps) / len(overlaps) if overlaps else None,
        draft_calls=calls,
        draft_tokens=sum(r.draft_tokens for r in rounds) / n,
        verify_tokens=drafted / n + 1,
        wasted=(drafted - sum(accepted)) / n,
        seconds=parts,
        tokens_per_s=own,
        plain_tokens_per_s=times[0],
        speedup=times[1],
        predicted_speedup=times[2],
        swi=sum(committed) / (n + n * calls * draft_cost),
        kv_bytes={account: total / sum(committed) for account, total in (kv_bytes or {}).items()},
        plain_kv_bytes={k: v / plain.n_decoded for k, v in plain.kv_bytes.items()}
        if plain and plain.n_decoded
        else None,
    )


def _times(parts: dict[str, float], tau: float, plain: Plain) -> tuple[float, float, float]:
    """(plain tokens a second, measured speed-up, predicted speed-up)."""
    one = plain.seconds / plain.n_decoded
    # t(n) + d c, both in plain forwards: d c is what all draft calls of a round take
    forwards = (parts["target"] + parts["draft"]) / one
    return 1 / one, tau * one / sum(parts.values()), tau / forwards


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean of independent values; None for fewer than two."""
    n = len(values)
    if n < 2:
        return None
    mean = sum(values) / n
    return (sum((value - mean) ** 2 for value in values) / (n - 1) / n) ** 0.5


def acceptance_by_rank(rounds: Sequence[Round]) -> list[float | None]:
    """[rank] part of the children of this rank, below committed nodes and roots, that was accepted."""
    offered: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    for r in rounds:
        for node in (-1, *r.path):
            offered.update(r.tree.rank[child] for child in r.tree.children[node])
        taken.update(r.tree.rank[node] for node in r.path)
    return [_part(taken[rank], offered[rank]) for rank in range(1 + max(offered, default=-1))]


def acceptance_by_position(rounds: Sequence[Round]) -> list[float | None]:
    """[depth - 1] part of the rounds that accepted a node there, of those that could have."""
    came: Counter[int] = Counter()
    went: Counter[int] = Counter()
    for r in rounds:
        for depth, node in enumerate((-1, *r.path)):
            came[depth] += bool(r.tree.children[node])
            went[depth] += depth < len(r.path)
    return [_part(went[depth], came[depth]) for depth in range(1 + max(came, default=-1)) if came[depth]]


def _part(some: int, of_all: int) -> float | None:
    return some / of_all if of_all else None


def kv_bytes_of(rounds: Sequence[Round], session: Session) -> dict[str, int]:
    """Account -> KV bytes that the target's attention reads in all rounds, from the plan of each."""
    return _bytes([r.seen for r in rounds], session)


def _bytes(trees: Sequence[Any], session: Session) -> dict[str, int]:
    total = dict.fromkeys(ACCOUNTS, 0)
    for tree in trees:
        plan = plan_tree(tree, session.method, **session.options)
        for account in ACCOUNTS:
            total[account] += traffic(plan, session.model.geometry, account).kv or 0
    return total


def plain_decoding(  # noqa: PLR0913  (a keyword for each thing that can be chosen)
    target: TreeModel,
    prompt: str | Sequence[int],
    n_tokens: int,
    sampler: Sampler | None = None,
    *,
    method: str = "tree_waves",
    backend: str = "auto",
    eos: frozenset[int] = frozenset(),
) -> Plain:
    """Write `n_tokens` one by one, whatever they say: what to compare with, at equal numbers of tokens.

    A token of `eos` ends it early.

    Raises:
        DraftError: there is no target, or no token to write.
        DecodeError: the prompt holds no tokens.
    """
    sampler = sampler_of(sampler)
    need_model(target=target)
    check_counts(DraftError, 1, n_tokens=n_tokens)
    check_kind(DraftError, Collection, "list token ids", eos=eos)
    prompt = target.encode(prompt) if isinstance(prompt, str) else ids_of("the prompt", prompt)
    session = Session(target, method, len(prompt) + n_tokens + 4, page_size=1, backend=backend)
    session.prefill(prompt)
    tokens = [int(sampler.draw(session.logits)[0])]
    seen = []
    began = time.perf_counter()
    while len(tokens) < n_tokens and tokens[-1] not in eos:
        session.step({LEAF: tokens[-1:]})
        tokens.append(int(sampler.draw(session.logits)[0]))
        seen.append(session.tree)
    if target.device.type == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    return Plain(tuple(tokens), seconds, _bytes(seen, session))

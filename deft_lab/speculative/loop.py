"""Speculative decoding: a draft proposes a token tree, the target verifies all of it in one forward.

round: draft, verify, verdict, accept. pending: the last committed token; nobody has run it through the target
yet. It is the first token of the next forward, and the drafted tree hangs below it:

    verify(branch, parents=[-1, 0, 0, 1, ..], tokens=[pending, *drafted])

so a round is one forward of the target, row 0 of its logits is what follows the committed text, and accepted
tokens keep the KV of that forward. The first token of all is drawn from the logits of the prompt.
"""

import inspect
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chance import Chance, Dice
from ..decode.hf import TreeModel
from ..decode.plain import ids_of
from ..decode.sampling import Sampler
from ..decode.session import Session
from ..drafting import TokenBuilder, check_budget, check_options, find_token_builder
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree
from ..tree import Tree
from ..tree.views import count
from ..verifying import Verifier, find_verifier
from .laws import (
    LEAF,
    DraftLaws,
    ModelLaws,
    check_same_tokens,
    draft_sampler,
    laws_of,
    need_draft,
    need_model,
    sampler_of,
)
from .pairs import check_builder

REMEMBERED = 64  # rounds that a builder may learn from


@dataclass(frozen=True, eq=False)
class Round:
    """One round.

    Args:
        tree: drafted.
        path: accepted nodes, in order; none after an end of text.
        bonus: the target's own token; None where the path came to an end of text.
        overlap: sum of min(p, q) at the root and at each accepted node whose q is known.
        draft_calls: forwards of the draft.
        draft_tokens: decoded in them.
        seconds: "draft", "target", "verdict", "accept".
        seen: what the target's attention saw.
    """

    tree: TokenTree
    path: tuple[int, ...]
    bonus: int | None
    overlap: tuple[float, ...]
    draft_calls: int
    draft_tokens: int
    seconds: Mapping[str, float]
    seen: Tree

    def __repr__(self) -> str:
        drafted = count(len(self.tree), "drafted token")
        return f"Round({len(self.path)} of {drafted} accepted, committed {self.tokens})"

    @property
    def tokens(self) -> tuple[int, ...]:
        """What it committed."""
        drafted = tuple(self.tree.tokens[node] for node in self.path)
        return drafted if self.bonus is None else (*drafted, self.bonus)


@dataclass(frozen=True, eq=False)
class SpeculationResult:
    """A text and how it came about.

    Args:
        tokens: new ones, cut at the most that were asked for; an end of text included.
        text: of the tokens.
        reason: "eos" or "length".
        rounds: all of them.
        lossless: whether the tokens have the target's law.
        setting: builder, verifier, temperature and what else was asked for.
        seconds: of the rounds; prefill lies before them.
        session: of the target, as it stands.
    """

    tokens: tuple[int, ...]
    text: str
    reason: str
    rounds: tuple[Round, ...]
    lossless: bool
    setting: Mapping[str, Any]
    seconds: float
    session: Session

    def __repr__(self) -> str:
        rounds = f"{count(len(self.tokens), 'token')} in {count(len(self.rounds), 'round')}"
        how = f"{self.setting['builder']} and {self.setting['verifier']}, ended by {self.reason}"
        return f"SpeculationResult({rounds} of {how}, {'lossless' if self.lossless else 'lossy'})"

    @property
    def label(self) -> str:
        """Lossless or not, in words."""
        return "lossless" if self.lossless else "lossy: the text does not have the target's law"


@dataclass(eq=False)
class Speculation:
    """A text that grows round by round.

    Args:
        session: of the target, prefilled.
        laws: of the draft, begun with the same prompt.
        builder: who drafts.
        verifier: who decides.
        budget: drafted nodes a round at most.
        sampler: of the target's law.
        chance: asked for every draw and test, never twice for one number.
        options: of the builder.
    """

    session: Session
    laws: DraftLaws
    builder: TokenBuilder
    verifier: Verifier
    budget: int = 16
    sampler: Sampler = field(default_factory=Sampler)
    chance: Chance = field(default_factory=Dice)
    options: Mapping[str, Any] = field(default_factory=dict)
    eos: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        check_budget(self.budget)
        check_options(self.builder, self.options)
        first = self.chance.choose(laws_of(self.sampler, self.session.logits_of(LEAF)[None])[0])
        self.laws.commit([first])
        self.tokens, self.pending = [first], first
        self.ended = first in self.eos
        self.judged: deque[tuple[TokenTree, tuple[int, ...]]] = deque(maxlen=REMEMBERED)

    def round(self) -> Round:
        """Draft, verify, commit.

        Raises:
            DraftError: the text has come to its end.
            PoolError: a pool is full; the text is as it was before the round.
        """
        if self.ended:
            raise DraftError("the text has come to its end; begin another one")
        calls, decoded, began = self.laws.n_calls, self.laws.n_tokens, time.perf_counter()
        tree = self._draft()
        drafted = time.perf_counter()
        parents = [-1, *(1 + parent for parent in tree.parents)]
        logits = self.session.verify(LEAF, parents, [self.pending, *tree.tokens])
        p = laws_of(self.sampler, logits)  # waits for the device
        verified = time.perf_counter()
        verdict = self.verifier.verify(tree, p, self.chance)
        path, ended = cut_at(tree, verdict.path, self.eos)
        judged = time.perf_counter()
        overlap = self._overlap(tree, path, p)
        assert self.session.decoded is not None
        seen = self.session.decoded[0]
        self.session.accept([0, *(1 + node for node in path)])
        bonus = None if ended else verdict.bonus
        seconds = {
            "draft": drafted - began,
            "target": verified - drafted,
            "verdict": judged - verified,
            "accept": time.perf_counter() - judged,
        }
        calls, decoded = self.laws.n_calls - calls, self.laws.n_tokens - decoded
        done = Round(tree, path, bonus, overlap, calls, decoded, seconds, seen)
        self.laws.commit(done.tokens)
        self.judged.append((tree, path))
        self.tokens += done.tokens
        self.pending = done.tokens[-1]
        self.ended = ended or self.pending in self.eos
        return done

    def _draft(self) -> TokenTree:
        options = dict(self.options)
        taken = inspect.signature(self.builder.build).parameters
        if "context" in taken:  # a builder that reads the text
            options.setdefault("context", (*self.session.path_tokens(LEAF), self.pending))
        if "judged" in taken:  # one that learns from the rounds before
            options.setdefault("judged", tuple(self.judged))
        return self.builder.build(self.laws, self.budget, self.chance, **options)

    def _overlap(self, tree: TokenTree, path: Sequence[int], p: NDArray[np.float64]) -> tuple[float, ...]:
        known = getattr(self.laws, "law_of", lambda path: None)
        found = []
        for node in (-1, *path):
            q = known(tree.text(node))
            q = tree.q.get(node) if q is None else q
            if q is not None:
                found.append(float(np.minimum(p[1 + node], q).sum()))
        return tuple(found)


def speculate(  # noqa: PLR0913  (a keyword for each thing that can be chosen)
    target: TreeModel,
    draft: TreeModel | DraftLaws,
    prompt: str | Sequence[int],
    builder: str | TokenBuilder = "chain",
    verifier: str = "naive",
    *,
    budget: int = 16,
    sampler: Sampler | None = None,
    max_new_tokens: int = 128,
    max_rounds: int | None = None,
    seed: int | None = None,
    honour_eos: bool = True,
    allow_lossy: bool = False,
    method: str = "tree_waves",
    backend: str = "auto",
    draft_temperature: float | None = None,
    n_slots: int | None = None,
    **builder_options: Any,
) -> SpeculationResult:
    """Write a text speculatively.

    Args:
        target: whose law the text has.
        draft: who proposes: a model with the target's tokenizer, or laws that follow a text.
        prompt: text, or token ids.
        builder: a name of TOKEN_BUILDERS, or a builder.
        verifier: a name of VERIFIERS.
        budget: drafted nodes a round at most.
        sampler: temperature, top-k and top-p of both laws; default: greedy.
        max_new_tokens: at most.
        max_rounds: at most; None: as many as it takes.
        seed: of all draws; default: the sampler's.
        honour_eos: stop at an end of text on the committed path.
        allow_lossy: let pairs run that change the target's law; the result says so.
        method: how queries and KV are grouped.
        backend: of the attention.
        draft_temperature: of the draft's law; see `draft_sampler`.
        n_slots: of each pool; default: enough.
        builder_options: go to the builder.

    Raises:
        ModelError: the draft has other tokens than the target.
        DraftError: a name, an option or the pair is not allowed. All of this before anything runs.
        PoolError: `n_slots` is too small.
    """
    sampler = sampler_of(sampler)
    need_model(target=target)
    need_draft(draft)
    if not isinstance(builder, str | TokenBuilder):
        raise DraftError(f"builder={builder!r:.60}; name one of TOKEN_BUILDERS, or pass a TokenBuilder")
    check_budget(budget)
    check_counts(DraftError, 1, max_new_tokens=max_new_tokens)
    limits = {"max_rounds": max_rounds, "n_slots": n_slots}
    check_counts(DraftError, 1, **{name: limit for name, limit in limits.items() if limit is not None})
    dice = Dice(sampler.seed if seed is None else seed)
    made = find_token_builder(builder) if isinstance(builder, str) else builder
    lossless = check_builder(made, verifier, sampler.temperature, allow_lossy)
    check_options(made, builder_options)
    if isinstance(draft, TreeModel):
        check_same_tokens(target, draft)
    ids = target.encode(prompt) if isinstance(prompt, str) else ids_of("the prompt", prompt)
    # accepted tokens are copied before the drafted ones are free
    room = n_slots or len(ids) + max_new_tokens + 4 * (budget + 1)
    laws = draft
    if isinstance(draft, TreeModel):
        drawn = draft_sampler(sampler, made.children, draft_temperature)
        # a builder may look at many more nodes than it keeps
        wide = n_slots or room + max(1024, 16 * budget)
        laws = ModelLaws(draft, drawn, wide, method=method, backend=backend)
    session = Session(target, method, room, page_size=1, backend=backend)
    session.prefill(ids)
    laws.begin(ids)
    eos = target.eos if honour_eos else frozenset()
    began = time.perf_counter()
    text = Speculation(
        session, laws, made, find_verifier(verifier), budget, sampler, dice, builder_options, eos
    )
    rounds = tuple(_rounds(text, max_new_tokens, max_rounds))
    seconds = time.perf_counter() - began
    tokens = tuple(text.tokens[:max_new_tokens])
    setting = {
        "target": target.name, "draft": getattr(draft, "name", type(draft).__name__), "builder": made.name,
        "verifier": verifier, "budget": budget, "temperature": sampler.temperature, "top_k": sampler.top_k,
        "top_p": sampler.top_p, "seed": sampler.seed if seed is None else seed, "method": method,
        "n_prompt": len(ids), "draft_cost": laws.n_parameters / target.n_parameters,
        "builder_options": dict(builder_options),
    }  # fmt: skip
    reason = "eos" if text.ended and len(text.tokens) <= max_new_tokens else "length"
    return SpeculationResult(
        tokens, target.decode(tokens), reason, rounds, lossless, setting, seconds, session
    )


def _rounds(text: Speculation, most: int, max_rounds: int | None) -> Iterator[Round]:
    n = 0
    while not text.ended and len(text.tokens) < most and (max_rounds is None or n < max_rounds):
        yield text.round()
        n += 1


def cut_at(tree: TokenTree, path: Sequence[int], eos: frozenset[int]) -> tuple[tuple[int, ...], bool]:
    """The path up to its first end of text, and whether there is one."""
    for at, node in enumerate(path):
        if tree.tokens[node] in eos:
            return tuple(path[: at + 1]), True
    return tuple(path), False

"""Verification of token trees at the size of a real model: whose trees cost what, if acceptance is given.

forced acceptance: random weights accept nothing, so whether a drafted token is kept is drawn from an
acceptance vector that was measured with a real pair: below a committed node, the child of rank r is kept
with probability acceptance[r]. Everything else is done: the forward over the whole tree, the draws of the
target at every node, the moving of the kept KV. Drafting is not: the drafts cost nothing here.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from ...builders.medusa import medusa
from ...chance import Dice
from ...data import data_path
from ...decode.sampling import Sampler
from ...decode.session import Session
from ...drafting import TableLaws, draft
from ...drafting.shapes import best_shape, check_acceptance, expected_length
from ...errors import DeftLabError
from ...token_tree import TokenTree, ranks_of
from ..attention.run import write
from .cases import PAGE_SIZE, TOPOLOGY, Case, Chosen, Stepper
from .model import SEED
from .results import OURS, Row
from .run import Subject, bench_decode

CONTEXTS = (1000, 4000, 16000)
N_STEPS = 60
PLAIN = "plain"
MEASURED = "measurements/compare_builders_cpu.json"
MEASURED_ROW = ("sequoia", 64)  # builder and budget of the row whose acceptance by rank is the default


def measured_acceptance() -> tuple[float, ...]:
    """[rank] acceptance of the bundled pair, as `compare-builders` measured it with Sequoia's trees of 64."""
    rows = json.loads(data_path(*MEASURED.split("/")).read_text())["rows"]
    (row,) = (row for row in rows if (row["subject"], row["budget"]) == MEASURED_ROW)
    return tuple(row["by_rank"])


def token_shapes(acceptance: Sequence[float]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the nodes below the pending token; Sequoia's and EAGLE-2's for this vector."""
    check_acceptance(acceptance)
    top = medusa(TOPOLOGY, 1)
    return {
        "chain5": tuple(range(-1, 4)),
        "medusa64": tuple(int(parent) - 2 for parent in top.parent[2:]),  # without context and pending token
        "sequoia64": best_shape(acceptance, 64, max_depth=12),
        "sequoia128": best_shape(acceptance, 128, max_depth=12),
        "eagle2_60": eagle2_tree(acceptance, 59).parents,
    }


def eagle2_tree(acceptance: Sequence[float], budget: int) -> TokenTree:
    """What EAGLE-2 draws if the draft is as sure of its tokens as they are accepted."""
    law = np.zeros(64)
    law[: len(acceptance)] = acceptance
    law += (1 - law.sum()) / law.size
    return draft(
        "eagle2", TableLaws(np.tile(law, (law.size, 1)), 0), budget, Dice(np.random.default_rng(SEED))
    )


def forced_cases(
    names: str = "all",
    contexts: Sequence[int] = CONTEXTS,
    acceptance: Sequence[float] | None = None,
    n_steps: int = N_STEPS,
) -> Chosen:
    """A case for each token tree and context, and plain decoding of each context.

    Raises:
        DeftLabError: there is no such token tree, or a number is below 1.
        DraftError: the acceptance is no probability vector.
    """
    if min(*contexts, n_steps) < 1:
        raise DeftLabError(f"contexts {list(contexts)}, {n_steps} steps; each must be at least 1")
    acceptance = measured_acceptance() if acceptance is None else tuple(acceptance)
    shapes = token_shapes(acceptance)
    wanted = list(shapes) if names == "all" else [name.strip() for name in names.split(",")]
    if unknown := [name for name in wanted if name not in shapes]:
        raise DeftLabError(f"no token tree {unknown[0]!r}; choose some of {', '.join(shapes)}")
    cases = []
    for context in contexts:
        cases.append(_case(PLAIN, context, (), acceptance, n_steps))
        cases += [_case(name, context, shapes[name], acceptance, n_steps) for name in wanted]
    return Chosen(cases)


def _case(name: str, context: int, shape: Sequence[int], acceptance: Sequence[float], n_steps: int) -> Case:
    deepest = max((len(path) for path in ranks_of(shape)), default=0)
    n_pages = -(-(context + (1 + deepest) * n_steps) // PAGE_SIZE) + len(shape) + 2
    what = (
        f"{len(shape)} drafted nodes and the pending token on {context}" if shape else f"a token on {context}"
    )
    start = partial(_start, shape=tuple(shape), acceptance=acceptance)
    return Case(f"{name}@{context}", what, context, n_steps, PAGE_SIZE * n_pages, start)


def _start(
    session: Session, sampler: Sampler, *, shape: tuple[int, ...], acceptance: Sequence[float]
) -> Stepper:
    return ForcedStepper(session, sampler, shape, acceptance) if shape else PlainStepper(session, sampler)


class PlainStepper:
    """One token a step."""

    def __init__(self, session: Session, sampler: Sampler) -> None:
        self._session, self._sampler = session, sampler
        self.committed: list[int] = []

    def __call__(self) -> bool:
        session = self._session
        (leaf,) = session.branches
        with session.watch.host("branching"):
            token = int(self._sampler.draw(session.logits)[0])
        session.step({leaf: [token]})
        self.committed.append(1)
        return True


class ForcedStepper:
    """A round a step: judge the last tree, commit what chance accepts, verify the next tree.

    committed: [round] tokens that it committed: the kept drafts, and the target's own that follows them.
    """

    def __init__(
        self, session: Session, sampler: Sampler, shape: Sequence[int], acceptance: Sequence[float]
    ) -> None:
        self._session, self._sampler = session, sampler
        self._parents = [-1, *(parent + 1 for parent in shape)]  # the pending token is the first
        self._children: list[list[int]] = [[] for _ in self._parents]
        for node, parent in enumerate(self._parents[1:], 1):
            self._children[parent].append(node)
        self._acceptance, self._rng = np.asarray(acceptance), np.random.default_rng(SEED)
        self._logits: Tensor | None = None  # [node, vocabulary] of the tree that awaits its verdict
        self.committed: list[int] = []

    def __call__(self) -> bool:
        session = self._session
        (leaf,) = session.branches
        with session.watch.host("branching"):
            pending = self._judge()
            tokens = [(pending + i) % session.model.vocab_size for i in range(len(self._parents))]
        self._logits = session.verify(leaf, self._parents, tokens)
        return True

    def _judge(self) -> int:
        """Commit what was accepted of the last tree; gives the target's own token after it."""
        session = self._session
        if self._logits is None:
            return int(self._sampler.draw(session.logits)[0])
        drawn = self._sampler.draw(self._logits)  # a verdict reads the target's law at every node
        path = [0]
        while (rank := self._accepted(len(self._children[path[-1]]))) is not None:
            path.append(self._children[path[-1]][rank])
        session.accept(path)
        self.committed.append(len(path))
        return int(drawn[path[-1]])

    def _accepted(self, n_children: int) -> int | None:
        """The rank of the child that chance keeps, if any."""
        chances = self._acceptance[:n_children].cumsum()
        rank = int(np.searchsorted(chances, self._rng.random(), side="right"))
        return rank if rank < len(chances) else None


def add_rates(rows: Sequence[Row], acceptance: Sequence[float]) -> None:
    """Tokens a second of every row with a time, and against the plain decoding of its context and method."""
    shapes = token_shapes(acceptance)
    plain = {}
    for row in rows:
        if row["step_ms"] and row.get("committed"):
            row["tokens_per_s"] = round(1e3 * row["committed"] / row["step_ms"]["mean"], 2)
            name = row["case"].split("@")[0]
            row["expected"] = round(expected_length(shapes[name], acceptance), 3) if name != PLAIN else 1.0
            if name == PLAIN:
                plain[row["prompt"], row["subject"]] = row["tokens_per_s"]
    for row in rows:
        if before := plain.get((row["prompt"], row["subject"])):
            row["speedup"] = round(row["tokens_per_s"] / before, 3) if row.get("tokens_per_s") else None


def forced_bars(rows: Sequence[Row]) -> list[str]:
    """What the run says of tree attention against the dense mask, and of the trees against plain decoding."""
    of = {(row["case"], row["subject"]): row for row in rows if row["step_ms"]}
    said = []
    for case in dict.fromkeys(row["case"] for row in rows):
        ours, dense = of.get((case, OURS)), of.get((case, "tree_mask"))
        words = []
        if ours and ours.get("speedup"):
            words.append(f"{ours['tokens_per_s']:.0f} tokens/s, {ours['speedup']:.2f} x plain")
        if ours and dense:
            step = dense["step_ms"]["median"] / ours["step_ms"]["median"]
            words.append(f"the dense mask's step takes {step:.2f} x {OURS}'s")
            if ours["attention_alone_ms"] and dense["attention_alone_ms"]:
                ratio = dense["attention_alone_ms"] / ours["attention_alone_ms"]
                words.append(f"its attention {ratio:.2f} x")
        if words:
            said.append(f"{case}: " + ", ".join(words))
    return said


def forced_card(acceptance: Sequence[float], is_default: bool) -> dict[str, Any]:
    """What stands in a result about acceptance."""
    source = f"data/{MEASURED}, {MEASURED_ROW[0]} of {MEASURED_ROW[1]}" if is_default else "given"
    return {
        "acceptance": [round(float(part), 6) for part in acceptance],
        "acceptance_source": source,
        "forced": "acceptance is drawn from this vector: the weights are random. Drafts cost nothing here",
    }


def bench_speculation(
    chosen: Chosen, subjects: Sequence[Subject], acceptance: Sequence[float] | None = None, **more: Any
) -> dict[str, Any]:
    """Time the verification of each token tree; `more` goes to `bench_decode`, whose result this extends.

    Raises:
        DeftLabError: as `bench_decode`.
    """
    used = measured_acceptance() if acceptance is None else acceptance
    result = bench_decode(chosen, subjects, **more)
    result["card"] |= forced_card(used, is_default=acceptance is None)
    add_rates(result["rows"], used)
    result["bars"] = forced_bars(result["rows"])
    write(result, more.get("output"))
    return result


def read_acceptance(words: str | None) -> tuple[float, ...] | None:
    """Of "0.6,0.2"; None: the measured one.

    Raises:
        DeftLabError: it holds something else than numbers.
    """
    if words is None:
        return None
    try:
        return tuple(float(part) for part in words.split(","))
    except ValueError as bad:
        raise DeftLabError(f"--acceptance {words!r}; give numbers by rank, such as 0.6,0.2,0.1") from bad

"""All token builders at equal budgets: what a round commits, what its attention reads, what that would take.

cell: one builder at one budget. Every cell sees the same prompts, problems of the workbook that training has
not seen, each cut somewhere in its solution. Errors are those of texts, not of rounds, because
rounds of a text are alike. A gap between builders is compared text by text: texts differ more than
builders do.
"""

import inspect
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from ... import workbook
from ...cost import predict
from ...decode.hf import TreeModel
from ...decode.sampling import Sampler
from ...drafting import TOKEN_BUILDERS, TokenBuilder, check_budget
from ...errors import DeftLabError, DraftError, check_choice, check_counts, check_kind, check_numbers
from ...hardware import find_hardware
from ...methods import find_method, plan_tree
from ...provenance import card
from ...speculative import SpeculationResult, plain_decoding, speculate
from ...speculative.metrics import kv_bytes_of, of_rounds
from ...speculative.pairs import sound_verifiers

SCHEMA = "deft_lab.compare_builders/1"
BUDGETS = (8, 16, 32, 64)
N_TEXTS = 8  # texts of a cell at least
MOST_TEXTS = 64
Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """How cells are measured.

    Args:
        budgets: drafted nodes a round at most.
        temperature: of both laws.
        n_rounds: of a cell at least.
        method: of the target's attention.
        hardware: whose attention time is modelled.
        seed: of the draws.
        seconds: no cell begins after them.

    Raises:
        DeftLabError: a name is unknown, or a number out of range.
    """

    budgets: tuple[int, ...] = BUDGETS
    temperature: float = 1.0
    n_rounds: int = 64
    method: str = "tree_waves"
    hardware: str = "h200"
    seed: int = 0
    seconds: float = 1100.0

    def __post_init__(self) -> None:
        check_kind(DraftError, Sequence, "write (8, 16)", budgets=self.budgets)
        for budget in self.budgets:
            check_budget(budget)
        check_counts(DraftError, 1, n_rounds=self.n_rounds)
        check_counts(DraftError, 0, seed=self.seed)
        check_numbers(DraftError, 0, temperature=self.temperature, seconds=self.seconds)
        find_method(self.method)
        find_hardware(self.hardware)


def compare_builders(
    target: TreeModel,
    draft: TreeModel,
    setting: Setting | None = None,
    builders: Sequence[str] | None = None,
    *,
    output: Path | None = None,
    report: Callable[[Row], None] | None = None,
) -> dict[str, Any]:
    """Measure every cell.

    Args:
        target: whose texts they are.
        draft: who proposes.
        setting: how.
        builders: names; default: all that are registered.
        output: a file for the result; written after each cell.
        report: is told of each cell.

    Raises:
        DeftLabError: a name is unknown, or a count below 1.
    """
    setting = setting or Setting()
    began = time.perf_counter()
    chosen, left_out = choose(builders, setting.temperature)
    result: dict[str, Any] = {"schema": SCHEMA, "rows": [], "left_out": left_out}
    result["card"] = card(
        device=str(target.device), dtype=str(target.dtype), target=target.name, draft=draft.name,
        modelled="attention_us: cost.predict on the named hardware, of the target's geometry",
        **vars(setting),
    )  # fmt: skip
    result["plain"] = _plain(target, setting)
    for budget in setting.budgets:
        for builder, verifier in chosen:
            if time.perf_counter() - began > setting.seconds:
                left_out[f"{builder.name} at {budget}"] = f"{setting.seconds:g} s were over"
                continue
            try:
                row = cell(target, draft, builder, verifier, budget, setting)
            except DeftLabError as refused:
                left_out[f"{builder.name} at {budget}"] = str(refused)
                continue
            result["rows"].append(row)
            if report:
                report(row)
        mark_ties([row for row in result["rows"] if row["budget"] == budget])
        if output is not None:
            output.write_text(json.dumps(result, indent=1) + "\n")
    return result


def choose(
    names: Sequence[str] | None, temperature: float
) -> tuple[list[tuple[TokenBuilder, str]], dict[str, str]]:
    """(builder, a lossless verifier) of those that can be compared, and the others -> why not.

    Raises:
        DraftError: a name is unknown.
    """
    chosen, left_out = [], {}
    for name in names or TOKEN_BUILDERS:
        check_choice(DraftError, TOKEN_BUILDERS, token_builder=name)
        builder = TOKEN_BUILDERS[name]
        wanted = list(inspect.signature(builder.build).parameters.values())[3:]
        lacking = [p.name for p in wanted if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        lacking = [option for option in lacking if option != "context"]
        sound = sound_verifiers(builder, temperature)
        if lacking:
            left_out[name] = f"it has no default for {', '.join(lacking)}"
        elif not sound:
            left_out[name] = f"no verifier is lossless for {builder.children} children"
        else:
            chosen.append((builder, sound[0]))
    return chosen, left_out


def held_out_prompt(target: TreeModel, number: int) -> list[int]:
    """A problem from a seed that training has not, with some lines of its solution."""
    rng = Random(f"held out/compare builders/{number}")
    problem = workbook.draw_any(rng, 20)
    lines = workbook.solve(problem, rng)
    return target.encode(workbook.text_of(problem, lines[: rng.randrange(max(1, len(lines)))]))


def cell(
    target: TreeModel, draft: TreeModel, builder: TokenBuilder, verifier: str, budget: int, setting: Setting
) -> Row:
    """One builder at one budget."""
    texts: dict[int, SpeculationResult] = {}
    began = time.perf_counter()
    for number in count():
        result = speculate(
            target, draft, held_out_prompt(target, number), builder, verifier, budget=budget,
            sampler=Sampler(setting.temperature), seed=1000 * setting.seed + number, method=setting.method,
            max_new_tokens=256, max_rounds=-(-setting.n_rounds // N_TEXTS),
        )  # fmt: skip
        if result.rounds:
            texts[number] = result
        if sum(len(text.rounds) for text in texts.values()) >= setting.n_rounds or number + 1 == MOST_TEXTS:
            break
    if not texts:
        raise DraftError("no text had a round")
    rounds = [done for text in texts.values() for done in text.rounds]
    took = time.perf_counter() - began
    kv: dict[str, int] = {}
    for text in texts.values():
        for account, total in kv_bytes_of(text.rounds, text.session).items():
            kv[account] = kv.get(account, 0) + total
    draft_cost = next(iter(texts.values())).setting["draft_cost"]
    sums = {n: (sum(len(done.tokens) for done in text.rounds), len(text.rounds)) for n, text in texts.items()}
    committed = sum(tokens for tokens, _ in sums.values())
    return {
        **of_rounds(rounds, draft_cost, kv).to_json(),
        "subject": builder.name, "budget": budget, "verifier": verifier, "children": builder.children,
        "texts": [[number, *pair] for number, pair in sums.items()],  # number, committed tokens, rounds
        "tau_error": error_of(influence(sums)), "cell_s": took,
        "attention_us": 1e6 * _attention_s(texts.values(), setting) / committed,
    }  # fmt: skip


def influence(sums: Mapping[int, tuple[int, int]]) -> dict[int, float]:
    """Text -> what it moves (all tokens) / (all rounds) by, from its (tokens, rounds)."""
    n_rounds = sum(rounds for _, rounds in sums.values())
    ratio = sum(tokens for tokens, _ in sums.values()) / n_rounds
    return {text: (tokens - ratio * rounds) / n_rounds for text, (tokens, rounds) in sums.items()}


def error_of(moves: Mapping[int, float]) -> float | None:
    """Standard error of what texts move by so much each; None for a single text."""
    n = len(moves)
    return (n / (n - 1) * sum(move**2 for move in moves.values())) ** 0.5 if n > 1 else None


def mark_ties(rows: Sequence[Row]) -> None:
    """Say of each row of a budget how far it lies behind the best, and whether that could be chance.

    That is below two standard errors of the gap; the prompts are the same, so texts are compared in pairs.
    """
    best = max(rows, key=lambda row: row["tau"], default=None)
    for row in rows:
        assert best is not None
        row["behind"] = best["tau"] - row["tau"]
        row["behind_error"] = _error_of_gap(row, best) if row is not best else None
        row["could_be_chance"] = row is not best and row["behind"] < 2 * (row["behind_error"] or 0.0)


def _error_of_gap(row: Row, best: Row) -> float | None:
    mine, theirs = (influence({n: (t, r) for n, t, r in of["texts"]}) for of in (row, best))
    texts = mine.keys() | theirs.keys()
    return error_of({text: mine.get(text, 0.0) - theirs.get(text, 0.0) for text in texts})


def _attention_s(texts: Iterable[SpeculationResult], setting: Setting) -> float:
    """Modelled seconds of the target's attention in all rounds, all layers."""
    hardware, total = find_hardware(setting.hardware), 0.0
    for text in texts:
        session = text.session
        geometry = session.model.geometry
        options = dict(session.options)
        if setting.method == "tree_waves":
            options["n_sms"] = hardware.n_sms
        for done in text.rounds:
            plan = plan_tree(done.seen, setting.method, **options)
            total += geometry.n_layers * predict(plan, geometry.layer, hardware).seconds
    return total


def _plain(target: TreeModel, setting: Setting) -> dict[str, Any]:
    """Plain decoding of the same prompts, 16 tokens each."""
    runs = [
        plain_decoding(
            target, held_out_prompt(target, n), 16, Sampler(setting.temperature), method=setting.method
        )
        for n in range(N_TEXTS)
    ]
    decoded = sum(run.n_decoded for run in runs)
    return {
        "tokens_per_s": decoded / sum(run.seconds for run in runs),
        "kv_bytes": {k: sum(run.kv_bytes[k] for run in runs) / decoded for k in runs[0].kv_bytes},
    }

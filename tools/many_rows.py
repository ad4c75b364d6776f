"""Decode many problems at once: one batch, padded on its left, one cache."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import DynamicCache, LlamaForCausalLM

from deft_lab import workbook
from deft_lab.workbook import BOS, EOS, PAD

SHORT = (8, 12)  # digits of the short lists
ROWS_AT_ONCE = 2048


class Written(NamedTuple):
    """What was written below one prompt: tokens up to the end that was met, and their log-probability."""

    tokens: list[int]
    log_probability: float


class Outcome(NamedTuple):
    """Which problems a way of decoding solved, and the tokens that it wrote for all of them."""

    solved: list[bool]
    n_tokens: int


def held_out(level: str | int, n: int, lot: str = "test") -> list[str]:
    """`n` lists to sort from a seed that training has not: "short" ones by 4, or of `level` digits by 8."""
    rng = Random(f"held out/{lot}/{level}")
    if level == "short":
        return [workbook.draw("sort", rng.randint(*SHORT), rng, 4) for _ in range(n)]
    return [workbook.draw("sort", level, rng, 8) for _ in range(n)]


def prompt_of(problem: str) -> list[int]:
    """Begin and problem."""
    return [BOS, *workbook.encode(workbook.text_of(problem))]


def lines_of(tokens: Sequence[int]) -> list[str]:
    """The whole lines among `tokens`."""
    return "".join(workbook.VOCABULARY[t] for t in tokens if t not in (BOS, EOS)).split("\n")[:-1]


def room_for(problem: str) -> int:
    """Tokens that a solution may take: as many as the right one, and a few."""
    return len(workbook.encode(workbook.text_of("", workbook.solve(problem, Random(0))))) + 16


def write(
    model: LlamaForCausalLM, prompts: list[list[int]], end: int, n_most: int, temperature: float, seed: int
) -> list[Written]:
    """Continue every prompt until `end` or `n_most` tokens; temperature 0 is greedy."""
    torch.manual_seed(seed)
    parts = [prompts[at : at + ROWS_AT_ONCE] for at in range(0, len(prompts), ROWS_AT_ONCE)]
    return [written for part in parts for written in _write_rows(model, part, end, n_most, temperature)]


@torch.inference_mode()
def _write_rows(model, prompts, end, n_most, temperature) -> list[Written]:
    """One batch: rows padded on their left, one cache."""
    ids, mask = _pad_left(prompts, model.device)
    at = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    score = torch.zeros(len(prompts), device=model.device)
    alive = torch.ones_like(score, dtype=torch.bool)
    columns = []
    while len(columns) < n_most and alive.any():
        out = model(ids, attention_mask=mask, position_ids=at, past_key_values=cache, logits_to_keep=1)
        law = out.logits[:, -1].float().log_softmax(-1)
        token = law.argmax(-1) if not temperature else (law / temperature).softmax(-1).multinomial(1)[:, 0]
        score += law.gather(1, token[:, None])[:, 0] * alive
        columns.append(torch.where(alive, token, PAD))
        alive &= token != end
        ids, at = token[:, None], at[:, -1:] + 1
        mask = torch.cat((mask, mask.new_ones(len(prompts), 1)), dim=1)
    rows = torch.stack(columns, dim=1).tolist()
    return [Written([t for t in row if t != PAD], s) for row, s in zip(rows, score.tolist(), strict=True)]


def _pad_left(rows: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """[row, token] each: the tokens, and 1 where there is one."""
    width = max(map(len, rows))
    ids = torch.tensor([[PAD] * (width - len(row)) + row for row in rows], device=device)
    return ids, (ids != PAD).long()


def greedy(model: LlamaForCausalLM, problems: list[str]) -> Outcome:
    """The most likely token, always."""
    most = max(map(room_for, problems))
    written = write(model, [prompt_of(p) for p in problems], EOS, most, 0, 0)
    solved = [workbook.is_solved(p, lines_of(w.tokens)) for p, w in zip(problems, written, strict=True)]
    return Outcome(solved, sum(len(w.tokens) for w in written))


def share_solved(model: LlamaForCausalLM, problems: list[str]) -> float:
    """Of all problems, by greedy decoding."""
    return sum(greedy(model, problems).solved) / len(problems)

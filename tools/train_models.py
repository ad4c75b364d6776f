"""Train the bundled models, a target and its draft, on problems of the workbook, from seeds.

    PYTHONPATH=. python tools/train_models.py --output data/models --device cuda      # two minutes on an H100
    PYTHONPATH=. python tools/train_models.py --output /tmp/models --sizes small --steps 3 --device cpu

The target learns to write solutions; the draft learns the same, then imitates the target's next-token laws.
Training ends early on purpose: ten times as many steps solve every list that is no longer than those learnt
from, and none that is longer, and then there is nothing for a vote or a tree of thoughts to win. Data and
first weights come from the seed; a run on a GPU can be repeated in distribution, not bit by bit.
"""

import argparse
import datetime
import json
import math
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import tokenizers
import torch
import transformers
from many_rows import held_out, share_solved
from model_files import Size, load, make_model, save
from torch import Tensor
from torch.nn import functional as F
from transformers import AttentionInterface, LlamaForCausalLM

from deft_lab import workbook
from deft_lab.workbook import BOS, NEWLINE, PAD

SEED = 2025
PROMPT_WEIGHT = 0.1  # a problem is drawn at random: little of it can be predicted


@dataclass(frozen=True, slots=True)
class Setting:
    """Both models, the rows that one step reads, their length, the digits of the longest list in them, and
    the steps of each phase: the target, the draft on the corpus, the draft on the target's laws.
    """

    target: Size
    draft: Size
    n_rows: int
    length: int
    longest: int
    steps: tuple[int, int, int]


SETTINGS = {
    "full": Setting(
        Size(256, 8, 2, 8, 704, 1.5e-3), Size(128, 4, 1, 1, 256, 3e-3), 64, 1024, 40, (450, 800, 500)
    ),
    "small": Setting(Size(96, 4, 1, 3, 256, 3e-3), Size(64, 4, 1, 1, 128, 4e-3), 8, 512, 16, (700, 500, 300)),
    "tiny": Setting(Size(32, 4, 1, 1, 64, 3e-3), Size(32, 4, 1, 1, 32, 3e-3), 2, 256, 16, (3, 3, 3)),
}


# --- what is trained


def causal_attention(module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, *_, **options):
    """Attention of whole rows; no mask is made, so that the fast kernels serve.

    query [row, q_head, token, dim]; key, value [row, kv_head, token, dim] -> [row, token, q_head, dim].
    """
    key, value = (x.repeat_interleave(module.num_key_value_groups, dim=1) for x in (key, value))
    query, key = (x.to(value.dtype) for x in (query, key))  # the rotation made them wider under autocast
    out = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=options["scaling"])
    return out.transpose(1, 2).contiguous(), None


AttentionInterface.register("whole_rows", causal_attention)


# --- what it is trained on


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows of step number i; any process can make any step."""

    setting: Setting

    def __len__(self) -> int:
        return 10**9

    def __getitem__(self, step: int) -> Tensor:
        shape = self.setting
        rows = workbook.corpus_rows(shape.n_rows, shape.length, f"{SEED}/{step}", shape.longest)
        return torch.from_numpy(rows)


def stream(setting: Setting, n_workers: int, device: str) -> Iterator[Tensor]:
    """[row, token] int64, step after step; the workers start with the first."""
    loader = torch.utils.data.DataLoader(
        Corpus(setting),
        batch_size=None,
        num_workers=n_workers,
        prefetch_factor=8 if n_workers else None,
        pin_memory=device == "cuda",
    )
    for rows in loader:
        yield rows.to(device, non_blocking=True).long()


def weigh(rows: Tensor) -> tuple[Tensor, Tensor]:
    """[row, token] each: the next token, and how much it counts: all in a solution, little in a problem."""
    at = torch.arange(rows.shape[1], device=rows.device)
    begun = torch.where(rows == BOS, at, -1).cummax(dim=1).values
    ended = torch.where(rows == NEWLINE, at, -1).cummax(dim=1).values
    weight = torch.where(ended < begun, PROMPT_WEIGHT, 1.0)
    following = rows.roll(-1, dims=1)
    weight[(following == PAD) | (following == BOS)] = 0
    weight[:, -1] = 0
    return following, weight


def corpus_loss(model: LlamaForCausalLM, rows: Tensor, following: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of the natural-log loss of the next token."""
    logits = model(input_ids=rows, use_cache=False).logits.float()
    loss = F.cross_entropy(logits.flatten(0, 1), following.flatten(), reduction="none")
    return (loss * weight.flatten()).sum() / weight.sum()


def distil_loss(
    model: LlamaForCausalLM, target: LlamaForCausalLM, rows: Tensor, _: Tensor, weight: Tensor
) -> Tensor:
    """The same against the target's law of the next token in place of the token."""
    with torch.no_grad():
        law = target(input_ids=rows, use_cache=False).logits.float().softmax(-1)
    logits = model(input_ids=rows, use_cache=False).logits.float()
    loss = F.cross_entropy(logits.flatten(0, 1), law.flatten(0, 1), reduction="none")
    return (loss * weight.flatten()).sum() / weight.sum()


# --- how


def compiled(loss_of: Callable[..., Tensor], *arguments: Tensor) -> Callable[..., Tensor]:
    """`loss_of`, compiled if a trial of it forwards and backwards succeeds."""
    fast = torch.compile(loss_of)
    try:
        fast(*arguments).backward()
    except Exception as error:  # whatever the compiler trips over, training goes on without it
        print(f"not compiled: {type(error).__name__}: {str(error)[:300]}", flush=True)
        return loss_of
    return fast


def learn(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float) -> Tensor:
    """One step down; returns the loss, cut from its graph."""
    loss.backward()
    (group,) = optimizer.param_groups
    torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
    group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def train(
    name: str, model: LlamaForCausalLM, loss_of: Callable, rows: Iterator[Tensor], n_steps: int, rate: float
) -> dict:
    """Run one phase, in which `loss_of(rows, following, weight)` falls; returns what the card says of it."""
    on_gpu = model.device.type == "cuda"
    half = torch.autocast("cuda", torch.bfloat16) if on_gpu else nullcontext()
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.1, fused=on_gpu)
    begun, n_tokens, losses = time.monotonic(), 0, []
    for step in range(n_steps):
        batch = next(rows)
        with half:
            if step == 0 and on_gpu:
                loss_of = compiled(loss_of, batch, *weigh(batch))
                optimizer.zero_grad()
            loss = loss_of(batch, *weigh(batch))
        fall = 0.02 + 0.98 * (1 + math.cos(math.pi * step / n_steps)) / 2
        losses.append(learn(optimizer, loss, rate * min(1.0, (step + 1) / 100) * fall))
        n_tokens += batch.numel()
        if step % 100 == 0:
            speed = n_tokens / (time.monotonic() - begun)
            print(f"{name} step {step} loss {losses[-1]:.4f}, {speed:.0f} tokens/s", flush=True)
    last = float(torch.stack(losses[-100:]).mean())
    seconds = time.monotonic() - begun
    print(f"{name}: {n_steps} steps, {n_tokens} tokens, {seconds:.0f} s, loss {last:.4f}", flush=True)
    return {"steps": n_steps, "tokens": n_tokens, "seconds": round(seconds, 1), "loss": round(last, 4)}


def train_pair(
    setting: Setting, device: str, n_workers: int
) -> tuple[dict[str, LlamaForCausalLM], dict[str, dict]]:
    """Target and draft, trained, and what the card says of each phase."""
    rows = stream(setting, n_workers, device)
    target = make_model(setting.target, SEED, "whole_rows").to(device)
    draft = make_model(setting.draft, SEED + 1, "whole_rows").to(device)
    phases = {
        "target": (target, partial(corpus_loss, target), setting.target.rate),
        "draft": (draft, partial(corpus_loss, draft), setting.draft.rate),
        "distil": (draft, partial(distil_loss, draft, target), setting.draft.rate / 3),
    }
    notes = {
        name: train(name, model, loss_of, rows, n_steps, rate)
        for (name, (model, loss_of, rate)), n_steps in zip(phases.items(), setting.steps, strict=True)
    }
    return {"target": target, "draft": draft}, notes


# --- what is kept


def card(setting: Setting, notes: dict[str, dict], device: str) -> dict:
    """How the models were made."""
    return {
        "schema": "deft_lab.models/1",
        "made": datetime.date.today().isoformat(),
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
        "versions": {m.__name__: m.__version__ for m in (torch, transformers, tokenizers)},
        "seed": SEED,
        "repeatable": "in distribution, not bit by bit: sums on a GPU vary in order",
        "setting": asdict(setting),
        "training": notes,
    }


def main() -> None:
    """Train, save, and say how many short problems the target solves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder for target/, draft/ and card.json")
    parser.add_argument("--steps", type=int, help="of each phase; default: as the sizes say")
    parser.add_argument("--sizes", choices=SETTINGS, default="full")
    parser.add_argument("--longest", type=int, help="digits of the longest list that is learnt from")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=14, help="processes that draw problems")
    chosen = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    setting = SETTINGS[chosen.sizes]
    steps = (chosen.steps,) * 3 if chosen.steps else setting.steps
    setting = replace(setting, longest=chosen.longest or setting.longest, steps=steps)
    models, notes = train_pair(setting, chosen.device, chosen.workers)
    save(models, chosen.output)
    (chosen.output / "card.json").write_text(json.dumps(card(setting, notes, chosen.device), indent=1) + "\n")
    problems = held_out("short", 100)
    print(
        f"short problems solved: {share_solved(load(chosen.output / 'target', chosen.device), problems):.0%}"
    )


if __name__ == "__main__":
    main()

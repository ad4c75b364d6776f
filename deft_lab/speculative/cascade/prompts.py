"""Prompts of a dataset, worded as published: MMLU, a sample of it, GSM8K, or a JSONL file of one's own."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from ...errors import DraftError
from .config import DATASETS

_HUB = {"mmlu": ("cais/mmlu", "all"), "sampled_mmlu": ("cais/mmlu", "all"), "gsm8k": ("openai/gsm8k", "main")}
SAMPLED = 1000  # questions of sampled_mmlu; the published sample is a file that we do not have


def mmlu_prompt(question: str, choices: Sequence[str]) -> str:
    """A question with its four choices."""
    listed = " ".join(f"({letter}) {choice}" for letter, choice in zip("ABCD", choices, strict=True))
    return f"Question: {question} {listed} Answer: Let's think step by step."


def gsm8k_prompt(question: str) -> str:
    """A word problem."""
    return f"Reason the math question below step by step. Question: {question} Answer:"


def load_prompts(dataset: str, most: int | None = None) -> list[str]:
    """The first `most` prompts of a dataset; default: all.

    Args:
        dataset: one of DATASETS, downloaded with the package `datasets`, or a JSONL file: in each line
            "prompt", or "question" with or without "choices".
        most: prompts.

    Raises:
        DraftError: no such dataset or file, a line does not fit, or `datasets` is not installed.
    """
    if dataset in DATASETS:
        return [_worded(row) for row in islice(_from_hub(dataset), most)]
    path = Path(dataset)
    if not path.is_file():
        raise DraftError(f"no dataset {dataset!r}; choose one of {', '.join(DATASETS)}, or name a JSONL file")
    prompts = []
    for number, line in islice(enumerate(path.read_text().splitlines(), 1), most):
        try:
            prompts.append(_worded(json.loads(line)))
        except (ValueError, KeyError, TypeError) as bad:
            raise DraftError(
                f'line {number} of {path} is no prompt; write {{"prompt": "..."}} or {{"question": "..."}}'
            ) from bad
    return prompts


def _worded(row: Mapping[str, Any]) -> str:
    if "prompt" in row:
        return str(row["prompt"])
    if "choices" in row:
        return mmlu_prompt(row["question"], row["choices"])
    return gsm8k_prompt(row["question"])


def _from_hub(dataset: str) -> Any:
    try:
        from datasets import load_dataset
    except ImportError as missing:
        raise DraftError(
            f"dataset {dataset!r} is read with the package datasets, which is not installed: "
            "pip install datasets, or give a JSONL file"
        ) from missing
    rows = load_dataset(*_HUB[dataset], split="test")
    if dataset == "sampled_mmlu":
        return rows.select(Random(0).sample(range(len(rows)), min(SAMPLED, len(rows))))
    return rows

"""A config carried out: models loaded, prompts decoded, on one device or several."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import torch

from ...chance import Dice
from ...decode.hf import BUNDLED, load_model
from ...decode.sampling import Sampler
from ...errors import DraftError, ModelError, check_kind
from .config import Config
from .costs import COSTS, swi_of
from .csd import csd
from .max_gram import MaG, bigram_table, read_bigrams, workbook_bigrams
from .record import Record
from .reviewers import CausalReviewer, Neural, Reviewer, Seq2SeqReviewer


@dataclass(frozen=True)
class Cascade:
    """Loaded models, drafts best first."""

    drafts: tuple[Reviewer, ...]
    target: CausalReviewer | Seq2SeqReviewer
    config: Config

    def run(self, prompt: str | Sequence[int], max_length: int = 200, seed: int = 0) -> Record:
        """Decode one prompt, a text or ids."""
        ids = tuple(self.encode(prompt) if isinstance(prompt, str) else prompt)
        begin = self.target.start if isinstance(self.target, Seq2SeqReviewer) else ids
        k, lenience, sample = self.config.k_matrix, self.config.lenience, self.config.sample
        chance = Dice(seed) if sample else None
        drafts, target = self.drafts, self.target
        return csd(drafts, target, ids, begin, k, max_length, lenience, sample, chance)[1]

    def encode(self, text: str) -> list[int]:
        """Ids of a text.

        Raises:
            ModelError: the target came without a tokenizer.
        """
        if self.target.tokenizer is None:
            raise ModelError(
                f"{self.target.name} has no tokenizer; pass token ids, or a folder that holds one"
            )
        return list(self.target.tokenizer(text)["input_ids"])

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of ids; the ids themselves without a tokenizer."""
        if self.target.tokenizer is None:
            return " ".join(map(str, tokens))
        return str(self.target.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def swi(self, record: Record) -> dict[str, float]:
        """Cost table -> SWI of a run."""
        return {name: swi_of(record, (*self.drafts, self.target), name) for name in COSTS}


def load_cascade(
    config: Config, device: str | None = None, sampler: Sampler | None = None, bigrams: str | None = None
) -> Cascade:
    """Load the models of a config.

    Args:
        config: what to run.
        device: default: a GPU if there is one.
        sampler: gives the laws of all models; default: their own, temperature 1.
        bigrams: file of a bigram table; default: built for the bundled models, empty for others.

    Raises:
        ModelError: a model cannot be had.
        DraftError: the config is none, or the bigram table cannot be read.
    """
    check_kind(DraftError, Config, "read_config(path) reads one, Config() is ours", config=config)
    load = _causal if config.is_decoder_only else _seq2seq
    target: Any = load(config.target_name, device, sampler)
    drafts: list[Reviewer] = [load(name, device, sampler) for name in config.draft_names]
    if config.use_mag:
        drafts.append(MaG(_bigrams(config.target_name, bigrams, target)))
    return Cascade(tuple(drafts), target, config)


def _bigrams(target_name: str, file: str | None, target: Neural) -> tuple[int, ...]:
    if file is not None:
        return read_bigrams(file)
    # without text there are no bigrams: Max-Gram then only matches, and fills with token 0
    return workbook_bigrams() if target_name in BUNDLED else bigram_table([], 1)


def _causal(name: str, device: str | None, sampler: Sampler | None) -> CausalReviewer:
    return CausalReviewer(load_model(name, device=device), name, sampler)


def _seq2seq(name: str, device: str | None, sampler: Sampler | None) -> Seq2SeqReviewer:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(name).to(where)
    except (OSError, ValueError) as bad:
        raise ModelError(
            f"{name} cannot be loaded as an encoder-decoder: {str(bad).splitlines()[0]}"
        ) from bad
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError):
        tokenizer = None  # ids alone
    return Seq2SeqReviewer(model, name, tokenizer, sampler)


def run_config(
    config: Config, prompts: Sequence[str | Sequence[int]], max_length: int = 200, **options: Any
) -> list[Record]:
    """Decode prompts, shared out to the usable devices, a process for each; records in the order of prompts.

    Args:
        config: what to run.
        prompts: texts or ids.
        max_length: new tokens at most, of each.
        options: `sampler` and `bigrams`, of `load_cascade`; `seed`, from which each prompt counts its own.

    Raises:
        DraftError: a device is not there.
    """
    devices: list[str | None] = [_device(index) for index in config.usable_devices] or [None]
    if len(devices) == 1:
        return _run_share(config, list(enumerate(prompts)), max_length, devices[0], options)
    shares = [list(enumerate(prompts))[i :: len(devices)] for i in range(len(devices))]
    # spawned, because CUDA does not survive a fork
    with ProcessPoolExecutor(len(devices), mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(_run_share, config, share, max_length, device, options)
            for share, device in zip(shares, devices, strict=True)
        ]
        done = [job.result() for job in jobs]
    return [done[i % len(devices)][i // len(devices)] for i in range(len(prompts))]


def _run_share(
    config: Config,
    share: Sequence[tuple[int, Any]],
    max_length: int,
    device: str | None,
    options: dict[str, Any],
) -> list[Record]:
    """Numbered prompts on one device; a prompt draws the same wherever it lands."""
    seed = options.get("seed", 0)
    cascade = load_cascade(config, device, options.get("sampler"), options.get("bigrams"))
    return [cascade.run(prompt, max_length, seed + number) for number, prompt in share]


def _device(index: int) -> str:
    if not 0 <= index < torch.cuda.device_count():
        raise DraftError(
            f"usable_devices names GPU {index}; there are {torch.cuda.device_count()} here "
            "(an empty list: the CPU)"
        )
    return f"cuda:{index}"

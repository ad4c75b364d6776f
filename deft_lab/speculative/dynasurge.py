"""Dynasurge's command on our parts: its modes and flags, under its names, with metrics under true names.

auto: plain decoding. sTree: the shape of a growmap, filled without replacement, verified top down. dTree: its
dynamic tree, repaired (draws in draw order) or as published. --use_bfs: its "enhanced tree verification",
which is not lossless. growmap: its file of a tree's shape, a dict of six keys, as JSON or from torch.save.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from ..decode.hf import TreeModel
from ..decode.sampling import Sampler
from ..drafting import WITHOUT_REPLACEMENT, TokenBuilder, find_token_builder
from ..drafting.fill import fill
from ..errors import DraftError, check_choice, check_counts, check_kind, check_names
from ..token_tree import TokenTree, read_growmap
from ..verifying import find_verifier
from .laws import A_SAMPLER, need_model
from .loop import speculate
from .metrics import plain_decoding, standard_error

MODES = ("auto", "sTree", "dTree")
TOP_DOWN, ETV = "sequoia", "etv"
DYNAMIC, AS_PUBLISHED = "dynasurge", "dynasurge_as_published"
PROMPT = 128  # tokens of a prompt at most; a text stops at M - PROMPT tokens, its prompt included
FIRST_ROW = 200  # its list of rows begins there: --start 0 is row 200
DATASETS = {  # name -> (dataset, configuration, split, field); the code has no c4, its README names it
    "cnn": ("cnn_dailymail", "1.0.0", "test", "article"),
    "wiki": ("wikimedia/wikipedia", "20231101.en", "train", "text"),
    "c4": ("allenai/c4", "en", "validation", "text"),
}


@dataclass(frozen=True)
class Way:
    """A mode of the command: who drafts, who verifies, how much; None: plain decoding."""

    name: str
    builder: TokenBuilder | None
    verifier: str = ""
    budget: int = 0


@dataclass(frozen=True)
class Requests:
    """What many prompts cost.

    Args:
        n: prompts.
        tokens: new ones.
        calls: forwards of the target after prefill.
        committed: tokens that those gave; Dynasurge prints committed / calls as "accept rate".
        seconds: of them.
        lossless: whether the texts have the target's law.
        error: standard error of committed / calls, rounds taken as independent; None for one round.
    """

    n: int
    tokens: int
    calls: int
    committed: int
    seconds: float
    lossless: bool
    error: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Under true names."""
        return {
            "prompts": self.n,
            "new tokens": self.tokens,
            "target calls": self.calls,
            "tokens per target call": self.committed / max(1, self.calls),
            "error": self.error,
            "ms per token": 1e3 * self.seconds / max(1, self.committed),
            "s per prompt": self.seconds / max(1, self.n),
            # a faster prompt may be a shorter answer
            "tokens per prompt": self.tokens / max(1, self.n),
            "lossless": self.lossless,
        }


def choose_way(
    mode: str,
    budget: int = 128,
    *,
    growmap: Path | None = None,
    use_bfs: bool = False,
    as_published: bool = False,
) -> Way:
    """What a mode stands for.

    Raises:
        DraftError: no such mode, sTree without a growmap, or flags that contradict the mode.
        TreeError: the growmap is none.
    """
    check_choice(DraftError, MODES, mode=mode)
    if use_bfs and mode == "auto":
        raise DraftError("mode auto verifies nothing; leave --use_bfs out, or choose sTree or dTree")
    if as_published and mode != "dTree":
        raise DraftError(f"as_published is of dTree's tree; mode {mode} has none: leave it out")
    if mode == "auto":
        return Way("plain", None)
    verifier = find_verifier(ETV if use_bfs else TOP_DOWN).name
    if mode == "dTree":
        return Way(mode, find_token_builder(AS_PUBLISHED if as_published else DYNAMIC), verifier, budget)
    if growmap is None:
        raise DraftError("mode sTree takes its tree from a growmap; name one with --growmap")
    shape = read_growmap(growmap)
    return Way(growmap.stem, static_builder(shape, growmap.stem), verifier, len(shape))


def static_builder(shape: Sequence[int], name: str) -> TokenBuilder:
    """A builder that fills one shape, in no registry.

    Args:
        shape: [node] parent of each, an earlier one; -1: the root.
        name: of it.
    """

    def build(laws: Any, budget: int, chance: Any) -> TokenTree:
        return fill(laws, shape[:budget], chance, WITHOUT_REPLACEMENT, name)

    return TokenBuilder(name, build, WITHOUT_REPLACEMENT, f"the shape {name}, {len(shape)} nodes")


def chains(width: int, length: int) -> tuple[int, ...]:
    """The shape of WxD-tree.pt: W chains of D nodes from the root, level by level."""
    return tuple(-1 if node < width else node - width for node in range(width * length))


def read_prompts(dataset: str, start: int = 0, end: int = 200) -> list[str]:
    """Texts: of a dataset of the hub, the lines of a JSONL file, or problems of our workbook.

    Args:
        dataset: "cnn", "wiki", "c4", "workbook", or a path; a line is a string or has "prompt" or "text".
        start: first of them.
        end: one past the last.

    Raises:
        DraftError: no prompt lies between, the `datasets` package is missing, or the file cannot be read.
    """
    check_kind(DraftError, str, "name one, or a file", dataset=dataset)
    for name, at in (("start", start), ("end", end)):
        if not isinstance(at, Integral):
            raise DraftError(f"{name}={at!r:.60}; it must be an integer")
    if not 0 <= start < end:
        raise DraftError(f"prompts {start} to {end}; --start must be 0 or more, and --end lie above it")
    if dataset == "workbook":
        from random import Random

        from .. import workbook

        rng = Random("held out/dynasurge")
        return [workbook.text_of(workbook.draw_any(rng)) for _ in range(end)][start:]
    if dataset not in DATASETS:
        lines = _read_lines(Path(dataset))
        if start >= len(lines):
            raise DraftError(f"{dataset} has {len(lines)} prompts; --start {start} lies beyond the last")
        return lines[start:end]
    try:
        from datasets import load_dataset  # type: ignore[import-not-found,unused-ignore]
    except ImportError as missing:
        raise DraftError(
            f"dataset {dataset!r} needs the package datasets: pip install datasets; or give a JSONL file"
        ) from missing
    name, configuration, split, column = DATASETS[dataset]
    rows = load_dataset(name, configuration, split=split, streaming=True)
    found = rows.skip(FIRST_ROW + start).take(end - start)
    return [row[column] for row in found]


def _read_lines(path: Path) -> list[str]:
    try:
        found = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
        return [line if isinstance(line, str) else line.get("prompt") or line["text"] for line in found]
    except (OSError, ValueError, KeyError, AttributeError) as bad:
        raise DraftError(
            f"{path} holds no prompts ({bad!r}); name one of {', '.join(DATASETS)}, workbook, or a file "
            'of JSON lines, each with "prompt" or "text"'
        ) from bad


def answer(
    target: TreeModel, draft: TreeModel, prompts: Sequence[str], way: Way, sampler: Sampler, most: int = 384
) -> Requests:
    """Run prompts one after the other.

    Args:
        target: whose texts they are.
        draft: who proposes.
        prompts: texts; each is cut at PROMPT tokens.
        way: of decoding; lossy ones run, and say so.
        sampler: temperature and top-p, of both laws.
        most: Dynasurge's M.

    Raises:
        DraftError: M leaves no room for a new token.
    """
    need_model(target=target)
    check_kind(DraftError, Way, "choose_way('dTree') makes one", way=way)
    check_kind(DraftError, Sampler, A_SAMPLER, sampler=sampler)
    check_names(DraftError, prompts=prompts)
    check_counts(DraftError, 1, most=most)
    tokens = 0
    of_calls: list[int] = []  # tokens that each gave
    seconds, lossless = 0.0, True
    for at, prompt in enumerate(prompts):
        ids = target.encode(prompt)[:PROMPT]
        room = most - PROMPT - len(ids)
        if room < 1:
            raise DraftError(f"M={most} leaves no room after a prompt of {len(ids)} tokens; make it larger")
        if way.builder is None:
            plain = plain_decoding(target, ids, room, sampler, eos=target.eos)
            tokens += len(plain.tokens)
            of_calls += [1] * plain.n_decoded
            seconds += plain.seconds
            continue
        result = speculate(
            target, draft, ids, way.builder, way.verifier, budget=way.budget, sampler=sampler,
            max_new_tokens=room, seed=sampler.seed + at, allow_lossy=True,
        )  # fmt: skip
        tokens += len(result.tokens)
        of_calls += [len(done.tokens) for done in result.rounds]
        seconds += result.seconds
        lossless = lossless and result.lossless
    error = standard_error(of_calls)
    return Requests(len(prompts), tokens, len(of_calls), sum(of_calls), seconds, lossless, error)


def grid() -> tuple[list[Way], dict[str, str]]:
    """The ways of its eval.sh, on shapes of our own, and what is left out -> why.

    Its two growmaps made for a GPU are optimal trees for other models; in their place stands the builder
    "sequoia" at their sizes.
    """
    ways, left_out = [Way("plain", None)], {}
    shapes = {f"{width}x8": static_builder(chains(width, 8), f"{width}x8") for width in (4, 8)}
    for verifier in (TOP_DOWN, ETV):
        wanted: list[tuple[str, TokenBuilder | str, int]] = [
            (name, builder, 8 * int(name[0])) for name, builder in shapes.items()
        ]
        wanted += [(f"sequoia {size}", "sequoia", size) for size in (63, 127)]
        wanted += [(f"dTree {size}", DYNAMIC, size) for size in (16, 32, 64)]
        for name, builder, size in wanted:
            label = f"{name} ETV" if verifier == ETV else name
            try:
                made = find_token_builder(builder) if isinstance(builder, str) else builder
                ways.append(Way(label, made, find_verifier(verifier).name, size))
            except DraftError as missing:
                left_out[label] = str(missing)
    return ways, left_out

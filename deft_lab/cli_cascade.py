"""The command `cascade`: a text decoded with a cascade of drafts, the calls of a round, and costs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.tree import Tree as Drawing

from .cli_options import TARGET, Seed, writable
from .errors import DraftError, check_counts

if TYPE_CHECKING:
    from .speculative.cascade import Call, Cascade, Config, Record

console = Console()
CALLS_IN_A_ROW = 3  # of one model; those beyond are counted, not drawn
PROMPT = "sort 7 2 9 4 1 8 3 6 by 4\n"  # of the bundled models' language

ConfigFile = Annotated[Path | None, typer.Option("--config", help="JSON; the options below overrule it.")]
Target = Annotated[str | None, TARGET]
Drafts = Annotated[
    str | None, typer.Option("--drafts", help="Best first, with commas: draft; empty: Max-Gram alone.")
]
UseMag = Annotated[bool | None, typer.Option("--use-mag/--no-mag", help="Max-Gram behind the drafts.")]
KMatrix = Annotated[
    str | None, typer.Option("--k-matrix", help="[[5,10],[0,10]]: tokens that each draft adds.")
]
Lenience = Annotated[
    float | None, typer.Option("--lenience", help="Of the reviews below the target; 1: none.")
]
DecoderOnly = Annotated[
    bool | None, typer.Option("--decoder-only/--encoder-decoder", help="Kind of all models.")
]
Dataset = Annotated[str | None, typer.Option("--dataset", help="mmlu, sampled_mmlu, gsm8k, or a JSONL file.")]
Prompts = Annotated[int, typer.Option("--n-prompts", help="Of the dataset.")]
Prompt = Annotated[str | None, typer.Option("--prompt", help="Text; overrules the dataset.")]
MaxLength = Annotated[int, typer.Option("--max-length", help="New tokens of a text at most.")]
Sample = Annotated[bool | None, typer.Option("--sample/--greedy", help="Draw tokens from the target's law.")]
Temperature = Annotated[float, typer.Option("--temperature", help="Of all models, with --sample.")]
Bigrams = Annotated[
    Path | None, typer.Option("--bigrams", help="JSON list: entry i is what follows token i.")
]
Version = Annotated[
    str | None, typer.Option("--counter-version", help="Cost table that comes first: model_parameters, ...")
]
Round = Annotated[int, typer.Option("--round", help="Round whose calls are drawn, from 0.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write texts, calls and costs as JSON.")]


def cascade(  # noqa: PLR0913  (the arguments of a command)
    config: ConfigFile = None,
    target: Target = None,
    drafts: Drafts = None,
    use_mag: UseMag = None,
    k_matrix: KMatrix = None,
    lenience: Lenience = None,
    decoder_only: DecoderOnly = None,
    dataset: Dataset = None,
    n_prompts: Prompts = 1,
    prompt: Prompt = None,
    max_length: MaxLength = 200,
    sample: Sample = None,
    temperature: Temperature = 1.0,
    seed: Seed = 0,
    bigrams: Bigrams = None,
    counter_version: Version = None,
    round: Round = 0,
    output: Output = None,
) -> None:
    """Decode with a cascade of drafts (CS Drafting): print the text, the calls of a round, counts and SWI."""
    from .decode.sampling import Sampler
    from .speculative.cascade import load_cascade, run_config

    writable(output)
    check_counts(DraftError, 1, n_prompts=n_prompts, max_length=max_length)
    check_counts(DraftError, 0, round=round)
    overruling = {
        "target_name": target,
        "draft_names": None if drafts is None else [x.strip() for x in drafts.split(",") if x.strip()],
        "use_mag": use_mag,
        "k_matrix": None if k_matrix is None else _matrix(k_matrix),
        "lenience": lenience,
        "is_decoder_only": decoder_only,
        "dataset": dataset,
        "sample": sample,
        "counter_version": counter_version,
    }
    chosen = _config(config, {name: value for name, value in overruling.items() if value is not None})
    prompts = _prompts(chosen, prompt, n_prompts)
    sampler = Sampler(temperature) if chosen.sample else None
    options: dict[str, Any] = {"sampler": sampler, "bigrams": bigrams}
    loaded = load_cascade(chosen, **options)
    if chosen.usable_devices:
        records = run_config(chosen, prompts, max_length, seed=seed, **options)
    else:
        records = [loaded.run(text, max_length, seed + i) for i, text in enumerate(prompts)]
    for text, record in zip(prompts, records, strict=True):
        _print(loaded, text, record, round)
    if output is not None:
        output.write_text(json.dumps(_as_json(loaded, prompts, records), indent=1) + "\n")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cascade")(cascade)


def _config(file: Path | None, overruling: dict[str, Any]) -> "Config":
    from .speculative.cascade import Config, read_config

    if file is not None:
        return replace(read_config(file), **overruling)
    given = Config(draft_names=("draft",), k_matrix=((5, 10), (0, 10)))
    return replace(given, **overruling)


def _matrix(text: str) -> list[list[int]]:
    try:
        rows = json.loads(text)
    except ValueError as bad:
        raise DraftError(f"--k-matrix {text!r} is no list of rows such as [[5,10],[0,10]]") from bad
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise DraftError(f"--k-matrix {text!r} is no list of rows such as [[5,10],[0,10]]")
    return rows


def _prompts(config: "Config", prompt: str | None, n_prompts: int) -> list[str]:
    from .decode.hf import BUNDLED
    from .speculative.cascade.prompts import load_prompts

    if prompt is not None:
        # typed on a command line, the line end of a problem is missing
        bundled = config.target_name in BUNDLED and not prompt.endswith("\n")
        return [prompt + "\n" if bundled else prompt]
    if config.dataset:
        return load_prompts(config.dataset, n_prompts)
    if config.target_name not in BUNDLED:
        raise DraftError("no prompt; give --prompt or --dataset")
    return [PROMPT]


def _print(cascade: "Cascade", prompt: str, record: "Record", round: int) -> None:
    from .speculative.cascade.costs import unlisted

    console.print(prompt.rstrip(), style="dim", markup=False, highlight=False)
    console.print(cascade.decode([token.token for token in record.tokens]), markup=False, highlight=False)
    if not 0 <= round < len(record.rounds):
        raise DraftError(f"round {round}; there are {len(record.rounds)}, from 0")
    console.print(f"calls of round {round} of {len(record.rounds)}:", highlight=False)
    console.print(_drawing(record.rounds[round], cascade))
    console.print(_counts(cascade, record))
    n_rounds = len(record.rounds)
    console.print(
        f"{len(record.tokens) / n_rounds:.2f} tokens a round, "
        f"{sum(record.drafted_lengths) / n_rounds:.1f} drafted",
        highlight=False,
    )
    for name, swi in _swi(cascade, record).items():
        missing = unlisted((*cascade.drafts, cascade.target), name)
        why = f" (parameters: it does not list {', '.join(missing)})" if missing else ""
        console.print(f"SWI {swi:.2f} by {name}{why}", highlight=False)


def _drawing(call: "Call", cascade: "Cascade", above: Drawing | None = None) -> Drawing:
    """Each call in a line; of a row of calls of one model the first few."""
    kept = cascade.decode([token.token for token in call.kept]).replace("\n", " / ")
    if call.kind == "proposal":
        words = f"{call.model} proposes {len(call.kept)}: {kept}"
    else:
        words = f"{call.model} takes {call.n_accepted} of {len(call.drafted)}, gives {len(call.kept)}: {kept}"
    words = words.replace("[", r"\[")
    drawn = Drawing(words, highlight=False) if above is None else above.add(words)
    for model, row in groupby(call.calls, lambda below: below.model):
        calls = list(row)
        for below in calls[:CALLS_IN_A_ROW]:
            _drawing(below, cascade, drawn)
        if len(calls) > CALLS_IN_A_ROW:
            drawn.add(f"... and {len(calls) - CALLS_IN_A_ROW} more of {model}", highlight=False)
    return drawn


def _counts(cascade: "Cascade", record: "Record") -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("model", "calls", "forwards", "tokens of the text"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for model in (cascade.target, *cascade.drafts):
        name = model.name
        counted = (record.n_calls, record.n_forwards, record.provenance)
        table.add_row(name, *(str(count.get(name, 0)) for count in counted))
    return table


def _swi(cascade: "Cascade", record: "Record") -> dict[str, float]:
    """The config's table first."""
    first = cascade.config.counter_version
    found = cascade.swi(record)
    return {first: found[first], **found}


def _as_json(cascade: "Cascade", prompts: Sequence[str], records: Sequence["Record"]) -> dict[str, Any]:
    from dataclasses import asdict

    from .provenance import card

    return {
        "schema": "deft_lab.cascade/1",
        "config": asdict(cascade.config),
        "runs": [
            {
                "prompt": prompt,
                "text": cascade.decode([token.token for token in record.tokens]),
                "swi": _swi(cascade, record),
                **record.to_json(),
            }
            for prompt, record in zip(prompts, records, strict=True)
        ],
        "card": card(),
    }

"""The commands `speculate`, `dynasurge` and `compare-builders`: a draft proposes, a target decides."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from .cli_options import METHOD, TARGET, Device, Dtype, Seed, TopK, TopP, read_counts, read_numbers, writable
from .drafting import TOKEN_BUILDERS
from .errors import DraftError, check_counts
from .verifying import VERIFIERS

if TYPE_CHECKING:
    from .speculative import Round

console = Console()
speculate_app = typer.Typer(help="Write a text speculatively, and measure what that was worth.")

Target = Annotated[str, TARGET]
Draft = Annotated[str, typer.Option("--draft", help="draft (bundled), a folder, or a hub model.")]
Builder = Annotated[
    str, typer.Option("--builder", help=f"Who draws the token tree: {', '.join(TOKEN_BUILDERS)}.")
]
VerifierName = Annotated[
    str | None,
    typer.Option("--verifier", help=f"Who decides: {', '.join(VERIFIERS)}; default: a lossless one."),
]
Budget = Annotated[int, typer.Option("--budget", help="Drafted nodes a round at most.")]
Prompt = Annotated[str, typer.Option("--prompt", help="A text.")]
MaxNew = Annotated[int, typer.Option("--max-new-tokens", help="Tokens at most.")]
Temperature = Annotated[float, typer.Option("--temperature", help="0: greedy.")]
Eos = Annotated[bool, typer.Option("--eos/--no-eos", help="Whether the end of text ends it.")]
Lossy = Annotated[bool, typer.Option("--allow-lossy", help="Run pairs that change the target's law.")]
Method = Annotated[str, METHOD]
Options = Annotated[list[str] | None, typer.Option("--option", help="Of the builder: --option k=3.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Draw the token tree of each round.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write everything as JSON.")]


@speculate_app.callback(invoke_without_command=True)
def speculate(  # noqa: PLR0913  (the arguments of a command)
    context: typer.Context,
    target: Target = "target",
    draft: Draft = "draft",
    builder: Builder = "chain",
    verifier: VerifierName = None,
    budget: Budget = 16,
    prompt: Prompt = "sort 7 2 9 4 1 8 3 6 by 4\n",
    max_new_tokens: MaxNew = 128,
    temperature: Temperature = 0.0,
    top_k: TopK = None,
    top_p: TopP = 1.0,
    seed: Seed = 0,
    eos: Eos = True,
    allow_lossy: Lossy = False,
    method: Method = "tree_waves",
    option: Options = None,
    device: Device = None,
    dtype: Dtype = None,
    verbose: Verbose = False,
    output: Output = None,
) -> None:
    """Write a text speculatively: print it, and what the speculation was worth."""
    if context.invoked_subcommand is not None:
        return
    from .bench.speculation.table import drawing, tables
    from .decode.sampling import Sampler
    from .drafting import find_token_builder
    from .provenance import card
    from .speculative import measure, plain_decoding
    from .speculative import speculate as run
    from .speculative.pairs import sound_verifiers

    writable(output)
    sampler = Sampler(temperature, top_k, top_p, seed)
    sound = sound_verifiers(find_token_builder(builder), temperature)
    models = _models(target, draft, device, dtype)
    result = run(
        *models, prompt, builder, verifier or (sound or ["naive"])[0],
        budget=budget, sampler=sampler, max_new_tokens=max_new_tokens, honour_eos=eos,
        allow_lossy=allow_lossy, method=method, **parse_options(option or []),
    )  # fmt: skip
    if verbose:
        for number, done in enumerate(result.rounds, 1):
            console.print(drawing(done, number, models[0]))
    console.print(result.text, markup=False, highlight=False)
    ids = models[0].encode(prompt)
    plain = plain_decoding(models[0], ids, len(result.tokens), sampler, method=method)
    if not result.rounds:
        console.print("the text ended with its first token; there is no round to measure")
        return
    metrics = measure(result, plain)
    for table in tables(result, metrics.to_json()):
        console.print(table)
    if output is not None:
        content = {
            "schema": "deft_lab.speculate/1", "setting": dict(result.setting), "lossless": result.lossless,
            "reason": result.reason, "text": result.text, "tokens": list(result.tokens),
            "rounds": [as_json(done) for done in result.rounds], "metrics": metrics.to_json(),
            "card": card(device=str(models[0].device), dtype=str(models[0].dtype)),
        }  # fmt: skip
        output.write_text(json.dumps(content, indent=1) + "\n")


@speculate_app.command("sweep")
def sweep(  # noqa: PLR0913  (the arguments of a command)
    quick: Annotated[bool, typer.Option("--quick", help="Temperature 1 and two prompts alone.")] = False,
    temperatures: Annotated[str, typer.Option(help="Of both laws.")] = "0.85,0.9,0.95,1.0",
    prompts: Annotated[int, typer.Option(help="Problems of the workbook for each cell.")] = 4,
    most: Annotated[int, typer.Option("--M", help="Length at which a text stops, and 128.")] = 384,
    device: Device = None,
    seed: Seed = 17,
    output: Output = None,
) -> None:
    """Repeat the grid of Dynasurge's eval.sh on our models, its metrics under true names."""
    from .bench.speculation.table import requests_table
    from .decode.sampling import Sampler
    from .provenance import card
    from .speculative.dynasurge import answer, grid, read_prompts

    writable(output)
    chosen, n_prompts = ([1.0], 2) if quick else (read_numbers(temperatures, "--temperatures"), prompts)
    check_counts(DraftError, 1, prompts=n_prompts)
    samplers = [Sampler(temperature, seed=seed) for temperature in chosen]
    texts, rows = read_prompts("workbook", 0, n_prompts), []
    models = _models("target", "draft", device, None)
    ways, left_out = grid()
    told = card(
        device=str(models[0].device), dtype=str(models[0].dtype), target=models[0].name, draft=models[1].name,
        temperatures=chosen, prompts=n_prompts, M=most, seed=seed,
    )  # fmt: skip
    content = {"schema": "deft_lab.sweep/1", "rows": rows, "left_out": left_out, "card": told}
    for sampler in samplers:
        for way in ways:
            found = answer(*models, texts, way, sampler, most).to_json()
            rows.append({"way": way.name, "temperature": sampler.temperature, **found})
            console.print(
                f"{way.name} at {sampler.temperature:g}: {found['tokens per target call']:.2f} tokens a call",
                markup=False, highlight=False,
            )  # fmt: skip
        if output is not None:
            output.write_text(json.dumps(content, indent=1) + "\n")
    console.print(requests_table(rows))
    for name, why in left_out.items():
        console.print(f"left out: {name}: {why}", markup=False, soft_wrap=True)


def dynasurge(  # noqa: PLR0913  (the arguments of the published command)
    mode: Annotated[str, typer.Option("--mode", help="auto: plain, sTree: of a growmap, dTree.")] = "sTree",
    use_bfs: Annotated[bool, typer.Option("--use_bfs", help="Enhanced Tree Verification; lossy.")] = False,
    target: Target = "target",
    draft: Draft = "draft",
    temperature: Annotated[float, typer.Option("--T", help="Temperature.")] = 0.6,
    top_p: Annotated[float, typer.Option("--P", help="Top-p.")] = 0.9,
    most: Annotated[int, typer.Option("--M", help="Length at which a text stops, and 128.")] = 384,
    budget: Annotated[int, typer.Option("--B", help="Drafted nodes of dTree at most.")] = 128,
    growmap: Annotated[Path | None, typer.Option("--growmap", help="File of a static tree.")] = None,
    vocab: Annotated[int | None, typer.Option("--vocab", help="Tokens of the models; only checked.")] = None,
    dataset: Annotated[str, typer.Option("--dataset", help="cnn, wiki, c4, workbook, a file.")] = "workbook",
    start: Annotated[int, typer.Option("--start", help="First prompt.")] = 0,
    end: Annotated[int, typer.Option("--end", help="One past the last prompt.")] = 4,
    seed: Seed = 17,
    as_published: Annotated[bool, typer.Option(help="dTree with its faults; lossy.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="A row for each prompt.")] = False,
    device: Device = None,
) -> None:
    """Run Dynasurge's modes on our parts: its flags, its metrics under true names."""
    from .bench.speculation.table import requests_table
    from .decode.sampling import Sampler
    from .speculative.dynasurge import answer, choose_way, read_prompts

    way = choose_way(mode, budget, growmap=growmap, use_bfs=use_bfs, as_published=as_published)
    prompts = read_prompts(dataset, start, end)
    models, sampler = _models(target, draft, device, None), Sampler(temperature, None, top_p, seed)
    if vocab not in (None, models[0].vocab_size):
        raise DraftError(
            f"--vocab {vocab}; {models[0].name} knows {models[0].vocab_size} tokens: leave it out"
        )
    if verbose:
        each = [answer(*models, [prompt], way, sampler, most).to_json() for prompt in prompts]
        console.print(
            requests_table([{"way": f"{way.name} {start + i}", **row} for i, row in enumerate(each)])
        )
    found = answer(*models, prompts, way, sampler, most)
    console.print(requests_table([{"way": way.name, "temperature": temperature, **found.to_json()}]))
    if not found.lossless:
        console.print(f"lossy: verifier {way.verifier!r} changes the law of the texts", markup=False)


def compare_builders(  # noqa: PLR0913  (the arguments of a command)
    quick: Annotated[bool, typer.Option("--quick", help="Budget 16 alone, under 3 minutes.")] = False,
    builders: Annotated[str, typer.Option(help="all, or some of them: chain,sequoia.")] = "all",
    budgets: Annotated[str, typer.Option(help="Drafted nodes a round at most.")] = "8,16,32,64",
    temperature: Temperature = 1.0,
    rounds: Annotated[int, typer.Option(help="Of a cell at least.")] = 64,
    hardware: Annotated[str, typer.Option(help="Whose attention time is modelled.")] = "h200",
    target: Target = "target",
    draft: Draft = "draft",
    method: Method = "tree_waves",
    device: Device = None,
    seed: Seed = 0,
    output: Output = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw the result as this HTML page.")] = None,
) -> None:
    """Compare all token builders at equal budgets: tokens a target call, KV bytes, modelled time."""
    from .bench.attention.plot import save_plots
    from .bench.speculation.compare import Setting
    from .bench.speculation.compare import compare_builders as measure
    from .bench.speculation.plot import figures
    from .bench.speculation.table import comparison_table

    writable(output)
    writable(plot, "--plot")
    chosen = (16,) if quick else read_counts(budgets, "--budgets", 1)
    setting = Setting(chosen, temperature, rounds, method, hardware, seed, 165.0 if quick else 1100.0)
    names = None if builders == "all" else [name.strip() for name in builders.split(",")]
    result = measure(
        *_models(target, draft, device, None), setting, names, output=output,
        report=lambda row: console.print(
            f"{row['subject']} at {row['budget']}: {row['tau']:.2f} tokens a call, {row['cell_s']:.1f} s",
            markup=False, highlight=False,
        ),
    )  # fmt: skip
    for budget in chosen:
        console.print(comparison_table([row for row in result["rows"] if row["budget"] == budget], budget))
    plain = result["plain"]
    console.print(
        f"plain decoding: 1 token a call, {plain['kv_bytes']['unique'] / 1e3:,.0f} kB of KV a token. "
        f"~: within two standard errors of the best. attention: modelled on {hardware}, of one token."
    )
    for name, why in result["left_out"].items():
        console.print(f"left out: {name}: {why}", markup=False, soft_wrap=True)
    console.print(json.dumps(result["card"]), markup=False)
    if plot is not None:
        save_plots(result, plot, figures(result))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(speculate_app, name="speculate")
    app.command("dynasurge")(dynasurge)
    app.command("compare-builders")(compare_builders)


def parse_options(words: list[str]) -> dict[str, Any]:
    """Options of a builder from name=value; a value is read as JSON where it is some, else as text.

    Raises:
        DraftError: a word has no "=".
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise DraftError(f"--option {word!r} has no value; write it as name=value")
        try:
            found[name.replace("-", "_")] = json.loads(value)
        except ValueError:
            found[name.replace("-", "_")] = value
    return found


def as_json(done: "Round") -> dict[str, Any]:
    """A round as plain JSON values."""
    tree = done.tree
    return {
        "parents": list(tree.parents), "tokens": list(tree.tokens), "path": list(done.path),
        "bonus": done.bonus, "overlap": list(done.overlap), "draft_calls": done.draft_calls,
        "draft_tokens": done.draft_tokens, "seconds": dict(done.seconds),
    }  # fmt: skip


def _models(target: str, draft: str, device: str | None, dtype: str | None) -> tuple[Any, Any]:
    from .decode.hf import load_model

    return tuple(load_model(name, dtype=dtype, device=device) for name in (target, draft))  # type: ignore

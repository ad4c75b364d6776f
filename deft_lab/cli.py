"""`python -m deft_lab` (or `deft-lab`): the commands. Each is a few lines over the library."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from . import __version__
from .cli_cascade import register as register_cascade
from .cli_decode import register as register_decode
from .cli_options import writable
from .cli_speculate import register as register_speculate
from .cli_view import register as register_view
from .errors import DeftLabError

app = typer.Typer(
    help="deft-lab: a laboratory for tree-structured LLM decoding.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bench_app = typer.Typer(help="Measure; every result carries the card that says how.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
register_decode(app)
register_cascade(app)
register_speculate(app)
register_view(app)
console = Console()

TemplatesOption = Annotated[
    Path | None, typer.Option("--templates", help="Folder of DeFT's templates; default: $DEFT_LAB_TEMPLATES.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"deft-lab {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    pass


@app.command()
def doctor() -> None:
    """Print versions, GPU and a Triton self-test, and one fix per problem."""
    from .doctor import doctor as examine
    from .doctor import print_report

    raise typer.Exit(print_report(examine()))


@app.command("fetch-templates")
def fetch_templates(
    folder: Annotated[Path | None, typer.Argument(help="Where to; default: the user's cache.")] = None,
) -> None:
    """Download DeFT's decoding-tree templates (MIT) and check them."""
    from .fetch import VARIABLE
    from .fetch import fetch_templates as fetch

    target = fetch(folder)
    console.print(f"the templates are in {target}", soft_wrap=True)
    if folder is not None:
        console.print(f"to use them: export {VARIABLE}={target.resolve()}", soft_wrap=True)


@app.command()
def replay(
    templates: TemplatesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print our numbers alone, as JSON.")] = False,
) -> None:
    """Print the paper's Table 17 (bytes of whole runs) beside ours."""
    from .bench.table17 import published, reduction, reproduce
    from .fetch import find_templates

    folder = find_templates(templates)
    ours = reproduce(folder)
    if as_json:
        saved = {column: round(value, 2) for column, value in reduction(ours).items()}
        print(json.dumps({"unit": "TB", "kv_and_partials": ours, "reduction_percent": saved}))
        return
    paper, paper_saved = published()
    columns = list(next(iter(ours.values())))
    for role, title in enumerate(("KV-IO", "partial-result IO, masks included")):
        table = _narrow_table(f"{title} of whole runs, TB", columns, [""])
        for method, entries in ours.items():
            table.add_row(method, "paper", *(f"{paper[method][c][role]:.2f}" for c in columns))
            table.add_row("", "ours", *(f"{entries[c][role]:.2f}" for c in columns))
        console.print(table)
    table = _narrow_table("KV-IO saved against radix, %, from the entries above", columns, [""])
    table.add_row("deft_flatten", "paper", *(f"{paper_saved[c]:.2f}" for c in columns))
    table.add_row("", "ours", *(f"{value:.2f}" for value in reduction(ours).values()))
    console.print(table)
    if folder is None:
        console.print(
            "the reasoning columns need DeFT's templates: python -m "
            "deft_lab fetch-templates, or --templates DIR"
        )


@bench_app.command("plan")
def bench_plan(
    templates: TemplatesOption = None,
    output: Annotated[Path | None, typer.Option(help="Write the results with their card, as JSON.")] = None,
) -> None:
    """Time planning, per method and tree, beside a planner made of Python lists."""
    from .bench.plan import bench_plan as measure
    from .fetch import find_templates

    writable(output)
    result = measure(find_templates(templates))
    console.print("median ms of planning one step (and half the distance of the quartiles), on one core")
    for case in dict.fromkeys(row["case"] for row in result["rows"]):
        console.print(_plan_table(case, [row for row in result["rows"] if row["case"] == case]))
    console.print(json.dumps(result["card"]))
    if output is not None:
        output.write_text(json.dumps(result, indent=1) + "\n")


OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Write the results with their card, as JSON.")
]
SecondsOption = Annotated[float, typer.Option(help="What the run may take; fewer mean fewer repetitions.")]


@bench_app.command("attention")
def bench_attention(  # noqa: PLR0913 - a parameter for each option
    cases: Annotated[str, typer.Option(help="all, or some of them: few50,spec6k.")] = "all",
    methods: Annotated[str, typer.Option(help="all, none, or some: radix,'radix packed'.")] = "all",
    peers: Annotated[str, typer.Option(help="all, none, or some of them.")] = "all",
    templates: TemplatesOption = None,
    output: OutputOption = None,
    seconds: SecondsOption = 480.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be timed.")] = False,
) -> None:
    """Time tree attention on a GPU: our methods, peers, and a kernel that only reads the KV."""
    from .bench.attention import table
    from .bench.attention.cases import choose_cases
    from .bench.attention.peers import PEERS, importable
    from .bench.attention.run import bench_attention as measure
    from .bench.attention.subjects import choose, method_subjects
    from .fetch import find_templates

    writable(output)
    chosen = choose_cases(cases, find_templates(templates))
    there, left_out = importable(choose(PEERS, peers, "peer"))
    subjects = [*choose(method_subjects(), methods, "method"), *there]
    if dry_run:
        console.print(table.dry_table(chosen, subjects))
    for why in dict.fromkeys(left_out.values()):
        names = ", ".join(name for name, said in left_out.items() if said == why)
        console.print(f"left out: {names}: {why}", markup=False, soft_wrap=True)
    if dry_run:
        return
    result = measure(
        chosen,
        subjects,
        seconds=seconds,
        output=output,
        report=lambda rows: console.print(table.case_table(rows)),
        left_out=left_out,
    )
    console.print(json.dumps(result["card"]), markup=False)
    console.print(table.read_table(result["rows"]))
    console.print(table.peer_table(result["rows"]))
    console.print(table.ceilings_line(result["ceilings"]), markup=False)


@bench_app.command("ablation")
def bench_ablation(
    sweeps: Annotated[str, typer.Option(help="all, or some of them: prompt,chunk_len.")] = "all",
    templates: TemplatesOption = None,
    output: OutputOption = None,
    seconds: SecondsOption = 480.0,
) -> None:
    """Repeat the paper's ablations on a GPU, and say from which prompt on each method beats radix."""
    from .bench.attention import table
    from .bench.attention.ablation import bench_ablation as measure
    from .fetch import find_templates

    writable(output)
    names = () if sweeps == "all" else tuple(name.strip() for name in sweeps.split(","))
    result = measure(
        names,
        templates=find_templates(templates),
        seconds=seconds,
        output=output,
        report=lambda rows: console.print(f"{rows[0]['sweep']} {rows[0]['value']}: done", markup=False),
    )
    for sweep in dict.fromkeys(row["sweep"] for row in result["rows"]):
        console.print(table.sweep_table([row for row in result["rows"] if row["sweep"] == sweep]))
    for found in result["break_even"]:
        console.print(found["words"], markup=False)
    console.print(table.ceilings_line(result["ceilings"]), markup=False)


def _print_case(name: str, around: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    from .bench.decode import results

    console.print(results.case_table(rows))
    console.print(results.around_line(name, around), markup=False, soft_wrap=True)


@bench_app.command("decode")
def bench_decode(  # noqa: PLR0913 - a parameter for each option
    cases: Annotated[str, typer.Option(help="all, or some of them: few50,medusa64.")] = "all",
    methods: Annotated[str, typer.Option(help="all, none, or some: radix,tree_waves.")] = "all",
    peers: Annotated[str, typer.Option(help="all or none.")] = "all",
    steps: Annotated[int | None, typer.Option(help="Of a case at most; default: as published.")] = None,
    geometry: Annotated[str, typer.Option(help="Of the model: llama3_8b, or tiny.")] = "llama3_8b",
    graphs: Annotated[
        bool | None, typer.Option("--graphs/--no-graphs", help="CUDA graphs; default: as sessions do.")
    ] = None,
    compiled: Annotated[bool, typer.Option("--compile", help="Let torch compile the model.")] = False,
    templates: TemplatesOption = None,
    output: OutputOption = None,
    seconds: Annotated[float, typer.Option(help="What no longer fits into them is skipped.")] = 540.0,
) -> None:
    """Time whole decode steps on a GPU, part by part: a Llama with random weights, ours and transformers'."""
    from .bench.attention.subjects import choose
    from .bench.attention.timing import require_gpu
    from .bench.decode.cases import choose_cases
    from .bench.decode.measure import Setup
    from .bench.decode.run import METHOD_SUBJECTS, PEER_SUBJECTS
    from .bench.decode.run import bench_decode as measure
    from .fetch import find_templates

    writable(output)
    chosen = choose_cases(cases, find_templates(templates), steps)
    subjects = [*choose(METHOD_SUBJECTS, methods, "method"), *choose(PEER_SUBJECTS, peers, "peer")]
    setup = Setup(geometry, graphs, compiled, seconds)
    require_gpu("bench decode")

    result = measure(chosen, subjects, setup, output=output, report=_print_case)
    console.print(json.dumps(result["card"]), markup=False)
    for name, why in result["skipped"].items():
        console.print(f"skipped: {name}: {why}", markup=False, soft_wrap=True)
    for words in result["bars"]:
        console.print(words, markup=False, soft_wrap=True)


@bench_app.command("speculation")
def bench_speculation(  # noqa: PLR0913 - a parameter for each option
    trees: Annotated[str, typer.Option(help="all, or some: chain5,medusa64,sequoia64.")] = "all",
    contexts: Annotated[str, typer.Option(help="Tokens of the text so far.")] = "1000,4000,16000",
    acceptance: Annotated[str | None, typer.Option(help="By rank: 0.6,0.2; default: as measured.")] = None,
    methods: Annotated[
        str, typer.Option(help="all, or some: tree_mask,tree_waves.")
    ] = "tree_mask,tree_waves",
    steps: Annotated[int, typer.Option(help="Rounds of a case.")] = 60,
    geometry: Annotated[str, typer.Option(help="Of the target: llama3_8b, or tiny.")] = "llama3_8b",
    compiled: Annotated[bool, typer.Option("--compile", help="Let torch compile the target.")] = False,
    output: OutputOption = None,
    seconds: Annotated[float, typer.Option(help="What no longer fits into them is skipped.")] = 540.0,
) -> None:
    """Time verification on a GPU: token trees at given acceptance, tree attention beside the dense mask."""
    from .bench.attention.subjects import choose
    from .bench.attention.timing import require_gpu
    from .bench.decode import forced
    from .bench.decode.measure import Setup
    from .bench.decode.run import METHOD_SUBJECTS

    writable(output)
    given = forced.read_acceptance(acceptance)
    try:
        lengths = [int(length) for length in contexts.split(",")]
    except ValueError as bad:
        raise DeftLabError(f"--contexts {contexts!r}; give numbers such as 1000,4000") from bad
    chosen = forced.forced_cases(trees, lengths, given, steps)

    subjects, setup = choose(METHOD_SUBJECTS, methods, "method"), Setup(geometry, None, compiled, seconds)
    require_gpu("bench speculation")
    result = forced.bench_speculation(chosen, subjects, given, setup=setup, output=output, report=_print_case)
    console.print(json.dumps(result["card"]), markup=False)
    for words in [f"skipped: {name}: {why}" for name, why in result["skipped"].items()] + result["bars"]:
        console.print(words, markup=False, soft_wrap=True)


@bench_app.command("plot")
def bench_plot(
    file: Annotated[Path, typer.Argument(help="What a benchmark wrote with --output.")],
    output: Annotated[Path | None, typer.Option(help="The HTML page; default: beside the file.")] = None,
) -> None:
    """Draw a result as one HTML page and SVG files: times, steps, sweeps, and the model's residuals."""
    from .bench.attention.plot import read_result, save_plots
    from .bench.decode import plot as of_decode
    from .bench.speculation import plot as of_builders

    writable(page := output or file.with_suffix(".html"))
    result = read_result(file)
    drawn = of_decode.figures(result) if of_decode.is_decode(result) else None
    drawn = of_builders.figures(result) if of_builders.is_comparison(result) else drawn
    for figure in save_plots(result, page, drawn):
        console.print(f"{figure.title}: {figure.alt}", markup=False, soft_wrap=True)
    console.print(f"drawn in {page}", soft_wrap=True, markup=False)


@bench_app.command("calibrate")
def bench_calibrate(
    file: Annotated[Path, typer.Argument(help="What `bench attention` wrote with --output.")],
    templates: TemplatesOption = None,
    output: Annotated[Path | None, typer.Option(help="Write constants and residuals, as JSON.")] = None,
) -> None:
    """Fit the constants of the time model to a measurement, and judge them on cases held out."""
    from .bench.calibrate import calibrate_file
    from .fetch import find_templates

    writable(output)
    result = calibrate_file(file, find_templates(templates))
    for name, value in result["constants"].items():
        console.print(f"{name:14} {value:.4g}", markup=False)
    for name, value in result["median_error"].items():
        console.print(f"median error, {name}: {100 * value:.1f} %", markup=False)
    for words in result["worst"]:
        console.print(f"  {words}", markup=False)
    if output is not None:
        output.write_text(json.dumps(result, indent=1) + "\n")


def _narrow_table(title: str, columns: list[str], heads: list[str]) -> Table:
    """A table that fits into 80 characters: the method, `heads` to the left, `columns` of numbers."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in ["method", *heads]:
        table.add_column(head, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _plan_table(case: str, rows: list[dict[str, Any]]) -> Table:
    size = f"{rows[0]['nodes']:,} nodes, {rows[0]['queries']:,} queries, {rows[0]['tokens']:,} tokens"
    table = _narrow_table(f"{case}: {size}", ["groups", "step", "new tree", "lists", "x step", "bound"], [])
    for row in rows:
        lists, step, bound = row["lists"], row["step"]["median_ms"], row["target_ms"]
        table.add_row(
            row["method"],
            f"{row['groups']:,}",
            _spread(row["step"]),
            _spread(row["new_tree"]),
            f"{lists['median_ms']:.1f}" if lists else "",
            f"{lists['median_ms'] / step:,.0f}" if lists else "",
            "" if bound is None else f"{bound:g} {'ok' if step <= bound else 'MISSED'}",
        )
    return table


def _spread(times: dict[str, Any]) -> str:
    return f"{times['median_ms']:.3f} ({(times['q3_ms'] - times['q1_ms']) / 2:.3f})"


def main() -> None:
    """Run the command line; an error about the input is one line, not a traceback."""
    try:
        app()
    except DeftLabError as error:
        Console(stderr=True).print(f"deft-lab: {error}", style="red", soft_wrap=True, markup=False)
        raise SystemExit(2) from error

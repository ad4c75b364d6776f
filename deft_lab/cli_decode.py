"""The commands `decode` and `record`: a tree grows inside a model, and is printed with what it cost.

The arguments of DeFT's runner are accepted under their names, so that its demonstrations run unchanged.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.tree import Tree as Drawing

from .cli_options import METHOD, Device, Dtype, Seed, TopK, TopP, read_counts, writable
from .errors import DecodeError

if TYPE_CHECKING:
    from .decode.metrics import Metrics
    from .decode.request import Request
    from .decode.run import Branch, Result
    from .decode.session import Session

console = Console()
WORDS_OF_A_NODE = 48  # characters of a node's text that are printed
MOST_BRANCHES = 10  # finished texts that are printed

Model = Annotated[str, typer.Option("--model", help="target or draft (bundled), a folder, or a hub model.")]
# as decode.tasks.TASKS, which imports torch: help must not
TASK_NAMES = (
    "few_shot", "beam_search", "self_consistency", "tree_of_thoughts", "reasoning", "speculative_replay",
)  # fmt: skip
Task = Annotated[
    str | None,
    typer.Option("--task", help=f"What makes the tree grow: {', '.join(TASK_NAMES)}; default: few_shot."),
]
Controller = Annotated[
    str | None,
    typer.Option("--Branch_controller", help="The runner's name of the task: Simple_Tree, ...", hidden=True),
]
Method = Annotated[str | None, METHOD]
Mode = Annotated[str | None, typer.Option("--mode", help="The runner's name of the method ...", hidden=True)]
Mem = Annotated[str | None, typer.Option("--mem", help="... with its memory: paged, unpaged.", hidden=True)]
Prompt = Annotated[str | None, typer.Option("--prompt", help="Text; default: one of the model's own tasks.")]
PromptFile = Annotated[Path | None, typer.Option("--prompt-file", help="Text, or JSON list of token ids.")]
PromptLen = Annotated[
    int | None, typer.Option("--prompt-len", "--prompt_len", help="Pad or cut the prompt to so many tokens.")
]
MaxSeqLen = Annotated[
    int, typer.Option("--max-seq-len", "--max_seq_len", help="Tokens of a branch, the prompt included.")
]
Width = Annotated[
    int | None, typer.Option("--width", "--max_width", help="Branches, beams, votes or proposals.")
]
Depth = Annotated[
    int | None, typer.Option("--depth", "--max_depth", help="Levels of a tree of thoughts at most.")
]
Traversal = Annotated[
    str | None, typer.Option("--traversal", hidden=True, help="Only DFS: trees are kept so.")
]
Dataset = Annotated[
    Path | None,
    typer.Option("--dataset", help="A template file of DeFT; a name is sought in $DEFT_LAB_TEMPLATES."),
]
TreeIdx = Annotated[
    int, typer.Option("--tree-idx", "--tree_idx", help="Item of that file, or record of a token tree.")
]
Temperature = Annotated[
    float | None, typer.Option("--temperature", help="0: greedy; default: as the task needs.")
]
Eos = Annotated[bool | None, typer.Option("--eos/--no-eos", help="Whether the end of text ends a branch.")]
PageSize = Annotated[int, typer.Option("--page-size", help="Slots of a page: 1, 16 or 64.")]
Backend = Annotated[str, typer.Option("--backend", help="Of the attention: auto, torch, triton.")]
Graphs = Annotated[
    bool | None,
    typer.Option("--graphs/--no-graphs", help="Decode by CUDA graphs; without, parts are timed apart."),
]
Compile = Annotated[bool, typer.Option("--compile", help="Let torch.compile make the graphs' kernels.")]
Tp = Annotated[bool, typer.Option("--tp", help="Split the model over the processes of torchrun.")]
Stream = Annotated[bool, typer.Option("--stream", help="Print tokens as they come, with their branch.")]
Output = Annotated[
    Path | None, typer.Option("--output", "--output_file", help="Write texts and metrics as JSON.")
]
Record = Annotated[
    Path | None, typer.Option("--record", help="Write a trace while it runs; name it *.trace.jsonl.")
]
Layers = Annotated[str, typer.Option("--sample-layers", help="Record Q, K, V of these layers: 0,5.")]
Heads = Annotated[str, typer.Option("--sample-kv-heads", help="... of these KV heads; default: all.")]
Every = Annotated[int, typer.Option("--sample-every", help="... at each so-many-th decode.")]


def decode(  # noqa: PLR0913  (the arguments of a command)
    context: typer.Context,
    model: Model = "target",
    task: Task = None,
    method: Method = None,
    prompt: Prompt = None,
    prompt_file: PromptFile = None,
    prompt_len: PromptLen = None,
    max_seq_len: MaxSeqLen = 500,
    width: Width = None,
    depth: Depth = None,
    dataset: Dataset = None,
    tree_idx: TreeIdx = 0,
    temperature: Temperature = None,
    top_k: TopK = None,
    top_p: TopP = 1.0,
    seed: Seed = 0,
    eos: Eos = None,
    page_size: PageSize = 16,
    backend: Backend = "auto",
    dtype: Dtype = None,
    device: Device = None,
    graphs: Graphs = None,
    compiled: Compile = False,
    tp: Tp = False,
    stream: Stream = False,
    output: Output = None,
    record: Record = None,
    sample_layers: Layers = "",
    sample_kv_heads: Heads = "",
    sample_every: Every = 1,
    branch_controller: Controller = None,
    mode: Mode = None,
    mem: Mem = None,
    traversal: Traversal = None,
) -> None:
    """Decode a tree with a model: print its texts, latencies and bytes."""
    from .decode.hf import load_model
    from .decode.request import SAMPLED, Request, has_width
    from .decode.sampling import Sampler
    from .fetch import find_templates

    if traversal not in (None, "DFS", "dfs"):
        raise DecodeError(f"traversal={traversal!r}; trees are kept depth first, so only DFS is taken")
    writable(output)
    chosen = _task(task, branch_controller)
    if record is None and context.info_name == "record":
        record = Path(f"{chosen}.trace.jsonl")
    writable(record, "--record")
    if temperature is None:
        temperature = 0.8 if chosen in SAMPLED else 0.0
    if dataset is not None and not dataset.exists():
        folder = find_templates()
        dataset = folder / dataset.name if folder else dataset
    tree_model = load_model(model, dtype=dtype, device=device, tp=tp)
    if int(os.environ.get("RANK", "0")):  # every process decodes the same; the first one speaks
        console.quiet, output, record = True, None, None
    request = Request(
        task=chosen,
        method=_method(method, mode, mem),
        prompt=_prompt(prompt, prompt_file, model),
        prompt_len=prompt_len,
        max_seq_len=max_seq_len,
        max_width=50 if width is None and branch_controller and has_width(chosen, dataset) else width,
        max_depth=depth,
        dataset=dataset,
        tree_idx=tree_idx,
        sampler=Sampler(temperature, top_k, top_p, seed),
        honour_eos=eos,
        page_size=page_size,
        backend=backend,
        graphs=graphs,
        compiled=compiled,
    )
    if request.item != tree_idx:
        console.print(
            f"item {tree_idx} of {request.dataset} was cut off; item {request.item} is decoded", markup=False
        )
    layers, heads = _listed(sample_layers, "--sample-layers"), _listed(sample_kv_heads, "--sample-kv-heads")
    samples = layers, heads or None, sample_every
    _run(request, tree_model, record, samples, output, stream)


def register(app: typer.Typer) -> None:
    """Add the two commands; `record` is `decode` that always writes a trace."""
    app.command("decode")(decode)
    told = "Decode as `decode` does, and write the trace: to --record, or to TASK.trace.jsonl in this folder."
    app.command("record", help=told)(decode)


def _run(
    request: "Request",
    tree_model: Any,
    record: Path | None,
    samples: tuple[tuple[int, ...], tuple[int, ...] | None, int],
    output: Path | None,
    stream: bool,
) -> None:
    from contextlib import nullcontext

    from .decode.growth import Growth
    from .decode.metrics import measure
    from .decode.record import Recorder, Samples
    from .decode.run import Listener, run

    began = time.perf_counter()
    session, task, max_steps = request.open(tree_model)
    growth = Growth(session)
    recorder = (
        Recorder(session, record, task={"name": request.task}, samples=Samples(*samples))
        if record
        else nullcontext()
    )
    with _progress(max_steps) as (advance, _), recorder:
        listener = Listener(
            on_tokens=_print_tokens if stream else None,
            on_step=lambda _: advance(),
            on_branch=_print_end if stream else None,
        )
        result = run(session, task, max_steps, honour_eos=request.ends, listener=listener)
    end_to_end = time.perf_counter() - began
    metrics = measure(session, result, growth.trace(), end_to_end)
    console.print(_drawing(session))
    _print_branches(result)
    if result.answer is not None:
        console.print(f"answer: {str(result.answer).strip()}", markup=False)
    for table in _tables(metrics):
        console.print(table)
    if record:
        console.print(f"recorded in {record}", markup=False, soft_wrap=True)
    if output is not None:
        output.write_text(json.dumps(_as_json(request, tree_model, result, metrics), indent=1) + "\n")


def _task(task: str | None, controller: str | None) -> str:
    from .decode.request import CONTROLLERS

    if task and controller:
        raise DecodeError("give one of --task and --Branch_controller")
    if controller and controller not in CONTROLLERS:
        raise DecodeError(f"no Branch_controller {controller!r}; choose one of {', '.join(CONTROLLERS)}")
    return CONTROLLERS[controller] if controller else task or "few_shot"


def _method(method: str | None, mode: str | None, mem: str | None) -> str | tuple[str, str]:
    if method and (mode or mem):
        raise DecodeError("give --method, or the runner's --mode and --mem, not both")
    if mode or mem:
        return (mode or "seq", mem or "paged")
    return method or "tree_waves"


def _prompt(prompt: str | None, file: Path | None, model: str) -> Any:
    from .decode.hf import BUNDLED
    from .decode.request import parse_prompt

    if prompt is None and file is None:
        if model not in BUNDLED:
            return "A tree of tokens has one trunk and many branches."
        return "sort 7 2 9 4 1 8 3 6 by 4\n"
    return parse_prompt(prompt, file)


def _listed(text: str, option: str) -> tuple[int, ...]:
    return read_counts(text, option, 0) if text.strip() else ()


class _progress:
    """A bar on a terminal, nothing elsewhere; entered, it gives (advance, bar)."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("decode"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("decode", total=total)

    def __enter__(self) -> tuple[Any, Progress]:
        self._bar.start()
        return lambda: self._bar.advance(self._task), self._bar

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()


def _print_tokens(session: "Session", births: Mapping[int, Sequence[int]]) -> None:
    """A line for each branch: its leaf and the text of its token; several: it forks, none: it is gone."""
    for leaf, tokens in births.items():
        pieces = " | ".join(repr(session.model.decode([token])) for token in tokens) or "pruned"
        console.print(f"{session.n_steps + 1:4} {leaf:4}  {pieces}", markup=False, highlight=False)


def _print_end(branch: "Branch") -> None:
    console.print(f"     {branch.leaf:4}  ends ({branch.reason})", highlight=False)


def _print_branches(result: "Result") -> None:
    """The finished texts, likeliest first."""
    ranked = sorted(result.branches, key=lambda b: -b.score / max(1, len(b.tokens)))
    for branch in ranked[:MOST_BRANCHES]:
        mean = branch.score / max(1, len(branch.tokens))
        console.print(
            f"{branch.reason:6} {mean:6.2f} a token  {_short(branch.text, 2 * WORDS_OF_A_NODE)}",
            highlight=False,
        )
    if len(ranked) > MOST_BRANCHES:
        console.print(f"... and {len(ranked) - MOST_BRANCHES} more")


def _drawing(session: "Session") -> Drawing:
    """The tree with its texts; the prompt's is cut in its middle."""
    tree = session.tree
    assert tree is not None
    made: dict[int, Drawing] = {}
    for i, label in enumerate(tree.label.tolist()):
        text = session.model.decode(session.tokens[label])
        words = f"[{label}] {int(tree.length[i])} tokens  {_short(text)}"
        if i == 0:
            made[i] = Drawing(words, highlight=False)
        else:
            made[i] = made[int(tree.parent[i])].add(words)
    return made[0]


def _short(text: str, most: int = WORDS_OF_A_NODE) -> str:
    line = text.replace("\n", " / ")
    if len(line) > most:
        half = most // 2
        line = f"{line[:half]} ... {line[-half:]}"
    return line.replace("[", r"\[")


def _tables(metrics: "Metrics") -> list[Table]:
    times = Table(box=None, padding=(0, 1, 0, 0), title="seconds", title_justify="left")
    for name in ("part", "seconds", "ms a decode"):
        times.add_column(name, justify="left" if name == "part" else "right")
    n = max(1, metrics.n_steps)
    for name, value in (
        ("time to first token (prefill)", metrics.ttft),
        ("decode: attention, MLP, logits", metrics.decode),
        ("  attention", metrics.attention),
        ("  memory: pool, tables, KV", metrics.memory),
        ("planning", metrics.planning),
        ("branching: task, sampling, tree", metrics.branching),
        ("end to end", metrics.end_to_end),
    ):
        if value is None:
            times.add_row(name, "within a CUDA graph; --no-graphs times it", "")
        else:
            times.add_row(name, f"{value:.3f}", f"{1e3 * value / n:.2f}")
    times.caption = (
        f"{metrics.n_steps} decodes, {metrics.n_tokens} tokens, {1e3 * metrics.tpot:.2f} ms a token (TPOT), "
        f"peak memory {metrics.peak_memory / 1e6:.0f} MB"
    )
    times.caption_justify = "left"
    io = Table(box=None, padding=(0, 1, 0, 0), title="MB of attention, by account", title_justify="left")
    io.add_column("account")
    for role in ("kv", "partials", "mask", "total"):
        io.add_column(role, justify="right")
    for account, roles in metrics.io.items():
        cells = (roles[role] for role in ("kv", "partials", "mask", "total"))
        io.add_row(account, *("" if value is None else f"{value / 1e6:,.1f}" for value in cells))
    return [times, io]


def _as_json(request: "Request", model: Any, result: "Result", metrics: "Metrics") -> dict[str, Any]:
    from .provenance import card

    return {
        "schema": "deft_lab.decode/1",
        "model": model.name,
        "task": request.task,
        "method": request.method,
        "tree_idx": request.item,
        "answer": result.answer,
        "branches": [
            {"text": b.text, "tokens": list(b.tokens), "log_prob": b.score, "reason": b.reason}
            for b in result.branches
        ],
        "metrics": metrics.to_json(),
        "card": card(device=str(model.device)),
    }

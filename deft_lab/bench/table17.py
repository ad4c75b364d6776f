"""Table 17 of the paper, computed again: bytes of whole runs, account `paper`, in TB.

Few-shot columns: a prompt of 4000 tokens, 400 decodes. Reasoning columns: the mean over the first ten
complete trees of a template file, with their recorded prompts.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from ..builders.growth import few_shot_growth
from ..builders.look_alike import reasoning_template_like
from ..builders.templates import TemplateFile
from ..cost import Counts, count_run
from ..cost.accounts import paper
from ..data import data_path
from ..errors import TemplateError
from ..geometry import LLAMA3_8B
from ..methods import METHODS
from ..trace import Trace

TEMPLATES = {
    "sorting": "sorting128ToT.json",
    "document": "docmergeToT.json",
    "keyword": "keywordToT.json",
    "set": "set128ToT.json",
}
WIDTHS = {"b20": 20, "b30": 30, "b50": 50}
N_TREES = 10
TB = 1e12

Table = dict[str, dict[str, tuple[float, float]]]


def published() -> tuple[Table, dict[str, float]]:
    """What the paper prints: method -> column -> (KV-IO, partial-result IO) in TB; and the reduction in %."""
    data = json.loads(data_path("paper_table17.json").read_text())
    columns = data["columns"]
    rows = {
        method: dict(zip(columns, zip(row["kv"], row["partials"], strict=True), strict=True))
        for method, row in data["rows"].items()
    }
    return rows, dict(zip(columns, data["reduction_percent"], strict=True))


def reproduce(templates: Path | None = None, *, look_alikes: bool = False) -> Table:
    """Our table: method -> column -> (KV-IO, partial-result IO) in TB.

    As in the paper, the partial-result IO of a method includes its mask.

    Args:
        templates: folder of DeFT's templates, which the reasoning columns need.
        look_alikes: without the templates, compute these columns of trees of the same shapes, drawn by lot;
            they show the proportions of the paper's, not its numbers.

    Raises:
        TemplateError: a template file is missing or broken, or has too few complete trees.
    """
    runs: dict[str, Sequence[Trace]] = {
        column: (few_shot_growth(4000, width, 400),) for column, width in WIDTHS.items()
    }
    for column, name in TEMPLATES.items() if templates else ():
        assert templates is not None
        file = TemplateFile(templates / name)
        items = file.complete[:N_TREES]
        if len(items) < N_TREES:
            raise TemplateError(
                f"{file.path} has {len(items)} complete trees; the table is a mean over {N_TREES}"
            )
        runs[column] = [file.reasoning(item).growth() for item in items]
    if look_alikes and not templates:
        for column in TEMPLATES:
            runs[column] = [reasoning_template_like(column, seed).growth() for seed in range(N_TREES)]
    columns = {column: [count_run(trace) for trace in traces] for column, traces in runs.items()}
    return {
        method: {column: _mean(method, counts) for column, counts in columns.items()}
        for method in published()[0]
    }


def reduction(table: Table) -> dict[str, float]:
    """KV-IO that DeFT-Flatten saves against Radix, in %, from the entries as printed (two digits)."""
    return {
        column: 100 * (1 - round(table["deft_flatten"][column][0], 2) / round(entry[0], 2))
        for column, entry in table["radix"].items()
    }


def _mean(method: str, runs: Sequence[Counts]) -> tuple[float, float]:
    bytes_of = [paper(counts, METHODS[method], LLAMA3_8B) for counts in runs]
    kv = sum(t.kv or 0 for t in bytes_of)
    partials = sum((t.partials or 0) + (t.mask or 0) for t in bytes_of)
    return kv / TB / len(runs), partials / TB / len(runs)

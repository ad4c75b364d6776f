"""Speculation in a terminal: the trees of rounds, their metrics, comparisons."""

from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.tree import Tree as Drawing

from ...decode.hf import TreeModel
from ...speculative import Round, SpeculationResult


def drawing(done: Round, number: int, model: TreeModel) -> Drawing:
    """The token tree of a round; the accepted path is bold and ticked."""
    tree, path = done.tree, set(done.path)
    bonus = "the text ends" if done.bonus is None else f"then {model.piece(done.bonus)!r} of the target's own"
    words = f"round {number}: {len(done.path)} of {len(tree)} accepted, {bonus}"
    made = {-1: Drawing(escape(words), highlight=False)}
    for node, parent in enumerate(tree.parents):
        text = escape(repr(model.piece(tree.tokens[node])))
        shown = f"[bold green]{text} ✓[/]" if node in path else f"[dim]{text}[/]"
        made[node] = made[parent].add(shown)
    return made[-1]


def tables(result: SpeculationResult, metrics: dict[str, Any]) -> list[Table]:
    """The metrics: one number a row, then acceptance by rank and position."""
    setting = result.setting
    title = f"{setting['builder']} and {setting['verifier']}: {result.label}"
    numbers = _table(title, ["what", "value"])
    for words, value in _rows(metrics):
        numbers.add_row(words, "" if value is None else value if isinstance(value, str) else f"{value:.3g}")
    accepted = _table("accepted, by place", ["", *map(str, range(1, 1 + len(metrics["by_position_given"])))])
    for words, key in (
        ("at this depth, given the one above", "by_position_given"),
        ("so deep", "by_position"),
    ):
        accepted.add_row(words, *("" if v is None else f"{v:.2f}" for v in metrics[key]))
    ranks = _table("accepted, by rank", ["", *map(str, range(1, 1 + len(metrics["by_rank"])))])
    ranks.add_row(
        "of siblings, the first ones", *("" if v is None else f"{v:.2f}" for v in metrics["by_rank"])
    )
    return [numbers, accepted, ranks]


def _rows(m: dict[str, Any]) -> list[tuple[str, Any]]:
    parts = ", ".join(f"{name} {1e3 * value:.1f}" for name, value in m["seconds"].items())
    error = "" if m["tau_error"] is None else f" ± {m['tau_error']:.2f}"
    rows: list[tuple[str, Any]] = [
        ("rounds (target calls)", m["rounds"]),
        ("tokens a target call, its own included (tau)", f"{m['tau']:.2f}{error}"),
        ("accepted tokens a target call", m["tau_without_bonus"]),
        ("accepted of drafted", m["acceptance"]),
        ("accepted length: rounds", ", ".join(f"{k}: {v}" for k, v in m["lengths"].items())),
        ("alpha: mean sum of min(p, q)", m["alpha"]),
        ("draft calls a round", m["draft_calls"]),
        ("tokens decoded by the draft a round", m["draft_tokens"]),
        ("tokens verified a round", m["verify_tokens"]),
        ("drafted in vain a round", m["wasted"]),
        ("ms a round", parts),
        ("tokens/s", m["tokens_per_s"]),
        ("tokens/s, plain decoding of as many tokens", m["plain_tokens_per_s"]),
        ("speed-up, measured", m["speedup"]),
        ("speed-up, from the parts: tau / (t(n) + d c)", m["predicted_speedup"]),
        ("speed-up if time were parameters (SWI)", m["swi"]),
    ]
    for account, value in m["kv_bytes"].items():
        plain = (m["plain_kv_bytes"] or {}).get(account)
        beside = "" if plain is None else f", plain {plain / 1e3:,.1f}"
        rows.append((f"kB of KV a committed token, {account}", f"{value / 1e3:,.1f}{beside}"))
    return rows


def _table(title: str, columns: list[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", no_wrap=not i)
    return table


SHORT = {  # a key of a row of requests -> its column
    "way": "way", "temperature": "T", "target calls": "calls", "tokens per target call": "tau", "error": "±",
    "ms per token": "ms/token", "s per prompt": "s/prompt", "tokens per prompt": "tokens/prompt",
    "lossless": "",
}  # fmt: skip


def requests_table(rows: list[dict[str, Any]]) -> Table:
    """What prompts cost; a row each."""
    keys = [key for key in SHORT if key in rows[0]]
    table = _table("calls: of the target; tau: tokens a call, its own included", [SHORT[key] for key in keys])
    for row in rows:
        table.add_row(*(_cell(row[key]) for key in keys))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "" if value else "lossy"
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def comparison_table(rows: list[dict[str, Any]], budget: int) -> Table:
    """The cells of one budget, best first."""
    columns = ["builder", "verifier", "tau", "±", "behind", "±", "draft calls", "kB of KV", "attention us"]
    table = _table(f"{budget} drafted nodes a round at most", columns)
    for row in sorted(rows, key=lambda row: -row["tau"]):
        table.add_row(
            row["subject"], row["verifier"], f"{row['tau']:.2f}", f"{row['tau_error'] or 0:.2f}",
            f"{row['behind']:.2f}{'~' if row['could_be_chance'] else ' '}",
            f"{row['behind_error']:.2f}" if row["behind_error"] is not None else "",
            f"{row['draft_calls']:.1f}", f"{row['kv_bytes']['unique'] / 1e3:,.1f}",
            f"{row['attention_us']:.1f}",
        )  # fmt: skip
    return table

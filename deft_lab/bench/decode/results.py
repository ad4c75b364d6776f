"""Rows of `bench decode` in words: a table for each case, what stood around it, and the bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

Row = dict[str, Any]
SCHEMA = "deft_lab.bench_decode/1"
OURS = "tree_waves"
# parts of a step that add up to it, in reading order; then sums and parts within the forward
STACKED = ("planning", "branching", "memory", "rest", "sampling", "forward")
PARTS = (*STACKED, "host", "attention", "kv_write", "ahead")
HEADS = ("plan", "fork", "mem", "rest", "samp", "fwd")  # of STACKED, short enough for a terminal


def blank_row(case: Any, subject: Any) -> Row:
    """A row before anything is known."""
    return {
        "case": case.name,
        "what": case.what,
        "subject": subject.name,
        "kind": subject.kind,
        "prompt": case.n_prompt,
        "wanted_steps": case.n_steps,
        "steps": 0,
        "failure": None,
        "in_turn": True,
        **dict.fromkeys(("step_ms", "parts_ms", "queries", "tokens", "attention_alone_ms")),
        **dict.fromkeys(("floor_bytes", "floor_ms", "ratio_to_floor")),
    }


def case_table(rows: Sequence[Row]) -> Table:
    """The rows of one case, ms a step; a row without a time says why."""
    from ..attention.table import narrow_table

    first = next((row for row in rows if row["tokens"]), rows[0])
    title = f"{first['case']}: {first['what']}"
    if first["tokens"]:
        title += f"; {first['queries']} queries see {first['tokens']:,} tokens"
    table = narrow_table(title, ["subject"], ["step", "(q)", *HEADS, "attn", "floor", "x"])
    for row in rows:
        if row["step_ms"] is None:
            table.add_row(row["subject"], "-")
            continue
        step, parts = row["step_ms"], row["parts_ms"]
        table.add_row(
            row["subject"],
            _ms(step["median"]),
            f"({(step['q3'] - step['q1']) / 2:.1f})",
            *(_ms(parts[name]) for name in STACKED),
            _ms(row["attention_alone_ms"]),
            _ms(row["floor_ms"]),
            "" if row["ratio_to_floor"] is None else f"{row['ratio_to_floor']:.2f}",
        )
    table.caption, table.caption_justify = Text("\n".join(_notes(rows))), "left"
    return table


def _notes(rows: Sequence[Row]) -> list[str]:
    notes = ["ms a step, medians; (q) half the distance of the quartiles; attn: all layers' attention alone"]
    for row in rows:
        name = row["subject"]
        if row["failure"]:
            notes.append(f"{name}: {row['failure']}")
        if row["steps"] < row["wanted_steps"] and row["step_ms"] and not row["failure"]:
            notes.append(f"{name}: {row['steps']} of {row['wanted_steps']} steps")
        if not row["in_turn"]:
            notes.append(f"{name}: stepped alone, for want of memory")
        for key in ("attention_alone_failure", "graph_failure"):
            if row.get(key):
                notes.append(f"{name}: {key.replace('_', ' ')}: {row[key]}")
    return notes


def around_line(name: str, around: Mapping[str, Any]) -> str:
    """The copy rate and the clocks before and after a case."""
    copy, gpu = around["copy_gbs"], around["gpu"]
    parts = [f"{name}: copy {copy['before']:.0f} GB/s before, {copy['after']:.0f} after"]
    for clock, title in (("clocks.sm", "SM"), ("clocks.mem", "memory")):
        if clock in gpu["before"]:
            parts.append(f"{title} {gpu['before'][clock]}, then {gpu['after'].get(clock, '?')} MHz")
    return "; ".join([*parts, f"{around['seconds']:.0f} s"])


def bars(rows: Sequence[Row]) -> list[str]:
    """What a run is judged by, as far as it was measured; stated, not asserted."""
    of = {(row["case"], row["subject"]): row for row in rows if row["step_ms"]}
    said = []
    for case in ("few50", "medusa64"):
        if row := of.get((case, OURS)):
            floor = "" if row["ratio_to_floor"] is None else f", {row['ratio_to_floor']:.2f} x the floor"
            said.append(f"{case}: {OURS} {row['step_ms']['median']:.2f} ms a step{floor}")
    for case in ("few50", "star256"):
        ours, radix = of.get((case, OURS)), of.get((case, "radix"))
        if ours and radix:
            ratio = radix["step_ms"]["median"] / ours["step_ms"]["median"]
            said.append(f"{case}: radix takes {ratio:.2f} x the step of {OURS}")
    for (case, subject), row in of.items():
        if subject == OURS:
            spent = sum(row["parts_ms"][name] or 0.0 for name in ("planning", "branching"))
            share = 100 * spent / row["step_ms"]["median"]
            said.append(f"{case}: planning and branching are {share:.1f} % of the step of {OURS}")
    return said


def _ms(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 99.995 else f"{value:.1f}"

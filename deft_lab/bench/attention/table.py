"""Results as tables for a terminal: one a case, one with all cases, and what a dry run would time."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .cases import H200_CEILINGS, Case
from .subjects import Subject
from .summary import READ_FACTOR, READ_PLUS_US, Row, geometric_mean, verdicts


def narrow_table(title: str, heads: list[str], columns: list[str]) -> Table:
    """A table that fits into a terminal: `heads` to the left, `columns` of numbers."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    for head in heads:
        table.add_column(head, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def case_table(rows: list[Row]) -> Table:
    """The rows of one case: us per call, ms on the host; a row without a time says why."""
    first = rows[0]
    title = (
        f"{first['case']}: {first['T']:,} tokens, {first['queries']} queries, {first['unique_mb']:.0f} MB, "
        f"floor {first['floor_us']:.1f} us; {first['tree']}"
    )
    columns = ["error", "cold", "(q)", "warm", "eager", "x read", "plan", "lower"]
    table = narrow_table(title, ["subject"], columns)
    for row in rows:
        if row["failure"]:
            table.add_row(row["subject"], "-")
            continue
        table.add_row(
            row["subject"],
            "" if row["error"] is None else f"{row['error']:.1e}",
            _median(row["cold"]),
            _half_spread(row["cold"]),
            *(_median(row[name]) for name in ("warm", "eager")),
            "" if row["ratio_to_read"] is None else f"{row['ratio_to_read']:.2f}",
            *(_host(row[name]) for name in ("plan_ms", "lower_ms")),
        )
    notes = ["us, median; (q) half the distance of cold's quartiles; plan and lower: ms on the host"]
    notes += [f"{row['subject']}: {row['failure']}" for row in rows if row["failure"]]
    notes += [f"{row['subject']}: no graph: {row['graph_failure']}" for row in rows if row["graph_failure"]]
    return _with_caption(table, notes)


def read_table(rows: list[Row]) -> Table:
    """Every case in a line: the fastest of our methods beside the floor and the device read."""
    table = narrow_table("ours against the read; us, L2 cold", ["case"], ["floor", "read"])
    table.add_column("fastest method", no_wrap=True)
    for column in ("us", "x read", f"{READ_FACTOR:g} read + {READ_PLUS_US:g}"):
        table.add_column(column, justify="right", no_wrap=True)
    floor_of = {row["case"]: row["floor_us"] for row in rows}
    for verdict in verdicts(rows):
        method = verdict.method
        table.add_row(
            verdict.case,
            f"{floor_of[verdict.case]:.1f}",
            _best(verdict.read),
            method["subject"] if method else "",
            _best(method),
            f"{method['ratio_to_read']:.2f}" if method and method["ratio_to_read"] else "",
            {None: "", True: "ok", False: "MISSED"}[verdict.is_near_read],
        )
    return table


def peer_table(rows: list[Row]) -> Table:
    """Every case in a line: the fastest of our methods beside the fastest peer."""
    table = narrow_table("ours against the peers; us, L2 cold", ["case", "fastest method"], ["us"])
    table.add_column("fastest peer", no_wrap=True)
    for column in ("us", "peer / ours"):
        table.add_column(column, justify="right", no_wrap=True)
    speedups = []
    for verdict in verdicts(rows):
        if verdict.method is None or verdict.peer is None or verdict.speedup is None:
            continue
        speedups.append(verdict.speedup)
        table.add_row(
            verdict.case,
            verdict.method["subject"],
            _best(verdict.method),
            verdict.peer["subject"],
            _best(verdict.peer),
            f"{verdict.speedup:.2f}",
        )
    mean = geometric_mean(speedups)
    said = f"geometric mean {mean:.3f}, least {min(speedups):.3f}" if mean else "no case has both"
    return _with_caption(table, [said])


def sweep_table(rows: list[Row]) -> Table:
    """One sweep: a line for each subject as measured, and one for each machine that the model speaks of."""
    values = list(dict.fromkeys(row["value"] for row in rows))
    table = narrow_table(f"{rows[0]['sweep']}: us per call", ["subject", "times"], [str(v) for v in values])
    for name in dict.fromkeys(row["subject"] for row in rows):
        of = {row["value"]: row for row in rows if row["subject"] == name}
        cells = [_best(of.get(v)) for v in values]
        table.add_row(name, "measured", *cells)
        modelled = {v: row["modelled_us"] or {} for v, row in of.items()}
        for machine in dict.fromkeys(m for times in modelled.values() for m in times):
            times = [modelled.get(v, {}).get(machine) for v in values]
            table.add_row("", f"modelled {machine}", *("" if t is None else f"{t:.1f}" for t in times))
    failures = [f"{row['subject']}, {row['value']}: {row['failure']}" for row in rows if row["failure"]]
    return _with_caption(table, failures)


def dry_table(cases: list[Case], subjects: list[Subject]) -> Table:
    """What would be timed: cases with their sizes and their floor on an H200."""
    table = narrow_table("cases", ["case"], ["T", "queries", "MB", "floor us"])
    table.add_column("tree")
    for case in cases:
        table.add_row(
            case.name,
            f"{case.tree.n_tokens}",
            f"{case.tree.n_queries}",
            f"{case.unique_bytes / 1e6:.0f}",
            f"{case.floor_us(**H200_CEILINGS):.1f}",
            case.what,
        )
    return _with_caption(
        table,
        [
            f"floor: on an H200 that copies {H200_CEILINGS['copy_gbs']:.0f} GB/s and multiplies "
            f"{H200_CEILINGS['matmul_tflops']:.0f} TFLOP/s",
            *(f"{kind}s: {_names(subjects, kind)}" for kind in ("method", "peer")),
        ],
    )


def ceilings_line(limits: dict[str, Any]) -> str:
    """The ceilings of this card in a line."""
    return (
        f"this GPU: copy {limits['copy_gbs']:.0f} GB/s, bf16 product {limits['matmul_tflops']:.0f} TFLOP/s, "
        f"launch {limits['launch_graph_us']:.1f} us (graph), {limits['launch_eager_us']:.1f} us (eager)"
    )


def _with_caption(table: Table, lines: list[str]) -> Table:
    table.caption, table.caption_justify = Text("\n".join(lines)), "left"
    return table


def _names(subjects: list[Subject], kind: str) -> str:
    return ", ".join(subject.name for subject in subjects if subject.kind == kind) or "none"


def _median(spread: dict[str, Any] | None) -> str:
    return "" if spread is None else f"{spread['median_us']:.1f}"


def _half_spread(spread: dict[str, Any] | None) -> str:
    return "" if spread is None else f"({(spread['q3_us'] - spread['q1_us']) / 2:.1f})"


def _host(times: dict[str, Any] | None) -> str:
    return "" if times is None else f"{times['median_ms']:.2f}"


def _best(row: Row | None) -> str:
    return "" if row is None or not row["best_us"] else f"{row['best_us']:.1f}"

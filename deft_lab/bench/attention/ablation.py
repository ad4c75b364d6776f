"""The paper's ablations on our kernels: what prompt, width, branches, chunks, split and heads do.

sweep: one quantity varied on a few-shot tree, everything else held. point: one value of it. break-even:
the prompt length from which a method is faster than radix attention, between the points by a straight
line of log(time ratio) over log(prompt).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...builders import build_tree
from ...errors import DeftLabError
from ...geometry import LLAMA2_7B, LLAMA3_8B, Geometry
from ...methods import METHODS
from .cases import Case, standard_case
from .modelled import MODELLED
from .run import Clock, Report, add_case, new_result, write
from .subjects import Subject, method_subject
from .summary import Row
from .timing import require_gpu

BASE = {"prompt": 4000, "width": 20, "length": 200}  # the tree that the sweeps start from
PROMPTS = (250, 500, 1000, 2000, 4000, 8000, 16000)
WIDTHS = (2, 5, 10, 20, 50, 100)
LENGTHS = (25, 50, 100, 200, 400, 800)
CHUNK_LENS = (32, 64, 128, 256, 512)
CHUNKED = ("deft_node_chunk", "deft_flatten")
SPLITS = ("few20", "spec6k", "tot_sort", "deep")
STRATEGIES = ("deft_node", "deft_node_chunk", "deft_flatten", "tree_waves")
# config.json of meta-llama/Meta-Llama-3-70B
LLAMA3_70B = Geometry(n_q_heads=64, n_kv_heads=8, head_dim=128, n_layers=80)
GEOMETRIES = {
    "Llama-2-7B, 32/32 heads": LLAMA2_7B,
    "Llama-3-8B, 32/8 heads": LLAMA3_8B,
    "70B-like, 64/8 heads": LLAMA3_70B,
}
RADIX = ("radix", "radix packed")


@dataclass(frozen=True)
class Point:
    """One value of a sweep, and what is timed there."""

    sweep: str
    value: int | str
    case: Case
    subjects: tuple[Subject, ...]


def points(templates: Path | None = None) -> Iterator[Point]:
    """All points of all sweeps, in order."""
    usual = tuple(_usual())
    for sweep, key, values in (
        ("prompt", "prompt", PROMPTS),
        ("width", "width", WIDTHS),
        ("branch length", "length", LENGTHS),
    ):
        for value in values:
            yield Point(sweep, value, _few_shot(**{**BASE, key: value}), usual)
    for chunk_len in CHUNK_LENS:
        subjects = tuple(replace(method_subject(m, chunk_len=chunk_len), name=m) for m in CHUNKED)
        yield Point("chunk_len", chunk_len, _few_shot(**BASE), subjects)
    strategies = tuple(method_subject(name) for name in STRATEGIES if name in METHODS)
    for name in SPLITS:
        yield Point("split", name, standard_case(name, templates), strategies)
    for title, geometry in GEOMETRIES.items():
        case = replace(_few_shot(**BASE), geometry=geometry.layer)
        yield Point("geometry", title, case, usual)


def _usual() -> Iterator[Subject]:
    """Radix and the tree methods, each as it is, and two with packed heads."""
    for name in ("radix", *STRATEGIES):
        if name in METHODS:
            yield method_subject(name)
    for name in ("radix", "deft_flatten"):
        yield method_subject(name, pack_heads=True)


def _few_shot(prompt: int, width: int, length: int) -> Case:
    tree = build_tree("few_shot", prompt=prompt, width=width, length=length)
    what = f"few_shot prompt {prompt}, width {width}, length {length}"
    return Case(f"{prompt}+{width}x{length}", tree, what)


def bench_ablation(
    sweeps: Sequence[str] = (),
    *,
    templates: Path | None = None,
    seconds: float = 480.0,
    output: Path | None = None,
    report: Report = lambda rows: None,
) -> dict[str, Any]:
    """Time the sweeps, and say from which prompt on each method beats radix.

    Args:
        sweeps: names of them; none: all.
        templates: folder of DeFT's templates, for the split of a reasoning tree; None: a look-alike.
        seconds, output, report: as `bench_attention`.

    Raises:
        DeftLabError: a sweep is unknown, or as `bench_attention`.
    """
    wanted = choose_points(sweeps, templates)
    require_gpu("bench ablation")
    clock = Clock(seconds, sum(len(point.subjects) + 1 for point in wanted))
    result = new_result(clock) | {"break_even": []}
    for point in wanted:
        more = {"sweep": point.sweep, "value": point.value, "heads": _heads(point.case.geometry)}
        rows = add_case(result, point.case, point.subjects, clock, output, **more)
        result["break_even"] = break_evens(result["rows"])
        report(rows)
    write(result, output)
    return result


def choose_points(sweeps: Sequence[str], templates: Path | None = None) -> list[Point]:
    """The points of the named sweeps; none: of all.

    Raises:
        DeftLabError: a sweep is unknown.
    """
    every = list(points(templates))
    known = list(dict.fromkeys(point.sweep for point in every))
    for name in sweeps:
        if name not in known:
            raise DeftLabError(f"no sweep {name!r}; choose some of {', '.join(known)}")
    return [point for point in every if not sweeps or point.sweep in sweeps]


def _heads(geometry: Geometry) -> list[int]:
    return [geometry.n_q_heads, geometry.n_kv_heads, geometry.head_dim]


def break_evens(rows: list[Row]) -> list[dict[str, Any]]:
    """For each method and each kind of radix: the break-even prompt, as measured and as modelled.

    Each has "method", "against", "times" ("measured" or a machine), "tokens" (None where the sweep does
    not cross) and "words".
    """
    of_prompt = [row for row in rows if row.get("sweep") == "prompt" and not row["failure"]]
    names = list(dict.fromkeys(row["subject"] for row in of_prompt if row["kind"] == "method"))
    found = []
    for against in RADIX:
        for method in names:
            if method in RADIX:
                continue
            for times in ("measured", *MODELLED):
                pairs = _ratios(of_prompt, method, against, times)
                if len(pairs) > 1:
                    tokens, words = break_even(pairs)
                    said = f"{times}: {method} {words.format(against)}"
                    found.append(
                        {
                            "method": method,
                            "against": against,
                            "times": times,
                            "tokens": tokens,
                            "words": said,
                        }
                    )
    return found


def _ratios(rows: list[Row], method: str, against: str, times: str) -> list[tuple[int, float]]:
    """(prompt, time of radix over time of the method), by rising prompt."""
    of = {(row["value"], row["subject"]): _us(row, times) for row in rows}
    values = sorted({row["value"] for row in rows})
    return [
        (value, theirs / ours)
        for value in values
        if (ours := of.get((value, method))) and (theirs := of.get((value, against)))
    ]


def _us(row: Row, times: str) -> float | None:
    return row["best_us"] if times == "measured" else (row["modelled_us"] or {}).get(times)


def break_even(pairs: Sequence[tuple[int, float]]) -> tuple[float | None, str]:
    """The value from which on the ratio stays at 1 or above; and in words, with a place for the other's name.

    Args:
        pairs: (value, ratio), by rising value.
    """
    low = [i for i, (_, ratio) in enumerate(pairs) if ratio < 1]
    first, last = pairs[0][0], pairs[-1][0]
    if not low:
        return None, f"is at least as fast as {{}} at every prompt from {first:,} to {last:,} tokens"
    if low[-1] == len(pairs) - 1:
        return None, f"is slower than {{}} at {last:,} tokens, the longest prompt measured"
    (x0, r0), (x1, r1) = pairs[low[-1]], pairs[low[-1] + 1]
    share = math.log(r0) / (math.log(r0) - math.log(r1))
    tokens = math.exp(math.log(x0) + share * (math.log(x1) - math.log(x0)))
    return tokens, f"beats {{}} from a prompt of about {tokens:,.0f} tokens on"

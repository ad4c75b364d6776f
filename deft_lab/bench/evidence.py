"""Measured calls beside what is known without a clock: their bytes, their operations, their modelled time.

levels of evidence: *modelled* (closed forms of a plan), *counted* (what the kernels ask for in the
interpreter; the account `requested` is the same to the byte), *measured* (with the card that says how).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..cost import flops, predict, traffic
from ..data import data_path
from ..errors import DeftLabError
from ..hardware import H100, H200, Hardware
from ..methods import METHODS, plan_tree
from ..viz import Figure, Table, Work, draw_roofline
from .attention.cases import Case, options_of, standard_case
from .calibrate import read_subject

MACHINES: dict[str, Hardware] = {"NVIDIA H200": H200, "NVIDIA H100 80GB HBM3": H100}
CARD = (
    ("what", ("measures",)),
    ("GPU", ("gpu", "name")),
    ("driver", ("gpu", "driver")),
    ("clocks and power before", ("gpu", "before")),
    ("and after", ("gpu", "after")),
    ("date", ("date",)),
    ("commit", ("commit",)),
    ("versions", ("versions",)),
    ("timing", ("timing",)),
    ("L2", ("l2",)),
    ("inputs", ("inputs",)),
    ("asked to pack heads", ("packed",)),
)
STATE = {  # what nvidia-smi calls it -> words and unit
    "clocks.sm": "SM {} MHz",
    "clocks.mem": "memory {} MHz",
    "temperature.gpu": "{} °C",
    "power.draw": "{} W",
}


class Call(NamedTuple):
    """One method on one case: medians of what was measured (us), and what is known without a clock."""

    case: str
    subject: str
    cold: float  # the L2 cleared before each call, CUDA graph
    warm: float | None  # not cleared
    eager: float | None  # L2 cleared, launched from Python
    unique_bytes: int  # each byte once
    requested_bytes: int  # what the programs ask for
    flop: int  # of the visible pairs
    modelled: float  # us, by `cost.predict`


def measurement(name: str) -> dict[str, Any]:
    """A bundled result, such as "attention_h200_1".

    Raises:
        DeftLabError: there is none of that name.
    """
    return json.loads(data_path("measurements", f"{name}.json").read_text())


def provenance(result: dict[str, Any]) -> Table:
    """How a result was measured: its card, as a table."""
    rows = []
    for words, keys in CARD:
        value: Any = result["card"]
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, dict):
            words_of = {key: STATE.get(key, f"{key} {{}}") for key in value if "max" not in key}
            value = [form.format(value[key]) for key, form in words_of.items()]
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if value:
            rows.append((words, str(value)))
    return Table(("this was measured", ""), tuple(rows))


def machine_of(result: dict[str, Any]) -> Hardware:
    """The profile of the GPU that a result was measured on.

    Raises:
        DeftLabError: there is none.
    """
    name = result["card"]["gpu"]["name"]
    if name not in MACHINES:
        raise DeftLabError(f"no profile of {name!r}; there are {', '.join(MACHINES)}")
    return MACHINES[name]


def calls(result: dict[str, Any], templates: Path | None = None) -> list[Call]:
    """Our methods' rows of a result of `bench attention`.

    Rows of trees that are not here (recorded ones, without the templates) are left out.
    """
    hardware, found, cases = machine_of(result), [], {}
    for row in result["rows"]:
        if row["kind"] != "method" or not row["cold"]:
            continue
        name = row["case"]
        if name not in cases:
            cases[name] = standard_case(name, templates)
        case = cases[name]
        if (case.tree.n_tokens, case.tree.n_queries) == (row["T"], row["queries"]):
            found.append(_call(row, case, hardware))
    return found


def _call(row: dict[str, Any], case: Case, hardware: Hardware) -> Call:
    method, packed, options = read_subject(row["subject"])
    options = options or options_of(case.tree, METHODS[method], case.geometry)
    plan = plan_tree(case.tree, method, **options)
    return Call(
        case=row["case"],
        subject=row["subject"],
        cold=row["cold"]["median_us"],
        warm=row["warm"] and row["warm"]["median_us"],
        eager=row["eager"] and row["eager"]["median_us"],
        unique_bytes=case.unique_bytes,
        requested_bytes=traffic(plan, case.geometry, pack_heads=packed).total,
        flop=flops(plan, case.geometry).useful,
        modelled=1e6 * predict(plan, case.geometry, hardware, pack_heads=packed).seconds,
    )


def draw_measured(
    name: str, case: str, subjects: Sequence[str] = ("radix", "deft_node", "deft_flatten", "tree_waves")
) -> Figure:
    """Measured calls of one case below (or above) the roof of their machine, by the bytes they ask for.

    Args:
        name: of a bundled result of `bench attention`.
        case: one of its cases.
        subjects: some of its methods.

    Raises:
        DeftLabError: there is no such result, or no such call in it.
    """
    result = measurement(name)
    only = [row for row in result["rows"] if row["case"] == case and row["subject"] in subjects]
    found = calls({**result, "rows": only})
    if not found:
        raise DeftLabError(f"no call of {', '.join(subjects)} on case {case!r} in {name}")
    works = [Work(c.subject, c.flop, c.requested_bytes, 1e-6 * c.cold) for c in found]
    hardware = machine_of(result)
    return draw_roofline(works, hardware, title=f"Measured on one {hardware.name}: {only[0]['tree']}")


def measure_here(cases: Sequence[str], subjects: Sequence[str], seconds: float = 60.0) -> dict[str, Any]:
    """Time some of our methods on this machine's GPU, as `bench attention` does; `read` comes first.

    Args:
        cases: standard cases, by name.
        subjects: methods, by name; "radix packed" and the like for packed heads.
        seconds: that it may take; fewer of them mean fewer repetitions.

    Raises:
        DeftLabError: there is no GPU, or a name is unknown.
    """
    from .attention.run import bench_attention
    from .attention.subjects import choose, method_subjects

    wanted = choose(method_subjects(), ",".join(subjects), "method")
    return bench_attention([standard_case(name) for name in cases], wanted, seconds=seconds)

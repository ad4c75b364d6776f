"""Stepping and timing: a machine that is asked for times, and a runner that is stepped from outside.

wall: between two waits for the device, around a whole step. Parts of a step: `planning`, `branching` (task,
tree) and `memory` (pool, tables) on the host, `forward` on the device, `sampling` until its tokens are on the
host; `host` is the wall without forward and sampling, `rest` is what of it no part names: scores, events,
uploads. `attention` and `kv_write` lie within the forward, where a session times them there. `ahead` is what
the host did for the next step while the forward ran: it lies within the forward's time.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ... import ops
from ...decode.hf import TreeModel
from ...decode.sampling import Sampler
from ...decode.session import Session
from ...decode.stopwatch import Stopwatch
from ...decode.visit import Visit
from ...errors import DeftLabError, check_choice, check_numbers
from ...provenance import gpu_card, gpu_state
from ...tree import Tree
from ..attention.timing import Call, capture, copy_rate, warm
from ..attention.trial import first_line
from .cases import PAGE_SIZE, Case, Stepper
from .model import GEOMETRIES, SEED, random_prompt, weight_bytes
from .results import PARTS, Row

TIMED = ("planning", "memory", "attention", "kv_write", "ahead")  # as the stopwatch names them
WARM_UP = 3  # steps of a runner that count in no median: kernels are compiled, and the tree forks
TEMPERATURE = 1.0
PACKED = ("radix",)  # methods that take all query heads of a KV head in one program, though it is an option


@dataclass(frozen=True)
class Machine:
    """What a run asks of the machine; a test puts something else in its place.

    Args:
        device: of the model.
        dtype: of the model.
        wait: for all that the device has been given.
        now: seconds.
        copy_gbs: GB/s of a device copy, read and written.
        call_ms: milliseconds of a call, repeated.
        state: clocks and the like.
        card: what the device is.
        captures: whether calls can be put into CUDA graphs.
    """

    device: torch.device
    dtype: torch.dtype
    wait: Callable[[], None]
    now: Callable[[], float]
    copy_gbs: Callable[[], float]
    call_ms: Callable[[Call], float]
    state: Callable[[], dict[str, str]]
    card: Callable[[], dict[str, Any]]
    captures: bool = False


def this_gpu() -> Machine:
    """The GPU of this process; calls are timed as CUDA graphs."""
    return Machine(
        device=torch.device("cuda"),
        dtype=torch.bfloat16,
        wait=torch.cuda.synchronize,
        now=time.perf_counter,
        copy_gbs=copy_rate,
        call_ms=lambda run: 1e-3 * statistics.median(warm(capture(run)[0], 100)),
        state=gpu_state,
        card=gpu_card,
        captures=True,
    )


@dataclass(frozen=True)
class Setup:
    """What the user chose.

    Args:
        geometry: of the model, one of GEOMETRIES.
        graphs: replay CUDA graphs; None: as a session does by default.
        compiled: let torch compile what it can.
        seconds: that the run may take; cases that no longer fit are skipped, and named.

    Raises:
        DeftLabError: the geometry is unknown, or the seconds are negative.
    """

    geometry: str = "llama3_8b"
    graphs: bool | None = None
    compiled: bool = False
    seconds: float = 540.0

    def __post_init__(self) -> None:
        check_choice(DeftLabError, GEOMETRIES, geometry=self.geometry)
        check_numbers(DeftLabError, 0, seconds=self.seconds)


@dataclass(frozen=True, eq=False)
class Lab:
    """What all runners of a run share."""

    model: TreeModel
    twin: Any  # the same weights in a model with transformers' attention; None where no peer is asked for
    machine: Machine
    setup: Setup


@dataclass(frozen=True)
class Sample:
    """One step: its wall and its parts in ms, and what it decoded."""

    wall: float
    parts: Mapping[str, float]
    n_queries: int
    n_tokens: int  # whose KV some query sees


@dataclass(eq=False)
class TimedSampler(Sampler):
    """A sampler whose draws are timed until they are on the host, as part `sampling`."""

    watch: Stopwatch | None = None

    def draw(self, logits: Tensor) -> Tensor:
        """[row] one token for each row of logits, on the host."""
        assert self.watch is not None
        with self.watch.host("sampling"):
            return super().draw(logits).cpu()


@dataclass(eq=False)
class Runner:
    """A subject on a case, ready to step.

    Args:
        advance: one whole step; False: there is none left.
        watch: times its parts.
        n_steps: that it makes at most.
        size: (queries, tokens) of the last step.
        alone: what is put into the row after the last step; it may take a while.
    """

    advance: Stepper
    watch: Stopwatch
    n_steps: int
    size: Callable[[], tuple[int, int]]
    alone: Callable[[], dict[str, Any]] = dict
    samples: list[Sample] = field(default_factory=list)
    is_over: bool = False

    def go(self, machine: Machine, most: int) -> None:
        """Make so many steps, or as many as there are."""
        for _ in range(most):
            self.is_over = self.is_over or len(self.samples) >= self.n_steps or not self._step(machine)

    def _step(self, machine: Machine) -> bool:
        before = self.watch.read()
        machine.wait()
        start = machine.now()
        went = self.advance()
        machine.wait()
        wall = 1e3 * (machine.now() - start)
        if went:
            after = self.watch.read()
            spent = {name: 1e3 * (after[name] - before.get(name, 0.0)) for name in after}
            self.samples.append(Sample(wall, parts_of(wall, spent), *self.size()))
        return went

    def finish(self, row: Row) -> None:
        """Put what was found into the row."""
        counted = self.samples[WARM_UP if len(self.samples) > 2 * WARM_UP else 0 :]
        row["steps"] = len(self.samples)
        row.update(self.alone())
        if counted:
            row["step_ms"] = spread([sample.wall for sample in counted])
            row["parts_ms"] = {
                name: round(statistics.median(found), 4) if found else None
                for name in PARTS
                for found in [[sample.parts[name] for sample in counted if name in sample.parts]]
            }
            row["queries"] = round(statistics.median(sample.n_queries for sample in counted))
            row["tokens"] = round(statistics.median(sample.n_tokens for sample in counted))


def parts_of(wall: float, spent: Mapping[str, float]) -> dict[str, float]:
    """Parts of a step in ms, from the stopwatch's names; those that it did not time are not there."""
    sampling, forward = spent.get("sampling", 0.0), spent.get("decode", 0.0)
    parts = {name: spent[name] for name in TIMED if name in spent}
    if "branching" in spent:
        parts["branching"] = spent["branching"] - sampling  # tasks draw within their decision
    host = max(0.0, wall - forward - sampling)
    named = sum(parts.get(name, 0.0) for name in ("planning", "branching", "memory"))
    return parts | {
        "sampling": sampling, "forward": forward, "host": host, "rest": max(0.0, host - named),
    }  # fmt: skip


def spread(times: Sequence[float]) -> dict[str, Any]:
    """Median, quartiles, mean and largest, as they go into a row."""
    q1, median, q3 = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    found = {"median": median, "q1": q1, "q3": q3, "mean": statistics.fmean(times), "largest": max(times)}
    return {name: round(value, 4) for name, value in found.items()} | {"n": len(times)}


def make_session(model: TreeModel, method: str, n_slots: int, setup: Setup) -> Session:
    """A session as the setup wants it. Radix packs its heads: the baseline is the best of its kind."""
    pack_heads = True if method in PACKED and model.device.type == "cuda" else None
    return Session(
        model, method, n_slots=n_slots, page_size=PAGE_SIZE, pack_heads=pack_heads,
        graphs=setup.graphs, compiled=setup.compiled,
    )  # fmt: skip


def tree_runner(lab: Lab, case: Case, method: str) -> Runner:
    """A prefilled session of one of our methods.

    Raises:
        torch.OutOfMemoryError: its pool finds no room.
    """
    session = make_session(lab.model, method, case.n_slots, lab.setup)
    session.prefill(random_prompt(lab.model, case.n_prompt))
    sampler = TimedSampler(TEMPERATURE, seed=SEED, watch=session.watch)

    def size() -> tuple[int, int]:
        assert session.decoded is not None
        tree, _ = session.decoded
        return tree.n_queries, int(tree.length[tree.q_stop > tree.q_first].sum())

    advance = case.start(session, sampler)

    def alone() -> dict[str, Any]:
        found = attention_alone(lab, *session.decoded) if session.decoded and session.n_steps else {}
        rounds = getattr(advance, "committed", ())  # of a stepper that verifies drafts
        return found | ({"committed": round(statistics.fmean(rounds), 4)} if rounds else {})

    return Runner(advance, session.watch, case.n_steps, size, alone)


def attention_alone(lab: Lab, tree: Tree, visit: Visit) -> dict[str, Any]:
    """The attention of all layers with the tables of a step, and nothing between them."""
    geometry, table = lab.model.geometry, visit.table
    assert table is not None
    q = torch.randn(tree.n_queries, geometry.n_q_heads, geometry.head_dim, device=lab.model.device)
    q = q.to(lab.model.dtype)
    more = {"out": torch.empty_like(q)} if isinstance(table, ops.KernelTable) else {}

    @torch.inference_mode()
    def run() -> None:
        for layer in range(geometry.n_layers):
            ops.attend(q, table, layer=layer, **more)

    tokens = int(tree.length[tree.q_stop > tree.q_first].sum())
    try:
        return {"attention_alone_ms": round(lab.machine.call_ms(run), 4), "attention_alone_tokens": tokens}
    except Exception as failure:  # the steps keep their times
        lab.machine.wait()
        return {"attention_alone_failure": first_line(failure)}


def add_floor(row: Row, lab: Lab, copy_gbs: float) -> None:
    """No step is faster: the weights and the KV that its queries see, each read once at the copy's rate."""
    if row["step_ms"] is None or row["kind"] != "method":
        return
    geometry = lab.model.geometry
    kv = row["tokens"] * geometry.kv_bytes_per_token * geometry.n_layers
    row["floor_bytes"] = {"weights": weight_bytes(lab.model), "kv": kv}
    row["floor_ms"] = round(sum(row["floor_bytes"].values()) / copy_gbs / 1e6, 4)
    row["ratio_to_floor"] = round(row["step_ms"]["median"] / row["floor_ms"], 3)

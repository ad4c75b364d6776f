"""How long an attention call takes: the durations of its programs, handed out to the SMs.

A program alone takes `start_s`, then for all its steps together the longest of
    waiting        steps x tile_s / buffers      a KV tile from its request to its use
    port           bytes / rate of one SM
    tensor         FLOP / tensor rate of one SM
limits: what all programs together cannot exceed: requested bytes / L2 rate, bytes from memory / HBM rate,
FLOP / tensor rate. A launch that would be faster than a limit is stretched to it, every program alike.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from ..data import data_path
from ..errors import DeftLabError, check_kind
from ..geometry import Geometry
from ..hardware import Hardware, need_hardware
from ..plan import Plan
from .programs import Launch, Tiles, launches
from .schedule import Floats, TimedLaunch, Timeline, finish, schedule

CALIBRATION = ("measurements", "calibration_h200.json")
SHARED_RESERVED = 1 << 10  # bytes of shared memory that the driver keeps for each program


@dataclass(frozen=True, slots=True)
class Constants:
    """What the model does not know from plan and datasheet. The defaults are a first guess, from times of
    published kernels on an H200.

    Args:
        gap_s: seconds from the end of a launch to the first program of the next one in the same graph.
        start_s: seconds of a program around its loop: item record, Q, first KV tile, writing the result.
        tile_s: seconds from the request of a KV tile to the end of its step, nothing overlapping.
        hbm_share: part of the memory's peak rate that programs attain.
        dirty_share: part of the L2 that holds lines to be written back when the call begins: much of it
            after a benchmark has cleared it by writing, none after it was only read.
        l2_share: part of the L2's peak rate that they attain.
        tensor_share: part of the peak tensor rate that they attain, softmax between the products included.

    Raises:
        DeftLabError: a constant is negative or not finite, or a share of a rate is 0.
    """

    gap_s: float = 1.5e-6
    start_s: float = 2.0e-6
    tile_s: float = 1.4e-6
    hbm_share: float = 0.88
    dirty_share: float = 0.5
    l2_share: float = 0.6
    tensor_share: float = 0.45

    def __post_init__(self) -> None:
        for name, value in self.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < np.inf:
                raise DeftLabError(f"{name}={value!r}; a constant must be a finite number, not negative")
            if not value and name.endswith("_share") and name != "dirty_share":
                raise DeftLabError(f"{name}=0; a share of a rate must be positive")

    def items(self) -> list[tuple[str, float]]:
        """(name, value) of each."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> "Constants":
        """The constants of a calibration file.

        Raises:
            DeftLabError: one is missing or unknown, or its value is not allowed.
        """
        check_kind(DeftLabError, Mapping, "read the JSON of a calibration file", content=content)
        found = content.get("constants")
        names = [field.name for field in fields(cls)]
        if not isinstance(found, Mapping) or sorted(found) != sorted(names):
            raise DeftLabError(f'a calibration has "constants" with {", ".join(names)}; calibrate again')
        return cls(**found)


@cache
def stored_constants() -> Constants:
    """Those fitted to the committed measurement; the first guess where there is none."""
    try:
        path = data_path(*CALIBRATION)
    except DeftLabError:
        return Constants()
    return Constants.from_json(json.loads(path.read_text()))


class Phase(NamedTuple):
    """One launch of a prediction."""

    name: str
    wait_s: float  # before its first program
    seconds: float  # from its first program to the end of its last
    bound: str  # what takes most of that: start, waiting, port, tensor, L2 or HBM


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted time of one attention call of one layer.

    Args:
        hardware: the machine.
        phases: one for each launch.
        timed: the launches with the durations of their programs.
    """

    hardware: Hardware
    phases: tuple[Phase, ...]
    timed: tuple[TimedLaunch, ...]

    def __repr__(self) -> str:
        return f"Prediction({1e6 * self.seconds:.1f} us on {self.hardware.name}, bound by {self.bound})"

    @property
    def seconds(self) -> float:
        """From the call to the end of the last program."""
        return sum(phase.wait_s + phase.seconds for phase in self.phases)

    @property
    def bound(self) -> str:
        """What takes most of the time: "launches", or what bounds the phases."""
        by_bound = {"launches": sum(phase.wait_s for phase in self.phases)}
        for phase in self.phases:
            by_bound[phase.bound] = by_bound.get(phase.bound, 0.0) + phase.seconds
        return max(by_bound, key=lambda bound: by_bound[bound])

    @cached_property
    def timeline(self) -> Timeline:
        """Who runs where and when; one row for each program."""
        return schedule(self.timed, self.hardware.n_sms)


def predict(
    plan: Plan,
    geometry: Geometry,
    hardware: Hardware,
    *,
    pack_heads: bool | None = None,
    constants: Constants | None = None,
    tiles: Tiles | None = None,
) -> Prediction:
    """Predict one attention call of one layer, as a replayed CUDA graph with the inputs in memory.

    Args:
        plan: who meets whom.
        geometry: of the model; its layers do not matter.
        hardware: the machine.
        pack_heads: a program takes all query heads of a KV head. None: as the method does by default.
        constants: None: those fitted to the committed measurement.
        tiles: tile sizes; None: those of the method's kernel.
    """
    need_hardware(hardware)
    if constants is not None:
        check_kind(DeftLabError, Constants, "Constants(gap_s=1e-6) makes some", constants=constants)
    calls = launches(plan, geometry, pack_heads=pack_heads, tiles=tiles)
    return predict_launches(calls, hardware, constants or stored_constants())


def predict_launches(calls: tuple[Launch, ...], hardware: Hardware, constants: Constants) -> Prediction:
    """Predict launches that follow each other."""
    phases, timed = [], []
    for i, launch in enumerate(calls):
        wait = constants.gap_s if i else hardware.launch_s
        work, seconds, bound = _timed(launch, hardware, constants)
        phases.append(Phase(launch.name, wait, seconds, bound))
        timed.append(replace(work, wait=wait))
    return Prediction(hardware, tuple(phases), tuple(timed))


def programs_per_sm(launch: Launch, hardware: Hardware) -> int:
    """How many programs of the launch an SM holds at once."""
    by_memory = hardware.shared_bytes_per_sm // (launch.shared_bytes + SHARED_RESERVED)
    return max(1, min(by_memory, hardware.registers_per_sm // launch.registers))


def alone(launch: Launch, hardware: Hardware, constants: Constants) -> dict[str, Floats]:
    """[item] seconds of a program that has its SM for itself: its start, and its loop for each reason."""
    tensor = constants.tensor_share * hardware.flop_per_s / hardware.n_sms
    return {
        "start": np.full(len(launch.steps), constants.start_s),
        "waiting": launch.steps * (constants.tile_s / launch.buffers),
        "port": (launch.read + launch.written) / hardware.sm_bytes_per_s,
        "tensor": launch.flop / tensor,
    }


def limits(launch: Launch, hardware: Hardware, constants: Constants) -> dict[str, float]:
    """Seconds that the whole launch needs at least, for each resource that its programs share."""
    between = launch.carried + int(launch.written.sum()) * launch.heads
    # what launches hand each other stays in the L2 if it fits
    memory = launch.fresh + (between if between > hardware.l2_bytes else 0)
    # every line that comes in drives out an old one, which goes back to memory first if it was written to
    memory_and_back = memory + constants.dirty_share * min(launch.fresh, hardware.l2_bytes)
    return {
        "L2": launch.requested / (constants.l2_share * hardware.l2_bytes_per_s),
        "HBM": memory_and_back / (constants.hbm_share * hardware.hbm_bytes_per_s),
        "tensor": int(launch.flop.sum()) * launch.heads / (constants.tensor_share * hardware.flop_per_s),
    }


def _timed(launch: Launch, hardware: Hardware, constants: Constants) -> tuple[TimedLaunch, float, str]:
    """(durations, seconds, bound) of a launch."""
    parts = alone(launch, hardware, constants)
    start, loops = parts.pop("start"), np.stack(list(parts.values()))
    duration = start + loops.max(axis=0)
    work = TimedLaunch(launch.name, duration, launch.heads, programs_per_sm(launch, hardware))
    seconds = finish(work, hardware.n_sms)
    limit = limits(launch, hardware, constants)
    tightest = max(limit, key=lambda name: limit[name])
    least = constants.start_s + limit[tightest]
    if least > seconds:
        return replace(work, duration=duration * (least / seconds)), least, tightest
    spent = {"start": float(start.sum())}
    for i, name in enumerate(parts):
        spent[name] = float(loops[i][loops.argmax(axis=0) == i].sum())
    return work, seconds, max(spent, key=lambda name: spent[name])

"""Hardware profiles: rates in SI units, dense, each figure with its source.

SM: what runs programs (on a CPU: a core). peak: what the maker's sheet promises; programs attain a share
of it (`cost.latency.Constants`). A figure is the maker's, derived from the maker's, estimated, or measured.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .errors import DeftLabError, check_choice, check_counts, check_kind

Kind = Literal["maker", "derived", "estimated", "measured"]
KINDS: tuple[Kind, ...] = ("maker", "derived", "estimated", "measured")
FIGURES = (
    "n_sms", "clock_hz", "hbm_bytes_per_s", "l2_bytes", "l2_bytes_per_s", "sm_bytes_per_s", "flop_per_s",
    "shared_bytes_per_sm", "registers_per_sm", "launch_s",
)  # fmt: skip
COUNTS = ("n_sms", "l2_bytes", "shared_bytes_per_sm", "registers_per_sm")


class Source(NamedTuple):
    """Where a figure comes from."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine that runs programs.

    Args:
        name: of the machine.
        n_sms: SMs, or cores of a CPU.
        clock_hz: sustained boost clock; the one that `flop_per_s` belongs to.
        hbm_bytes_per_s: peak rate of the memory (HBM, GDDR or DDR).
        l2_bytes: size of the cache that all SMs share.
        l2_bytes_per_s: peak rate from that cache to all SMs together.
        sm_bytes_per_s: peak rate from that cache to one SM.
        flop_per_s: dense bfloat16 products accumulated in float32, two FLOP for a product and its sum.
        shared_bytes_per_sm: shared memory of an SM; of a CPU core, its own second-level cache.
        registers_per_sm: 32-bit registers of an SM.
        launch_s: seconds that a graph with one empty kernel takes.
        sources: figure -> where it comes from; one for each.

    Raises:
        DeftLabError: a figure is not positive and finite, a count is no integer, or a source is missing,
            of an unknown kind, or for no figure.
    """

    name: str
    n_sms: int
    clock_hz: float
    hbm_bytes_per_s: float
    l2_bytes: int
    l2_bytes_per_s: float
    sm_bytes_per_s: float
    flop_per_s: float
    shared_bytes_per_sm: int
    registers_per_sm: int
    launch_s: float
    sources: Mapping[str, Source] = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        check_counts(DeftLabError, 1, **{name: getattr(self, name) for name in COUNTS})
        for name in FIGURES:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                raise DeftLabError(f"{name}={value!r}; it must be a positive, finite number in SI units")
        missing = [name for name in FIGURES if name not in self.sources]
        unknown = [name for name in self.sources if name not in FIGURES]
        if missing or unknown:
            raise DeftLabError(
                f"{self.name}: sources for {', '.join(unknown) or 'nothing'} too many, for "
                f"{', '.join(missing) or 'nothing'} missing; every figure needs one: {', '.join(FIGURES)}"
            )
        for name, source in self.sources.items():
            if source.kind not in KINDS:
                raise DeftLabError(f"{name}: no kind {source.kind!r}; choose one of {', '.join(KINDS)}")

    @property
    def measured(self) -> tuple[str, ...]:
        """The figures that were measured."""
        return tuple(name for name in FIGURES if self.sources[name].kind == "measured")

    def with_measured(self, text: str, **figures: float) -> "Hardware":
        """This machine with some figures replaced by measured ones; `text` says how they were measured.

        Raises:
            DeftLabError: there is no such figure, or its value is not allowed.
        """
        for name in figures:
            check_choice(DeftLabError, FIGURES, figure=name)
        sources = {**self.sources, **{name: Source("measured", text) for name in figures}}
        values = {name: getattr(self, name) for name in FIGURES} | figures
        return Hardware(name=self.name, sources=sources, **values)


def _gpu(sheet: str, flop: str, l2_rate: Source, **more: Source) -> dict[str, Source]:
    """Sources of a GPU whose other figures are the maker's."""
    maker = ("n_sms", "hbm_bytes_per_s", "l2_bytes", "shared_bytes_per_sm", "registers_per_sm")
    return {
        **{name: Source("maker", sheet) for name in maker},
        "clock_hz": Source("maker", sheet),
        "flop_per_s": Source("maker", flop),
        "l2_bytes_per_s": l2_rate,
        "sm_bytes_per_s": Source("estimated", "64 B a clock into an SM's first-level cache"),
        "launch_s": Source("estimated", "as measured on an H200"),
        **more,
    }


HOPPER_CLOCK = Source("derived", "the clock at which 132 SMs x 4096 FLOP make the sheet's dense rate")
HOPPER_L2 = Source("estimated", "5120 B a clock, what the A100 white paper states for its two halves")
ADA_L2 = Source("estimated", "no maker's figure; 3072 B a clock")
SPARSE = "datasheet's rate with 2:4 sparsity, halved"

# 2026-11: compared with pages that quote the sheets; the sheets themselves could not be opened
H200 = Hardware(
    name="H200 SXM",
    n_sms=132,
    clock_hz=1.83e9,
    hbm_bytes_per_s=4.8e12,
    l2_bytes=50 << 20,
    l2_bytes_per_s=5120 * 1.83e9,
    sm_bytes_per_s=64 * 1.83e9,
    flop_per_s=1979e12 / 2,
    shared_bytes_per_sm=228 << 10,
    registers_per_sm=64 << 10,
    launch_s=4.7e-6,
    sources=_gpu(
        "NVIDIA H200 datasheet; H100 white paper and Hopper tuning guide for the chip",
        f"NVIDIA H200 {SPARSE}",
        HOPPER_L2,
        clock_hz=HOPPER_CLOCK,
        launch_s=Source("measured", "graph of one empty kernel, torch 2.11, driver 580: 4.5 to 4.7 us"),
    ),
)
H100 = Hardware(
    name="H100 SXM",
    n_sms=132,
    clock_hz=1.83e9,
    hbm_bytes_per_s=3.35e12,
    l2_bytes=50 << 20,
    l2_bytes_per_s=5120 * 1.83e9,
    sm_bytes_per_s=64 * 1.83e9,
    flop_per_s=1979e12 / 2,
    shared_bytes_per_sm=228 << 10,
    registers_per_sm=64 << 10,
    launch_s=4.7e-6,
    sources=_gpu(
        "NVIDIA H100 datasheet, white paper and Hopper tuning guide",
        f"NVIDIA H100 {SPARSE}",
        HOPPER_L2,
        clock_hz=HOPPER_CLOCK,
    ),
)
A100 = Hardware(
    name="A100 80GB SXM",
    n_sms=108,
    clock_hz=1.41e9,
    hbm_bytes_per_s=2.039e12,
    l2_bytes=40 << 20,
    l2_bytes_per_s=5120 * 1.41e9,
    sm_bytes_per_s=64 * 1.41e9,
    flop_per_s=312e12,
    shared_bytes_per_sm=164 << 10,
    registers_per_sm=64 << 10,
    launch_s=4.7e-6,
    sources=_gpu(
        "NVIDIA A100 80GB datasheet, white paper and Ampere tuning guide",
        "NVIDIA A100 datasheet, dense",
        Source("derived", "A100 white paper: 5120 B a clock, at the boost clock"),
    ),
)
RTX_4090 = Hardware(
    name="RTX 4090",
    n_sms=128,
    clock_hz=2.52e9,
    hbm_bytes_per_s=1.008e12,
    l2_bytes=72 << 20,
    l2_bytes_per_s=3072 * 2.52e9,
    sm_bytes_per_s=64 * 2.52e9,
    flop_per_s=165.2e12,
    shared_bytes_per_sm=100 << 10,
    registers_per_sm=64 << 10,
    launch_s=4.7e-6,
    sources=_gpu(
        "NVIDIA Ada white paper, appendix on the RTX 4090; Ada tuning guide",
        "NVIDIA Ada white paper: dense, float32 accumulation (half of the float16 rate)",
        ADA_L2,
    ),
)
L40S = Hardware(
    name="L40S",
    n_sms=142,
    clock_hz=2.52e9,
    hbm_bytes_per_s=0.864e12,
    l2_bytes=96 << 20,
    l2_bytes_per_s=3072 * 2.52e9,
    sm_bytes_per_s=64 * 2.52e9,
    flop_per_s=362.05e12,
    shared_bytes_per_sm=100 << 10,
    registers_per_sm=64 << 10,
    launch_s=4.7e-6,
    sources=_gpu(
        "NVIDIA L40S datasheet; Ada white paper for the chip; Ada tuning guide",
        "NVIDIA L40S datasheet, dense",
        ADA_L2,
    ),
)
LAPTOP_CPU = Hardware(
    name="laptop CPU",
    n_sms=8,
    clock_hz=3.3e9,
    hbm_bytes_per_s=89.6e9,
    l2_bytes=16 << 20,
    l2_bytes_per_s=8 * 32 * 3.3e9,
    sm_bytes_per_s=32 * 3.3e9,
    flop_per_s=8 * 64 * 3.3e9,
    shared_bytes_per_sm=1 << 20,
    registers_per_sm=512,
    launch_s=5e-6,
    sources={
        "n_sms": Source("maker", "AMD Ryzen 7 7840U: 8 cores"),
        "clock_hz": Source("maker", "AMD Ryzen 7 7840U: base clock, held with all cores at work"),
        "hbm_bytes_per_s": Source("derived", "two 64-bit channels of DDR5-5600"),
        "l2_bytes": Source("maker", "AMD Ryzen 7 7840U: third-level cache"),
        "l2_bytes_per_s": Source("estimated", "32 B a clock and core"),
        "sm_bytes_per_s": Source("estimated", "32 B a clock"),
        "flop_per_s": Source("estimated", "64 FLOP a clock and core with AVX-512 BF16 in 256-bit halves"),
        "shared_bytes_per_sm": Source("maker", "AMD Ryzen 7 7840U: second-level cache of a core"),
        "registers_per_sm": Source("maker", "AVX-512: 32 registers of 512 bits"),
        "launch_s": Source("estimated", "waking a pool of threads"),
    },
)
HARDWARE: dict[str, Hardware] = {
    "h200": H200,
    "h100": H100,
    "a100": A100,
    "rtx4090": RTX_4090,
    "l40s": L40S,
    "laptop_cpu": LAPTOP_CPU,
}


def need_hardware(hardware: object) -> None:
    """Refuse what is no profile, such as the name of one.

    Raises:
        DeftLabError: it is none.
    """
    check_kind(DeftLabError, Hardware, "find_hardware('h200') gives one", hardware=hardware)


def find_hardware(name: str) -> Hardware:
    """The profile of this name.

    Raises:
        DeftLabError: there is none.
    """
    check_choice(DeftLabError, HARDWARE, hardware=name)
    return HARDWARE[name]

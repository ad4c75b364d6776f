"""Compile kernels ahead of time, on a machine without a GPU: registers, spills, shared memory, instructions.

    with recorded_launches() as launches:
        ops.attend(q, table)                      # nothing runs
    print_report([compile_launch(launch, capability) for launch in launches for capability in CAPABILITIES])

What is compiled is what was launched: Triton's own launcher specialises the recorded arguments (dtypes of
pointers, integers that are 1, what 16 divides), for a driver that says which chip it has and nothing else.
"""

import inspect
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

from .errors import DeftLabError
from .interpret import compiled_run, swapped

# chip -> bytes of shared memory that one program may have: CUDA C++ Programming Guide, technical
# specifications per compute capability (163 KB on A100; 227 KB on H100, H200 and B200)
SHARED_LIMIT = {80: 163 * 1024, 90: 227 * 1024, 100: 227 * 1024}
CAPABILITIES = tuple(SHARED_LIMIT)
# what says in PTX that a kernel uses the chip's own units
INSTRUCTIONS = {
    "mma": "mma.sync",  # tensor cores, by warp
    "wgmma": "wgmma.mma_async",  # tensor cores, by four warps; Hopper
    "tcgen05": "tcgen05.mma",  # tensor cores, by one thread; Blackwell
    "cp.async": "cp.async.c",  # copies to shared memory in the background: .ca and .cg
    "tma": "cp.async.bulk.tensor",  # the same for whole tiles; Hopper
}


@dataclass(frozen=True, eq=False, slots=True)
class Launch:
    """One `kernel[grid](*args, **kwargs)`."""

    kernel: JITFunction
    grid: tuple[int, ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def name(self) -> str:
        """The kernel's."""
        return str(self.kernel.__name__)

    @property
    def arguments(self) -> dict[str, Any]:
        """Parameter of the kernel -> argument, defaults included."""
        return _bound(self.kernel, self.args, self.kwargs)

    @property
    def constexprs(self) -> dict[str, Any]:
        """Those arguments that are compiled in because the kernel says so."""
        names = {parameter.name for parameter in self.kernel.params if parameter.is_constexpr}
        return {name: value for name, value in self.arguments.items() if name in names}

    @property
    def options(self) -> dict[str, Any]:
        """What the launch says to the compiler, such as num_warps and num_stages."""
        return {name: value for name, value in self.kwargs.items() if name not in self.kernel.arg_names}


@dataclass(frozen=True, eq=False, slots=True)
class Compiled:
    """A launch, compiled for a chip.

    Args:
        launch: what was compiled.
        capability: for which chip: 90 is sm_90.
        num_warps: of one program.
        num_stages: of its software pipelines.
        registers: of one thread.
        stack: bytes of local memory of one thread.
        spill_stores: bytes that a thread's instructions store to local memory, each instruction once, as
            `ptxas -v` counts them.
        spill_loads: bytes that they load from it.
        shared_bytes: shared memory of one program.
        instructions: which of INSTRUCTIONS it has.
        signature: parameter -> type as Triton writes it: "*bf16", "i32", "constexpr" (an integer that is 1
            becomes one); with ":16" where it is known that 16 divides.
        ptx: the program.
        seconds: to compile, or to find it in Triton's cache (folder TRITON_CACHE_DIR).
    """

    launch: Launch
    capability: int
    num_warps: int
    num_stages: int
    registers: int
    stack: int
    spill_stores: int
    spill_loads: int
    shared_bytes: int
    instructions: tuple[str, ...]
    signature: dict[str, str]
    ptx: str
    seconds: float

    @property
    def name(self) -> str:
        """The kernel's."""
        return self.launch.name

    @property
    def spills(self) -> int:
        """Bytes spilled, stores and loads."""
        return self.spill_stores + self.spill_loads


@contextmanager
def recorded_launches() -> Iterator[list[Launch]]:
    """Record every launch made inside instead of running it: no kernel writes its output.

    Raises:
        DeftLabError: TRITON_INTERPRET is set, so that there is nothing to compile.
    """
    # it was set when triton was imported
    if not isinstance(tl.sum, JITFunction):
        raise DeftLabError("TRITON_INTERPRET is set, which makes kernels that cannot be compiled; unset it")
    launches: list[Launch] = []

    def record(kernel: JITFunction, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        shape = grid(_bound(kernel, args, kwargs)) if callable(grid) else grid
        launches.append(Launch(kernel, tuple(shape), args, kwargs))

    with swapped(JITFunction, run=record):
        yield launches


def compile_launch(launch: Launch, capability: int = 90) -> Compiled:
    """Compile what was launched for a chip; Triton's cache makes the second time fast.

    Raises:
        DeftLabError: the capability is not one of CAPABILITIES, one program needs more shared memory than
            the chip has, or the launcher of this version of Triton is not one that deft_lab knows.
    """
    if capability not in SHARED_LIMIT:
        raise DeftLabError(f"no capability {capability!r}; choose one of {', '.join(map(str, CAPABILITIES))}")
    begin = time.perf_counter()
    made = _compile(launch, capability)
    seconds = time.perf_counter() - begin
    if made.metadata.shared > SHARED_LIMIT[capability]:
        raise DeftLabError(
            f"{launch.name} needs {made.metadata.shared} bytes of shared memory, sm_{capability} has "
            f"{SHARED_LIMIT[capability]}; take smaller tiles or fewer stages"
        )
    registers, stack, spill_stores, spill_loads = _resources(made.asm["cubin"], made.metadata.name)
    return Compiled(
        launch=launch,
        capability=capability,
        num_warps=made.metadata.num_warps,
        num_stages=made.metadata.num_stages,
        registers=registers,
        stack=stack,
        spill_stores=spill_stores,
        spill_loads=spill_loads,
        shared_bytes=made.metadata.shared,
        instructions=tuple(name for name, sign in INSTRUCTIONS.items() if sign in made.asm["ptx"]),
        signature=_signature(made.src),
        ptx=made.asm["ptx"],
        seconds=seconds,
    )


def print_report(compiled: Sequence[Compiled]) -> None:
    """Print one line for each kernel, chip and specialisation; what spills is marked."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table("kernel", "compiled in", "sm", "warps", "stages", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("registers", "spilled B", "shared B"):
        table.add_column(name, justify="right")
    table.add_column("instructions")
    table.add_column("s", justify="right")
    seen = set()
    for one in compiled:
        if (row := (one.name, one.capability, one.ptx)) in seen:  # launched again
            continue
        seen.add(row)
        constexprs = " ".join(f"{name}={value}" for name, value in one.launch.constexprs.items())
        table.add_row(
            one.name, constexprs, *map(str, (one.capability, one.num_warps, one.num_stages, one.registers)),
            f"[bold red]{one.spills}[/]" if one.stack else "0", f"{one.shared_bytes:,}",
            " ".join(one.instructions), f"{one.seconds:.1f}",
        )  # fmt: skip
    Console(width=160).print(table)


@dataclass(frozen=True, slots=True)
class _Chip:
    """All that Triton's launcher asks of a driver before it runs something."""

    target: GPUTarget

    def get_current_device(self) -> str:
        return f"sm_{self.target.arch}"  # kernels remember what they compiled by device

    def get_current_stream(self, device: str) -> int:
        return 0

    def get_current_target(self) -> GPUTarget:
        return self.target


def _compile(launch: Launch, capability: int) -> Any:
    """Triton's compiled kernel."""
    if "_active" not in vars(driver):
        raise DeftLabError(
            f"the launcher of Triton {triton.__version__} keeps its driver elsewhere; deft_lab compiles "
            "ahead of time with Triton 3.7.1: pip install triton==3.7.1"
        )
    try:
        with swapped(driver, _active=_Chip(GPUTarget("cuda", capability, 32))):
            return compiled_run(launch.kernel, *launch.args, grid=launch.grid, warmup=True, **launch.kwargs)
    except Exception as error:
        error.add_note(f"while compiling {launch.name} for sm_{capability}")
        raise


def _bound(kernel: JITFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Parameter -> argument; options for the compiler are left out."""
    mine = {name: value for name, value in kwargs.items() if name in kernel.arg_names}
    bound = inspect.signature(kernel.fn).bind(*args, **mine)
    bound.apply_defaults()
    return bound.arguments


def _signature(source: Any) -> dict[str, str]:
    divisible = {path[0] for path, facts in source.attrs.items() if ["tt.divisibility", 16] in facts}
    return {
        name: kind + ":16" * (place in divisible)
        for place, (name, kind) in enumerate(source.signature.items())
    }


@cache
def _resources(cubin: bytes, name: str) -> tuple[int, int, int, int]:
    """Registers, stack, bytes of spill stores and of spill loads of one thread."""
    usage = re.search(rf"Function {name}:\s+REG:(\d+) STACK:(\d+)", _cuobjdump("-res-usage", cubin))
    assert usage, f"cuobjdump does not list {name}"
    registers, stack = map(int, usage.groups())
    spilled = {"STL": 0, "LDL": 0}
    if stack:
        # such as STL.64 [R1+0x8], R2; without a width it is one register
        for op, modifiers in re.findall(r"\b(STL|LDL)((?:\.\w+)*) ", _cuobjdump("-sass", cubin)):
            width = re.search(r"\.[US]?(8|16|64|128)\b", modifiers)
            spilled[op] += int(width[1]) // 8 if width else 4
    return registers, stack, spilled["STL"], spilled["LDL"]


def _cuobjdump(what: str, cubin: bytes) -> str:
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        command = [triton.knobs.nvidia.cuobjdump.path, what, file.name]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

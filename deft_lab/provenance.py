"""The card that goes with every measured number: on what, with which versions, how often, how spread."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any


def card(**more: Any) -> dict[str, Any]:
    """Machine, versions and commit of this run; `more` says how it was measured."""
    packages = ("numpy", "torch", "triton", "transformers", "flashinfer-python")
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {name: version for name in packages if (version := _version(name))},
        "commit": _commit(),
        **more,
    }


# what nvidia-smi is asked for; reading changes no setting of the card
STATE = ("clocks.sm", "clocks.mem", "clocks.max.sm", "clocks.max.mem", "temperature.gpu", "power.draw")


def gpu_card() -> dict[str, Any]:
    """The GPU of this run, its driver, and its state before anything was timed."""
    import torch

    found = torch.cuda.get_device_properties(0)
    return {
        "name": found.name,
        "sms": found.multi_processor_count,
        "capability": f"{found.major}.{found.minor}",
        "memory_gib": round(found.total_memory / 2**30, 1),
        "l2_mib": round(found.L2_cache_size / 2**20, 1),
        "cuda": torch.version.cuda,
        "driver": _nvidia_smi("driver_version").get("driver_version"),
        "before": gpu_state(),
    }


def gpu_state() -> dict[str, str]:
    """Clocks (MHz), temperature (C) and power (W) of the first GPU now; empty without nvidia-smi."""
    return _nvidia_smi(*STATE)


def _nvidia_smi(*fields: str) -> dict[str, str]:
    command = ["nvidia-smi", "--id=0", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return {}
    values = [value.strip() for value in done.stdout.strip().split(",")]
    return dict(zip(fields, values, strict=True)) if len(values) == len(fields) else {}


def time_calls(run: Callable[[Any], Any], argument: Any, least: float, most_calls: int) -> dict[str, Any]:
    """Median and quartiles of `run(argument)` in ms, after one warm-up call.

    Args:
        run: what is timed.
        argument: what it is given.
        least: keep calling for so many seconds, within `most_calls`.
        most_calls: stop after so many.
    """
    run(argument)
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - begin < least and len(times) < most_calls):
        start = time.perf_counter()
        run(argument)
        times.append(1e3 * (time.perf_counter() - start))
    q1, median, q3 = statistics.quantiles(times, n=4)
    return {"median_ms": median, "q1_ms": q1, "q3_ms": q3, "repetitions": len(times)}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or sys.platform


def _commit() -> str:
    """What $DEFT_LAB_COMMIT says (for a machine to which only the files were copied), else the checkout's
    commit, with "+changes" where the tree differs from it.
    """
    if stated := os.environ.get("DEFT_LAB_COMMIT"):
        return stated
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=True
        ).stdout

    try:
        changed = git("status", "--porcelain", "--untracked-files=no").strip()
        return git("rev-parse", "--short=12", "HEAD").strip() + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

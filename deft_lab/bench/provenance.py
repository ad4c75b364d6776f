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
    packages = ("numpy", "torch", "triton", "transformers")
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
    """The checkout's commit, with "+changes" where the tree differs from it; "unknown" outside a checkout."""
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

"""What works on this machine, what does not, and one fix for each problem.

A *finding* is one line of the report. Nothing here may raise: an absent or broken package is itself
a finding. Only the standard library is imported at the top, so the doctor runs where all else fails.

    python -m deft_lab.doctor
"""

import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

SELFTEST_COMMAND = (sys.executable, "-m", "deft_lab.kernels.selftest")
SELFTEST_SECONDS = 120  # a first compilation on a busy machine takes tens of seconds
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `ok` is None where there is nothing to mend: a fact, or an optional part."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that deft_lab uses, and the versions that work: minimum <= version < below."""

    name: str
    minimum: str
    below: str = ""
    needed_for: str = ""  # empty: the core, which must be there


PACKAGES = (
    Package("numpy", "2.0"),
    Package("networkx", "3.3"),
    Package("plotly", "6.0"),
    Package("ipywidgets", "8.1"),
    Package("anywidget", "0.9"),
    Package("rich", "13.7"),
    Package("typer", "0.12"),
    Package("pooch", "1.8"),
    Package("torch", "2.11", needed_for="the KV pool, tree_attention and decoding"),
    Package("transformers", "5.17", "6", needed_for="decoding with a model"),
    Package("safetensors", "0.4", needed_for="decoding with a model"),
    Package("triton", "3.6", needed_for="the Triton kernels"),
    Package("jupyterlab", "4.4", needed_for="the notebooks"),
)


def doctor() -> list[Finding]:
    """Look at Python, packages, GPU, Triton, files and browser; takes a few seconds."""
    gpu = _gpu()
    return [
        _python(),
        _deft_lab(),
        *(_package(package) for package in PACKAGES),
        gpu,
        _triton(on_gpu=gpu.ok is True),
        *_kernels_clash({ROOT, Path.cwd()}),
        _writable(Path.cwd()),
        _templates(),
        _chromium(),
    ]


def print_report(findings: Sequence[Finding]) -> int:
    """Print one line a finding, and below it the fix if one is due; return 1 if any is a problem, else 0."""
    words = {True: "ok", False: "problem", None: "info"}
    colours = {True: "green", False: "bold red", None: "cyan"}
    # where a whole environment is missing, one fix mends many findings: say it once
    fixes = [
        "as above" if finding.fix and finding.fix == before.fix else finding.fix
        for before, finding in zip([Finding("", None, ""), *findings], findings, strict=False)
    ]
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        for finding, fix in zip(findings, fixes, strict=True):
            print(f"{words[finding.ok]:9}{finding.name:16}{finding.detail}")
            if fix:
                print(f"{'':25}fix: {fix}")
    else:
        table = Table(box=None, show_header=False, pad_edge=False)
        for finding, fix in zip(findings, fixes, strict=True):
            detail = Text(finding.detail)
            if fix:
                detail.append(f"\nfix: {fix}", style="yellow")
            table.add_row(Text(words[finding.ok], style=colours[finding.ok]), finding.name, detail)
        Console().print(table)
    n_problems = sum(finding.ok is False for finding in findings)
    print(f"\n{n_problems} problem{'s' * (n_problems != 1)} found" if n_problems else "\nno problem found")
    return 1 if n_problems else 0


def _install(requirement: str) -> str:
    """How to get a package: by the checkout's pinned environment where there is one, else by pip."""
    if not (ROOT / "Makefile").is_file():
        return f"pip install '{requirement}'"
    environment = ROOT / ".venv"
    if environment.is_dir() and Path(sys.prefix) != environment:
        return f"use the environment that make setup made: {environment / 'bin' / 'python'}"
    return "make setup"


def _python() -> Finding:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("python", True, detail)


def _deft_lab() -> Finding:
    version = _version("deft-lab")
    if version is None:
        return Finding("deft_lab", None, f"not installed; used from {ROOT}", _install("deft-lab"))
    return Finding("deft_lab", True, f"{version} in {ROOT}")


def _package(package: Package) -> Finding:
    name, version = package.name, _version(package.name)
    wanted = f"{name}>={package.minimum}" + (f",<{package.below}" if package.below else "")
    if version is None:
        if name == "triton" and platform.system() != "Linux":
            return Finding(name, None, "made for Linux only; the NumPy and torch paths do without")
        if package.needed_for:
            return Finding(name, None, f"not installed; needed for {package.needed_for}", _install(wanted))
        return Finding(name, False, "not installed", _install(wanted))
    number = _release(version)
    if number < _release(package.minimum) or (package.below and number >= _release(package.below)):
        return Finding(name, False, f"{version}, but deft_lab needs {wanted}", f"pip install '{wanted}'")
    return Finding(name, True, version)


def _gpu() -> Finding:
    """The GPU as torch sees it; a GPU that only the driver sees is a problem."""
    driver = _nvidia_smi()
    try:
        torch = importlib.import_module("torch")
        if torch.cuda.is_available():
            gpu = torch.cuda.get_device_properties(0)
            what = f"{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB, {gpu.multi_processor_count} SMs"
            count = torch.cuda.device_count()
            return Finding("gpu", True, (f"{count} x " if count > 1 else "") + f"{what}; driver {driver[-1]}")
        cuda = torch.version.cuda
    except ImportError:
        cuda = "absent"
    except Exception as error:  # a broken CUDA installation raises OSError, RuntimeError and others
        fix = "reinstall torch at the version of constraints.txt"
        return Finding("gpu", False, f"torch fails: {_last_line(str(error))}", fix)
    if driver == ["unknown"]:
        return Finding("gpu", None, "no GPU: kernels run in Triton's interpreter")
    if cuda == "absent":
        return Finding("gpu", None, f"{driver[0]}; unused without torch", _install("torch"))
    if cuda is None:
        fix = "pip install a CUDA build of torch"
    else:
        fix = f"update the NVIDIA driver (now {driver[-1]}) to one for CUDA {cuda}"
    return Finding("gpu", False, f"{driver[0]} is there, but torch does not see it", fix)


def _nvidia_smi() -> list[str]:
    """Name and version of the driver of the first NVIDIA GPU; ["unknown"] without one."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ["unknown"]
    return [field.strip() for field in _first_line(done.stdout).split(",")]


def _triton(on_gpu: bool) -> Finding:
    """Run the kernel of kernels/selftest.py in a process of its own: it may hang, crash or write zeros."""
    name = "triton kernel"
    absent = [package for package in ("torch", "triton") if _version(package) is None]
    if absent:
        return Finding(name, None, f"not tried without {' and '.join(absent)}")
    environment = dict(os.environ)
    # so that the child finds this deft_lab, installed or not
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    if not on_gpu:
        environment["TRITON_INTERPRET"] = "1"  # must be set before triton is imported
    try:
        done = subprocess.run(
            SELFTEST_COMMAND, env=environment, capture_output=True, text=True, timeout=SELFTEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Finding(name, False, f"no result after {SELFTEST_SECONDS} s", "rm -r ~/.triton; try again")
    if done.returncode == 0:
        return Finding(name, True, _last_line(done.stdout))
    reason = _last_line(done.stdout) or _last_line(done.stderr) or f"exit status {done.returncode}"
    return Finding(name, False, reason, _triton_fix(reason))


def _triton_fix(reason: str) -> str:
    if "compiler" in reason:
        return "install a C compiler (apt-get install gcc): Triton builds its launcher with it"
    return "install the pinned versions: pip install -c constraints.txt torch triton numpy"


def _kernels_clash(folders: Iterable[Path]) -> list[Finding]:
    """A `kernels/__init__.py` would be imported by transformers in place of Hugging Face's package."""
    return [
        Finding(
            "kernels folder",
            False,
            f"{path} hides Hugging Face's package `kernels`, and transformers fails to import",
            f"delete {path}",
        )
        for folder in sorted(folders)
        # in site-packages it is Hugging Face's own
        if folder.name not in ("site-packages", "dist-packages")
        and (path := folder / "kernels" / "__init__.py").is_file()
    ]


def _writable(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        fix = "start from a folder that you may write to"
        return Finding("folder", False, f"{folder} cannot be written: {error.strerror}", fix)
    return Finding("folder", True, f"{folder} can be written")


def _templates() -> Finding:
    name = "templates"
    try:
        from .errors import DeftLabError
        from .fetch import VARIABLE, find_templates
    except ImportError:
        return Finding(name, None, "not looked for: a core package is missing")
    mend = f"set {VARIABLE} to the folder with the templates, or unset it"
    try:
        folder = find_templates()
    except DeftLabError as error:
        return Finding(name, False, str(error), mend)
    if folder is None:
        fetch = "python -m deft_lab fetch-templates"
        return Finding(name, None, "DeFT's own decoding trees are not here; nothing needs them", fetch)
    n_files = len(list(folder.glob("*.json")))
    if not n_files:
        return Finding(name, False, f"{folder} holds no .json", mend)
    return Finding(name, True, f"{folder} holds {n_files} .json")


def _chromium() -> Finding:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        return Finding("browser", None, "no Chromium; browser tests are skipped", "apt-get install chromium")
    if _version("playwright") is None:
        return Finding("browser", None, f"{found}, but no playwright", _install("playwright"))
    return Finding("browser", True, found)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version without suffixes: 2.13.0+cpu -> (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match.group().split("."))) if match else ()


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")


def _last_line(text: str) -> str:
    return next(iter(reversed(text.strip().splitlines())), "")


if __name__ == "__main__":
    raise SystemExit(print_report(doctor()))

"""The doctor names each problem with its fix, and never fails itself."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deft_lab import doctor as module
from deft_lab import fetch
from deft_lab.doctor import PACKAGES, Finding, doctor, print_report

ROOT = Path(__file__).resolve().parent.parent

ZERO_KERNEL = """
import torch
import deft_lab.kernels.selftest as selftest
selftest.plus_one = torch.zeros_like
raise SystemExit(bool(selftest.main()))
"""


@pytest.fixture
def without(monkeypatch):
    """Pretend that the named packages are not installed, for imports and for version look-ups."""

    def hide(*names: str) -> None:
        plain = metadata.version

        def version(name: str) -> str:
            if name in names:
                raise metadata.PackageNotFoundError(name)
            return plain(name)

        monkeypatch.setattr(metadata, "version", version)
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return hide


def named(findings: list[Finding], name: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.name == name]
    return finding


def test_the_packages_and_their_ranges_are_the_project_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["decode"], *extras["triton"], *extras["dev"]]
    wanted = {requirement.name: requirement.specifier for requirement in map(Requirement, lines)}
    for package in PACKAGES:
        ours = f"{package.name}>={package.minimum}" + (f",<{package.below}" if package.below else "")
        assert Requirement(ours).specifier == wanted[package.name]
    core = {Requirement(line).name for line in project["dependencies"]}
    assert core == {package.name for package in PACKAGES if not package.needed_for}


def test_every_problem_comes_with_a_fix():
    findings = doctor()
    assert all(finding.fix for finding in findings if finding.ok is False)
    assert named(findings, "python").ok and named(findings, "numpy").ok


def test_absent_optional_packages_are_no_problem_and_have_a_fix(without):
    optional = ["torch", "triton", "transformers", "safetensors", "jupyterlab"]
    without(*optional)
    findings = doctor()
    for name in optional:
        finding = named(findings, name)
        assert finding.ok is None and "needed for" in finding.detail and finding.fix
    assert named(findings, "triton kernel").detail == "not tried without torch and triton"


def test_an_absent_core_package_is_a_problem(without):
    without("numpy", "rich")
    numpy = named(doctor(), "numpy")
    assert numpy.ok is False and numpy.detail == "not installed" and numpy.fix


def test_a_version_outside_the_range_is_a_problem(monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: "6.1.0")
    finding = module._package(next(package for package in PACKAGES if package.name == "transformers"))
    assert finding.ok is False
    assert finding.detail == "6.1.0, but deft_lab needs transformers>=5.17,<6"
    assert finding.fix == "pip install 'transformers>=5.17,<6'"


def test_the_kernel_is_right_on_this_machine():
    pytest.importorskip("triton")
    finding = module._triton(on_gpu=module._gpu().ok is True)
    assert finding.ok, finding.detail
    assert "1000 numbers right" in finding.detail


def test_a_kernel_that_returns_zeros_is_found_out(monkeypatch):
    pytest.importorskip("triton")
    monkeypatch.setattr(module, "SELFTEST_COMMAND", (sys.executable, "-c", ZERO_KERNEL))
    finding = module._triton(on_gpu=False)
    assert finding.ok is False
    assert finding.detail == "the kernel returned zeros without an error"
    assert finding.fix


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("raise RuntimeError('Failed to find C compiler')", "RuntimeError: Failed to find C compiler"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import time; time.sleep(30)", "no result after 1 s"),
    ],
    ids=["raises", "dies", "hangs"],
)
def test_a_kernel_that_fails_is_a_finding(code, detail, monkeypatch):
    pytest.importorskip("triton")
    monkeypatch.setattr(module, "SELFTEST_COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(module, "SELFTEST_SECONDS", 1)
    finding = module._triton(on_gpu=False)
    assert finding.ok is False and finding.detail == detail and finding.fix


def test_a_gpu_that_torch_does_not_see_is_a_problem(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(module, "_nvidia_smi", lambda: ["NVIDIA H200", "580.65"])
    finding = module._gpu()
    assert finding.ok is False and finding.fix
    assert finding.detail == "NVIDIA H200 is there, but torch does not see it"


def test_without_a_gpu_the_interpreter_is_named(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(module, "_nvidia_smi", lambda: ["unknown"])
    assert module._gpu() == Finding("gpu", None, "no GPU: kernels run in Triton's interpreter")


def test_a_kernels_package_in_the_checkout_is_a_problem(tmp_path):
    assert module._kernels_clash({tmp_path}) == []
    clash = tmp_path / "kernels" / "__init__.py"
    clash.parent.mkdir()
    clash.touch()
    (finding,) = module._kernels_clash({tmp_path})
    assert finding.ok is False and finding.fix == f"delete {clash}"


def test_hugging_face_s_own_kernels_package_is_none(tmp_path):
    theirs = tmp_path / "site-packages" / "kernels" / "__init__.py"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    assert module._kernels_clash({tmp_path / "site-packages"}) == []


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path):
    # a missing folder, because root may write to any that exists
    finding = module._writable(tmp_path / "nowhere")
    assert finding.ok is False and finding.fix


def test_a_templates_folder_without_templates_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "default_folder", lambda: tmp_path / "never fetched")
    monkeypatch.delenv("DEFT_LAB_TEMPLATES", raising=False)
    assert module._templates().ok is None and "fetch-templates" in module._templates().fix
    monkeypatch.setenv("DEFT_LAB_TEMPLATES", str(tmp_path / "nowhere"))
    assert module._templates().ok is False and "is no folder" in module._templates().detail
    monkeypatch.setenv("DEFT_LAB_TEMPLATES", str(tmp_path))
    assert module._templates().ok is False and "holds no .json" in module._templates().detail
    (tmp_path / "a.json").write_text("[]")
    assert module._templates() == Finding("templates", True, f"{tmp_path} holds 1 .json")


@pytest.mark.parametrize("rich", [True, False], ids=["with rich", "without rich"])
def test_the_report_counts_problems(rich, without, capsys):
    if not rich:
        without("rich", "rich.console")
    fine, fact = Finding("a", True, "1.0"), Finding("b", None, "[absent]", "get it")
    assert print_report([fine, fact]) == 0
    assert "no problem found" in capsys.readouterr().out
    assert print_report([fine, fact, Finding("c", False, "broken", "mend it")]) == 1
    printed = capsys.readouterr().out
    assert "fix: mend it" in printed and "[absent]" in printed and "1 problem found" in printed


def test_the_doctor_runs_without_any_package():
    """-S hides site-packages; the file is run as it is, since deft_lab itself may need NumPy."""
    script = f"import runpy; runpy.run_path({str(ROOT / 'deft_lab' / 'doctor.py')!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "numpy" in done.stdout and "problems found" in done.stdout

"""`deft_lab.kernels` opens onto the folder kernels/ in every way of having deft_lab."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIND = "import importlib.util as u; print(u.find_spec('deft_lab.kernels.selftest').origin)"


def run(*command: str, cwd: Path, **environment: str) -> str:
    """The last line that `command` prints; fails with all it said if it fails."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return (done.stdout.strip().splitlines() or [""])[-1]


def test_no_init_file_makes_the_folder_a_package():
    assert not (ROOT / "kernels" / "__init__.py").exists()


@pytest.mark.parametrize("start", ["", "notebooks"], ids=["from the root", "from notebooks"])
def test_a_plain_checkout_finds_its_kernels(start):
    # PYTHONPATH comes before anything installed, so this is the checkout even where a wheel is there too
    origin = run(sys.executable, "-c", FIND, cwd=ROOT / start, PYTHONPATH=str(ROOT))
    assert Path(origin) == ROOT / "kernels" / "selftest.py"


def test_transformers_imports_from_the_root_of_the_checkout():
    """transformers probes for Hugging Face's package `kernels`; ours must not answer."""
    pytest.importorskip("transformers")
    word = "from transformers import LlamaForCausalLM as m; import deft_lab.kernels; print(m.__name__)"
    assert run(sys.executable, "-c", word, cwd=ROOT, HF_HUB_OFFLINE="1") == "LlamaForCausalLM"


@pytest.mark.long
def test_a_wheel_carries_the_kernels_and_the_data(tmp_path):
    source, site = tmp_path / "source", tmp_path / "site-packages"
    # a copy: setuptools leaves a build folder, from which files deleted since would get into the next wheel
    for name in ("deft_lab", "kernels", "data"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    run(sys.executable, "-m", "build", "--outdir", str(tmp_path), str(source), cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)

    def origin() -> Path:
        return Path(run(sys.executable, "-c", FIND, cwd=tmp_path, PYTHONPATH=str(site)))

    assert origin() == site / "deft_lab" / "_kernels" / "selftest.py"
    (site / "kernels").mkdir()
    (site / "kernels" / "__init__.py").touch()  # Hugging Face's package beside ours
    assert origin() == site / "deft_lab" / "_kernels" / "selftest.py"
    for folder, place in {"deft_lab": ".", "kernels": "_kernels", "data": "_data"}.items():
        # the widgets' sources stay behind: what they are built into is there
        wanted = {path for path in files(source / folder) if path.parts[:2] != ("widgets", "js")}
        assert wanted <= files(site / "deft_lab" / place), folder


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}

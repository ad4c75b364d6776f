"""pyproject.toml, environment.yml and constraints.txt tell one story."""

import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
REQUIREMENTS = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]


def conda_and_pip() -> tuple[list[str], list[str]]:
    entries = ENVIRONMENT["dependencies"]
    pip = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"]]
    return [entry for entry in entries if isinstance(entry, str)], pip


def pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text().split("\n")
    return {pin.name.lower(): pin for pin in map(Requirement, filter(None, lines))}


def test_the_pip_list_of_the_conda_environment_is_the_project_s():
    _, pip = conda_and_pip()
    listed = [line for line in pip if not line.startswith("--")]
    assert sorted(map(str, map(Requirement, listed))) == sorted(map(str, map(Requirement, REQUIREMENTS)))
    assert [line for line in pip if line.startswith("--")] == ["--constraint constraints.txt", "--editable ."]


def test_the_conda_part_is_python_and_pip_in_words_that_conda_reads():
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    conda, _ = conda_and_pip()
    rattler = pytest.importorskip("rattler")
    specs = {spec.name.normalized: spec for spec in map(rattler.MatchSpec, conda)}
    assert set(specs) == {"python", "pip"}
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(conda[0].split("=")[1])


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_every_requirement_is_pinned_inside_its_range(text):
    wanted = Requirement(text)
    (pin,) = pins()[wanted.name.lower()].specifier
    assert pin.operator == "=="
    assert wanted.specifier.contains(pin.version)


def test_every_pin_can_be_had_anywhere():
    for pin in pins().values():
        (specifier,) = pin.specifier
        assert pin.url is None and Version(specifier.version).local is None, pin

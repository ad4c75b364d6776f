"""Bundled data: made by a script, byte for byte, and documented."""

import subprocess
import sys
from pathlib import Path

import pytest

import deft_lab
from deft_lab.builders import bundled_trees, load_tree
from deft_lab.data import data_path
from deft_lab.errors import DeftLabError

CHECKOUT = Path(__file__).parent.parent


def test_the_bundled_trees_are_what_the_script_makes():
    script = CHECKOUT / "data" / "make_trees.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_bundled_file_is_documented():
    readme = (CHECKOUT / "data" / "README.md").read_text()
    assert len(bundled_trees()) >= 12
    for path in sorted((CHECKOUT / "data").rglob("*")):
        if path.is_file() and path.name != "README.md" and "__pycache__" not in path.parts:
            assert f"`{path.stem}`" in readme or f"`{path.name}`" in readme, (
                f"data/README.md does not name {path.name}"
            )


@pytest.mark.parametrize("name", bundled_trees())
def test_a_bundled_tree_loads_and_plans(name):
    tree = load_tree(name)
    deft_lab.check_plan(deft_lab.plan_tree(tree))


def test_no_released_template_is_bundled():
    """The templates are downloaded with their licence; nothing cut out of them is committed."""
    for path in (CHECKOUT / "data").rglob("*.json"):
        assert "incompleted" not in path.read_text() and "Accept_length" not in path.read_text()


def test_an_unknown_tree_lists_the_known_ones():
    with pytest.raises(DeftLabError, match="no bundled 'trees/oak.json'; there are beam_16, beam_4"):
        load_tree("oak")
    with pytest.raises(DeftLabError, match="no bundled 'woods'; there are"):
        data_path("woods")

"""The examples run as they stand, and are as short as they say."""

import runpy
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_a_tree_decodes_in_ten_lines(capsys):
    runpy.run_path(str(EXAMPLES / "decode_a_tree.py"), run_name="__main__")
    assert "answer: done 1 2 3 4 6 7 8 9" in capsys.readouterr().out
    code = (EXAMPLES / "decode_a_tree.py").read_text().split('"""')[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


def test_a_task_of_ones_own(capsys):
    runpy.run_path(str(EXAMPLES / "custom_task.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 2 and sum("the end ." in line for line in lines) >= 2

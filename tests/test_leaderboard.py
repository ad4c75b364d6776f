"""The leaderboard keeps a learner's attempts in the working folder, and mends nothing that it cannot read."""

import json
from pathlib import Path

import numpy as np
import pytest

from deft_lab import LLAMA3_8B, build_tree, plan_tree, traffic
from deft_lab.builders import topologies
from deft_lab.drafting.shapes import best_shape, expected_length
from deft_lab.errors import DeftLabError
from deft_lab.lessons import EXERCISES, leaderboard
from deft_lab.lessons.answers import token_shape
from deft_lab.lessons.board import PLACE
from deft_lab.lessons.exercises.nb11_judges import N_PROMPT, bytes_of
from deft_lab.token_tree import TokenTree, ranks_of, shape_from_ranks

SOURCE = Path(__file__).parent.parent / "notebooks" / "src" / "11_speculative_trees.py"
OTHERS = {"a chain": 2.0, "a star": 1.5}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_an_attempt_it_writes_nothing():
    assert [row[:3] for row in leaderboard("11.3", OTHERS).rows] == [(1, "a chain", 2.0), (2, "a star", 1.5)]
    assert not PLACE.exists()


def test_attempts_stay_and_the_highest_leads():
    leaderboard("11.3", OTHERS, "first try", 1.8)
    leaderboard("11.3", OTHERS, "second try", 2.7)
    rows = leaderboard("11.3", OTHERS).rows
    assert [row[1] for row in rows] == ["second try", "a chain", "first try", "a star"]
    assert [row[3] for row in rows] == ["yours", "", "yours", ""]
    assert leaderboard("11.4", {}).rows == ()


def test_an_attempt_of_the_same_name_is_replaced():
    leaderboard("11.3", {}, "mine", 1.0)
    assert [row[2] for row in leaderboard("11.3", {}, "mine", 3.0).rows] == [3.0]


@pytest.mark.parametrize("score", [float("nan"), float("inf"), "2", True])
def test_a_score_that_is_no_number_is_refused(score):
    with pytest.raises(DeftLabError, match="must be a number"):
        leaderboard("11.3", OTHERS, "mine", score)


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"schema": "other/1", "boards": {}})])
def test_a_file_that_cannot_be_read_is_left_alone(text):
    PLACE.parent.mkdir()
    PLACE.write_text(text)
    with pytest.raises(DeftLabError, match="cannot read"):
        leaderboard("11.3", OTHERS, "mine", 2.0)
    assert PLACE.read_text() == text


# --- the board of notebook 11, as its learners use it

VECTOR = (0.5, 0.18, 0.1, 0.06, 0.04, 0.03, 0.02)


def board_of(my_tree):
    """What the cells of the notebook enter for an answer."""
    cells = SOURCE.read_text().split("# %%")
    names = {"my_tree": my_tree, "leaderboard": leaderboard, "expected_length": expected_length}
    for needs in ("choices = topologies()", "def step_bytes", "leaderboard(\n"):
        code = next(cell for cell in cells if needs in cell)
        exec(code[code.index("\n") :], names)
    return json.loads(PLACE.read_text())["boards"]["11.3"] if PLACE.exists() else {}


@pytest.mark.parametrize(
    "form", [list, tuple, np.array, ranks_of, lambda shape: TokenTree(shape, (0,) * len(shape))]
)
def test_a_tree_enters_the_board_however_it_is_written(form):
    shape = EXERCISES["11.3"].solution()
    assert token_shape(form(shape)) == tuple(shape)
    assert board_of(form(shape)) == {"first attempt": pytest.approx(2.79, abs=0.01)}


def test_a_tree_that_is_not_the_best_enters_and_one_over_the_budget_does_not():
    assert board_of([-1, 0]) == {"first attempt": pytest.approx(1 + 0.5 + 0.25)}
    PLACE.unlink()
    assert board_of(best_shape(VECTOR, 200)) == {}


@pytest.mark.parametrize(
    "answer",
    [..., None, [], (), "chain", {}, 3, [0], [-1, 5], [-1, 0.5], [[0], 3], [[0, 1]], [["a"]], {-1}],
    ids=str,
)
def test_what_is_no_tree_enters_nothing_and_raises_nothing(answer):
    assert token_shape(answer) is None and board_of(answer) == {}
    assert EXERCISES["11.3"].judge(None, answer) is not None


def test_the_step_that_notebook_and_judge_price_has_a_query_on_the_newest_token():
    names = {}
    cell = next(cell for cell in SOURCE.read_text().split("# %%") if "def step_bytes" in cell)
    exec(cell[cell.index("\n") :], names)
    tree = build_tree("medusa", topology="eagle1_default_25", prompt=N_PROMPT)  # as drawn, not hung
    shape = shape_from_ranks(topologies()["eagle1_default_25"])
    assert tree.n_queries == len(shape) + 1
    plan = plan_tree(tree, "deft_flatten")
    moved = traffic(plan, LLAMA3_8B.layer, "requested", pack_heads=True).total
    assert names["step_bytes"](shape, N_PROMPT) == bytes_of(shape) == moved

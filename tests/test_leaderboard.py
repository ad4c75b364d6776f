"""The leaderboard keeps a learner's attempts in the working folder, and mends nothing that it cannot read."""

import json

import pytest

from deft_lab.errors import DeftLabError
from deft_lab.lessons import leaderboard
from deft_lab.lessons.board import PLACE

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

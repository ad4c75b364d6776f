"""Predictions: what is asked, what is stored, and that nothing typed is lost."""

import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from deft_lab import DeftLabError
from deft_lab.lessons import calibration, predict
from deft_lab.lessons.asking import as_number
from deft_lab.lessons.predicting import Prediction, Reveal
from deft_lab.lessons.show import number, with_unit
from deft_lab.lessons.store import PLACE, load, save
from deft_lab.viz.svg import text_width
from deft_lab.viz.theme import SMALL, WIDTH

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ask(guess=None, key="01.sharing", question="How many?"):
    return predict(key, question, unit="x", typical=20, guess=guess)


def test_a_guess_and_its_truth_are_stored():
    prediction = ask(guess=5)
    assert load() == {"01.sharing": {"question": "How many?", "unit": "x", "guess": 5.0, "truth": None}}
    revealed = prediction.reveal(10)
    assert load()["01.sharing"]["truth"] == 10.0
    assert (revealed.guess, revealed.ratio, revealed.is_typical) == (5.0, 0.5, False)
    assert "your guess: 5x" in revealed.alt.lower() and "2 times too low" in revealed.alt


def test_without_a_guess_the_typical_one_stands_in_and_nothing_is_stored():
    revealed = ask().reveal(18.27)
    assert revealed.is_typical and revealed.guess == 20
    assert "typical first guess" in revealed.alt and "your guess" not in revealed.alt.lower()
    assert not PLACE.exists()


def test_a_stored_guess_is_used_again_unless_the_question_has_changed():
    ask(guess=5)
    assert ask().guess == 5
    assert ask(question="How few?").guess is None


def test_a_skipped_question_forgets_the_guess():
    prediction = ask(guess=5)
    prediction.skip()
    assert prediction.reveal(10).is_typical and load()["01.sharing"]["guess"] is None
    later = ask(guess=7)
    predict.skip()
    assert later.guess is None


def test_predictions_of_other_keys_are_kept():
    ask(guess=5)
    ask(guess=6, key="02.groups")
    assert {key: entry["guess"] for key, entry in load().items()} == {"01.sharing": 5, "02.groups": 6}


DAMAGED = {
    "cut short": '{"schema": "deft_lab.predictions/1", "predi',
    "another version": '{"schema": "deft_lab.predictions/0", "predictions": {}}',
    "a list": "[]",
    "entries of another form": '{"schema": "deft_lab.predictions/1", "predictions": {"a": 3}}',
    "a guess in words": json.dumps(
        {
            "schema": "deft_lab.predictions/1",
            "predictions": {"a": {"question": "", "unit": "", "guess": "many", "truth": None}},
        }
    ),
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_told_and_left_alone_and_stops_nobody(content):
    PLACE.parent.mkdir()
    before = content if isinstance(content, bytes) else content.encode()
    PLACE.write_bytes(before)
    with pytest.raises(DeftLabError, match="left as it is"):
        load()
    prediction = ask(guess=5)
    assert "predictions.json" in prediction.problem and "not stored" in prediction.status
    assert prediction.reveal(10).guess == 5
    assert PLACE.read_bytes() == before


def test_a_write_that_fails_loses_nothing(monkeypatch):
    ask(guess=5)
    before = PLACE.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(DeftLabError, match="No space left on device"):
        save("01.sharing", {"question": "", "unit": "", "guess": 1, "truth": None})
    assert PLACE.read_bytes() == before and [path.name for path in PLACE.parent.iterdir()] == [PLACE.name]


@pytest.mark.parametrize("bad", [0, -3, math.nan, math.inf, "many", None])
def test_a_number_that_has_no_logarithm_is_refused(bad):
    for call in (
        lambda: predict("a", "?", typical=bad),
        lambda: ask().save(bad),
        lambda: ask().reveal(bad),
    ):
        with pytest.raises(DeftLabError, match="must be a number above 0"):
            call()


@pytest.mark.parametrize("ratio", [1e-6, 0.01, 0.5, 1, 1.003, 2, 10, 1e6])
def test_the_picture_of_a_guess_says_in_words_what_it_shows(ratio):
    prediction = Prediction("a", "How many < 3 & why?", "MB", typical=1)
    prediction.guess, prediction.truth = 100 * ratio, 100.0
    (figure,) = Reveal(prediction).figures
    root = ElementTree.fromstring(figure.svg)
    described = root.find("{http://www.w3.org/2000/svg}desc").text
    assert root.get("role") == "img" and described == figure.alt
    words = "spot on" if abs(ratio - 1) < 0.005 else "too low" if ratio < 1 else "too high"
    assert words in figure.alt and "100 MB" in figure.alt
    assert figure.table().rows[0][3] == pytest.approx(ratio)


@pytest.mark.parametrize("ratio", [1e-9, 1e-6, 1e-4, 0.01, 2, 100, 1e5, 1e7, 1e12])
def test_the_words_of_a_far_guess_do_not_overlap(ratio):
    prediction = Prediction("a", "How many?", "x", typical=1)
    prediction.guess, prediction.truth = 100 * ratio, 100.0
    root = ElementTree.fromstring(Reveal(prediction).figures[0].svg)
    texts = [text for text in root.iter("{http://www.w3.org/2000/svg}text") if text.get("text-anchor")]
    ticks = [text for text in texts if "small" in text.get("class")]
    assert "exact" in [text.text for text in ticks]
    spans = [(float(t.get("x")), text_width(t.text, SMALL) / 2) for t in ticks]
    for (left, half), (right, other) in itertools.pairwise(spans):
        assert left + half < right - other
    for text in texts:
        half = text_width(text.text, SMALL) / 2
        assert half <= float(text.get("x")) <= WIDTH - half


def test_a_truth_is_needed_to_reveal():
    with pytest.raises(DeftLabError, match="has no truth yet"):
        Reveal(Prediction("a", "?", "", typical=1))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (18.2727, "x", "18.27x"),
        (329.3, "MB", "329.3 MB"),
        (4000, "", "4,000"),
        (1e-5, "s", "1e-05 s"),
        (0.1017, "", "0.102"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, unit, text):
    assert with_unit(value, unit) == text
    assert number(9.5) == "9.5" and number(20.0) == "20" and number(0) == "0"


# --- the field to type into


@pytest.fixture
def box():
    pytest.importorskip("ipywidgets")
    from deft_lab.lessons.asking import question_box

    def make(prediction):
        question, row, status = question_box(prediction).children
        field, unit, save_button, skip_button = row.children
        return SimpleNamespace(
            question=question, field=field, unit=unit, save=save_button, skip=skip_button, status=status
        )

    return make


@pytest.mark.parametrize("typed", ["5", " 5.0 ", "5x", "5,0", "0.5e1", "5 %"])
def test_a_typed_number_is_stored_when_the_field_is_left(box, typed):
    prediction = Prediction("01.sharing", "How many?", "x", typical=20)
    shown = box(prediction)
    shown.field.value = typed
    assert prediction.guess == 5 and load()["01.sharing"]["guess"] == 5
    assert "Your guess: 5x" in shown.status.value


@pytest.mark.parametrize(
    ("typed", "value"), [("1,000", 1000), ("1,000,000.5", 1000000.5), ("18,5", 18.5), ("4_000 x", 4000)]
)
def test_a_comma_is_read_as_it_is_meant(typed, value):
    assert as_number(typed) == value


@pytest.mark.parametrize("typed", ["many", "-3", "0", "nan"])
def test_a_typed_word_is_answered_and_not_stored(box, typed):
    prediction = Prediction("01.sharing", "How many?", "x", typical=20)
    shown = box(prediction)
    shown.field.value = typed
    assert prediction.guess is None and "is no number above 0" in shown.status.value and not PLACE.exists()


def test_the_buttons_save_and_skip(box):
    prediction = Prediction("01.sharing", "How many?", "x", typical=20)
    shown = box(prediction)
    shown.save.click()
    assert "'' is no number above 0" in shown.status.value
    shown.field.value = "7"
    shown.save.click()
    assert prediction.guess == 7
    shown.skip.click()
    assert prediction.guess is None and shown.field.value == "" and "Skipped" in shown.status.value


def test_after_the_reveal_the_guess_stands(box):
    prediction = Prediction("01.sharing", "How many?", "x", typical=20)
    shown = box(prediction)
    shown.field.value = "7"
    prediction.reveal(9)
    shown.field.value = "9"
    shown.skip.click()
    assert prediction.guess == 7 and "has been revealed" in shown.status.value


# --- calibration: all predictions in one picture


def test_the_calibration_holds_what_was_guessed_and_measured():
    ask(guess=5).reveal(10)
    ask(guess=40, key="02.groups").reveal(10)
    ask(key="03.skipped").reveal(10)
    ask(guess=4, key="04.open")
    figure = calibration()
    assert figure.table().rows == (("01.sharing", 5.0, 10.0, 0.5), ("02.groups", 40.0, 10.0, 4.0))
    # half as much and four times as much: the median of 2 and 4 on a logarithmic axis
    assert "2 guesses, typically off by a factor of 2.83" in figure.alt
    assert "01: 2x, 02: 4x" in figure.alt
    root = ElementTree.fromstring(figure.svg)
    assert root.get("role") == "img" and len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 6


def test_the_calibration_of_nothing_says_how_to_begin():
    assert "No guess of yours" in calibration().alt and calibration().table().rows == ()


def test_the_calibration_of_a_spot_on_guess_is_drawn():
    ask(guess=10).reveal(10)
    assert "1 guess, off by a factor of 1 (1 is exact)" in calibration().alt

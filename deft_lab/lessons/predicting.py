"""Asking for a number before the cell that measures it.

guess: what the learner typed. Where nobody typed (a notebook run as a whole, a skipped question), the
typical first guess stands in; it is labelled so, and never stored as the learner's.
"""

import math
from typing import Any

from ..errors import DeftLabError
from . import store
from .show import Card, notebook, with_unit

_asked: list["Prediction"] = []  # the questions of this kernel, in order


class Prediction(Card):
    """A question with the learner's guess. It changes when a guess arrives, and when it is revealed."""

    def __init__(self, key: str, question: str, unit: str, typical: float) -> None:
        self.key, self.question, self.unit = key, question, unit
        self.typical = number_above_zero(typical, "typical")
        self.guess: float | None = None
        self.truth: float | None = None
        self.problem = ""  # why the guess could not be stored

    def save(self, guess: float) -> None:
        """Take and store a guess.

        Raises:
            DeftLabError: it is no number above 0.
        """
        self.guess = number_above_zero(guess, "guess")
        self._store()

    def skip(self) -> None:
        """Go on without a guess; the typical first guess stands in, and nothing is kept of an older one."""
        self.guess = None
        self._store()

    def reveal(self, actual: float) -> "Reveal":
        """Show the guess beside the measured number, and store that.

        Raises:
            DeftLabError: `actual` is no number above 0.
        """
        self.truth = number_above_zero(actual, "actual")
        if self.guess is not None:
            self._store()
        shown = Reveal(self)
        shown.show()
        return shown

    def _store(self) -> None:
        """Write the entry; a file that cannot be written is told, and stops nobody."""
        entry = {"question": self.question, "unit": self.unit, "guess": self.guess, "truth": self.truth}
        try:
            store.save(self.key, entry)
            self.problem = ""
        except DeftLabError as bad:
            self.problem = str(bad)

    @property
    def status(self) -> str:
        """Where the prediction stands, in one sentence."""
        if self.guess is None:
            return "No guess yet. Take one before you go on; it need not be good."
        kept = f"not stored: {self.problem}" if self.problem else f"stored in {store.PLACE.as_posix()}"
        return f"Your guess: {with_unit(self.guess, self.unit)} ({kept})."

    @property
    def markdown(self) -> str:
        """The question, for readers who cannot type."""
        return f"**Predict.** {self.question}\n\n*(Run this cell to enter your guess.)*"

    def show(self) -> None:
        """Show the question with a field for the guess; in a terminal, the question."""
        if notebook() is None:
            print(f"Predict. {self.question} (Pass guess=...; {self.status})")
            return
        from .asking import show_question

        show_question(self)

    def __repr__(self) -> str:
        return f"Prediction({self.key!r}: {self.status})"


class Reveal(Card):
    """The guess beside the truth. `ratio` is guess / truth."""

    def __init__(self, prediction: Prediction) -> None:
        guess = prediction.guess
        if prediction.truth is None:
            raise DeftLabError(f"prediction {prediction.key!r} has no truth yet; call its reveal(actual)")
        self.is_typical = guess is None
        self.guess = prediction.typical if guess is None else guess
        self.truth = prediction.truth
        self.ratio = self.guess / self.truth
        whose, unit = "a typical first guess" if self.is_typical else "your guess", prediction.unit
        from .reveal import draw_reveal, verdict

        figure = draw_reveal(prediction.question, unit, self.guess, self.truth, whose)
        self.figures = (figure,)
        self.alt, self.table = figure.alt, figure.table
        lead = (
            "Nobody typed a number here, so a typical first guess stands in: "
            if self.is_typical
            else "Your guess: "
        )
        self.markdown = (
            f"{lead}**{with_unit(self.guess, unit)}**. Measured: **{with_unit(self.truth, unit)}**. "
            f"The guess is {verdict(self.ratio)}."
        )

    def __repr__(self) -> str:
        return self.alt


def predict(
    key: str, question: str, *, unit: str = "", typical: float, guess: float | None = None
) -> Prediction:
    """Ask for a number before the cell that measures it; never waits for the answer.

    Args:
        key: notebook and name, such as "01.sharing".
        question: one sentence.
        unit: of the number, such as "x" or "MB".
        typical: what people guess at first; stands in where nobody types.
        guess: the guess, in a script.

    Returns:
        The prediction; call its `reveal(actual)` where the number has been measured.

    Raises:
        DeftLabError: `typical` or `guess` is no number above 0.
    """
    prediction = Prediction(key, question, unit, typical)
    if guess is not None:
        prediction.save(guess)
    else:
        try:
            kept = store.load().get(key, {})
            if kept.get("question") == question:  # a question that has changed is asked anew
                prediction.guess = kept["guess"]
        except DeftLabError as bad:
            prediction.problem = str(bad)
    _asked.append(prediction)
    prediction.show()
    return prediction


def skip() -> None:
    """Skip the question that was asked last.

    Raises:
        DeftLabError: none was asked.
    """
    if not _asked:
        raise DeftLabError("nothing to skip; no prediction was asked for in this kernel")
    _asked[-1].skip()


predict.skip = skip  # type: ignore[attr-defined]


def number_above_zero(value: Any, name: str) -> float:
    """`value` as a float; a ratio on a logarithmic axis needs more than 0.

    Raises:
        DeftLabError: it is no number, or not above 0.
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 < found < math.inf:
        raise DeftLabError(f"{name}={value!r}; it must be a number above 0, such as 3 or 1.5e6")
    return found

"""What the notebooks are made of: predictions before a number is shown, and exercises that are checked.

prediction: a learner's number for a question, asked before the cell that measures it. exercise: a task
with a skeleton, three hints, a solution, and a judge that shares no idea with the solution. mutant: a
known wrong answer; a test proves that each exercise rejects its own.

    guess = predict("01.sharing", "How many times more bytes?", unit="x", typical=20)
    guess.reveal(18.27)
    calibration()
    check("01.1", count_tokens)
"""

from .board import leaderboard
from .bug_museum import Exhibit, check_museum, museum
from .calibrating import calibration
from .cards import exercise, hint, solution
from .checking import check
from .contract import Exercise
from .counted_steps import CountedStep, count_step, draw_count
from .exercises import EXERCISES
from .kernel_reading import source_of, stripped_source, values_of
from .own import MethodReport, check_all
from .predicting import Prediction, predict
from .result import Result

__all__ = [
    "EXERCISES",
    "CountedStep",
    "Exercise",
    "MethodReport",
    "Exhibit",
    "Prediction",
    "Result",
    "calibration",
    "check",
    "check_all",
    "check_museum",
    "count_step",
    "draw_count",
    "exercise",
    "hint",
    "museum",
    "leaderboard",
    "predict",
    "solution",
    "source_of",
    "stripped_source",
    "values_of",
]

"""A leaderboard of one learner: the attempts at an exercise that can be done better and better.

It stays in `.deft/boards.json` in the working folder, and goes nowhere else.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from ..errors import DeftLabError
from ..viz.figure import Table

SCHEMA = "deft_lab.boards/1"
PLACE = Path(".deft") / "boards.json"
YOURS = "yours"


def leaderboard(key: str, others: Mapping[str, float], name: str = "", score: float | None = None) -> Table:
    """Enter an attempt, if there is one, and show all of them among others; the highest score leads.

    Args:
        key: of the exercise.
        others: name -> score of attempts that are not the learner's.
        name: of the attempt; one of the same name is replaced.
        score: None: nothing is entered.

    Raises:
        DeftLabError: the score is no number, or the file cannot be read or written.
    """
    boards = _load()
    if score is not None:
        if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
            raise DeftLabError(f"score={score!r}; it must be a number")
        boards.setdefault(key, {})[name or YOURS] = float(score)
        _save(boards)
    mine = boards.get(key, {})
    entries = [(float(value), who, "") for who, value in others.items()]
    entries += [(value, who, YOURS) for who, value in mine.items()]
    entries.sort(key=lambda entry: -entry[0])
    rows = tuple((place, who, value, whose) for place, (value, who, whose) in enumerate(entries, 1))
    return Table(("place", "name", "score", ""), rows)


def _load() -> dict[str, dict[str, float]]:
    if not PLACE.is_file():
        return {}
    try:
        data = json.loads(PLACE.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']!r}")
        return {key: {str(n): float(v) for n, v in board.items()} for key, board in data["boards"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as bad:
        raise DeftLabError(f"cannot read {PLACE} ({bad}); mend it, or move it away to start anew") from bad


def _save(boards: Mapping[str, Mapping[str, float]]) -> None:
    try:
        PLACE.parent.mkdir(exist_ok=True)
        text = json.dumps({"schema": SCHEMA, "boards": boards}, indent=1, ensure_ascii=False)
        PLACE.write_text(text + "\n", encoding="utf-8")
    except OSError as bad:
        raise DeftLabError(f"cannot write {PLACE} ({bad.strerror})") from bad

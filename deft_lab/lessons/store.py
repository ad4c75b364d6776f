"""Predictions on disk: `.deft/predictions.json` in the working folder, one entry a key.

An entry holds question, unit, guess (None if skipped) and truth (None until it is revealed). The file is
replaced whole or not at all, and one that cannot be read is never written over.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ..errors import DeftLabError

SCHEMA = "deft_lab.predictions/1"
PLACE = Path(".deft") / "predictions.json"
FIELDS = {"question", "unit", "guess", "truth"}


def load() -> dict[str, dict[str, Any]]:
    """All stored predictions by key; none if there is no file.

    Raises:
        DeftLabError: the file is damaged, or of another version.
    """
    try:
        text = PLACE.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as bad:
        raise DeftLabError(f"cannot read {PLACE} ({bad}); {_ADVICE}") from bad
    try:
        data = json.loads(text)
    except json.JSONDecodeError as bad:
        raise DeftLabError(f"{PLACE} is damaged at character {bad.pos} of {len(text)}; {_ADVICE}") from bad
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise DeftLabError(f"{PLACE} has schema {found!r} where {SCHEMA!r} is expected; {_ADVICE}")
    entries = data.get("predictions")
    if not isinstance(entries, dict) or not all(_is_entry(entry) for entry in entries.values()):
        raise DeftLabError(f"{PLACE} holds entries without {', '.join(sorted(FIELDS))}; {_ADVICE}")
    return entries


def save(key: str, entry: dict[str, Any]) -> None:
    """Set the entry of `key`, keep all others.

    Raises:
        DeftLabError: the file that is there cannot be read, or the folder cannot be written.
    """
    entries = load() | {key: entry}
    text = json.dumps({"schema": SCHEMA, "predictions": entries}, indent=1, ensure_ascii=False)
    try:
        PLACE.parent.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=PLACE.parent, prefix="predictions-", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.replace(temporary, PLACE)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as bad:
        raise DeftLabError(
            f"cannot write {PLACE} ({bad.strerror}); your number lasts until the kernel stops"
        ) from bad


_ADVICE = "it was left as it is; mend it, or move it away to start anew"


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not set(entry) >= FIELDS:
        return False
    return all(entry[name] is None or _is_number(entry[name]) for name in ("guess", "truth"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

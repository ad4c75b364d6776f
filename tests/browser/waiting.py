"""What a page shows follows a hand some time later: wait for it, however busy the machine is."""

import time
from collections.abc import Callable
from typing import Any


def until(look: Callable[[], Any], wanted: Any = bool, seconds: float = 20.0) -> Any:
    """Wait until `look()` is `wanted` or, where that is a function, meets it; what was seen.

    Raises AssertionError with what was seen last.
    """
    meets = wanted if callable(wanted) else lambda seen: seen == wanted
    began = time.monotonic()
    while not meets(seen := look()):
        words = "" if callable(wanted) else f", not {wanted!r}"
        assert time.monotonic() - began < seconds, f"after {seconds:g} s: {seen!r}{words}"
        time.sleep(0.03)
    return seen

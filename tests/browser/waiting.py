"""What a page shows follows a hand some time later: wait for it, however busy the machine is."""

import time
from collections.abc import Callable
from typing import Any


def until(look: Callable[[], Any], wanted: Any = None, seconds: float = 20.0) -> Any:
    """Wait until `look()` is `wanted`, or meets it where it is a function, or is true without it.

    Raises AssertionError with what was seen last.
    """
    meets = wanted if callable(wanted) else bool if wanted is None else lambda seen: seen == wanted
    began = time.monotonic()
    while not meets(seen := look()):
        words = "" if wanted is None or callable(wanted) else f", not {wanted!r}"
        assert time.monotonic() - began < seconds, f"after {seconds:g} s: {seen!r}{words}"
        time.sleep(0.03)
    return seen

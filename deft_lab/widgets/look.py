"""Where scripts of widgets lie, and the style sheet that all share; what else it needs, a script brings."""

from pathlib import Path

STATIC = Path(__file__).with_name("static")
LOOK = STATIC / "look.css"
THEMES = ("auto", "light", "dark")


def look_and(name: str) -> str:
    """The shared style sheet, and after it one that lies beside the widgets' Python."""
    return LOOK.read_text(encoding="utf-8") + Path(__file__).with_name(name).read_text(encoding="utf-8")

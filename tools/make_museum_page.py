"""Write docs/bug_museum.md from the exhibits of deft_lab.lessons.bug_museum.

python tools/make_museum_page.py [--check]
"""

import sys
from pathlib import Path

from deft_lab.lessons.bug_museum import page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "bug_museum.md"


def main() -> str | None:
    """Write the page, or say that it is stale."""
    if "--check" in sys.argv:
        stale = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page()
        return "docs/bug_museum.md is stale; run python tools/make_museum_page.py" if stale else None
    PAGE.write_text(page(), encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())

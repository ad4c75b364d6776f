"""The bug museum: real defects of released code and data, each made anew, for a test that the learner writes.

    museum()                                 the list
    museum("row_max")                        one exhibit
    check_museum("row_max", test_row_max)    must fail on the defect, and pass what is right

To add one: write the defect, the right way, another right way, a test and at least three wrong tests into one
of the files here, and add it to the file's EXHIBITS. The shared tests run over the table.
"""

from typing import Any

from ...errors import DeftLabError, check_choice
from ..cards import Text
from . import accounts, attention, data, kernels, models, speculation, verification
from .exhibit import Exhibit, Verdict, card, judge

INTRODUCTION = """\
Real defects of released code and data, each made anew in a few lines: what it did to results, the defect, and
a test that you write. A good test fails on the defect, and passes every implementation that is right.

```python
from deft_lab.lessons import check_museum, museum

museum()  # the list; museum("row_max") shows one exhibit


def test_row_max(reduce): ...


check_museum("row_max", test_row_max)
```

None of this is to laugh at anybody. Each defect passed the tests that there were; that is why it is here.\
"""
ROOMS = {
    "Attention": attention.EXHIBITS,
    "Kernels and their groups": kernels.EXHIBITS,
    "Accounts": accounts.EXHIBITS,
    "Data": data.EXHIBITS,
    "Models": models.EXHIBITS,
    "Drafting": speculation.EXHIBITS,
    "Verification": verification.EXHIBITS,
}
EXHIBITS: dict[str, Exhibit] = {found.key: found for room in ROOMS.values() for found in room}


def museum(key: str | None = None) -> None:
    """Show the list of exhibits, or one of them.

    Raises:
        DeftLabError: there is no exhibit of that key.
    """
    (listing() if key is None else card(find_exhibit(key))).show()


def check_museum(key: str, test: Any) -> Verdict:
    """Try a test on an exhibit, and show whether it tells the defect from what is right.

    Raises:
        DeftLabError: there is no exhibit of that key.
    """
    verdict = judge(find_exhibit(key), test)
    verdict.show()
    return verdict


def find_exhibit(key: str) -> Exhibit:
    """The exhibit of that key.

    Raises:
        DeftLabError: there is none.
    """
    check_choice(DeftLabError, EXHIBITS, exhibit=key)
    return EXHIBITS[key]


def listing() -> Text:
    """All exhibits, room by room."""
    lines = [f"**The bug museum: {len(EXHIBITS)} defects, each of which somebody shipped**"]
    for room, exhibits in ROOMS.items():
        lines.append(f"{room}:\n\n" + "\n".join(f"- `{e.key}`: {e.title}" for e in exhibits))
    lines.append('Look at one with `museum("row_max")`, write a test, and try it with `check_museum`.')
    return Text("\n\n".join(lines))


def page() -> str:
    """The whole museum as a page of Markdown, for docs/."""
    parts = ["# The bug museum", INTRODUCTION]
    for room, exhibits in ROOMS.items():
        parts.append(f"## {room}")
        parts += [f"### {found.title}\n\n{card(found, with_title=False).markdown}" for found in exhibits]
    return "\n\n".join(parts) + "\n"


__all__ = ["EXHIBITS", "Exhibit", "Verdict", "check_museum", "find_exhibit", "museum", "page"]

"""Ask axe-core what keeps people from using a part of the page."""

from pathlib import Path
from typing import Any

import pytest

SERIOUS = ("serious", "critical")
RUN = """async (selector) => {
  const { violations } = await axe.run(selector ? { include: [[selector]] } : document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
  });
  return violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help,
    where: nodes.slice(0, 4).map(({ html, any }) =>
      `${html.slice(0, 140)} ${any.map(({ message }) => message).join(" ")}`),
    count: nodes.length,
  }));
}"""


def faults(page: Any, selector: str | None = None) -> list[str]:
    """The serious and critical faults below a selector, each in words; contrast is among them."""
    package = pytest.importorskip("axe_playwright_python")
    if not page.evaluate("() => Boolean(globalThis.axe)"):
        page.evaluate((Path(package.__file__).parent / "axe.min.js").read_text() + "; undefined")
    found = page.evaluate(RUN, selector)
    return [
        f"{fault['id']} ({fault['impact']}, {fault['count']} times): {fault['help']}: {fault['where']}"
        for fault in found
        if fault["impact"] in SERIOUS
    ]

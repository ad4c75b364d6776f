"""The first notebook in JupyterLab: every cell runs, and its explorer answers the keyboard."""

import re
from pathlib import Path

import pytest
from lab import ROOT, Lab

from deft_lab.widgets.controls import RANGES

NOTEBOOK = ROOT / "notebooks" / "01_tree_split.ipynb"
STATE = """() => ({
  preset: document.querySelector(".deft-controls select").value,
  status: document.querySelector(".deft-status").textContent,
  pictures: [...document.querySelector(".deft-views").querySelectorAll("svg")].map((svg) => svg.outerHTML),
})"""


@pytest.fixture(scope="module")
def notebook(lab: Lab):
    if not NOTEBOOK.is_file():
        pytest.skip("notebooks/01_tree_split.ipynb is not built: make notebooks")
    with lab.open(NOTEBOOK) as opened:
        yield opened


def stored(state: dict) -> int:
    """The tokens that the sentence says are stored."""
    return int(re.search(r"([\d,]+) tokens stored", state["status"]).group(1).replace(",", ""))


def changed(notebook, before: dict) -> dict:
    """The explorer's state once the sentence and all pictures differ from `before`."""
    notebook.page.wait_for_function(
        f"""(before) => {{
          const now = ({STATE})();
          return now.status !== before.status && now.pictures.every((svg, i) => svg !== before.pictures[i]);
        }}""",
        arg=before,
        timeout=10_000,
    )
    return notebook.page.evaluate(STATE)


def test_the_first_notebook_runs_and_its_explorer_answers_the_keyboard(notebook, screenshots: Path):
    notebook.run_all()
    page = notebook.page
    page.locator(".jp-Notebook .jp-CodeCell").first.scroll_into_view_if_needed()
    page.wait_for_selector(".deft-views svg")
    start = page.evaluate(STATE)
    assert len(start["pictures"]) == 3

    page.get_by_label("Prompt").first.focus()
    page.keyboard.press("ArrowRight")
    longer = changed(notebook, start)
    assert stored(longer) == stored(start) + RANGES["prompt"][2]

    page.get_by_label("Preset").first.focus()
    page.keyboard.press("ArrowDown")
    other = changed(notebook, longer)
    assert other["preset"] != longer["preset"] == start["preset"]

    for name, dark in (("JupyterLab Light", False), ("JupyterLab Dark", True)):
        notebook.theme(name, dark)
        notebook.screenshot(screenshots / f"notebook_01_{'dark' if dark else 'light'}.png")
    assert notebook.left_loopback == []
    assert notebook.console_errors == []

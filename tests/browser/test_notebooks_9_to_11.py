"""Notebooks 9 to 11 in JupyterLab: every cell runs, nothing leaves the machine, and a drawn tree decodes."""

import re
from pathlib import Path

import pytest
from lab import ROOT, Lab
from waiting import until

NAMES = ("09_llama_decode", "10_sequential_baselines", "11_speculative_trees")
SHOW = """(source) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  const at = content.widgets.findIndex((cell) => cell.model.sharedModel.source.includes(source));
  content.activeCellIndex = at;
  content.scrollToItem(at, "start");
}"""


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_runs_and_the_first_figure_is_alive(lab: Lab, name: str, screenshots: Path):
    pytest.importorskip("transformers")
    with lab.open(ROOT / "notebooks" / f"{name}.ipynb") as notebook:
        notebook.run_all(timeout=400)
        page = notebook.page
        page.locator(".jp-Notebook .jp-CodeCell").first.scroll_into_view_if_needed()
        page.wait_for_selector(".jp-Notebook .jp-CodeCell svg")
        for theme, dark in (("JupyterLab Light", False), ("JupyterLab Dark", True)):
            notebook.theme(theme, dark)
            notebook.screenshot(screenshots / f"notebook_{name[:2]}_{'dark' if dark else 'light'}.png")
        if name == NAMES[0]:
            decode_what_is_drawn(notebook)
            notebook.screenshot(screenshots / "notebook_09_live.png")
        assert notebook.left_loopback == []
        assert notebook.console_errors == []


def decode_what_is_drawn(notebook):
    """A branch is added in Python, as the editor does; Decode writes the new tree and finds it equal."""
    page = notebook.page
    page.evaluate(SHOW, "LiveDecoder(model")
    page.wait_for_selector(".deft-live .deft-go")
    until(page.locator(".deft-live").inner_text, lambda seen: "All 3 branches equal" in seen)
    notebook.python("editor.tree = editor.tree.fork(2, k=2, length=5)")
    page.locator(".deft-live .deft-go").click()
    until(page.locator(".deft-live").inner_text, lambda seen: "All 4 branches equal" in seen, seconds=60)
    assert re.search(r"\b\d+ tokens the same", page.locator(".deft-live").inner_text())

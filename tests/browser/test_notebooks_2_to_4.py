"""Notebooks 2 to 4 in JupyterLab: every cell runs, nothing leaves the machine, and their widgets answer."""

from pathlib import Path

import pytest
from lab import ROOT, Lab
from waiting import until

NAMES = ("02_qkv_grouping", "03_partial_attention", "04_tree_reduction")


LIT = """() => [...document.querySelectorAll(".deft-picture .lit")].map(
  (shape) => shape.dataset.node ?? `q${shape.dataset.query ?? ""}g${shape.dataset.group}`)"""


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_runs_and_the_first_figure_is_alive(lab: Lab, name: str, screenshots: Path):
    with lab.open(ROOT / "notebooks" / f"{name}.ipynb") as notebook:
        notebook.run_all()
        page = notebook.page
        page.locator(".jp-Notebook .jp-CodeCell").first.scroll_into_view_if_needed()
        page.wait_for_selector(".jp-Notebook .jp-CodeCell svg")
        for theme, dark in (("JupyterLab Light", False), ("JupyterLab Dark", True)):
            notebook.theme(theme, dark)
            notebook.screenshot(screenshots / f"notebook_{name[:2]}_{'dark' if dark else 'light'}.png")
        if name == NAMES[0]:
            inspect(notebook)
            notebook.screenshot(screenshots / "inspector.png")
        assert notebook.left_loopback == []
        assert notebook.console_errors == []


def inspect(notebook):
    """The inspector lights up what belongs together, under the mouse and by keys."""
    page = notebook.page
    status = page.locator(".deft-views .deft-status").first
    page.locator(".deft-picture rect[data-node='3']").first.hover()
    # node 3: its bar in the tree, its slot and its word, the sizes of its group, and its query
    around = {"qg2", "q1g0", "q1g1", "q1g2"}
    until(lambda: page.evaluate(LIT), lambda lit: lit.count("3") == 3 and set(lit) - {"3"} == around)
    until(status.inner_text, lambda seen: seen.startswith("Node 3: 1 token, seen by 1 query (q1)"))

    page.locator(".deft-picture rect[data-query='2']").first.hover()
    until(lambda: set(page.evaluate(LIT)), lambda seen: {"0", "4"} <= seen and "1" not in seen)
    until(status.inner_text, lambda seen: seen.startswith("Query q2 sees n0, n4"))

    page.get_by_label("Light up").first.focus()
    page.keyboard.press("ArrowDown")
    page.mouse.move(0, 0)
    page.wait_for_function("() => document.querySelector('.deft-status').textContent.startsWith('Node 0')")
    until(lambda: set(page.evaluate(LIT)), lambda seen: seen >= {"0", "q0g0", "q2g3"})

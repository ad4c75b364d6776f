"""Every widget draws itself in a JupyterLab without a network, and axe-core finds no serious fault there."""

from pathlib import Path

import pytest
from axe import faults
from gallery import WIDGETS, write_notebook
from lab import Lab


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = write_notebook(tmp_path_factory.mktemp("notebook") / "widgets.ipynb")
    with lab.open(path, height=12_000) as notebook:
        notebook.run_all()
        yield notebook


def cell_of(notebook, name: str):
    return notebook.page.locator(".jp-CodeCell").nth(list(WIDGETS).index(name))


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_draws_itself_in_jupyterlab(opened, name):
    cell_of(opened, name).locator(WIDGETS[name][1]).first.wait_for(timeout=20_000)
    assert opened.left_loopback == []
    assert opened.console_errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_widget_has_a_serious_fault(opened, dark, screenshots: Path):
    opened.theme("JupyterLab Dark" if dark else "JupyterLab Light", dark)
    found = faults(opened.page, ".jp-OutputArea-output")
    opened.page.screenshot(path=str(screenshots / f"widgets_{'dark' if dark else 'light'}.png"))
    assert not found, "\n".join(found)

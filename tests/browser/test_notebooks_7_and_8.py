"""Notebooks 7 and 8: the kernel steps, and a bar of bytes leads to its source lines; in exported HTML, too.

Only the first cells run here: the others have no widget that these do not have, and nbmake runs them all.
"""

import subprocess
import sys
from pathlib import Path

from gallery import offline_page
from lab import READY, ROOT, Lab
from waiting import until

from deft_lab.kernel_run import load_kernel_run

SHOWN = """() => [...document.querySelectorAll(".deft-fig .pane")]
  .filter((pane) => getComputedStyle(pane).display !== "none").map((pane) => pane.dataset.pane)"""
RUN_FIRST = """() => {
  const content = window.jupyterapp.shell.currentWidget.content;
  content.activeCellIndex = content.widgets.findIndex((cell) => cell.model.type === "code");
}"""


def run_first_cell(notebook, drawn: str):
    page = notebook.page
    page.wait_for_function(READY, timeout=90_000)
    page.evaluate(RUN_FIRST)
    notebook.command("notebook:run-cell")
    page.wait_for_selector(drawn, timeout=60_000)
    page.wait_for_function(READY, timeout=60_000)


def look(notebook, screenshots: Path, name: str):
    for theme, dark in (("JupyterLab Light", False), ("JupyterLab Dark", True)):
        notebook.theme(theme, dark)
        notebook.screenshot(screenshots / f"notebook_{name}_{'dark' if dark else 'light'}.png")
    assert notebook.left_loopback == []
    assert notebook.console_errors == []


def test_the_kernel_of_notebook_7_steps_and_stops(lab: Lab, screenshots: Path):
    run = load_kernel_run("deft_node")
    stop = run.steps_where("first == 4 and node(0)")[0]
    with lab.open(ROOT / "notebooks" / "07_triton_step.ipynb") as notebook:
        run_first_cell(notebook, ".deft-player .deft-stage svg")
        player = notebook.page.locator(".deft-player")
        player.focus()
        notebook.page.keyboard.press("n")
        notebook.page.wait_for_function(
            "(step) => document.querySelector('.deft-count').textContent.startsWith(`step ${step} of `)",
            arg=run.program_steps[1],
        )
        notebook.page.keyboard.press("Home")
        box = player.get_by_label("Stop when")
        box.fill("first == 4 and node(0)")
        box.press("Enter")
        player.get_by_text("2 stops, 2 ahead").wait_for(timeout=10_000)
        player.get_by_role("button", name="stop ▶").click()
        now = player.locator(".deft-source li.now code")
        now.get_by_text(run.text(stop)).wait_for(timeout=10_000)
        look(notebook, screenshots, "07")


def test_a_bar_of_notebook_8_leads_to_its_source_lines(lab: Lab, screenshots: Path):
    with lab.open(ROOT / "notebooks" / "08_count_the_bytes.ipynb") as notebook:
        run_first_cell(notebook, ".deft-views .deft-picture svg .pane")
        page, status = notebook.page, notebook.page.locator(".deft-views .deft-status")
        until(lambda: page.evaluate(SHOWN), ["kv"])
        until(status.inner_text, lambda seen: seen.startswith("Choose the bars"))
        address = page.url
        page.locator("a[data-pane=partials] rect[data-role]").last.click()
        until(lambda: page.evaluate(SHOWN), ["partials"])
        until(status.inner_text, lambda seen: "attend.py:93 stores" in seen)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        until(lambda: page.evaluate(SHOWN), ["lse"])
        assert page.url == address
        until(lambda: notebook.python("print(Out[1].pick)"), "lse")
        notebook.python("Out[1].pick = 'index'")
        status.get_by_text("6 more lines the rest").wait_for(timeout=10_000)
        until(lambda: page.evaluate(SHOWN), ["index"])
        look(notebook, screenshots, "08")


def test_the_same_in_exported_html(chromium, tmp_path, screenshots):
    source, config = ROOT / "notebooks" / "08_count_the_bytes.ipynb", ROOT / "notebooks" / "offline_html.py"
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--config", config, source]
    done = subprocess.run([*command, "--output-dir", tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with offline_page(chromium, tmp_path / "08_count_the_bytes.html") as (page, asked, errors):
        assert page.evaluate(SHOWN) == ["kv"]
        page.locator("a[data-pane=partials] text").first.click()
        until(lambda: page.evaluate(SHOWN), ["partials"])
        page.locator("a[data-pane=index]").focus()
        page.keyboard.press("Enter")
        until(lambda: page.evaluate(SHOWN), ["index"])
        # the bars stay on the screen, above the source
        until(lambda: page.locator("a[data-pane=kv]").bounding_box()["y"], lambda seen: seen >= 0)
        page.screenshot(path=str(screenshots / "exported_08.png"))
        assert asked == [] and errors == []

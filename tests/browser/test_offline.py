"""Every widget works without a network: in exported HTML, and as a page of its own.

axe-core finds nothing there that keeps people out. test_offline_jupyterlab.py looks at JupyterLab.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from axe import faults
from gallery import WIDGETS, offline_page, write_notebook
from lab import ROOT
from waiting import until

from deft_lab import build_tree, load_tree
from deft_lab.widgets.linked import VIEWS
from deft_lab.widgets.page import view_page


def test_exported_html_shows_a_picture_with_words_for_every_widget(chromium, tmp_path, screenshots):
    source = write_notebook(tmp_path / "widgets.ipynb")
    config = ROOT / "notebooks" / "offline_html.py"
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "html",
        "--execute",
        "--config",
        str(config),
        str(source),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with offline_page(chromium, source.with_suffix(".html")) as (page, asked, errors):
        for i, name in enumerate(WIDGETS):
            picture = page.locator(".jp-CodeCell").nth(i).locator("svg.deft-fig").first
            assert picture.is_visible(), name
            assert len(picture.locator("desc").first.text_content()) > 60, name
        assert asked == [] and errors == []
        page.screenshot(path=str(screenshots / "exported.png"), full_page=True)
        found = faults(page, ".jp-OutputArea-output")
        assert not found, "\n".join(found)


@pytest.fixture
def page_file(tmp_path) -> Path:
    path = tmp_path / "tree.html"
    path.write_text(view_page(load_tree("beam_4")), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_without_jupyter_draws_everything_and_has_no_serious_fault(
    chromium, page_file, dark, width, screenshots
):
    with offline_page(chromium, page_file, dark=dark, width=width) as (page, asked, errors):
        drawn = (
            "[...document.querySelectorAll('figure.deft-view')].filter((view) => view.querySelector('svg'))"
        )
        page.wait_for_function(f"() => {drawn}.length === {len(VIEWS)}", timeout=10_000)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        found = faults(page)
        page.screenshot(
            path=str(screenshots / f"page_{width}_{'dark' if dark else 'light'}.png"), full_page=True
        )
        assert asked == [] and errors == []
        assert not found, "\n".join(found)


def test_the_page_edits_and_says_which_plans_are_old(chromium, page_file):
    with offline_page(chromium, page_file) as (page, asked, errors):
        page.wait_for_selector("figure.deft-view svg")
        before = page.evaluate("() => session.tree.nTokens")
        assert page.locator(".deft-stale").count() == 0
        page.locator("[data-field=length]").fill("77")
        page.keyboard.press("Enter")
        until(lambda: page.evaluate("() => session.tree.nTokens"), lambda seen: seen != before)
        until(page.locator(".deft-stale").first.inner_text, lambda seen: "plans need Python" in seen)
        page.keyboard.press("Control+z")
        until(lambda: page.evaluate("() => session.tree.nTokens"), before)
        until(page.locator(".deft-stale").count, 0)
        assert asked == [] and errors == []


def test_a_link_opens_its_tree_in_the_page(chromium, page_file):
    with offline_page(chromium, page_file) as (page, _, errors):
        page.wait_for_selector("figure.deft-view svg")
        page.evaluate("() => { location.hash = 'deft_tree=1_-1.0_9.4_1_0~2_2' }")
        page.wait_for_function("() => session.tree.nTokens === 13")
        assert errors == []


def test_without_a_kernel_shapes_are_made_and_the_rest_is_refused(chromium, tmp_path):
    path = tmp_path / "view.html"
    path.write_text(view_page("few_shot"), encoding="utf-8")
    with offline_page(chromium, path) as (page, asked, errors):
        page.locator(".deft-canvas").focus()
        page.keyboard.press("n")
        page.locator('[data-option="width"]').fill("3")
        page.keyboard.press("Enter")
        page.get_by_text("loaded few_shot (width 3)").first.wait_for()
        assert page.evaluate("session.tree.toJSON()") == build_tree("few_shot", width=3, length=20).to_json()
        page.locator('[data-field="preset"]').select_option("random")
        page.locator('[data-option="seed"]').fill("5")
        page.keyboard.press("Enter")
        page.get_by_text("Python makes a tree of these numbers, and it does not answer").first.wait_for()
        assert page.evaluate("session.tree.toJSON()") == build_tree("random").to_json()
        assert not asked and not errors

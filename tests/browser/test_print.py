"""On paper: light whatever the theme, nothing cut off, no figure broken, nothing that wants a hand."""

import sys
from subprocess import run

import pytest
from gallery import offline_page, rgb
from lab import ROOT
from waiting import until

from deft_lab import load_tree
from deft_lab.viz.theme import LIGHT, contrast
from deft_lab.widgets import compare, play_decode, play_kernel, play_partial
from deft_lab.widgets.page import view_page

sys.path.insert(0, str(ROOT / "tools"))
from make_screenshots import page_of

PAPER = 690  # px between the margins of A4
LOOK = """() => {
  const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const of = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const wide = of("body *").filter((element) => !element.closest("svg svg, svg *, .deft-spoken")
    && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  const figures = of("svg, canvas").filter((element) => element.getBoundingClientRect().height > 20);
  const cut = of("pre, code, .deft-tree, .deft-table, .deft-source, .deft-stage").filter((element) =>
    element.scrollWidth > element.clientWidth + 2 && getComputedStyle(element).overflowX !== "visible");
  return {
    controls: of("select, input, textarea, button:not(.deft-line), .handles").map((e) => e.outerHTML),
    wide: wide.map((element) => element.outerHTML.slice(0, 80)),
    cut: cut.map((element) => element.outerHTML.slice(0, 80)),
    figures: figures.length,
    breakable: figures.filter((e) => !e.closest("figure")
      && getComputedStyle(e).breakInside !== "avoid" && !e.classList.contains("over")).length,
    tall: Math.max(0, ...figures.map((element) => element.getBoundingClientRect().height)),
    folded: of("details:not([open])").length,
    texts: [...new Set(of("svg text, p, h1, h2, h3, td, th, code").map((e) => {
      const style = getComputedStyle(e);
      return e.closest("svg") ? style.fill : style.color;
    }))],
    backgrounds: [...new Set([document.documentElement, document.body, ...of(".deft, pre")].map(
      (element) => getComputedStyle(element).backgroundColor))],
  };
}"""
PRINTABLE = 1000  # px of height between the margins


def sources() -> dict:
    """name: a function that gives a page in the dark theme."""
    return {
        "view": lambda: view_page("reasoning_keyword", theme="dark"),
        "compare": lambda: page_of(compare(load_tree("beam_4"), ["radix", "deft_flatten"]), "dark"),
        "partial": lambda: page_of(play_partial(), "dark"),
        "kernel": lambda: page_of(play_kernel(), "dark"),
        "decode": lambda: page_of(play_decode("tree_of_thoughts"), "dark"),
    }


def check(seen: dict, light_page: bool = True) -> None:
    assert seen["figures"] and seen["tall"] < PRINTABLE
    assert seen["controls"] == [] and seen["folded"] == 0
    assert seen["wide"] == [] and seen["cut"] == []
    assert seen["breakable"] == 0
    if light_page:
        assert all("rgba(0, 0, 0, 0)" in b or contrast(rgb(b), "#000000") > 15 for b in seen["backgrounds"])
    # the palette's own texts stand on bars of colour
    dark = [colour for colour in seen["texts"] if contrast(rgb(colour), LIGHT.background) < 4.5]
    assert set(map(rgb, dark)) <= {"#FFFFFF"}, dark


@pytest.mark.parametrize("name", sources())
def test_a_widget_on_paper(chromium, tmp_path, name):
    path = tmp_path / f"{name}.html"
    path.write_text(sources()[name]().replace("background:#111111", ""), encoding="utf-8")
    with offline_page(chromium, path, dark=True, width=1160) as (page, asked, errors):
        page.wait_for_selector("svg")
        page.wait_for_timeout(500)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        if name == "view":  # drawn anew for the width of the paper, so that its letters keep their size
            for figure in (".deft-canvas svg", ".deft-bytes .deft-scene > svg"):
                page.locator(f'{figure}[viewBox^="0 0 {PAPER} "]').first.wait_for()
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": PAPER + 20, "height": PRINTABLE})
        page.wait_for_timeout(300)
        check(page.evaluate(LOOK), light_page=name == "view")
        assert not asked and not errors


def test_what_was_unfolded_is_printed(chromium, tmp_path):
    path = tmp_path / "view.html"
    path.write_text(view_page("beam_4"), encoding="utf-8")
    with offline_page(chromium, path) as (page, _asked, _errors):
        page.locator(".deft-memory summary").click()
        page.emulate_media(media="print")
        until(page.locator(".deft-memory table").is_visible)
        assert not page.locator(".deft-bytes summary").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_exported_notebook_on_paper(chromium, tmp_path, theme):
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html"]
    config, notebook = ROOT / "notebooks/offline_html.py", ROOT / "notebooks/01_tree_split.ipynb"
    options = [f"--HTMLExporter.theme={theme}", "--config", config, "--output-dir", tmp_path, notebook]
    run([*command, *options], check=True, capture_output=True)
    path = tmp_path / "01_tree_split.html"
    with offline_page(chromium, path, dark=True) as (page, asked, errors):
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": PAPER + 40, "height": PRINTABLE})
        seen = page.evaluate(LOOK)
        check(seen)
        assert seen["figures"] > 5
        assert not asked and not errors
        pdf = page.pdf(format="A4", print_background=True)
        assert pdf.startswith(b"%PDF") and 10 < pdf.count(b"/Type /Page\n") < 25

"""The explorer in JupyterLab: all of it works by keyboard, and JupyterLab keeps its hands off."""

import re
from pathlib import Path

import pytest
from lab import Lab
from waiting import until

from deft_lab import build_tree, load_tree
from deft_lab.widgets.views import in_words

nbformat = pytest.importorskip("nbformat")

FEW_SHOT = build_tree("few_shot", prompt=4000, width=20, length=20)
CELLS = [
    "from deft_lab.widgets import explore\n\nfirst = explore()\nfirst",
    "second = explore('star', width=3)\nsecond",
    "from deft_lab import plan_tree\nfrom deft_lab.viz import *\n\ndraw_split(plan_tree(first.tree))",
]
# text that ends outside of its picture
OUTSIDE = """() => [...document.querySelectorAll(".deft-picture svg")].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    const wide = box.left < frame.left || box.right > frame.right;
    return wide || box.top < frame.top || box.bottom > frame.bottom;
  }).map((text) => text.textContent);
})"""
# the colours that the page really paints: [background, ink]
COLORS = """() => [".bg", ".title"].map((kind) =>
  getComputedStyle(document.querySelector(`.deft-picture ${kind}`)).fill)"""


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("notebook") / "explorer.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=4000) as opened:
        opened.run_all()
        opened.page.wait_for_selector(".deft-picture svg")
        yield opened


@pytest.fixture
def notebook(opened):
    """The notebook with the first explorer as it opens, whatever an earlier test did to it."""
    opened.page.get_by_label("Preset").first.select_option("few_shot")
    opened.page.get_by_label("Prompt").first.fill("4000")
    opened.page.get_by_label("Branch length").first.fill("20")
    opened.page.get_by_label("Account").first.select_option("requested")
    expect_tree(opened, FEW_SHOT)
    described = opened.page.locator(".deft-views").first.locator("desc", has_text="account 'requested'")
    described.wait_for(state="attached")
    return opened


def status(notebook, which: int = 0):
    return notebook.page.get_by_role("status").and_(notebook.page.locator(".deft-status")).nth(which)


def expect_tree(notebook, tree, which: int = 0) -> None:
    notebook.page.wait_for_function(
        "([i, words]) => document.querySelectorAll('.deft-status')[i].textContent === words",
        arg=[which, in_words(tree)],
        timeout=10_000,
    )


def test_arrow_keys_move_the_prompt_and_nothing_else(notebook):
    other = status(notebook, 1).inner_text()
    notebook.page.get_by_label("Prompt").first.focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowUp", "ArrowDown"):
        notebook.page.keyboard.press(key)
    expect_tree(notebook, build_tree("few_shot", prompt=4200, width=20, length=20))
    prompt = notebook.page.get_by_label("Prompt").first
    until(lambda: prompt.get_attribute("aria-valuetext"), "4,200 tokens")
    assert status(notebook, 1).inner_text() == other


def test_the_menu_takes_letters_that_jupyterlab_would_take_as_commands(notebook):
    n_cells = notebook.page.locator(".jp-CodeCell").count()
    menu = notebook.page.get_by_label("Preset").first
    menu.focus()
    for key in "ddxb":
        notebook.page.keyboard.press(key)
    menu.select_option("medusa")
    expect_tree(notebook, build_tree("medusa", prompt=4000))
    assert notebook.page.locator(".jp-CodeCell").count() == n_cells
    assert notebook.page.evaluate("document.activeElement.tagName") == "SELECT"


def test_disabled_controls_say_why(notebook):
    notebook.page.get_by_label("Preset").first.select_option("medusa")
    expect_tree(notebook, build_tree("medusa", prompt=4000))
    length = notebook.page.get_by_label("Branch length").first
    until(length.is_disabled)
    reason = notebook.page.locator(f"[id='{length.get_attribute('aria-describedby')}']")
    assert reason.inner_text() == "every drafted token is a node"
    assert length.get_attribute("aria-valuetext") == "not used"
    notebook.page.get_by_label("Preset").first.select_option("few_shot")
    expect_tree(notebook, FEW_SHOT)
    until(length.is_enabled)
    until(reason.inner_text, "")
    length.fill("1")
    until(lambda: length.get_attribute("aria-valuetext"), "1 token")
    length.fill("20")


def test_a_reason_for_all_controls_is_said_once_and_their_values_are_not_shown(notebook):
    notebook.page.get_by_label("Preset").first.select_option("medusa_64")
    expect_tree(notebook, load_tree("medusa_64"))
    controls = notebook.page.locator(".deft-controls").first
    until(controls.locator(".deft-value").all_inner_texts, ["–"] * 3)
    reasons = controls.locator(".deft-reason")
    assert reasons.all_inner_texts() == ["a bundled tree is shown as it is", "", ""]
    described = {box.get_attribute("aria-describedby") for box in controls.locator("input").all()}
    assert described == {reasons.first.get_attribute("id")}


def test_the_account_redraws_the_bytes_only(notebook):
    pictures = notebook.page.locator(".deft-views").first.locator(".deft-picture")
    before = [pictures.nth(i).inner_html() for i in range(3)]
    notebook.page.get_by_label("Account").first.focus()
    notebook.page.keyboard.press("p")
    notebook.page.wait_for_selector(".deft-picture desc:has-text(\"account 'paper'\")", state="attached")
    after = [pictures.nth(i).inner_html() for i in range(3)]
    assert after[:2] == before[:2] and after[2] != before[2]


def test_the_node_under_the_mouse_is_marked_in_every_picture(notebook):
    views = notebook.page.locator(".deft-views").first
    views.locator(".deft-picture").first.locator("rect[data-node='0']").hover()
    marked = views.locator("rect.lit")
    until(marked.count, 3)
    assert {marked.nth(i).get_attribute("data-node") for i in range(3)} == {"0"}
    assert notebook.page.locator(".deft-views").nth(1).locator("rect.lit").count() == 0
    notebook.page.mouse.move(2, 2)
    until(views.locator("rect.lit").count, 0)


def test_screen_readers_get_names_and_descriptions(notebook):
    nodes = notebook.page.context.new_cdp_session(notebook.page).send("Accessibility.getFullAXTree")["nodes"]
    value = {key: lambda node, key=key: node.get(key, {}).get("value", "") for key in ("role", "name")}
    named = {(value["role"](node), value["name"](node)) for node in nodes}
    assert {("slider", "Prompt"), ("slider", "Branches"), ("slider", "Branch length")} <= named
    assert {("combobox", "Preset"), ("combobox", "Account: who counts the bytes")} <= named
    described = {
        node["description"]["value"]
        for node in nodes
        if value["role"](node) == "image" and "description" in node
    }
    assert any(re.match(r"A decoding tree of 21 nodes, 20 leaves and 20 queries", d) for d in described)


def test_text_is_inside_the_pictures_and_follows_the_theme(notebook, screenshots: Path):
    seen = {}
    for name, dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        notebook.theme(name, dark)
        notebook.screenshot(screenshots / f"explorer_{'dark' if dark else 'light'}.png")
        assert notebook.page.evaluate(OUTSIDE) == []
        seen[dark] = notebook.page.evaluate(COLORS)
    assert seen[True][0] == "rgb(17, 17, 17)" and seen[False][0] == "rgb(255, 255, 255)"
    assert seen[True][1] != seen[False][1]


def test_nothing_was_asked_of_the_network_and_nothing_went_wrong(notebook):
    assert notebook.left_loopback == []
    assert notebook.console_errors == []

"""Presets with numbers, trees from links: by mouse, by keys, from Python; each time Python is asked."""

import pytest
from editing import Hand
from lab import Lab
from waiting import until

from deft_lab import Tree, build_tree
from deft_lab.errors import DeftLabError
from deft_lab.widgets import edit
from deft_lab.widgets.catalogue import find_preset

nbformat = pytest.importorskip("nbformat")

START = Tree([-1, 0, 1, 1, 0], [400, 200, 120, 80, 300])
LINK = edit(START.prune(1)).permalink("https://example.org/view.html")
by = pytest.mark.parametrize("by", ["mouse", "keys"])


@pytest.fixture(scope="module")
def notebook(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("notebook") / "opening.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = nbformat.v4.new_code_cell("from deft_lab.widgets import edit\n\neditor = edit('few_shot')\neditor")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=1600) as opened:
        opened.run_all()
        opened.page.locator(".deft-canvas").wait_for()
        yield opened
        assert not opened.left_loopback


@pytest.fixture
def hand(notebook) -> Hand:
    hand = Hand(notebook)
    hand.begin(START)
    return hand


def choose(hand: Hand, name: str, by: str) -> None:
    """A preset of the menu; by keys its letters, as far as they are needed."""
    menu = hand.root.locator('[data-field="preset"]')
    if by == "mouse":
        menu.dispatch_event("pointerdown")  # which Playwright's choosing leaves out
        menu.select_option(name)
        return
    hand.keys("p")
    menu.evaluate("(menu, name) => { menu.value = name; }", name)  # where arrows would lead
    hand.keys("Enter")


@by
def test_a_preset_with_numbers_of_its_own(hand, by):
    choose(hand, "few_shot", by)
    hand.expect(edit("few_shot").tree)
    numbers = hand.root.locator(".deft-numbers-row")
    if by == "mouse":
        numbers.locator('[data-option="width"]').fill("3")
        numbers.locator('[data-option="prompt"]').fill("9")
        numbers.locator(".build").click()
    else:
        hand.keys("n")  # away
        until(numbers.count, 0)
        hand.keys("n")
        prompt = numbers.locator('[data-option="prompt"]')
        until(lambda: prompt.evaluate("e => e === document.activeElement"))
        hand.keys("Control+a", "9", "Tab", "Control+a", "3", "Enter")
    hand.expect(build_tree("few_shot", prompt=9, width=3, length=20))
    history = hand.ask("history")[-1]
    assert history in ("load('few_shot', prompt=9, width=3)", "load('few_shot', width=3, prompt=9)")
    hand.root.locator(".deft-canvas").focus()
    hand.keys("Control+z")
    hand.expect(edit("few_shot").tree)
    hand.keys("Control+z")
    hand.expect(START)


@by
@pytest.mark.parametrize(
    ("name", "option", "value"),
    [("random", "seed", 5), ("sequoia", "size", 20), ("drafted", "builder", "dynasurge")],
)
def test_numbers_that_python_makes_a_tree_of(hand, by, name, option, value):
    choose(hand, name, by)
    hand.expect(find_preset(name).tree())
    field = hand.root.locator(f'.deft-numbers-row [data-option="{option}"]')
    if isinstance(value, str):
        field.select_option(value)
    else:
        field.fill(str(value))
    if by == "mouse":
        hand.root.locator(".deft-numbers-row .build").click()
    else:
        field.focus()
        hand.keys("Enter")
    hand.expect(find_preset(name).tree(**{option: value}))
    hand.expect_words(f"loaded '{name}', {option}={value!r}")


def test_a_number_that_is_not_allowed_is_refused_as_in_python(hand):
    choose(hand, "few_shot", "mouse")
    hand.root.locator('.deft-numbers-row [data-option="width"]').fill("0")
    hand.root.locator(".deft-numbers-row .build").click()
    with pytest.raises(DeftLabError) as refused:
        edit("few_shot", width=0)
    hand.expect_words(f"few_shot: {refused.value}")
    until(hand.refused)
    assert hand.tree() == edit("few_shot").tree


def test_what_python_loads_the_numbers_show(hand, notebook):
    notebook.python("editor.load('random', seed=8)")
    hand.expect_words("30 nodes")
    hand.root.locator(".deft-canvas").focus()
    if hand.root.locator(".deft-numbers-row").count():
        hand.keys("n")
    hand.keys("n")
    until(hand.root.locator('.deft-numbers-row [data-option="seed"]').input_value, "8")


@by
def test_open_a_link(hand, by):
    if by == "mouse":
        hand.press("open")
        hand.root.locator(".deft-opening input").fill(LINK)
        hand.root.locator(".deft-opening .take").click()
    else:
        hand.keys("Control+o")
        hand.page.keyboard.insert_text(LINK)
        hand.keys("Enter")
    hand.expect(START.prune(1))
    until(lambda: hand.ask("history")[-1], "load('link')")
    until(hand.root.locator(".deft-opening").count, 0)
    until(lambda: hand.root.locator(".deft-canvas").evaluate("canvas => canvas === document.activeElement"))


def test_a_broken_link_is_refused_as_in_python_and_the_dialog_stays(hand):
    hand.keys("Control+o")
    dialog = hand.root.locator(".deft-opening")
    for broken in ("https://example.org/lab", LINK[:-9], "nothing"):
        dialog.locator("input").fill(broken)
        hand.keys("Enter")
        if broken != "nothing":
            with pytest.raises(DeftLabError) as refused:
                edit(broken)
            said = dialog.get_by_role("alert").inner_text
            until(lambda said=said: said().removeprefix("✕ "), f"link: {refused.value}")
        assert dialog.get_by_role("alert").is_visible() and hand.tree() == START
    dialog.locator("input").fill(START.prune(4).to_json())
    hand.keys("Enter")
    hand.expect(START.prune(4))
    hand.keys("Control+o", "Escape")
    until(dialog.count, 0)

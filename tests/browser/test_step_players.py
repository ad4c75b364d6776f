"""The players in JupyterLab: keys and mouse move `step`, in Python too; JupyterLab keeps its hands off."""

from pathlib import Path

import pytest
from gallery import rgb
from lab import Lab
from waiting import until

from deft_lab.viz.theme import contrast
from deft_lab.widgets import play_kernel, play_partial

nbformat = pytest.importorskip("nbformat")

FOLLOW = """
import ipywidgets

def follow(player, name):
    label = ipywidgets.Label(f"{name} 0")
    player.observe(lambda change: setattr(label, "value", f"{name} {change['new']}"), "step")
    return ipywidgets.VBox([player, label])
"""
CELLS = [
    f"from types import SimpleNamespace\nfrom deft_lab.widgets import *\n{FOLLOW}",
    "one = play_partial()\nguess = SimpleNamespace(guess=None)\none.hold('rescale 2', guess)\n"
    "follow(one, 'one')",
    "two = play_kernel('deft_node')\nfollow(two, 'two')",
    "play_reduction()",
    "button = ipywidgets.Button(description='answer')\n"
    "button.on_click(lambda _: setattr(guess, 'guess', 0.5))\nbutton",
]
LAST = len(play_partial().script) - 1
KERNEL = play_kernel("deft_node")


@pytest.fixture(scope="module")
def notebook(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("notebook") / "players.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=4200) as opened:
        opened.run_all()
        opened.page.wait_for_function("() => document.querySelectorAll('.deft-player').length === 3")
        yield opened


def in_python(notebook, name: str, step: int) -> None:
    """Python has the step, and the page shows it."""
    notebook.page.get_by_text(f"{name} {step}", exact=True).wait_for(timeout=10_000)
    which = {"one": 0, "two": 1}[name]
    count = notebook.page.locator(".deft-player").nth(which).locator(".deft-count")
    until(count.inner_text, lambda seen: seen.startswith(f"step {step} of "))


def press(notebook, *keys: str) -> None:
    for key in keys:
        notebook.page.keyboard.press(key)


def test_keys_walk_both_ways_and_jump(notebook):
    player = notebook.page.locator(".deft-player").first
    n_cells = notebook.page.locator(".jp-CodeCell").count()
    player.focus()
    press(notebook, "Space", "Space", "ArrowRight", "Shift+Space")
    in_python(notebook, "one", 2)
    press(notebook, "3")
    in_python(notebook, "one", 8)
    press(notebook, "Home", "d", "d", "x", "b")  # JupyterLab's own keys do nothing to the cells
    in_python(notebook, "one", 0)
    assert notebook.page.locator(".jp-CodeCell").count() == n_cells


def test_a_prediction_that_waits_stops_once_and_lets_go_when_it_is_there(notebook):
    player = notebook.page.locator(".deft-player").first
    player.focus()
    press(notebook, "Home", "End")
    in_python(notebook, "one", 10)
    until(player.locator(".deft-wait").inner_text, lambda seen: "A prediction is waiting" in seen)
    notebook.page.get_by_role("button", name="answer").click()
    player.focus()
    press(notebook, "Home", "End")
    # the first try asks Python, which knows the guess by now, and the page goes on by itself
    in_python(notebook, "one", LAST)
    until(player.locator(".deft-wait").count, 0)


def test_the_mouse_moves_it_too(notebook):
    player = notebook.page.locator(".deft-player").first
    player.get_by_role("button", name="First step").click()
    in_python(notebook, "one", 0)
    player.get_by_role("button", name="Next step").click()
    in_python(notebook, "one", 1)
    notebook.page.keyboard.press("Space")  # the mouse has left the focus on the player
    in_python(notebook, "one", 2)
    player.get_by_role("button", name="4 Partial").click()
    in_python(notebook, "one", LAST)
    player.get_by_label("Step", exact=True).fill("5")
    in_python(notebook, "one", 5)
    player.get_by_label("Go to").select_option("11")
    in_python(notebook, "one", 11)
    player.get_by_text("Numbers of this step").click()
    until(player.locator(".deft-table").inner_text, lambda seen: "decay" in seen)
    player.get_by_label("Speed").select_option("4")
    player.get_by_role("button", name="Play").click()
    in_python(notebook, "one", LAST)
    play = player.get_by_role("button", name="Play")
    until(lambda: play.get_attribute("aria-pressed"), "false")


def test_the_kernel_is_stepped_by_line_iteration_program_and_condition(notebook):
    player = notebook.page.locator(".deft-player").nth(1)
    player.focus()
    press(notebook, "Home", "Space", "l", "l")
    in_python(notebook, "two", KERNEL.run.loop_steps[1])
    press(notebook, "n")
    in_python(notebook, "two", KERNEL.run.program_steps[1])
    press(notebook, "Shift+N")
    in_python(notebook, "two", 0)
    hits = KERNEL.run.steps_where("node(3) and loads('k')")
    box = player.get_by_label("Stop when")
    box.fill("node(3) and loads('k')")
    box.press("Enter")
    player.get_by_text(f"{len(hits)} stops, {len(hits)} ahead").wait_for(timeout=10_000)
    player.get_by_role("button", name="stop ▶").click()
    in_python(notebook, "two", hits[0])
    now = player.locator(".deft-source li.now code")
    until(lambda: now.inner_text().strip(), KERNEL.run.text(hits[0]))
    press(notebook, "b", "Shift+B")
    in_python(notebook, "two", hits[0])
    box.fill("wrong ==")
    box.press("Enter")
    player.get_by_text("is no expression").wait_for(timeout=10_000)
    assert (
        notebook.page.locator(".deft-player").first.locator(".deft-count").inner_text().startswith("step 15")
    )


def test_the_keys_unfold_at_a_question_mark_and_fold_again(notebook):
    player = notebook.page.locator(".deft-player").nth(1)
    player.focus()
    for shown in (True, False):
        press(notebook, "?")
        until(player.get_by_text("they work while the player has the focus").is_visible, shown)


def test_the_chapter_of_now_can_be_read_under_the_pointer(notebook):
    button = notebook.page.locator(".deft-player").nth(1).locator('.deft-chapters [aria-current="true"]')
    button.hover()
    colours = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    until(lambda: button.evaluate(colours), lambda seen: contrast(*map(rgb, seen)) > 7)


def test_pictures_follow_the_theme_and_nothing_sticks_out(notebook, screenshots: Path):
    for name, dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        notebook.theme(name, dark)
        notebook.screenshot(screenshots / f"players_{'dark' if dark else 'light'}.png")
        fill = notebook.page.evaluate("getComputedStyle(document.querySelector('.deft-stage .bg')).fill")
        assert fill == ("rgb(17, 17, 17)" if dark else "rgb(255, 255, 255)")
        outside = notebook.page.evaluate(
            """() => [...document.querySelectorAll(".deft-stage svg")].flatMap((svg) => {
              const frame = svg.getBoundingClientRect();
              return [...svg.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                const wide = box.left < frame.left - 1 || box.right > frame.right + 1;
                return wide || box.bottom > frame.bottom + 1;
              }).map((text) => text.textContent);
            })"""
        )
        assert outside == []


def test_nothing_was_asked_of_the_network_and_nothing_went_wrong(notebook):
    assert notebook.left_loopback == []
    assert notebook.console_errors == []

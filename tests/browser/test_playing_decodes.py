"""The decode player in JupyterLab: keys and menus reach Python, and a live decode can be stopped."""

from pathlib import Path

import pytest
from lab import Lab
from waiting import until

nbformat = pytest.importorskip("nbformat")

SLOW = """\
import time
from deft_lab import Tree
from deft_lab.trace import Event, Opening, Told
from deft_lab.widgets import live, play_decode

def slow(tree):
    yield Opening(Tree([-1], [2]), (0, 1), {0: "a", 1: "b"})
    yield Told(1, (Event(1, "fork", 0, children=(1,), tokens=(0,)),), {})
    for step in range(2, 2001):
        time.sleep(0.02)
        yield Told(step, (Event(step, "append", 1, tokens=(1,)),), {})
"""
CELLS = [
    SLOW + "\nplayer = play_decode('tree_of_thoughts')\nplayer",
    "running = live(Tree([-1, 0], [5, 2000]), slow)\nrunning",
]


@pytest.fixture(scope="module")
def notebook(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("notebook") / "decode.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=3200) as opened:
        opened.run_all()
        opened.page.wait_for_function("() => document.querySelectorAll('.deft-decode').length === 2")
        yield opened


def expect(notebook, expression: str, value: object) -> None:
    """Python comes to this value."""
    until(lambda: notebook.python(f"print({expression})"), str(value))


def test_keys_and_the_account_reach_python(notebook):
    player = notebook.page.locator(".deft-decode").first
    player.focus()
    for key, step in (
        (" ", 1),
        ("ArrowRight", 2),
        ("Shift+Space", 1),
        ("End", 95),
        ("2", 12),
        ("PageDown", 22),
    ):
        notebook.page.keyboard.press(key)
        expect(notebook, "player.step", step)
        until(player.locator(".deft-count").inner_text, f"step {step} of 95")
    player.locator("select").first.select_option("paper")
    expect(notebook, "player.account", "paper")
    notebook.python("player.step = 40")
    player.get_by_text("step 40 of 95", exact=True).wait_for(timeout=10_000)


def test_play_goes_on_by_itself_and_pauses(notebook):
    player = notebook.page.locator(".deft-decode").first
    player.focus()
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("p")
    player.get_by_text("step 2 of 95", exact=True).wait_for(timeout=10_000)
    notebook.page.keyboard.press("p")
    step = player.locator(".deft-count").inner_text()
    notebook.page.wait_for_timeout(1000)
    assert player.locator(".deft-count").inner_text() == step


def test_a_live_decode_shows_its_tokens_and_stops_when_told(notebook, screenshots: Path):
    player = notebook.page.locator(".deft-decode").nth(1)
    player.get_by_role("button", name="Decode").click()
    player.get_by_text("abbb").first.wait_for(timeout=20_000)
    notebook.screenshot(screenshots / "decode_player.png")
    player.get_by_role("button", name="Stop").click()
    player.get_by_text("Stopped after step").first.wait_for(timeout=10_000)
    assert 1 <= int(notebook.python("print(running.step)")) < 2000
    assert notebook.left_loopback == [] and notebook.console_errors == []

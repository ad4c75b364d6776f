"""The players' page, in Node: it shows the step that Python means, and keys lead where they should."""

import json
import re

import pytest
from node import run_script

from deft_lab import Tree
from deft_lab.widgets import (
    KernelPlayer,
    StepPlayer,
    play_grouping,
    play_kernel,
    play_partial,
    play_reduction,
)

TREE = Tree([-1, 0, 1, 1, 0, 4], [12, 5, 3, 4, 6, 2])
PLAYERS = {
    "grouping": lambda: play_grouping(TREE, "deft_flatten", chunk_len=8),
    "partial": play_partial,
    "reduction": play_reduction,
    "kernel": lambda: play_kernel("tree_waves"),
}
NAMES = ("title", "parts", "frames", "columns", "sheet", "height", "theme", "held")
KERNEL = ("listing", "lines", "jumps", "breakpoint", "hits", "refusal", "answered")


def ask(player: StepPlayer, steps=(), keys=(), holds=(), **more):
    names = (*NAMES, *KERNEL) if isinstance(player, KernelPlayer) else NAMES
    state = {name: getattr(player, name) for name in names}
    return run_script("player.mjs", {"state": state, "steps": steps, "keys": keys, "holds": holds, **more})


@pytest.mark.parametrize("make", PLAYERS.values(), ids=PLAYERS)
def test_the_page_shows_what_python_drew(make):
    player = make()
    steps = [0, len(player.script) // 2, len(player.script) - 1]
    for step, html in zip(steps, ask(player, steps)["html"], strict=True):
        stage, shown = player.script.draw(player.script[step].state), player.script[step]
        assert all(part in html for part in stage.fragments("p"))
        assert "@@" not in html and f"step {step} of {len(player.script) - 1}" in html
        text = shown.sentence.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        assert f'<p class="deft-sentence">{text}</p>' in html
        rows = html.split("Numbers of this step")[-1].count("<tr>")
        n_rows = len(player.script.tabulate(shown.state).rows)
        assert rows == (n_rows + 1 if n_rows else 0)  # and the head


def test_controls_have_names_and_the_chapter_is_marked():
    player = play_partial()
    (html,) = ask(player, [11])["html"]
    for name in ("First step", "Step before", "Next step", "Last step"):
        assert f'aria-label="{name}"' in html
    assert 'aria-label="Step"' in html and 'aria-valuetext="step 11 of 15, Tile 2"' in html
    assert re.findall(r'<button[^>]*aria-current="true"[^>]*>([^<]*)<', html) == ["3 Tile 2"]
    assert 'role="status" aria-live="polite"' in html and 'data-lm-suppress-shortcuts="true"' in html
    for control in re.findall(r'<select id="([^"]+)"', html):
        assert f'for="{control}"' in html
    assert "rescale 2" in html and "prefers-reduced-motion: no-preference" in html


def test_keys_lead_where_they_should():
    player = play_partial()
    last, chapters = len(player.script) - 1, list(player.script.chapters().values())
    keys = {
        (" ", False, 3): 4, (" ", True, 3): 2, (" ", True, 0): 0, (" ", False, last): last,
        ("ArrowRight", False, 3): 4, ("ArrowLeft", False, 3): 2, ("Home", False, 9): 0,
        ("End", False, 2): last, ("1", False, 9): chapters[0], ("3", False, 0): chapters[2],
        ("9", False, 4): None, ("x", False, 4): None, ("l", False, 4): None,
    }  # fmt: skip
    assert ask(player, keys=list(keys))["targets"] == list(keys.values())


def test_a_move_ends_before_what_waits_for_a_prediction():
    holds = {
        (0, 5, (4, 11), None): {"step": 3, "wait": 4},
        (3, 4, (4, 11), None): {"step": 3, "wait": 4},
        (3, 4, (4, 11), 4): {"step": 4, "wait": None},  # once more: go on without
        (3, 15, (4, 11), 4): {"step": 10, "wait": 11},
        (12, 2, (4, 11), None): {"step": 2, "wait": None},  # back is free
        (0, 3, (4,), None): {"step": 3, "wait": None},
        (5, 9, (), None): {"step": 9, "wait": None},
    }
    answer = ask(play_partial(), [3], holds=[list(case) for case in holds], wait=4)
    assert answer["held"] == list(holds.values())
    assert "A prediction is waiting for this step" in answer["html"][0]
    assert "A prediction is waiting" not in ask(play_partial(), [3])["html"][0]


def test_the_kernels_keys_jump_by_iteration_program_helper_and_breakpoint():
    player = play_kernel("deft_node")
    run = player.run
    player.breakpoint = "node(3) and loads('k')"
    call = next(i for i, moment in enumerate(run.moments) if moment.kind == "call")
    back = next(i for i in range(call + 1, len(run)) if run.moments[i].depth == 0)
    loops, programs = run.loop_steps, run.program_steps
    keys = {
        ("l", False, loops[1]): loops[2], ("L", True, loops[1]): loops[0],
        ("n", False, 0): programs[1], ("N", True, programs[3] + 5): programs[3],
        ("o", False, call): back, ("O", True, back): call, ("o", False, 3): 4,
        ("b", False, 0): player.hits[0], ("b", False, player.hits[-1]): player.hits[-1],
    }  # fmt: skip
    answer = ask(player, [call, loops[2]], list(keys))
    assert answer["targets"] == list(keys.values())
    assert answer["over"][0] == [back, call - 1]
    assert answer["line"][1] == loops[3]  # the loop's head runs again in the next round, or program


def test_the_kernels_page_shows_the_line_and_what_it_changed():
    player = play_kernel("deft_node")
    step = player.run.steps_where("slot == 10 and loads('slot')")[0]
    player.breakpoint = "wrong =="
    (html,) = ask(player, [step])["html"]
    now = re.search(r'<li class="now" aria-current="step"[^>]*>.*?<code>([^<]*)', html)
    assert now.group(1).strip() == player.run.text(step)
    changed = re.findall(r'<tr class="now"><th scope="row">(\w+)', html)
    assert changed == list(player.run.moments[step].changes) == ["slot"]
    player.answered = ""
    assert "asking Python, which must be running" in ask(player, [step])["html"][0]
    assert "is no expression" in html and 'aria-label="Variables of deft_node_kernel"' in html


def test_text_in_variables_and_tables_is_escaped():
    player = play_partial()
    rows = [part for part in player.parts if part.startswith("<td>")]
    assert rows and all(re.fullmatch(r"(<td>[^<>]*</td>)+", row) for row in rows)
    assert json.dumps(player.frames)

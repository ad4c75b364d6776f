"""Every interaction of the tree editor in JupyterLab, by mouse and by keys; each time Python is asked."""

import json
from pathlib import Path

import pytest
from editing import Hand
from lab import Lab
from waiting import until

from deft_lab import Tree, load_tree
from deft_lab.errors import TreeError
from deft_lab.widgets import edit, links

nbformat = pytest.importorskip("nbformat")

# 0 - 1 - 2, 3     labels; 6 has an only child, 7
#   \ 4 - 5, 6 - 7
START = Tree([-1, 0, 1, 1, 0, 4, 4, 6], [400, 200, 120, 80, 300, 60, 100, 50])
CELLS = [
    "from deft_lab.widgets import edit\n\neditor = edit('few_shot', path='drawn.json')\neditor",
    "other = edit('star')\nother",
]


@pytest.fixture(scope="module")
def notebook(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("notebook") / "editor.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=1600) as opened:
        opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.run_all()
        opened.page.locator(".deft-canvas").nth(1).wait_for()
        yield opened
        assert not opened.left_loopback
        expected = ("Failed to load resource", "Could not send widget sync message")  # without its kernel
        assert not [error for error in opened.console_errors if not error.startswith(expected)]


@pytest.fixture
def hand(notebook) -> Hand:
    hand = Hand(notebook)
    hand.begin(START)
    return hand


by = pytest.mark.parametrize("by", ["mouse", "keys"])


def shown_length(hand: Hand, label: int) -> int:
    """The tokens that a node's bar says while its end is dragged."""
    words = hand.root.locator(f'[data-node="{label}"] text.strong').text_content()
    return int(words.split()[0].replace(",", ""))


def read(file: Path) -> Tree | None:
    """The tree that was saved; None before."""
    return Tree.from_json(file.read_text()) if file.exists() else None


def refusal(edit_of) -> str:
    """What the library says."""
    with pytest.raises(TreeError) as refused:
        edit_of(START)
    return str(refused.value)


@by
def test_select_one_and_several(hand, by):
    if by == "mouse":
        hand.click(4)
        hand.expect_value("selection", [4])
        hand.page.keyboard.down("Shift")
        hand.click(2)
        hand.page.keyboard.up("Shift")
        hand.expect_value("selection", [4, 2])
        box, end = hand.box(2), hand.spot(3)
        hand.drag((box["x"] - 14, box["y"] - 5), (end[0], end[1] + 3))
        until(lambda: set(hand.ask("selection")), lambda seen: seen >= {2, 3} and 1 not in seen)
        hand.expect_words("nodes selected")
        return
    hand.keys("ArrowRight", "ArrowDown")
    hand.expect_value("selection", [4])
    hand.keys("ArrowRight", "Shift+ArrowDown")
    hand.expect_value("selection", [5, 6])
    hand.keys("Shift+ArrowUp")
    hand.expect_value("selection", [5])
    hand.keys("ArrowUp", "ArrowLeft", "End")
    hand.expect_value("selection", [7])


@by
def test_move_a_subtree(hand, by):
    if by == "mouse":
        hand.drag(hand.spot(4), hand.spot(3), let_go=False)
        canvas = hand.root.locator(".deft-canvas")
        until(canvas.locator(".node.legal").count, 4)
        until(canvas.locator(".node.illegal").count, 4)
        until(lambda: canvas.locator(".target.legal").get_attribute("data-node"), "3")
        until(canvas.locator(".ghost [data-node]").count, 4)
        hand.page.mouse.up()
    else:
        hand.keys("ArrowRight", "ArrowDown", "m", "ArrowRight", "ArrowRight", "ArrowDown")
        hand.expect_words("Enter moves node 4 under node 3")
        hand.keys("Enter")
    hand.expect(START.move(4, 3))
    assert hand.ask("history")[-1] == "move(4, 3)"
    hand.expect_words("moved node 4 under node 3")


@by
def test_a_cycle_is_refused_in_the_library_s_words(hand, by):
    n_commands = len(hand.ask("history"))
    if by == "mouse":
        hand.drag(hand.spot(4), hand.spot(6))
    else:
        hand.keys(
            "ArrowRight", "ArrowDown", "m", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "Enter"
        )
    hand.expect_words(refusal(lambda tree: tree.move(4, 6)))
    until(hand.refused)
    assert hand.tree() == START and len(hand.ask("history")) == n_commands


@by
def test_the_root_stays(hand, by):
    if by == "mouse":
        hand.drag(hand.spot(0), hand.spot(3))
    else:
        hand.keys("m")
    hand.expect_words("node 0 is the root; it has no place to move to")
    assert hand.tree() == START
    hand.keys("Home", "Delete")
    hand.expect_words(refusal(lambda tree: tree.prune(0)))
    assert hand.tree() == START


@by
def test_add_a_child_and_a_sibling(hand, by):
    if by == "mouse":
        hand.click(5)
        hand.page.mouse.click(*hand.handle("add"))
        hand.expect(START.fork(5, k=1))
        hand.click(2)
        hand.press("sibling")
    else:
        hand.keys("ArrowRight", "ArrowDown", "ArrowRight", "Enter")
        hand.expect(START.fork(5, k=1))
        hand.expect_value("selection", [8])
        hand.keys("Home", "ArrowRight", "ArrowRight", "Shift+Enter")
    hand.expect(START.fork(5, k=1).fork(1, k=1))
    assert hand.ask("history")[-2:] == ["add(5, length=1)", "add(1, length=1)"]


@by
def test_prune(hand, by):
    if by == "mouse":
        hand.click(4)
        hand.page.mouse.click(*hand.handle("prune"))
    else:
        hand.keys("ArrowRight", "ArrowDown", "Delete")
    hand.expect(START.prune(4))
    hand.expect_value("selection", [0])


def test_prune_several_at_once_is_one_command(hand):
    hand.keys("ArrowRight", "ArrowRight", "Shift+ArrowDown", "Delete")
    hand.expect(START.prune(2).prune(3))
    hand.keys("Control+z")
    hand.expect(START)


@by
def test_split(hand, by):
    if by == "mouse":
        hand.click(1)
        bar = hand.box(1)
        start = hand.handle("cut")
        hand.drag(start, (bar["x"] + bar["width"] * 0.25, start[1]), let_go=False)
        said = hand.root.locator(".cutting text")
        k = until(lambda: int(said.text_content().split(" | ")[0]), lambda seen: 35 < seen < 65)
        hand.page.mouse.up()
    else:
        k = 77
        hand.keys("ArrowRight", "s", "7", "7", "Enter")
    hand.expect(START.split(1, k))
    assert hand.ask("history")[-1] == f"split(1, {k})"


def test_a_split_that_leaves_nothing_is_refused(hand):
    hand.keys("ArrowRight", "s", "2", "0", "0", "Enter")
    hand.expect_words(refusal(lambda tree: tree.split(1, 200)))
    assert hand.tree() == START
    hand.keys("s", "Escape", "ArrowRight")
    hand.expect_value("selection", [2])
    assert hand.tree() == START


@by
def test_merge(hand, by):
    if by == "mouse":
        hand.click(6)
        hand.page.mouse.click(*hand.handle("merge"))
    else:
        hand.keys("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "j")
    hand.expect(START.merge(6))
    if by == "mouse":
        hand.click(4)
        until(hand.root.locator('.handles [data-handle="merge"]').count, 0)
        hand.press("merge")
    else:
        hand.keys("ArrowLeft", "j")
    hand.expect_words(refusal(lambda tree: tree.merge(4)))


@by
def test_length(hand, by):
    if by == "mouse":
        hand.click(5)
        x, y = hand.handle("length")
        hand.drag((x, y), (x + 25, y), let_go=False)
        length = until(lambda: shown_length(hand, 5), lambda seen: seen > 80)
        hand.page.mouse.up()
    else:
        length = 1234
        hand.keys("ArrowRight", "ArrowDown", "ArrowRight", "l", "1", "2", "3", "4", "Enter")
    hand.expect(START.set_length(5, length))
    assert hand.ask("history")[-1] == f"set_length(5, {length})"


def test_shift_drags_coarser_and_alt_finer(hand):
    lengths = {}
    for key in ("", "Shift", "Alt"):
        hand.click(5)
        x, y = hand.handle("length")
        hand.page.mouse.move(x, y)
        hand.page.mouse.down()
        if key:
            hand.page.keyboard.down(key)
        hand.page.mouse.move(x + 20, y, steps=4)
        lengths[key] = until(lambda: shown_length(hand, 5), lambda seen: seen != 60)
        hand.page.mouse.up()
        if key:
            hand.page.keyboard.up(key)
        hand.expect(START.set_length(5, lengths[key]))
        hand.keys("Control+z")
        hand.expect(START)
    assert 60 < lengths["Alt"] < lengths[""] < lengths["Shift"]


def test_a_length_that_is_pulled_to_the_edge_can_be_read(hand):
    hand.click(5)
    x, y = hand.handle("length")
    canvas = hand.root.locator(".deft-canvas").bounding_box()
    right = canvas["x"] + canvas["width"]
    hand.drag((x, y), (right - 25, y), let_go=False)
    until(lambda: shown_length(hand, 5), lambda seen: seen > 80)
    words = hand.root.locator('[data-node="5"] text.strong').bounding_box()
    query = hand.root.locator('[data-node="5"] text.muted').bounding_box()
    assert words["x"] >= canvas["x"] and words["x"] + words["width"] <= right
    assert words["y"] + words["height"] <= query["y"] + 4 or words["x"] + words["width"] <= query["x"]
    hand.keys("Escape")
    hand.page.mouse.up()


def test_names_stand_clear_of_hatching(hand):
    tree = Tree([-1] + [0] * 9, [40] + [9] * 9)
    hand.begin(tree)
    hatched = hand.root.locator(".deft-canvas [data-node]:has(.hatched)")
    assert hatched.count() == 3  # seven colours, then again with hatching
    for mark in hatched.all():
        name, place = (mark.locator(part).bounding_box() for part in ("text.dark, text.light", ".backing"))
        assert abs(place["x"] - name["x"]) <= 3 and place["width"] >= 0.9 * name["width"]
        assert name["y"] <= place["y"] + 1 and place["y"] + place["height"] <= name["y"] + name["height"] + 1


def test_a_number_can_be_typed_into_the_field(hand):
    hand.click(2)
    field = hand.root.locator(".deft-number.length input")
    field.fill("7")
    field.press("Enter")
    hand.expect(START.set_length(2, 7))
    field.fill("-1")
    field.press("Enter")
    hand.expect_words(refusal(lambda tree: tree.set_length(2, -1)))
    until(field.input_value, "7")


@by
def test_fork(hand, by):
    if by == "mouse":
        hand.click(3)
        hand.page.mouse.click(*hand.handle("fork"))
        hand.expect(START.fork(3, k=2))
        x, y = hand.handle("fork")
        hand.drag((x, y), (x + 3 * 14, y))
        hand.expect(START.fork(3, k=2).fork(3, k=5))
    else:
        hand.keys("ArrowRight", "ArrowRight", "ArrowDown", "f", "2")
        hand.expect(START.fork(3, k=2))
        hand.keys("f", "Escape", "f", "5")
        hand.expect(START.fork(3, k=2).fork(3, k=5))


@by
def test_fold_and_focus(hand, by):
    if by == "mouse":
        hand.page.mouse.dblclick(*hand.spot(4))
    else:
        hand.keys("ArrowRight", "ArrowDown", "Space")
    hand.expect_value("folded", [4])
    until(hand.labels, [0, 1, 2, 3, 4])
    folded = hand.root.locator('.deft-canvas [data-node="4"]')
    until(lambda: folded.get_attribute("aria-expanded"), "false")
    if by == "mouse":
        hand.root.locator('[data-handle="fold"]').click()
    else:
        hand.keys("Space")
    hand.expect_value("folded", [])
    if by == "mouse":
        hand.press("focus")
    else:
        hand.keys("o")
    hand.expect_value("focused", 4)
    until(hand.labels, [4, 5, 6, 7])
    if by == "mouse":
        hand.press("focus")
    else:
        hand.keys("o")
    hand.expect_value("focused", None)
    until(hand.labels, list(range(8)))
    assert hand.tree() == START


@by
def test_undo_back_to_the_start_gives_the_same_document(hand, by):
    n = len(hand.ask("history"))
    hand.keys("ArrowRight", "Enter", "f", "3", "Home", "ArrowRight", "Delete")
    hand.expect_value(
        "history", [*hand.ask("history")[:n], "add(1, length=1)", "fork(8, k=3, length=1)", "prune(1)"]
    )
    last = hand.ask("document")
    for _ in range(3):
        hand.press("undo") if by == "mouse" else hand.keys("Control+z")
    hand.expect_value("document", START.to_json())
    for _ in range(3):
        hand.press("redo") if by == "mouse" else hand.keys("Shift+Control+z")
    hand.expect_value("document", last)
    for _ in range(3):
        hand.press("undo") if by == "mouse" else hand.keys("Control+z")
    hand.expect_value("document", START.to_json())


def test_undo_stays_inside(hand, notebook):
    hand.keys("ArrowRight", "Delete")
    hand.expect(START.prune(1))
    notebook.page.locator(".jp-Cell-inputArea").first.click()
    hand.keys("Control+z", "Escape")
    hand.page.wait_for_timeout(300)
    assert hand.tree() == START.prune(1)


@by
def test_save(hand, lab, by):
    file = lab.folder / "drawn.json"
    file.unlink(missing_ok=True)
    hand.press("save") if by == "mouse" else hand.keys("Control+s")
    until(lambda: read(file), START)
    hand.expect_words("saved to drawn.json")


def test_without_a_path_the_browser_downloads(notebook, tmp_path):
    hand = Hand(notebook, "other", 1)
    hand.begin(START)
    with notebook.page.expect_download() as download:
        hand.keys("Control+s")
    download.value.save_as(tmp_path / "tree.json")
    assert Tree.from_json((tmp_path / "tree.json").read_text()) == START


def test_load_a_file_by_button_and_by_dropping_it(hand, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(START.prune(1).to_json())
    hand.press("open")
    with hand.page.expect_file_chooser() as chooser:
        hand.root.locator(".deft-opening .file").click()
    chooser.value.set_files(path)
    hand.expect(START.prune(1))
    assert hand.ask("history")[-1] == "load('mine.json')"
    dropped = """(root, text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "dropped.json"));
      root.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    hand.root.evaluate(dropped, START.prune(4).to_json())
    hand.expect(START.prune(4))
    hand.root.evaluate(dropped, json.dumps({"schema": "deft_lab.tree/1"}))
    hand.expect_words("fields missing: ['label', 'length', 'next_label', 'parent', 'seat']")
    assert hand.tree() == START.prune(4)


def test_copy_a_link_and_paste_it(hand, notebook):
    hand.press("link")
    hand.expect_words("copied a link")
    link = notebook.page.evaluate("navigator.clipboard.readText()")
    assert edit(link).tree == START and links.decode(link) == START
    assert hand.notebook.python("print(editor.permalink())") == "#" + link.partition("#")[2]
    hand.click(4)
    hand.keys("Delete")
    hand.expect(START.prune(4))
    hand.keys("Control+v")
    hand.expect(START)
    assert hand.ask("history")[-1] == "load('link')"


@by
def test_presets(hand, by):
    menu = hand.root.locator('[data-field="preset"]')
    if by == "mouse":
        menu.select_option("medusa_64")
        hand.expect(load_tree("medusa_64"))
    else:
        hand.keys("p")
        until(lambda: menu.evaluate("menu => menu === document.activeElement"))
        hand.page.keyboard.type("chain")
        hand.keys("Enter")
        until(lambda: hand.ask("history")[-1], "load('chain')")
        hand.expect(edit("chain").tree)
    until(lambda: hand.root.locator(".deft-canvas").evaluate("canvas => canvas === document.activeElement"))
    hand.keys("Control+z")
    hand.expect(START)


@by
def test_help(hand, by):
    hand.press("help") if by == "mouse" else hand.keys("?")
    dialog = hand.root.get_by_role("dialog")
    dialog.wait_for()
    assert "prune: remove the subtree" in dialog.inner_text()
    until(lambda: dialog.evaluate("dialog => dialog.contains(document.activeElement)"))
    dialog.get_by_role("button").click() if by == "mouse" else hand.keys("Escape")
    until(dialog.count, 0)
    until(lambda: hand.root.locator(".deft-canvas").evaluate("canvas => canvas === document.activeElement"))


def test_tab_moves_on_and_the_notebook_s_letters_do_nothing(hand, notebook):
    n_cells = notebook.page.locator(".jp-CodeCell").count()
    hand.keys("d", "d", "x", "b", "a", "z")
    assert notebook.page.locator(".jp-CodeCell").count() == n_cells
    hand.keys("Tab")
    assert not hand.root.locator(".deft-canvas").evaluate("canvas => canvas === document.activeElement")
    hand.root.locator(".deft-canvas").focus()
    hand.keys("Shift+Tab", "d", "d")
    assert hand.root.evaluate("root => root.contains(document.activeElement)")
    assert notebook.page.locator(".jp-CodeCell").count() == n_cells and hand.tree() == START


def test_keys_that_are_not_ours_reach_the_notebook(hand, notebook):
    before = notebook.page.locator(".jp-InputPrompt").first.inner_text()
    hand.keys("Control+Enter")
    until(notebook.page.locator(".jp-InputPrompt").first.inner_text, lambda seen: seen != before)
    notebook.page.locator(".deft-canvas").nth(1).wait_for()


def test_what_python_does_shows_in_the_page(hand):
    hand.notebook.python("editor.move(4, 3); editor.fork(2, k=3)")
    until(hand.labels, lambda seen: len(seen) == 11)
    hand.keys("Control+z", "Control+z")
    hand.expect(START)
    hand.notebook.python("editor.redo()")
    hand.expect(START.move(4, 3))
    hand.notebook.python("editor.selection = [7, 2]")
    until(hand.root.locator(".node.selected").count, 2)


def test_editors_do_not_disturb_each_other(hand, notebook):
    other = Hand(notebook, "other", 1)
    other.begin(START.prune(1))
    hand.click(4)
    hand.keys("f", "3")
    hand.expect(START.fork(4, k=3))
    assert other.tree() == START.prune(1)
    until(other.labels, [0, 4, 5, 6, 7])
    other.click(5)
    other.keys("Delete", "Control+z")
    other.expect(START.prune(1))
    assert hand.tree() == START.fork(4, k=3)


def test_a_screen_reader_hears_edits_and_finds_the_tree(hand):
    canvas = hand.root.get_by_role("tree")
    until(lambda: canvas.get_attribute("aria-label"), lambda seen: "8 nodes, 4 queries" in seen)
    hand.keys("ArrowRight")
    hand.expect_value("selection", [1])
    spoken = "node 1: 200 tokens, seen by 2 queries"
    active = until(
        lambda: hand.page.locator(f"[id='{canvas.get_attribute('aria-activedescendant')}']"),
        lambda seen: seen.get_attribute("aria-label") == spoken,
    )
    assert (active.get_attribute("role"), active.get_attribute("aria-level")) == ("treeitem", "2")
    hand.keys("Delete")
    spoken = hand.root.get_by_role("status")
    until(spoken.first.inner_text, lambda seen: "pruned node 1" in seen)
    assert spoken.first.get_attribute("aria-live") == "polite"


def test_reload_and_restart_lose_nothing_that_was_saved(hand, notebook, lab):
    hand.keys("ArrowRight", "f", "2")
    drawn = START.fork(1, k=2)
    hand.expect(drawn)
    file = lab.folder / "drawn.json"
    hand.keys("Control+s")
    until(lambda: read(file), drawn)
    notebook.page.evaluate("window.jupyterapp.shell.currentWidget.context.save()")
    notebook.page.reload()
    canvas = notebook.page.locator(".deft-canvas").first
    canvas.wait_for(timeout=90_000)
    until(hand.labels, sorted(drawn.label.tolist()))
    hand.expect(drawn)
    canvas.focus()
    hand.keys("Control+z")
    hand.expect(START)
    notebook.page.evaluate(SHUT_DOWN)
    canvas.focus()
    hand.keys("Home", "ArrowRight", "Delete")
    until(hand.labels, [0, 4, 5, 6, 7])
    hand.keys("Control+z")
    until(hand.labels, list(range(8)))
    assert Tree.from_json(file.read_text()) == drawn


SHUT_DOWN = """async () => {
  const context = window.jupyterapp.shell.currentWidget.context.sessionContext;
  await context.shutdown();
}"""

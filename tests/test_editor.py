"""The editor in Python: commands, log, undo; what the page says is checked; files and links come back."""

import json
from xml.etree import ElementTree

import pytest
from pictures import SVG
from trees import TREES

from deft_lab import Tree, build_tree, load_tree
from deft_lab.builders import BUILDERS, bundled_trees
from deft_lab.errors import DeftLabError, TreeError
from deft_lab.widgets import VIEWS, TreeEditor, edit, links
from deft_lab.widgets.commands import apply, said
from deft_lab.widgets.library import menu, named_tree, tree_names

START = TREES["lopsided"]
EDITS = [
    ("add", (5,), "add(5, length=1)", lambda t: t.fork(5, k=1)),
    ("fork", (4, 3, 2), "fork(4, k=3, length=2)", lambda t: t.fork(4, k=3, length=2)),
    ("prune", (7,), "prune(7)", lambda t: t.prune(7)),
    ("move", (4, 1), "move(4, 1)", lambda t: t.move(4, 1)),
    ("split", (0, 100), "split(0, 100)", lambda t: t.split(0, 100)),
    ("merge", (1,), "merge(1)", lambda t: t.merge(1)),
    ("set_length", (5, 61), "set_length(5, 61)", lambda t: t.set_length(5, 61)),
    ("grow", (2,), "grow(2)", lambda t: t.grow(2)),
]
REFUSED = [
    ("prune", (0,), "node 0 is the root; pruning it would leave no tree"),
    ("move", (1, 3), "node 3 lies in the subtree of node 1; moving it there would make a cycle"),
    ("move", (0, 3), "node 0 is the root; it has no place to move to"),
    ("split", (1, 1), "cannot split node 1 at token 1; it has 1 tokens, so k must be in 1..0"),
    ("merge", (4,), "node 4 has 3 children; only a node with one child can take it in"),
    ("set_length", (5, -1), "length=-1; it must be an integer of at least 0"),
    ("fork", (99,), "no node has the label 99"),
    ("undo", (), "nothing to undo"),
    ("redo", (), "nothing to redo"),
]


def page(editor: TreeEditor, **state: object) -> None:
    """What arrives when the page has set traits, as one message."""
    editor.set_state(json.loads(json.dumps(state)))


def page_does(editor: TreeEditor, *commands: dict) -> None:
    tree = editor.tree
    for command in commands:
        tree = apply(tree, command)
    page(editor, commands=[*editor.commands, *commands], undone=[], document=tree.to_json())


@pytest.mark.parametrize(("name", "arguments", "words", "expected"), EDITS, ids=[e[0] for e in EDITS])
def test_each_edit_is_a_command_that_can_be_undone(name, arguments, words, expected):
    editor = edit(START)
    getattr(editor, name)(*arguments)
    assert editor.tree == expected(START) and editor.history == [words]
    assert editor.document == editor.to_json() == editor.tree.to_json()
    editor.undo()
    assert editor.tree == START and editor.history == [] and editor.document == START.to_json()
    editor.redo()
    assert editor.tree == expected(START) and editor.history == [words]


@pytest.mark.parametrize(("name", "arguments", "words"), REFUSED, ids=[f"{e[0]}{e[1]}" for e in REFUSED])
def test_what_is_refused_changes_nothing(name, arguments, words):
    editor = edit(START)
    state = editor.get_state()
    with pytest.raises(TreeError) as refused:
        getattr(editor, name)(*arguments)
    assert str(refused.value).startswith(words)
    assert editor.tree == START and editor.get_state() == state


def test_the_history_is_python():
    editor = edit(START)
    for name, arguments, *_ in EDITS[:5]:
        getattr(editor, name)(*arguments)
    again = edit(START)
    for call in editor.history:
        eval(f"again.{call}", {"again": again})
    assert again.tree == editor.tree and again.commands == editor.commands


def test_undoing_everything_gives_the_first_document_to_the_letter():
    editor, edits = edit(START), [one for one in EDITS if one[0] != "merge"]  # the move took its only child
    for name, arguments, *_ in edits:
        getattr(editor, name)(*arguments)
    last = editor.document
    for _ in edits:
        editor.undo()
    assert editor.document == START.to_json() == editor.start
    for _ in edits:
        editor.redo()
    assert editor.document == last and len(editor.history) == len(edits)


def test_the_tree_can_be_followed_and_replaced():
    editor, seen = edit(START), []
    editor.observe(lambda change: seen.append(change["new"]), "tree")
    editor.move(4, 1)
    other = build_tree("star", width=3)
    editor.tree = other
    editor.undo()
    editor.load("beam_4")
    assert seen == [START.move(4, 1), other, START.move(4, 1), load_tree("beam_4")]
    assert editor.history == ["move(4, 1)", "load('beam_4')"]


def test_one_edit_is_one_message(monkeypatch):
    editor, sent = edit(START), []
    monkeypatch.setattr(TreeEditor, "send_state", lambda self, key=None: sent.append(set(key)))
    editor.move(4, 1)
    assert len(sent) == 1 and {"document", "commands"} <= sent[0]


def test_what_the_page_does_is_taken_over():
    editor, seen = edit(START), []
    editor.observe(lambda change: seen.append(change["new"]), "tree")
    page_does(editor, {"op": "move", "node": 4, "parent": 1}, {"op": "prune", "node": 7})
    assert editor.tree == START.move(4, 1).prune(7) and seen == [editor.tree]
    assert editor.history == ["move(4, 1)", "prune(7)"]
    move = editor.commands[0]
    page(editor, commands=[move], undone=[editor.commands[1]], document=START.move(4, 1).to_json())
    assert editor.tree == START.move(4, 1) and editor.undone == [{"op": "prune", "node": 7}]
    editor.redo()
    assert editor.tree == START.move(4, 1).prune(7)
    editor.undo()
    editor.undo()
    assert editor.tree == START


def test_the_page_may_undo_and_do_something_else_at_once():
    editor = edit(START)
    editor.move(4, 1)
    editor.prune(7)
    split = {"op": "split", "node": 0, "k": 9}
    page(
        editor,
        commands=[editor.commands[0], split],
        undone=[],
        document=START.move(4, 1).split(0, 9).to_json(),
    )
    assert editor.tree == START.move(4, 1).split(0, 9) and editor.history == ["move(4, 1)", "split(0, 9)"]
    editor.undo()
    assert editor.tree == START.move(4, 1)


def test_an_illegal_edit_of_the_page_is_taken_back_in_the_library_s_words():
    editor = edit(START)
    editor.grow()
    before = editor.get_state(["document", "commands", "undone"])
    cycle = {"op": "move", "node": 1, "parent": 3}
    page(editor, commands=[*editor.commands, cycle], document=START.to_json())
    assert editor.get_state(["document", "commands", "undone"]) == before
    assert editor.refused == {
        "message": "node 3 lies in the subtree of node 1; moving it there would make a cycle", "n": 1,
    }  # fmt: skip
    page(editor, commands=[*editor.commands, {"op": "grow", "n": 1}], document=START.to_json())
    assert editor.get_state(["document", "commands", "undone"]) == before
    assert "disagree" in editor.refused["message"] and editor.refused["n"] == 2
    for nonsense in ({"op": "rm"}, {"op": "move", "child": 3}, {}):
        page(editor, commands=[*editor.commands, nonsense], document="{}")
        assert editor.tree == START.grow() and editor.get_state(["document", "commands", "undone"]) == before


def test_several_edits_can_be_one_command():
    both = {"op": "all", "commands": [{"op": "prune", "node": 7}, {"op": "prune", "node": 5}]}
    editor = edit(START)
    page_does(editor, both)
    assert editor.tree == START.prune(7).prune(5) and editor.history == ["prune(7); prune(5)"] == [said(both)]
    editor.undo()
    assert editor.tree == START


def test_editors_are_independent():
    one, other = edit(START), edit("few_shot")
    state = other.get_state()
    one.prune(7)
    one.selection = [4]
    assert other.get_state() == state and one.model_id != other.model_id


def test_selection_and_folds_stay_on_nodes_that_exist():
    editor = edit(START)
    editor.selection = [5, 7]
    editor.fold(4)
    editor.focus_on(4)
    editor.prune(7)
    assert (editor.selection, editor.folded, editor.focused) == ([5], [4], 4)
    editor.prune(4)
    assert (editor.selection, editor.folded, editor.focused) == ([], [], None)
    for wrong in (lambda: editor.fold(4), lambda: editor.focus_on(4)):
        with pytest.raises(TreeError, match="no node has the label 4"):
            wrong()
    with pytest.raises(TreeError, match="no node has the label 12"):
        editor.selection = [12]


def test_files_come_back(tmp_path):
    path = tmp_path / "mine.json"
    editor = edit(START, path=path)
    editor.move(4, 1)
    assert editor.save() == path and edit(path).tree == editor.tree and edit(str(path)).path == str(path)
    editor.prune(7)
    elsewhere = editor.save(tmp_path / "other.json")
    assert edit(elsewhere).tree == START.move(4, 1).prune(7) and edit(path).tree == START.move(4, 1)
    editor.load(path)
    assert editor.tree == START.move(4, 1) and editor.history[-1] == "load('mine.json')"
    editor.from_json(START.to_json())
    assert editor.tree == START
    for refused, words in (
        (lambda: edit(START).save(), "no path to save to; name one"),
        (lambda: edit(tmp_path / "no.json"), "cannot read .*no.json: No such file"),
        (lambda: editor.save(tmp_path / "no" / "folder.json"), "cannot write"),
    ):
        with pytest.raises(DeftLabError, match=words):
            refused()


def test_links_come_back():
    editor = edit(START)
    editor.fork(5, k=2)
    link = editor.permalink("https://example.org/lab/tree/01.ipynb")
    assert link.startswith("https://example.org/lab/tree/01.ipynb#deft_tree=1_") and " " not in link
    assert edit(link).tree == editor.tree
    for wrong in ("#deft_tree=1_-1_5", "#deft_tree=2_-1_5_0_0_1", "#deft_tree=1_x_5_0_0_1", "#deft_tree="):
        with pytest.raises(TreeError, match="copy the whole link|copy it again"):
            edit(wrong)
    for wrong in ("https://example.org/lab", "#nothing", "https://example.org/tree.json"):
        with pytest.raises(
            TreeError, match="the link holds no tree: 'deft_tree=' is not in it; copy one with"
        ):
            edit(wrong)
    assert edit(link.replace("*", "%2A").replace("~", "%7E")).tree == editor.tree
    with pytest.raises(TreeError, match="more numbers than a tree has nodes"):
        links.decode("1_0*9999999_5_0_0_1")


@pytest.mark.parametrize("name", tree_names())
def test_every_preset_opens_in_python_and_in_the_page(name):
    editor = edit(name)
    entry = next(one for one in menu() if one["name"] == name)
    assert editor.tree == named_tree(name)
    assert "code" not in entry or links.decode(entry["code"]) == editor.tree  # not of a template
    assert editor.source == {"name": name, "options": {}}
    assert len(entry["title"]) > 3 and editor.history == []


def test_the_menu_has_all_builders_and_bundled_trees():
    assert set(tree_names()) >= (set(BUILDERS) - {"from_template"}) | set(bundled_trees())
    assert sum(len(entry.get("code", "")) for entry in menu()) < 10_000
    with pytest.raises(DeftLabError, match="no preset 'fewshot'; choose one of chain, few_shot"):
        edit("fewshot")


def test_the_page_asks_python_to_save_and_to_load(tmp_path):
    editor, said_back = edit(START, path=tmp_path / "tree.json"), []
    editor.send = lambda content, buffers=None: said_back.append(content)
    editor._told(editor, {"kind": "save"}, None)
    assert Tree.from_json((tmp_path / "tree.json").read_text()) == START
    assert said_back == [{"kind": "said", "message": f"saved to {tmp_path / 'tree.json'}"}]
    editor._told(editor, {"kind": "preset", "name": "beam_4"}, None)
    assert editor.tree == load_tree("beam_4")
    editor._told(editor, {"kind": "preset", "name": "/etc/passwd.json"}, None)
    assert said_back[-1]["kind"] == "refused" and editor.tree == load_tree("beam_4")
    for nonsense in ("save", {"kind": "rm"}, {}, None):
        editor._told(editor, nonsense, None)
    assert editor.tree == load_tree("beam_4")


def test_a_picture_lies_beside_the_widget():
    editor = edit(START)
    data, _ = editor._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"} <= set(data)
    ElementTree.fromstring(data["image/svg+xml"])
    assert data["text/plain"].startswith("8 nodes, 4 queries")
    editor.prune(7)
    assert editor._repr_mimebundle_()[0]["image/svg+xml"] != data["image/svg+xml"]
    huge = edit(build_tree("star", width=6000), views=["bytes", "timeline"])
    assert "image/svg+xml" not in huge._repr_mimebundle_()[0]


@pytest.mark.parametrize(
    ("views", "titles"),
    [
        (["bytes"], ["Bytes of one decode step"]),
        (["memory", "mask"], ["The KV of the tree in memory", "The mask of DeFT-Node"]),
        (["timeline", "groups"], ["Who runs where and when: DeFT-Node on A100 80GB SXM", "DeFT-Node"]),
        (VIEWS, ["The KV of the tree in memory"]),
        ([], ["The KV of the tree in memory"]),
    ],
)
def test_the_picture_has_the_views_that_were_asked_for(views, titles):
    editor = edit(START, views=views, method="deft_node", hardware="a100", account="paper")
    drawn = ElementTree.fromstring(editor._repr_mimebundle_()[0]["image/svg+xml"])
    found = [figure.find(f"{SVG}title").text for figure in drawn.findall(f"{SVG}svg")]
    assert found[0] == "A decoding tree" and len(found) == 1 + len(titles)
    assert all(title in name for title, name in zip(titles, found[1:], strict=True))


def test_help_names_every_key(capsys):
    edit(START).help()
    words = capsys.readouterr().out
    for key in (
        "Enter",
        "Delete",
        "Space",
        "Ctrl-Z",
        "Ctrl-S",
        "arrows",
        "M,",
        "S,",
        "L,",
        "F,",
        "J ",
        "P ",
        "?",
    ):
        assert key in words, key

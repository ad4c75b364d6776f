"""The offline page holds the editor, its plans, and a picture; it asks for nothing from elsewhere."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deft_lab import METHODS, Tree, build_tree, load_tree
from deft_lab.cli import app
from deft_lab.errors import DeftLabError
from deft_lab.widgets import TreeEditor, edit
from deft_lab.widgets.page import TRAITS, view_page


class Reader(HTMLParser):
    """Elements that load something, and the text of each script, as a browser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads, self.scripts, self._inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data") and value]
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")
            assert "src" not in found

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self._inside = False


def values_of(page: str) -> dict:
    return json.loads(Reader(page).scripts[0])


@pytest.mark.parametrize("source", ["few_shot", "medusa_64", "one_token", "odd_seats"])
def test_it_carries_the_tree_and_the_plans_of_every_method(source):
    values = values_of(view_page(source))
    editor = edit(source)
    assert values["document"] == values["plans"]["document"] == editor.tree.to_json()
    assert list(values["plans"]["methods"]) == list(METHODS)
    assert set(values) == set(TRAITS) and set(TRAITS) <= set(TreeEditor(editor.tree).keys)


def test_it_asks_for_nothing_from_elsewhere():
    page = view_page("random")
    assert Reader(page).loads == ["data:,"]
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\"'`\s)<]+", page))
    assert all(address.startswith("http://www.w3.org/") for address in addresses), addresses  # namespaces
    assert "@import" not in page and not re.search(r"url\((?!#|\\?\"?data:)", page)


def test_a_name_cannot_break_out_of_the_page(tmp_path):
    path = tmp_path / "a<script>alert(1)<!-- b.json"
    path.write_text(Tree([-1, 0], [3, 2]).to_json())
    page = view_page(path)
    assert len(Reader(page).scripts) == 2 and "a&lt;script&gt;" in page and "<script>alert" not in page


def test_machine_and_theme_are_the_readers_choice():
    values = values_of(view_page("star", hardware="a100", theme="dark"))
    assert values["hardware"] == "a100" and values["theme"] == "dark"
    assert values["menus"]["hardware"] == [["a100", values["plans"]["hardware"]]]
    with pytest.raises(DeftLabError, match="no hardware|unknown|choose one of"):
        view_page("star", hardware="abacus")


def test_without_a_script_there_is_a_picture():
    page = view_page(build_tree("star", prompt=5, width=3))
    picture = page[page.index("<noscript>") : page.index("</noscript>")]
    assert 'role="img"' in picture and "4 nodes, 3 queries" in picture


def test_the_command_writes_the_page(tmp_path: Path):
    tree = load_tree("beam_4")
    (tmp_path / "tree.json").write_text(tree.to_json())
    output = tmp_path / "out.html"
    arguments = ["view", str(tmp_path / "tree.json"), "--output", str(output), "--no-browser"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0 and "works offline" in result.output
    assert values_of(output.read_text())["document"] == tree.to_json()


def test_the_command_opens_a_browser_unless_told_not_to(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert CliRunner().invoke(app, ["view", "star", "--output", str(tmp_path / "a.html")]).exit_code == 0
    assert opened == [(tmp_path / "a.html").resolve().as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    result = CliRunner().invoke(app, ["view", "star", "--output", str(tmp_path / "a.html")])
    assert "no browser to open it with; open the file yourself" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "no preset 'nothing'; choose one of"),
        (["gone.json"], "cannot read gone.json"),
        (["star", "--theme", "pink"], "no theme 'pink'; choose one of auto, light, dark"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_words(arguments, words):
    result = CliRunner().invoke(app, ["view", *arguments, "--no-browser"])
    assert isinstance(result.exception, DeftLabError) and words in str(result.exception)

"""The notebooks as committed: header card, short cells, outputs that need no kernel, no typed-in results."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deft_lab.lessons import EXERCISES

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("jupytext")

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES, MOST_BYTES, MOST_BYTES_IN_ALL = 15, 1_000_000, 4_000_000
FIELDS = ("Goals", "Prerequisites", "Needs", "Time to read", "Time to run")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell.outputs]


def shown(path, mime):
    """All outputs of one type in a notebook."""
    return [output["data"][mime] for output in outputs(path) if mime in output.get("data", {})]


def prose(path):
    """The Markdown of a notebook without its code."""
    text = "\n\n".join(cell.source for cell in cells(path, "markdown"))
    return re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)


def test_there_is_a_notebook():
    assert NOTEBOOKS


def test_all_together_they_stay_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < MOST_BYTES_IN_ALL


def test_words_are_spelled_right():
    pytest.importorskip("codespell_lib")
    places = ["notebooks/src", "deft_lab/lessons", "docs", "README.md", "CONTRIBUTING.md"]
    command = [sys.executable, "-m", "codespell_lib", *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@every_notebook
def test_it_begins_with_a_header_card(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    for field in FIELDS:
        assert re.search(rf"\*\*{field}:\*\* \S", first.source), field


@every_notebook
def test_it_has_exactly_one_title(path):
    titles = re.findall(r"^# .*", prose(path), flags=re.MULTILINE)
    assert len(titles) == 1, titles


@every_notebook
def test_the_first_code_cell_is_one_import_and_one_call(path):
    statements = ast.parse(cells(path, "code")[0].source).body
    assert [type(statement) for statement in statements] == [ast.ImportFrom, ast.Expr]
    shown = statements[1].value
    assert isinstance(shown.value if isinstance(shown, ast.NamedExpr) else shown, ast.Call)


@every_notebook
def test_no_code_cell_is_long(path):
    long = [cell.source for cell in cells(path, "code") if len(cell.source.splitlines()) > MOST_LINES]
    assert not long, long[0]


@pytest.fixture(scope="module")
def build():
    """The builder, tools/build_notebooks.py."""
    sys.path.insert(0, str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("build_notebooks", ROOT / "tools" / "build_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@every_notebook
def test_it_was_built_from_its_source(path, build):
    assert build.is_current(ROOT / "notebooks" / "src" / f"{path.stem}.py")


@every_notebook
def test_it_gives_no_prediction_away(path, build):
    reveals = [cell for cell in cells(path, "code") if "reveal" in cell.metadata.get("tags", [])]
    assert all(cell in reveals for cell in cells(path, "code") if ".reveal(" in cell.source)
    for cell in reveals:
        assert [output["data"]["text/markdown"] for output in cell.outputs] == [build.REVEAL]
    assert "Measured:" not in "".join(shown(path, "text/markdown"))
    assert "Predicted and measured" not in "".join(shown(path, "image/svg+xml"))


def test_only_what_is_tagged_loses_its_output(build):
    cell = nbformat.v4.new_code_cell
    notebook = nbformat.v4.new_notebook(cells=[cell("print(6 * 7)"), cell("print(6 * 7)")])
    notebook.cells[1].metadata.tags = ["reveal"]
    plain, tagged = build.execute(notebook).cells
    assert plain.outputs[0].text == "42\n" and "42" not in str(tagged.outputs)
    assert tagged.execution_count == 2


@every_notebook
def test_the_time_for_its_exercises_is_theirs(path):
    mine = [found.minutes for key, found in EXERCISES.items() if key.startswith(path.stem[:2] + ".")]
    said = re.search(r"\*\*Time to read:\*\* \d+ minutes, and (\d+) more", cells(path, "markdown")[0].source)
    assert 0 <= int(said.group(1)) - sum(mine) < 5


@every_notebook
def test_every_cell_was_run_without_an_error(path):
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert not [output for output in outputs(path) if output.output_type == "error"]
    assert not [output.text for output in outputs(path) if output.get("name") == "stderr"]


@every_notebook
def test_every_picture_says_in_words_what_it_shows(path):
    svgs = shown(path, "image/svg+xml")
    assert svgs
    for svg in svgs:
        root = ElementTree.fromstring(svg)
        described = root.find("{http://www.w3.org/2000/svg}desc")
        assert (
            root.get("role") == ("group" if "<a " in svg else "img")
            and described is not None
            and len(described.text or "") > 40
        )
    for output in outputs(path):
        for mime in ("image/png", "image/jpeg"):
            if mime in output.get("data", {}):
                assert output.metadata.get(mime, {}).get("alt")
    for html in shown(path, "text/html"):
        assert all(re.search(r'\balt="[^"]+"', tag) for tag in re.findall(r"<img\b[^>]*>", html))
    assert not re.findall(r"!\[\s*\]\(", prose(path))


@every_notebook
def test_it_reads_without_a_kernel_and_stays_small(path):
    assert path.stat().st_size < MOST_BYTES
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    assert not shown(path, WIDGET_VIEW)


@every_notebook
def test_it_names_no_machine_and_nobody(path):
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"/(?:home|Users|root|tmp|work|opt)/\w+|[A-Z]:\\\\\w+", text)
    assert "Your guess:" not in "".join(shown(path, "text/markdown")), "built with somebody's predictions"


@every_notebook
def test_prose_holds_no_typed_in_result(path):
    title, _, rest = prose(path).partition("\n")
    rest = re.sub(r"\]\([^)]+\)", "]", rest)  # an address is no result
    assert title.startswith("# ") and not re.findall(r"\d\.\d|\d x\b|\d %", rest)


@every_notebook
def test_its_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)]+)\)", prose(path)):
        target = re.sub(r"#L\d+(-L\d+)? \"[^\"]+\"$", "", link)
        assert target.startswith("https://") or (path.parent / target).exists(), target


@every_notebook
def test_its_links_to_lines_lead_to_the_names_that_they_explain(path, build):
    assert build.links_are_current(ROOT / "notebooks" / "src" / f"{path.stem}.py"), build.LINKS_MOVED
    shown = re.findall(r'\]\(\.\./\S+\.py#L\d+(?:-L\d+)? "lines? [^"]+"\)', prose(path))
    assert len(shown) >= 3


@pytest.fixture
def code(tmp_path):
    """A file with names to link to, and the text of a link to it."""
    file = tmp_path / "code.py"
    file.write_text(
        "LIMIT = 3\n\n\n@cached\ndef add(a, b):\n    for i in range(b):\n        a += 1\n        c = a\n"
        "    return c\n\n\nclass Box:\n    size: int = 1\n\n    def add(self, n):\n        self.n, m = n, n\n"
    )
    return file


def test_a_name_is_found_with_its_lines(code, build):
    names = {"LIMIT": (1, 1), "add": (4, 9), "add.i": (6, 8), "add.a": (7, 7), "add.c": (8, 8)}
    names |= {"Box": (12, 16), "Box.size": (13, 13), "Box.add": (15, 16), "Box.add.m": (16, 16)}
    for name, lines in names.items():
        assert build.source_lines.lines_of(code, name) == lines, name


def test_a_name_that_is_not_there_is_named_with_those_that_are(code, build):
    with pytest.raises(build.source_lines.NoSuchName, match=r"Box\.sub.*'sub'; there are: size, add"):
        build.source_lines.lines_of(code, "Box.sub")
    with pytest.raises(build.source_lines.NoSuchName, match="no file"):
        build.source_lines.with_lines("[x](gone.py#add)", code.parent)


def test_a_notebook_whose_links_are_stale_is_noticed_and_mended_without_running(code, build, monkeypatch):
    monkeypatch.setattr(build, "NOTEBOOKS", code.parent)
    source = code.parent / "lesson.py"
    source.write_text("# %% [markdown]\n# [adds](code.py#Box.add), [all](code.py)\n\n# %%\n6 * 7\n")
    nbformat.write(build.execute(build.read_source(source)), code.parent / "lesson.ipynb")
    assert 'code.py#L15-L16 "lines 15 to 16"' in build.built_of(source).cells[0].source
    assert build.is_current(source) and build.links_are_current(source)
    code.write_text("# a line above all others\n" + code.read_text())
    assert build.is_current(source) and not build.links_are_current(source)
    assert build.take_over_text(source) and build.links_are_current(source)
    mended = build.built_of(source).cells
    assert "code.py#L16-L17" in mended[0].source and mended[1].outputs[0]["data"]["text/plain"] == "42"
    source.write_text(source.read_text().replace("6 * 7", "6 * 8"))
    assert not build.take_over_text(source)


@every_notebook
def test_a_notebook_for_the_cpu_loads_no_torch(path):
    if "No PyTorch" not in nbformat.read(path, as_version=4).cells[0].source:
        pytest.skip("this notebook says that it needs PyTorch")
    parsed = [ast.parse(cell.source) for cell in cells(path, "code")]
    imports = [
        ast.unparse(node)
        for tree in parsed
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    code = "\n".join(
        [*imports, "import sys; assert not {'torch', 'triton', 'transformers'} & set(sys.modules)"]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def checks_of(path):
    return [cell for cell in cells(path, "code") if re.search(r"^check\(", cell.source, flags=re.MULTILINE)]


@every_notebook
def test_an_answer_is_checked_and_shown_once(path):
    checks = checks_of(path)
    assert checks
    for cell in checks:
        assert len(cell.outputs) == 1 and "is open" in cell.outputs[0]["data"]["text/markdown"]


@every_notebook
def test_it_holds_the_skeletons_of_its_exercises(path):
    sources = [cell.source for cell in cells(path, "code")]
    mine = [found for key, found in EXERCISES.items() if key.startswith(path.stem[:2] + ".")]
    assert len(checks_of(path)) == len(mine)
    for found in mine:
        skeleton = next((source for source in sources if found.skeleton in source), "")
        assert skeleton.endswith(f'check("{found.key}", {found.solution.__name__})'), found.key
        for verb in ("exercise", "hint", "solution"):
            assert any(f'{verb}("{found.key}")' in source for source in sources), (verb, found.key)

"""The documents are true: their Python runs, their links exist, and no public name is missing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import deft_lab
from deft_lab import (
    attention,
    builders,
    cost,
    counter,
    decode,
    errors,
    kernel_run,
    lessons,
    ops,
    speculative,
    stepping,
    trace,
    viz,
    widgets,
)
from deft_lab.cli import app, bench_app

CHECKOUT = Path(__file__).parent.parent
ONE_PAGE = CHECKOUT / "docs" / "all_of_deft_lab.md"
PAGES = [CHECKOUT / "README.md", ONE_PAGE, CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "data" / "README.md"]
PAGES.append(CHECKOUT / "docs" / "widgets.md")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, capsys):
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL))
    exec(compile(code, page.name, "exec"), {})
    assert capsys.readouterr().out


def test_the_python_of_the_widgets_page_runs():
    names: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGES[-1].read_text(), flags=re.DOTALL)[0], names)
    assert isinstance(names["editor"], widgets.TreeEditor)


def test_the_readmes_script_prints_the_notebooks_numbers(capsys):
    code = re.findall(r"```python\n(.*?)```", PAGES[0].read_text(), flags=re.DOTALL)[0]
    exec(code, {})
    found = re.findall(r"(\w+) +\d+ groups, +([\d.]+) MB of KV, +([\d.]+) MB in all", capsys.readouterr().out)
    # KV: 80,400 or 4,400 tokens of 4,096 bytes. With it: Q and O, 8,192 bytes a query and group; of the
    # partials (none, 40, 658) 32 heads x (512 + 4) bytes, written and read; 4 bytes a slot and 8 a mask word,
    # 8 times a token; and little more
    assert found == [
        ("radix", "329.3", "332.2"), ("deft_node", "18.0", "20.0"), ("deft_flatten", "18.0", "45.8"),
    ]  # fmt: skip


@every_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target.split("#")[0]).exists(), target


def public_names() -> set[str]:
    """What `from deft_lab... import *` and the commands offer."""
    names = set(deft_lab.__all__) | {name for name in vars(errors) if name.endswith("Error")}
    for room in (
        attention,
        builders,
        cost,
        counter,
        decode,
        kernel_run,
        lessons,
        ops,
        speculative,
        stepping,
        trace,
        viz,
        widgets,
    ):
        names |= set(room.__all__)
    names |= set(deft_lab.METHODS) | set(builders.BUILDERS) | set(cost.ACCOUNTS)
    for kind in (
        deft_lab.Tree,
        deft_lab.Trace,
        deft_lab.Plan,
        deft_lab.Pool,
        decode.Session,
        decode.TreeModel,
    ):
        names |= {name for name in vars(kind) if not name.startswith("_")}
    commands = [*app.registered_commands, *bench_app.registered_commands]
    return names | {command.name or command.callback.__name__ for command in commands}


def test_the_one_page_names_every_public_name():
    words = set(re.findall(r"[A-Za-z_][\w-]*", ONE_PAGE.read_text()))
    missing = sorted(
        public_names() - words - {"method", "tree", "query_tile", "k", "v", "n_pages", "page_size"}
    )
    assert not missing, f"docs/all_of_deft_lab.md does not name {missing}"


def test_the_one_page_is_one_page():
    # 170 until the kernels came, with a backend, a counter and a model of time; 180 until speculation did
    assert len(ONE_PAGE.read_text().splitlines()) <= 200


def test_the_licence_names_both_parts():
    text = (CHECKOUT / "LICENSE").read_text()
    assert "MIT" in text and "CC BY 4.0" in text


def test_the_readmes_picture_is_what_the_script_draws():
    done = subprocess.run([sys.executable, str(CHECKOUT / "tools" / "make_pictures.py"), "--check"])
    assert done.returncode == 0, "stale; run python tools/make_pictures.py"


def test_pictures_are_small_and_each_is_shown():
    pages = [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]
    shown = {
        Path(name).name for page in pages for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text())
    }
    pictures = list((CHECKOUT / "docs" / "images").iterdir())
    assert {picture.name for picture in pictures} == shown
    assert all(picture.stat().st_size < 200_000 for picture in pictures)

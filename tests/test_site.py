"""The site: builds without a warning, needs no network, and explains its terms."""

import importlib.util
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool():
    pytest.importorskip("pygments")
    return load(ROOT / "tools" / "build_docs.py")


def test_every_notebook_has_a_card_that_says_what_it_needs(tool):
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        card = tool.card_of(path)
        assert {"goals", "prerequisites", "needs", "time to read", "time to run"} <= set(card), path.name


def test_what_a_notebook_needs_is_read_from_its_card(tool):
    def needs(words):
        return [tool.support({"needs": words}, need) for need in tool.NEEDS]

    assert needs("CPU. No PyTorch, no GPU, no model weights.") == ["yes", "no", "no", "no", "no"]
    assert needs("CPU, and Triton if it is there.")[2] == "optional"
    assert needs("CPU, with PyTorch and transformers.")[1] == "yes" and needs("a GPU.")[3] == "yes"
    assert needs("CPU. With an NVIDIA GPU, PyTorch and Triton, one cell measures.")[1:4] == ["optional"] * 3


def test_links_to_the_checkout_lead_to_pages_of_the_site(tool):
    wanted = defaultdict(set)
    lines = '../deft_lab/plan.py#L3-L9 "lines 3 to 9"'
    text = f"see [a]({lines}), [b](02_x.ipynb), [c](../deft_lab/methods), [d](../kernels)"
    shown = tool.with_links(text, wanted, "..")
    assert tool.with_links("[e](../CONTRIBUTING.md)", wanted, "..") == "[e](../contributing.md)"
    assert '[a](../source/deft_lab-plan_py.md#L3-L9 "lines 3 to 9")' in shown and "[b](02_x.ipynb)" in shown
    assert wanted["deft_lab/plan.py"] == {(3, 9)}
    assert set(wanted) == {"deft_lab/plan.py", "deft_lab/methods/__init__.py", "kernels"}


def test_source_that_an_output_quotes_leads_to_its_page(tool, tmp_path):
    wanted = defaultdict(set)
    tool.copy_notebooks(tmp_path / "notebooks", wanted)
    text = (tmp_path / "notebooks" / "07_triton_step.ipynb").read_text()
    links = re.findall(r'\[attend\.py\]\(\.\./source/kernels-attend_py\.html#L(\d+)-L(\d+) \\"lines', text)
    assert links and {(int(first), int(last)) for first, last in links} <= wanted["kernels/attend.py"]


def test_lines_that_are_linked_to_stand_in_an_element_of_their_own(tool):
    lines = (ROOT / "kernels" / "attend.py").read_text().splitlines()
    html = tool.shown("kernels/attend.py", {(20, 50), (22, 22), (22, 30)})
    root = ElementTree.fromstring(html.replace("&nbsp;", " "))
    for first, last in ((20, 50), (22, 22), (22, 30)):
        (found,) = [node for node in root.iter("span") if node.get("id") == f"L{first}-L{last}"]
        said = [re.sub(r"^ *\d+", "", line) for line in "".join(found.itertext()).splitlines()]
        assert said == lines[first - 1 : last]


def test_the_front_page_names_all_notebooks_of_its_paths(tool):
    cards = [tool.card_of(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    page = tool.index_page(cards)
    assert "MATRIX" not in page and "NOTEBOOKS" not in page
    assert all(f"notebooks/{card['name']}.ipynb" in page for card in cards)


def test_wrong_answers_stand_in_the_notes_for_instructors(tool):
    from deft_lab.lessons import EXERCISES

    page = tool.instructors_page([])
    assert all(f"**{key} {found.title}**" in page for key, found in EXERCISES.items())


def test_a_term_has_its_definition_on_the_glossary_page():
    pytest.importorskip("sphinx")
    terms = load(ROOT / "docs" / "site" / "site_extension.py").definitions(
        (ROOT / "docs" / "site" / "glossary.md").read_text()
    )
    assert terms["partial"].startswith("What one query gets from one group")
    assert terms["LSE"] == terms["log-sum-exp"] and len(terms) > 30


@pytest.mark.long
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("furo")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_docs.py", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr[-3000:]
    for page in (tmp_path / "html").rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"(https?:)?//", page.read_text())
        assert not loaded, page
    assert 'class="site-term' in (tmp_path / "html" / "index.html").read_text()

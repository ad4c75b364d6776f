"""Every widget once: the cells of a notebook, and what is on the page when they have drawn themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab import CHROMIUM_ARGS

LIVE = """\
from deft_lab.trace import Compared, Event, Opening, Told
from deft_lab import Tree

def decoder(tree):
    yield Opening(Tree([-1], [2]), (0, 1), {0: "a", 1: "b"})
    yield Told(1, (Event(1, "fork", 0, children=(1, 2), tokens=(0, 1)),), {})
    yield Compared(1, 1, 1, 1e-6, 1e-3)
    yield Compared(2, 1, 1, 1e-6, 1e-3)

"""
COUNT = """\
from deft_lab import build_tree, plan_tree, traffic
from deft_lab.lessons.counted_steps import ONE_KV_HEAD, recorded

plan = plan_tree(build_tree("few_shot", prompt=300, width=4, length=20), "deft_node")
recorded(plan, ONE_KV_HEAD).beside(traffic(plan, ONE_KV_HEAD))"""
# name: (cell, what is on the page once the widget has drawn itself)
WIDGETS = {
    "explorer": (
        "from deft_lab import load_tree\nfrom deft_lab.widgets import *\n\nexplore('few_shot', width=5)",
        ".deft-views .deft-picture svg",
    ),
    "editor": (
        "edit('beam_4', views=['memory', 'mask', 'groups', 'timeline', 'bytes'])",
        ".deft-editor figure.deft-view svg",
    ),
    "compare": ("compare(load_tree('beam_4'), ['radix', 'deft_node', 'deft_flatten'])", ".deft-compare svg"),
    "grouping": (
        "play_grouping(load_tree('reasoning_sorting'), 'deft_flatten')",
        ".deft-player .deft-stage svg",
    ),
    "partial": ("play_partial()", ".deft-player .deft-stage svg"),
    "kernel": ("play_kernel()", ".deft-player .deft-stage svg"),
    "decode": ("play_decode('tree_of_thoughts', account='paper')", ".deft-decode .deft-decode-tree svg"),
    "count": (COUNT, ".deft-views .deft-picture svg .pane"),
    "live": (LIVE + "live(Tree([-1, 0, 0], [5, 1, 1]), decoder).run()", ".deft-decode .deft-live"),
}


def write_notebook(path: Path) -> Path:
    """A notebook with a cell for each widget."""
    nbformat = pytest.importorskip("nbformat")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, (source, _) in WIDGETS.items()]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@contextmanager
def offline_page(
    chromium: str, path: Path, *, dark: bool = False, width: int = 1200
) -> Iterator[tuple[Any, list[str], list[str]]]:
    """A file in a browser whose every request is cut off and listed: (page, requests, errors)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        scheme = "dark" if dark else "light"
        page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 1400}).new_page()
        asked, errors = [], []
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))

        def cut(route):
            if route.request.url == path.as_uri() or route.request.url.startswith(("data:", "blob:")):
                route.continue_()
            else:
                asked.append(route.request.url)
                route.abort()

        page.route("**/*", cut)
        page.goto(path.as_uri())
        try:
            yield page, asked, errors
        finally:
            browser.close()


def rgb(text: str) -> str:
    """A page's `rgb(27, 27, 27)` as #RRGGBB."""
    numbers = [int(float(part)) for part in text[text.index("(") + 1 : -1].split(",")[:3]]
    return "#" + "".join(f"{number:02X}" for number in numbers)

"""What the tests of pictures share: trees that are hard to draw, and how to read an SVG."""

import math
import re
from xml.etree import ElementTree

import pytest
from trees import TREES

from deft_lab import LLAMA3_8B, METHODS, build_tree, plan_tree
from deft_lab.cost import ACCOUNTS
from deft_lab.viz import Figure, draw_io_bars, draw_kv_memory, draw_mask, draw_split, draw_timeline, draw_tree

LAYER = LLAMA3_8B.layer
SVG = "{http://www.w3.org/2000/svg}"
ROUNDING = 0.011  # px: coordinates have two decimals
WORST = TREES | {
    "chain of a thousand nodes": build_tree("chain", length=1000, n_nodes=1000),
    "a thousand leaves": build_tree("star", width=1000, prompt=1),
    "a long prompt": build_tree("few_shot", prompt=1_000_000, width=3, length=1),
}
FIGURES = {
    "tree": draw_tree,
    "kv": draw_kv_memory,
    "io": lambda tree: draw_io_bars(tree, LAYER),
    "split": lambda tree: draw_split(plan_tree(tree)),
    "mask": draw_mask,
    "mask of a plan": lambda tree: draw_mask(plan_tree(tree)),
    "timeline": lambda tree: draw_timeline(plan_tree(tree)),
    "timeline in units": lambda tree: draw_timeline(plan_tree(tree), unit=16),
}
every_tree = pytest.mark.parametrize("tree", WORST.values(), ids=WORST)
every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
every_method = pytest.mark.parametrize("method", METHODS)
every_account = pytest.mark.parametrize("account", ACCOUNTS)


def parsed(figure: Figure) -> ElementTree.Element:
    return ElementTree.fromstring(figure.svg)


def shapes(figure: Figure, *names: str) -> list[tuple[dict[str, str], dict[str, float]]]:
    """(data, box) of every rectangle that has these data-* attributes."""
    found = []
    for rect in parsed(figure).iter(f"{SVG}rect"):
        data = {key[5:]: value for key, value in rect.attrib.items() if key.startswith("data-")}
        if set(names) <= set(data):
            found.append((data, {key: float(rect.attrib[key]) for key in ("x", "y", "width", "height")}))
    return found


def text_of(figure: Figure) -> str:
    return "\n".join(text.text or "" for text in parsed(figure).iter(f"{SVG}text"))


def check_document(figure: Figure) -> None:
    root = parsed(figure)
    kind = "group" if "<a " in figure.svg else "img"  # the links of an image are hidden from screen readers
    assert root.tag == f"{SVG}svg" and root.get("role") == kind
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title.text == figure.title and description.text == figure.alt
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == description.get("id")
    ids = re.findall(r'\bid="([^"]+)"', figure.svg)
    assert len(ids) == len(set(ids)) and set(re.findall(r"(?:url\(|href=\")#([\w-]+)", figure.svg)) <= set(
        ids
    )
    assert "<script" not in figure.svg and figure.svg.count("http") == figure.svg.count("http://www.w3.org")
    assert "nan" not in figure.svg.lower().split("<style>")[0] and "inf" not in figure.svg.split("</desc>")[0]
    for shape in root.iter(f"{SVG}rect"):
        for key in ("width", "height"):
            value = shape.get(key, "0")
            assert value == "100%" or 0 <= float(value) < math.inf

"""Of a tree taller than its box the part in sight is drawn; wherever the reader goes, nothing is missing."""

import pytest
from gallery import offline_page
from waiting import until

from deft_lab import build_tree
from deft_lab.widgets.page import view_page

TREE = build_tree("random", n_nodes=300, prompt=2000, seed=1)
ROWS = 65  # px of five rows: more would be missing between two bars if a part were not drawn
LABELS = TREE.label.tolist()
SEEN = """() => {
  const box = document.querySelector(".deft-tree").getBoundingClientRect();
  const bars = [...document.querySelectorAll(".deft-canvas .bar")].map((bar) => bar.getBoundingClientRect());
  const rows = bars.map((bar) => (bar.top + bar.bottom) / 2).filter((y) => y > box.top && y < box.bottom);
  rows.sort((a, b) => a - b);
  const gaps = [...rows, box.bottom].map((y, i) => y - (i ? rows[i - 1] : box.top));
  return { gap: Math.max(...gaps), top: document.querySelector(".deft-tree").scrollTop };
}"""


@pytest.fixture
def page(chromium, tmp_path):
    path = tmp_path / "tree.json"
    path.write_text(TREE.to_json())
    html = tmp_path / "view.html"
    html.write_text(view_page(path), encoding="utf-8")
    with offline_page(chromium, html) as (opened, _asked, errors):
        opened.locator(".deft-canvas svg").first.wait_for()
        until(lambda: drawn(opened), lambda seen: 50 < len(seen) < 200)
        yield opened
        assert not errors


def drawn(page) -> list[int]:
    marks = page.locator(".deft-canvas [data-node]")
    return sorted(int(x) for x in marks.evaluate_all("marks => marks.map((m) => m.dataset.node)"))


def nothing_missing(page) -> dict[str, float]:
    return until(lambda: page.evaluate(SEEN), lambda seen: seen["gap"] < ROWS)


def cursor_in_sight(page) -> bool:
    box, bar = (page.locator(of).bounding_box() for of in (".deft-tree", ".node.cursor .bar"))
    return box["y"] <= bar["y"] and bar["y"] + bar["height"] <= box["y"] + box["height"]


def test_the_part_in_sight_is_drawn_wherever_one_scrolls(page):
    page.locator(".deft-tree").evaluate("box => { box.scrollTop = 0 }")
    tops = set()
    for _ in range(8):
        tops.add(nothing_missing(page)["top"])
        page.locator(".deft-tree").evaluate("box => box.scrollBy(0, 230)")
    assert len(tops) > 5
    until(lambda: len(drawn(page)), lambda seen: seen < 200)


def test_the_cursor_is_in_sight_and_its_path_is_there(page):
    page.locator(".deft-canvas").focus()
    for key, label in (("End", LABELS[-1]), ("Home", LABELS[0])):
        page.keyboard.press(key)
        path = {LABELS[i] for i in TREE.path(TREE.index(label))}
        until(lambda: set(drawn(page)), lambda seen, path=path: path <= seen)
        nothing_missing(page)
        until(lambda: cursor_in_sight(page))
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    until(lambda: drawn(page), lambda seen: TREE.next_label in seen)


def test_on_paper_the_whole_tree_is_drawn(page):
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    until(lambda: drawn(page), sorted(LABELS))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    until(lambda: len(drawn(page)), lambda seen: seen < 200)

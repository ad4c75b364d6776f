"""Pictures of every widget in light and dark, on a desktop and on a narrow screen.

    python tools/make_screenshots.py --output /tmp/shots      the whole set, to look at
    python tools/make_screenshots.py --docs                   the best ones, into docs/images

A widget's bundle and its state make a page that needs no kernel; Chromium draws it (--chromium names it).
"""

import argparse
import base64
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anywidget

from deft_lab import Tree, build_tree, load_tree
from deft_lab.widgets import (
    DecodePlayer,
    compare,
    edit,
    inspect_arrays,
    play_decode,
    play_grouping,
    play_kernel,
    play_partial,
    play_reduction,
)

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
MOST_BYTES = 200_000
WIDTHS = {"desktop": 1160, "narrow": 390}
WEBP = {"format": "webp", "quality": 90}
BACKGROUNDS = {"light": "#ffffff", "dark": "#111111"}
PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{margin:0;padding:8px;background:{background}}}{css}</style><div id="widget"></div>
<script type="module">
import widget from "data:text/javascript;base64,{code}";
const revived = (key, value) => value?.base64 === undefined ? value
  : new DataView(Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)).buffer);
const state = JSON.parse({state}, revived);
const listeners = new Map();
const model = {{
  get: (name) => state[name],
  set: (name, value) => {{
    state[name] = value;
    listeners.get(`change:${{name}}`)?.forEach((tell) => tell());
  }},
  on: (event, tell) => listeners.set(event, [...(listeners.get(event) ?? []), tell]),
  off() {{}}, save_changes() {{}}, send() {{}},
}};
widget.render({{ model, el: document.getElementById("widget") }});
</script>"""


class Shot(NamedTuple):
    """A widget, and where the mouse rests in it: (selector, which, share of its width, of its height)."""

    make: Callable[[], anywidget.AnyWidget]
    hover: tuple[str, int, float, float] | None = None
    docs: tuple[str, ...] = ()  # "theme-width" of those that go into the documents


def _random() -> Tree:
    return build_tree("random", seed=3, n_nodes=25, prompt=60, max_length=20)


def _few_shot() -> Tree:
    return build_tree("few_shot", prompt=4000, width=20, length=20)


def _at(player: anywidget.AnyWidget, part: float) -> anywidget.AnyWidget:
    """A player at a part of its way."""
    n_steps = player.film["n_steps"] if isinstance(player, DecodePlayer) else len(player.frames)
    player.step = int(part * n_steps)
    return player


SHOTS = {
    "editor": Shot(
        lambda: edit(_few_shot()), (".deft-timeline .deft-scene", 0, 0.73, 0.56), ("light-desktop",)
    ),
    "editor-reasoning": Shot(
        lambda: edit(load_tree("reasoning_keyword")),
        (".deft-memory .deft-scene", 0, 0.4, 0.2),
        ("dark-desktop",),
    ),
    "compare": Shot(lambda: compare(_few_shot(), ["radix", "deft_node", "deft_flatten"])),
    "compare-random": Shot(
        lambda: compare(_random(), ["flash_decoding", "tree_waves"]),
        (".deft-mask .deft-scene", 1, 0.4, 0.3),
        ("dark-desktop",),
    ),
    "arrays": Shot(lambda: inspect_arrays(build_tree("few_shot", prompt=12, width=3, length=4))),
    "player-grouping": Shot(lambda: _at(play_grouping(_random(), "deft_flatten"), 0.5)),
    "player-partial": Shot(lambda: _at(play_partial(), 0.5), None, ("light-desktop",)),
    "player-reduction": Shot(lambda: _at(play_reduction(), 0.5)),
    "player-kernel": Shot(lambda: _at(play_kernel(), 0.3), None, ("dark-desktop",)),
    "decode": Shot(lambda: _at(play_decode("tree_of_thoughts"), 0.5), None, ("light-desktop",)),
}


def page_of(widget: anywidget.AnyWidget, theme: str) -> str:
    """A page that shows the widget as it is now, without a kernel."""
    state = {name: value for name, value in widget.get_state().items() if not name.startswith("_")}
    if "theme" in state:
        state["theme"] = theme
    code = str(widget._esm).encode()
    return PAGE.format(
        title=type(widget).__name__, background=BACKGROUNDS[theme], css=str(widget._css),
        code=base64.b64encode(code).decode(), state=json.dumps(json.dumps(state, default=_as_base64)),
    )  # fmt: skip


def _as_base64(value: Any) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


@contextmanager
def browser(chromium: str) -> Iterator[Any]:
    """A browser of Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        try:
            yield running
        finally:
            running.close()


def take(running: Any, shot: Shot, theme: str, width: int, path: Path) -> None:
    """One picture, of the whole widget."""
    page = running.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page_of(shot.make(), theme), encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_function("document.getElementById('widget').firstElementChild !== null")
        page.wait_for_timeout(300)  # widths are measured, then drawn
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        if shot.hover:
            selector, which, x, y = shot.hover
            box = page.locator(selector).nth(which).bounding_box()
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.wait_for_timeout(200)
        height = page.evaluate("document.getElementById('widget').getBoundingClientRect().bottom + 8")
        part = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        drawn = page.context.new_cdp_session(page).send("Page.captureScreenshot", {**WEBP, "clip": part})
        path.write_bytes(base64.b64decode(drawn["data"]))
    page.close()
    if errors:
        raise SystemExit(f"{path.name}: {'; '.join(errors)}")


def main() -> None:
    """Take the pictures that the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="folder for the whole set")
    parser.add_argument("--docs", action="store_true", help="only those of the documents, into docs/images")
    parser.add_argument("--only", default="", help="names that begin so")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    if bool(given.output) == given.docs or not given.chromium:
        parser.error("give --output FOLDER or --docs, and --chromium if it is not on the PATH")
    folder = IMAGES if given.docs else given.output
    folder.mkdir(parents=True, exist_ok=True)
    with browser(given.chromium) as running:
        for name, shot in SHOTS.items():
            for theme in BACKGROUNDS:
                for screen, width in WIDTHS.items():
                    look = f"{theme}-{screen}"
                    if not name.startswith(given.only) or (given.docs and look not in shot.docs):
                        continue
                    path = folder / (f"{name}.webp" if given.docs else f"{name}-{look}.webp")
                    take(running, shot, theme, width, path)
                    size = path.stat().st_size
                    print(f"{path} {size:,} bytes")
                    if given.docs and size >= MOST_BYTES:
                        raise SystemExit(f"{path.name} has {size:,} bytes, more than {MOST_BYTES:,}")


if __name__ == "__main__":
    main()

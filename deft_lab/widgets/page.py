"""One page with the editor and its linked views, for readers without Jupyter: a file that needs no network.

Plans of all methods are made for the tree that the page opens with; after an edit the page says that they
are of the tree before. What follows from the tree alone it computes itself.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from ..geometry import LLAMA3_8B, Geometry
from ..hardware import HARDWARE
from ..tree import Tree
from .editor import TreeEditor
from .library import open_tree
from .linked import VIEWS
from .look import LOOK, STATIC
from .payload import as_text
from .picture import picture_of

TRAITS = (
    "start", "document", "commands", "undone", "selection", "folded", "focused", "presets", "source", "path",
    "theme", "plans", "views", "method", "methods", "hardware", "account", "menus",
)  # fmt: skip
STYLE = """
html{color-scheme:light;background:#fff;color:#1b1b1b}
@media(prefers-color-scheme:dark){html:not([data-theme=light]){color-scheme:dark;background:#111;color:#ececec}}
html[data-theme=dark]{color-scheme:dark;background:#111;color:#ececec}
body{max-width:1240px;margin:0 auto;padding:12px 16px;
font:13px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:8px}
h1{margin:0;font-size:17px;font-weight:600}
header p{margin:0;flex:1 1 24em}
header select{font:inherit;color:inherit;background:transparent;border:1px solid #767676;border-radius:4px}
option{color:#1b1b1b;background:#fff}
footer{margin:16px 4px 0;font-size:12px}
@media print{html{color-scheme:light!important;background:#fff!important;color:#1b1b1b!important}
#theme,header p,footer{display:none}body{max-width:none;padding:0}}
@page{margin:14mm 12mm}
"""


def view_page(
    source: Tree | str | Path = "few_shot",
    *,
    geometry: Geometry = LLAMA3_8B.layer,
    hardware: str = "h200",
    theme: str = "auto",
) -> str:
    """The page as HTML, all in one text.

    Args:
        source: a Tree, a .json file that the editor saved, a link that it copied, or the name of a preset.
        geometry: of the model whose bytes and times are shown.
        hardware: the machine that times are predicted for, a name of HARDWARE.
        theme: "auto" follows the system; or "light", "dark"; the page can change it.

    Raises:
        DeftLabError: the source holds no tree, or the machine is unknown.
    """
    tree, name = open_tree(source)
    shown = {"source": {"name": name, "options": {}}} if name == source else {}
    editor = TreeEditor(tree, views=list(VIEWS), geometry=geometry, hardware=hardware, theme=theme, **shown)
    values: dict[str, Any] = {trait: as_text(getattr(editor, trait)) for trait in TRAITS}
    # times of other machines need Python
    values["menus"] = values["menus"] | {"hardware": [[hardware, HARDWARE[hardware].name]]}
    picture = picture_of(tree)
    shown = {
        "title": escape(f"{name}: a decoding tree"),
        "style": STYLE + _within_style(LOOK.read_text(encoding="utf-8")),
        "picture": picture.get("image/svg+xml", f"<p>{escape(picture['text/plain'])}</p>"),
        "values": _within_script(json.dumps(values)),
        "script": _within_script((STATIC / "page.js").read_text(encoding="utf-8")),
    }
    return PAGE.format(**shown)


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1><p>Edit it by mouse or keys (press ? in the tree); memory, mask and bytes follow.</p>
<div id="theme"></div></header>
<main id="editor"></main>
<noscript>{picture}</noscript>
<footer>Made by deft-lab: python -m deft_lab view. This file needs no network and no server. Groups, timeline
and the bytes that kernels request are of the tree that it was made for; memory, mask and the accounts
paper and unique follow every edit.</footer>
<script type="application/json" id="values">{values}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def _within_script(text: str) -> str:
    """Text that cannot end the element it stands in; the same to JavaScript and to JSON."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def _within_style(text: str) -> str:
    return text.replace("</", "<\\/")

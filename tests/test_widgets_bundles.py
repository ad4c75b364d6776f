"""The committed bundles are those of the sources, and need nothing from elsewhere."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import deft_lab.widgets
from deft_lab.viz.theme import DARK, LIGHT, PALETTE, contrast, edge

WIDGETS = Path(deft_lab.widgets.__file__).parent
SOURCES, STATIC = WIDGETS / "js", WIDGETS / "static"
ENTRIES = sorted(path.name for path in (SOURCES / "widgets").glob("*.js"))
BUNDLES = [*(STATIC / name for name in ENTRIES), Path(__file__).parent / "js" / "text.bundle.mjs"]
MOST_BYTES = 200_000  # of all bundles, gzipped


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_a_bundle_is_of_these_sources(path):
    name = path.name
    first = path.read_text().split("\n", 1)[0]
    files, digest = re.fullmatch(r"// sources (.+) sha256 ([0-9a-f]{16})", first).groups()
    missing = [file for file in files.split() if not (SOURCES / file).exists()]
    assert not missing, f"{name} was built from {missing}, which are gone: make widgets"
    now = hashlib.sha256()
    for file in files.split():
        now.update((SOURCES / file).read_bytes().replace(b"\r\n", b"\n"))
    assert now.hexdigest()[:16] == digest, f"{name} is older than its sources: make widgets"


def test_nothing_lies_there_that_was_not_built():
    assert sorted(path.name for path in STATIC.iterdir()) == sorted([*ENTRIES, "look.css"])
    assert (STATIC / "look.css").read_text() == (SOURCES / "look" / "look.css").read_text()


def test_the_bundles_are_small_and_load_nothing():
    texts = [path.read_text() for path in STATIC.glob("*.js")]
    assert sum(len(gzip.compress(text.encode())) for text in texts) < MOST_BYTES
    for text in texts:
        assert not re.search(r"""(?:import|from)\s*\(?\s*["']""", text), "a bundle imports something"
        addresses = set(re.findall(r"https?://[^\"'`\s)]+", text))
        assert all(address.startswith("http://www.w3.org/") for address in addresses), addresses  # namespaces


def test_no_registry_is_named_in_the_lock_file():
    assert "resolved" not in (SOURCES / "package-lock.json").read_text()


SHEETS = {
    "editor/editor.css": r"\.deft-(editor|bar|space|select|number|tree|canvas|spok|scroll|help|op)|\.doing-",
    "views/views.css": r"(:is\()?\.deft-(linked|view|stale|scene|numbers|cards?|compare|follow)",
    "player/player.css": r"\.deft-(player|chapters|said|wait|stage|ticks|kernel|source|variables|where)",
    "decode/decode.css": r"\.deft-(decode|bytes|marks)",
    "../widgets.css": r"\.deft-(controls|reason|views|account|picture)",
}


def selectors_of(sheet: str) -> list[str]:
    """Of every rule that is no frame of an animation."""
    sheet = re.sub(r"/\*.*?\*/|@keyframes .*?\n}", "", sheet, flags=re.S)
    return [
        part.strip() for head in re.findall(r"([^{};]+)\{", sheet) for part in re.split(r",(?![^(]*\))", head)
    ]


def test_colours_are_said_once_and_are_those_of_the_figures():
    sheet = (STATIC / "look.css").read_text()
    said = dict(re.findall(r"(--deft-\w+): .*?light-dark\((.*?)\)\)*;", sheet.split("}")[0]))
    for i, theme in enumerate((LIGHT, DARK)):
        ours = {name: value.split(", ")[i].upper() for name, value in said.items()}
        names = {"bg": "background", "ink": "ink", "muted": "muted", "line": "line", "faint": "faint"}
        assert {name: ours[f"--deft-{name}"] for name in names} == {
            name: getattr(theme, attribute) for name, attribute in names.items()
        }
        assert [ours[f"--deft-e{n}"] for n in range(len(PALETTE))] == [
            edge(color, theme) for color in PALETTE
        ]
        for name in ("--deft-accent", "--deft-good", "--deft-bad"):
            assert contrast(ours[name], theme.background) >= 4.5, name
    paints = re.findall(r"\.deft \.c(\d) \{ fill: (#\w+); stroke: var\(--deft-e\1\); \}", sheet)
    assert [color.upper() for _, color in paints] == list(PALETTE)


@pytest.mark.parametrize("name", SHEETS)
def test_a_widget_s_own_sheet_speaks_of_nothing_else(name):
    sheet = (SOURCES / name).read_text()
    assert "--deft-" not in re.sub(r"var\(--deft-[\w-]+\)", "", sheet), "variables are those of look.css"
    for selector in selectors_of(sheet):
        assert selector.startswith("@") or re.match(SHEETS[name], selector), selector

"""The committed bundles are those of the sources, and need nothing from elsewhere."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import deft_lab.widgets

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
    assert sorted(path.name for path in STATIC.iterdir()) == sorted([*ENTRIES, "deft.css"])
    assert (STATIC / "deft.css").read_text() == (SOURCES / "deft.css").read_text()


def test_the_bundles_are_small_and_load_nothing():
    texts = [path.read_text() for path in STATIC.glob("*.js")]
    assert sum(len(gzip.compress(text.encode())) for text in texts) < MOST_BYTES
    for text in texts:
        assert not re.search(r"""(?:import|from)\s*\(?\s*["']""", text), "a bundle imports something"
        addresses = set(re.findall(r"https?://[^\"'`\s)]+", text))
        assert all(address.startswith("http://www.w3.org/") for address in addresses), addresses  # namespaces


def test_no_registry_is_named_in_the_lock_file():
    assert "resolved" not in (SOURCES / "package-lock.json").read_text()

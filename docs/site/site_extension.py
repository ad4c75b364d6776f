"""What the site adds to Sphinx: terms explained where they first stand, words for pictures, plain docstrings.

On each page the first mention of a term becomes a link to the glossary whose definition shows when the
pointer rests on it. An SVG picture takes its alternative text from its own title and description.
"""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx

GLOSSARY = "glossary"
SVG = "{http://www.w3.org/2000/svg}"
# in these a word is no prose, or is explained already
PLAIN = (nodes.literal, nodes.literal_block, nodes.reference, nodes.title, nodes.math, nodes.raw, nodes.term)


def definitions(source: str) -> dict[str, str]:
    """Term -> definition, of the glossary page's Markdown."""
    (inside,) = re.findall(r"```\{glossary\}\n(.*?)```", source, flags=re.DOTALL)
    found = {}
    for entry in re.split(r"\n\s*\n", inside.strip()):
        lines = entry.splitlines()
        words = " ".join(line.strip() for line in lines if line.startswith(" "))
        for term in (line for line in lines if not line.startswith(" ")):
            found[term] = re.sub(r"[*`]", "", words)
    return found


def explain_terms(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Link the first mention of each term; its definition is the link's title."""
    if page == GLOSSARY or page.startswith(("api/", "source/")):
        return
    known = app.config.site_terms
    left = {term.lower(): term for term in known}
    for text in list(tree.findall(nodes.Text)):
        if not left:
            break
        if not isinstance(text.parent, nodes.paragraph | nodes.emphasis | nodes.strong | nodes.list_item):
            continue
        if any(isinstance(above, PLAIN) for above in ancestors(text)):
            continue
        pattern = r"\b(" + "|".join(sorted(map(re.escape, left), key=len, reverse=True)) + r")(e?s)?\b"
        if match := re.search(pattern, text, flags=re.IGNORECASE):
            term = left.pop(match[1].lower())
            text.parent.replace(text, split(text, match, reference(app, page, term, match[0], known[term])))


def ancestors(node: nodes.Node) -> Any:
    """The node's parents, from the nearest up."""
    while (node := node.parent) is not None:
        yield node


def split(text: nodes.Text, match: re.Match, link: nodes.Node) -> list[nodes.Node]:
    """The text with the link in the place of the match."""
    parts = [nodes.Text(text[: match.start()]), link, nodes.Text(text[match.end() :])]
    return [part for part in parts if part.astext()]


def reference(app: Sphinx, page: str, term: str, shown: str, words: str) -> nodes.reference:
    """A link to the glossary."""
    link = app.builder.get_relative_uri(page, GLOSSARY) + "#term-" + re.sub(r"[^\w]+", "-", term)
    return nodes.reference("", shown, refuri=link, internal=True, reftitle=words, classes=["site-term"])


def describe_pictures(app: Sphinx, tree: nodes.document) -> None:
    """Give each SVG image the words that it carries."""
    for image in tree.findall(nodes.image):
        file = Path(app.srcdir, image["uri"].lstrip("/"))
        file = file if file.exists() else Path(app.outdir, image["uri"])
        file = file if file.exists() else Path(image["uri"])
        if image.get("alt") or file.suffix != ".svg" or not file.exists():
            continue
        root = ElementTree.parse(file).getroot()
        words = [root.findtext(f"{SVG}{tag}") or "" for tag in ("title", "desc")]
        image["alt"] = ". ".join(word.strip().rstrip(".") for word in words if word.strip())


def know_lines(app: Sphinx, tree: nodes.document) -> None:
    """Tell MyST which lines of a page of source can be linked to; a link to any other is a warning."""
    page = app.env.docname
    if page.startswith("source/"):
        ids = [
            name for raw in tree.findall(nodes.raw) for name in re.findall(r'id="(L\d[^"]*)"', raw.astext())
        ]
        known = app.env.metadata[page].setdefault("myst_slugs", {})
        known.update({name: (0, name, name) for name in ids})


def as_text(app: Any, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text: stars and bars mean themselves, indented paragraphs are code."""
    sections = ("Args:", "Returns:", "Raises:", "Yields:", "Attributes:")
    shown: list[str] = []
    in_section = in_code = False
    for i, line in enumerate(lines):
        in_section = in_section or line.strip() in sections
        starts_code = line.startswith("    ") and not in_section and (i == 0 or not lines[i - 1].strip())
        if starts_code and not in_code:
            shown += ["::", ""]
        in_code = (in_code or starts_code) and (line.startswith("    ") or not line.strip())
        if in_code or not line.strip():
            shown.append(line)
        else:
            if shown and shown[-1].startswith("    ") and not in_section:
                shown.append("")
            escaped = re.sub(r"([*|])", r"\\\1", line)
            escaped = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", escaped)
            shown.append(re.sub(r"(\w)_(?=[^\w]|$)", r"\1\\_", escaped))
    lines[:] = shown


def read_terms(app: Sphinx) -> None:
    """The glossary, before any page is written."""
    app.config.site_terms = definitions(Path(app.srcdir, f"{GLOSSARY}.md").read_text())


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's door."""
    app.add_config_value("site_terms", {}, "")
    app.connect("builder-inited", read_terms)
    app.connect("autodoc-process-docstring", as_text, priority=100)  # before napoleon
    app.connect("doctree-read", describe_pictures)
    app.connect("doctree-read", know_lines)
    app.connect("doctree-resolved", explain_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


__all__ = ["definitions", "setup"]

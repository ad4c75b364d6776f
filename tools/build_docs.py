"""Build the site: notebooks with their stored outputs, API, glossary, and the sources that lessons link to.

    python tools/build_docs.py [FOLDER]     default: build/docs

Needs the extra `docs`, no network, and no GPU. Every warning is an error.
"""

import inspect
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from types import ModuleType

import nbformat
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename

ROOT = Path(__file__).resolve().parent.parent
ORPHAN = "---\norphan: true\n---\n\n"  # a page outside the table of contents
# of the checkout -> of the site
PAGES = {
    "docs/all_of_deft_lab.md": "one_page",
    "docs/widgets.md": "widgets",
    "docs/bug_museum.md": "bug_museum",
    "CONTRIBUTING.md": "contributing",
}
NEEDS = ("CPU", "PyTorch", "Triton", "GPU", "weights")
OPTIONAL = r"optional|\b(if|where|when|or|for one|with an|exercises|part)\b|otherwise"
LINK = re.compile(r"\]\((?:\.\./)+([\w./-]+?)(?:#L(\d+)(?:-L(\d+))?)?( \"[^\"]*\")?\)")
Wanted = dict[str, set[tuple[int, int]]]  # file -> first and last lines that something links to
# rooms of the API in reading order; the last has names of the others, which stand where they come from
ROOMS = (
    "deft_lab.tree", "deft_lab.builders", "deft_lab.trace", "deft_lab.plan", "deft_lab.methods",
    "deft_lab.geometry", "deft_lab.hardware", "deft_lab.cost", "deft_lab.attention", "deft_lab.kv",
    "deft_lab.ops", "deft_lab.interpret", "deft_lab.counter", "deft_lab.ahead", "deft_lab.decode",
    "deft_lab.token_tree", "deft_lab.drafting", "deft_lab.verifying", "deft_lab.speculative", "deft_lab.viz",
    "deft_lab.widgets", "deft_lab.lessons", "deft_lab.fetch", "deft_lab.errors", "deft_lab",
)  # fmt: skip


def main(folder: Path) -> int:
    """Put the pages together and let Sphinx write HTML."""
    source, html = folder / "source", folder / "html"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "site", source)
    shutil.copytree(ROOT / "docs" / "images", source / "images")
    cards = [card_of(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    wanted: Wanted = defaultdict(set)
    copy_notebooks(source / "notebooks", wanted)
    (source / "index.md").write_text(index_page(cards))
    (source / "instructors.md").write_text(instructors_page(cards))
    for name, page in PAGES.items():
        text = (ROOT / name).read_text()
        text = (
            text if "/" in name else re.sub(r"\]\((?=[a-z])(?!https?:)", "](../", text)
        )  # it lies at the top
        (source / f"{page}.md").write_text(with_links(text, wanted, "."))
    write_api(source / "api")
    write_sources(source / "source", wanted)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", source, html]
    done = subprocess.run(command, env={**os.environ, "DEFT_LAB_ROOT": str(ROOT)}, check=False)
    if not done.returncode:
        print(f"open {html / 'index.html'}")
    return done.returncode


def card_of(path: Path) -> dict[str, str]:
    """What a notebook's first cell says of it: title, claim, goals, needs, times."""
    first = nbformat.read(path, 4).cells[0].source
    lines = {
        name.lower(): re.sub(r"\s+", " ", words).strip()
        for name, words in re.findall(
            r"\*\*([\w ]+):\*\*(.*?)(?=\n- \*\*|\*\*[\w ]+:\*\*|\n\n|$)", first, re.DOTALL
        )
    }
    title = re.search(r"^# (.+)$", first, re.MULTILINE)
    assert title, f"{path} has no title"
    return {"name": path.stem, "title": title[1], **lines}


def index_page(cards: list[dict[str, str]]) -> str:
    """The front page: docs/site/index.md with its notebooks, by number, and the support matrix filled in."""
    page = (ROOT / "docs" / "site" / "index.md").read_text()
    rows = [
        [
            f"[{card['title']}](notebooks/{card['name']}.ipynb)",
            *(support(card, need) for need in NEEDS),
            card.get("time to read", "").rstrip("."),
        ]
        for card in cards
    ]
    heads = ["notebook", *NEEDS, "to read"]
    lines = [heads, ["---"] * len(heads), *rows]
    page = page.replace("MATRIX", "\n".join(f"| {' | '.join(line)} |" for line in lines))
    page = page.replace("NOTEBOOKS", "\n".join(f"notebooks/{card['name']}" for card in cards))
    names = {card["name"][:2]: card["name"] for card in cards}
    return re.sub(
        r"\bNB(\d\d)\b",
        lambda m: f"[{m[1]}](notebooks/{names[m[1]]}.ipynb)" if m[1] in names else m[1],
        page,
    )


def support(card: dict[str, str], need: str) -> str:
    """Whether a notebook needs something, from its card: yes, optional, or nothing."""
    if need == "CPU":
        return "yes"
    words = card.get("needs", "")
    if re.search(rf"\bno (\w+, )*(model )?{need}\b|without (a )?(\w+ )*{need}\b", words, re.IGNORECASE):
        return "no"
    found = re.search(rf"([^.;]*)\b{need}\b([^.;]*)", words, re.IGNORECASE)
    if not found:
        return "no"
    is_optional = re.search(OPTIONAL, found[0], re.IGNORECASE) or "Elsewhere" in words
    return "optional" if is_optional else "yes"


def instructors_page(cards: list[dict[str, str]]) -> str:
    """INSTRUCTORS.md, with times and the wrong answers that are tested, from the exercises themselves."""
    from deft_lab.lessons import EXERCISES

    page = [(ROOT / "docs" / "INSTRUCTORS.md").read_text(), "## Times\n"]
    page += ["| notebook | to read | to run | exercises | minutes for them |", "|---|---|---|---|---|"]
    for card in cards:
        number = card["name"][:2]
        own = [found for key, found in EXERCISES.items() if key.startswith(number)]
        minutes = sum(found.minutes for found in own)
        times = " | ".join(card.get(name, "").rstrip(".") for name in ("time to read", "time to run"))
        page.append(f"| {card['title']} | {times} | {len(own)} | {minutes} |")
    page.append("\n## Exercises, and answers that are wrong\n")
    for key, found in EXERCISES.items():
        stars = f"difficulty {found.difficulty}, importance {found.importance}, {found.minutes} minutes"
        page.append(f"**{key} {found.title}** ({stars})\n")
        page += [f"- {name}" for name in list(found.mutants)[:8]]
        page.append("")
    return "\n".join(page) + "\n"


def copy_notebooks(folder: Path, wanted: Wanted) -> None:
    """The notebooks, with links to files of the checkout turned to pages of the site."""
    folder.mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = with_links(cell.source, wanted, "..")
            for output in cell.get("outputs", ()):
                if "text/markdown" in output.get("data", {}):
                    text = with_links(output.data["text/markdown"], wanted, "..")
                    # Sphinx leaves the links of outputs as they are
                    output.data["text/markdown"] = re.sub(r"(\]\(\.\./[\w/-]+)\.md\b", r"\1.html", text)
        nbformat.write(notebook, folder / path.name)


def with_links(markdown: str, wanted: Wanted, up: str) -> str:
    """The same text; a link to a file or folder of the checkout leads to its page."""

    def replace(match: re.Match) -> str:
        path = ROOT / match[1].rstrip("/")
        lines = (int(match[2]), int(match[3] or match[2])) if match[2] else None
        if path.suffix == ".ipynb":
            return match[0]
        if path.is_dir() and (path / "__init__.py").exists():
            path, lines = path / "__init__.py", None
        name = str(path.relative_to(ROOT))
        if name in PAGES:
            return f"]({up}/{PAGES[name]}.md)"
        if path.suffix == ".md" or not path.exists():
            return match[0]  # Sphinx complains if it leads nowhere
        wanted[name] |= {lines} if lines else set()
        where = "#L{}-L{}".format(*lines) if lines else ""
        return f"]({up}/source/{page_name(path)}.md{where}{match[4] or ''})"

    return LINK.sub(replace, markdown)


def page_name(path: Path) -> str:
    """The site's page of a source file."""
    return str(path.relative_to(ROOT)).replace("/", "-").replace(".", "_")


def write_sources(folder: Path, wanted: Wanted) -> None:
    """A page with numbered lines for each source file that something links to; of a folder, a list."""
    folder.mkdir()
    files = set(wanted)
    for name in sorted(name for name in wanted if (ROOT / name).is_dir()):
        inside = sorted((ROOT / name).glob("*.py"))
        files |= {str(path.relative_to(ROOT)) for path in inside}
        listed = "\n".join(f"- [{path.name}]({page_name(path)}.md)" for path in inside)
        (folder / f"{page_name(ROOT / name)}.md").write_text(f"{ORPHAN}# `{name}/`\n\n{listed}\n")
    for name in sorted(name for name in files if (ROOT / name).is_file()):
        code = shown(name, wanted.get(name, set()))
        page = f'{ORPHAN}# `{name}`\n\n```{{raw}} html\n<div class="source-lines">{code}</div>\n```\n'
        (folder / f"{page_name(ROOT / name)}.md").write_text(page)


def shown(name: str, linked: set[tuple[int, int]]) -> str:
    """A file as HTML, with an anchor #L12 at its line 12, and an element #L12-L40 around linked lines."""
    style = HtmlFormatter(linenos="inline", lineanchors="L", anchorlinenos=True, cssclass="highlight")
    html = highlight((ROOT / name).read_text(), get_lexer_for_filename(name), style)
    lines = html.replace('"L-', '"L').replace('"#L-', '"#L').split("\n")
    before, first = lines[0].split("<span></span>", 1)
    lines[0] = first
    # names are nested or apart, so the elements are, too: a longer one begins first and ends last
    for begin, end in sorted(linked, key=lambda pair: pair[1] - pair[0]):
        lines[begin - 1] = f'<span class="linked" id="L{begin}-L{end}">{lines[begin - 1]}'
        lines[end - 1] += "</span>"
    return before + "\n".join(lines)


def write_api(folder: Path) -> None:
    """A page for each room: its docstring, then each public name, where it stands first."""
    folder.mkdir()
    told: set[int] = set()
    for room in ROOMS:
        module = import_module(room)
        lines = [f".. automodule:: {room}", ""]
        for name in getattr(module, "__all__", None) or public_names(module):
            found = getattr(module, name)
            is_ours = str(getattr(found, "__module__", "")).startswith("deft_lab")
            if is_ours and not inspect.ismodule(found) and id(found) not in told:
                told.add(id(found))
                kind = "class" if inspect.isclass(found) else "function" if callable(found) else "data"
                lines += [
                    f".. auto{kind}:: {room}.{name}",
                    *(["   :members:"] if kind == "class" else []),
                    "",
                ]
        body = "\n".join(lines)
        (folder / f"{room}.md").write_text(f"# `{room}`\n\n```{{eval-rst}}\n{body}\n```\n")
    listed = "\n".join(ROOMS)
    (folder / "index.md").write_text(f"# API\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n")


def public_names(module: ModuleType) -> list[str]:
    """Names without a leading underscore that the module itself defines."""
    own = vars(module).items()
    return [n for n, found in own if n[0] != "_" and getattr(found, "__module__", "") == module.__name__]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"))

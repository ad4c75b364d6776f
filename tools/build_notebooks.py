"""Build notebooks/*.ipynb from their jupytext sources in notebooks/src/, executed, outputs kept.

    python tools/build_notebooks.py [NAME ...]    run the named sources (all without names) and write them
    python tools/build_notebooks.py --check       run nothing; fail where a notebook and its source differ
    python tools/build_notebooks.py --text        run nothing; take over text and links where code is the same

A link of a source names what it leads to (tools/source_lines.py); in the notebook it has the lines.
Two builds of one source differ in nothing but what its cells print: cell ids come from the cells, and
times, widget state (megabytes) and the machine's Python version are left out. So are the outputs of cells
tagged `reveal`, which would answer a question that the reader has not been asked yet.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
import source_lines
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
REVEAL = "*Run this cell to see its result: it would give an answer away.*"
LINKS_MOVED = "what notebooks link to has moved to other lines; run make notebook-text"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def read_source(source: Path) -> NotebookNode:
    """The notebook of a py:percent file, without outputs, with ids that depend on its cells only.

    Raises:
        NoSuchName: a link leads to a name that its file does not hold.
    """
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
        language_info={"name": "python"},
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = hashlib.sha256(f"{number} {cell.cell_type} {cell.source}".encode()).hexdigest()[:8]
        if cell.cell_type == "markdown":
            cell.source = source_lines.with_lines(cell.source, NOTEBOOKS)
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # the first format with cell ids
    return notebook


def execute(notebook: NotebookNode) -> NotebookNode:
    """Run every cell in notebooks/, as JupyterLab does; raises at the first cell that fails.

    The builder's own templates and caches are out of reach, so that the outputs are everybody's.
    """
    with tempfile.TemporaryDirectory() as empty:
        kernel = {name: value for name, value in os.environ.items() if name != "DEFT_LAB_TEMPLATES"}
        NotebookClient(
            notebook,
            timeout=300,
            record_timing=False,
            coalesce_streams=True,  # how often a cell flushed what it prints is chance
            resources={"metadata": {"path": str(NOTEBOOKS)}},
        ).execute(env=kernel | {"XDG_CACHE_HOME": empty})
    return without_answers(without_widget_state(notebook))


def without_answers(notebook: NotebookNode) -> NotebookNode:
    """Put a request to run the cell in the place of what a cell tagged `reveal` has shown."""
    for cell in notebook.cells:
        if "reveal" in cell.metadata.get("tags", []):
            data = {"text/markdown": REVEAL, "text/plain": REVEAL.strip("*")}
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
    return notebook


def without_widget_state(notebook: NotebookNode) -> NotebookNode:
    """Keep what a reader without a kernel can see: text, SVG, PNG, HTML; drop what needs a live widget."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = NotebookNode(name="python")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            # with its state gone, a view shows "model not found" instead of the picture beside it
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def is_current(source: Path) -> bool:
    """True if the notebook of `source` holds the cells of `source`, wherever its links to lines lead."""
    built = built_of(source)
    return built is not None and _content(built) == _content(read_source(source))


def links_are_current(source: Path) -> bool:
    """True if the links of the notebook of `source` lead to the lines where the names stand now."""
    built = built_of(source)
    return built is not None and _text(built) == _text(read_source(source))


def take_over_text(source: Path) -> bool:
    """Write the text of `source` into its notebook, and keep the outputs; False if code has changed."""
    built, fresh = built_of(source), read_source(source)
    if built is None or _code(built) != _code(fresh):
        return False
    outputs = iter([cell for cell in built.cells if cell.cell_type == "code"])
    for cell in fresh.cells:
        if cell.cell_type == "code":
            ran = next(outputs)
            cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    nbformat.write(fresh, target_of(source))
    return True


def target_of(source: Path) -> Path:
    """The notebook that is built from a source."""
    return NOTEBOOKS / f"{source.stem}.ipynb"


def built_of(source: Path) -> NotebookNode | None:
    """The notebook as it was built from a source, if it was."""
    target = target_of(source)
    return nbformat.read(target, as_version=4) if target.is_file() else None


def _content(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    cells = notebook.cells
    return [
        (cell.cell_type, source_lines.without_lines(cell.source), cell.metadata.get("tags", []))
        for cell in cells
    ]


def _text(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def _code(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    return [cell for cell in _content(notebook) if cell[0] == "code"]


def main() -> str | None:
    """Build or check; return what is wrong, if anything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks to build, such as 01_tree_split; all by default")
    parser.add_argument("--check", action="store_true", help="only compare, run nothing")
    parser.add_argument("--text", action="store_true", help="run nothing, take over text and links")
    arguments = parser.parse_args()
    sources = sorted((NOTEBOOKS / "src").glob("*.py"))
    if unknown := set(arguments.names) - {source.stem for source in sources}:
        return f"no source for {', '.join(sorted(unknown))} in notebooks/src"
    sources = [source for source in sources if not arguments.names or source.stem in arguments.names]
    if arguments.check:
        return what_is_stale(sources)
    if arguments.text:
        changed = [source.stem for source in sources if not take_over_text(source)]
        return f"code has changed, so these must run: {', '.join(changed)}" if changed else None
    for source in sources:
        began, target = time.monotonic(), target_of(source)
        print(f"running {source.stem}", end=" ", flush=True)
        nbformat.write(execute(read_source(source)), target)
        print(f"{time.monotonic() - began:.0f} s, {target.stat().st_size / 1000:.0f} kB", flush=True)
    return None


def what_is_stale(sources: list[Path]) -> str | None:
    """In words: which notebooks differ from their sources, and what mends it."""
    if stale := [source.stem for source in sources if not is_current(source)]:
        return f"not built from their sources: {', '.join(stale)}; run make notebooks"
    if moved := [source.stem for source in sources if not links_are_current(source)]:
        return f"{LINKS_MOVED} ({', '.join(moved)})"
    return None


if __name__ == "__main__":
    try:
        sys.exit(main())
    except source_lines.NoSuchName as wrong:
        sys.exit(str(wrong))

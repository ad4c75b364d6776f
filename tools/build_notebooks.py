"""Build notebooks/*.ipynb from their jupytext sources in notebooks/src/, executed, outputs kept.

    python tools/build_notebooks.py [NAME ...]    run the named sources (all without names) and write them
    python tools/build_notebooks.py --check       run nothing; fail where a notebook and its source differ

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
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
REVEAL = "*Run this cell to see its result: it would give an answer away.*"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def read_source(source: Path) -> NotebookNode:
    """The notebook of a py:percent file, without outputs, with ids that depend on its cells only."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
        language_info={"name": "python"},
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = hashlib.sha256(f"{number} {cell.cell_type} {cell.source}".encode()).hexdigest()[:8]
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # the first format with cell ids
    return notebook


def execute(notebook: NotebookNode) -> NotebookNode:
    """Run every cell in notebooks/, as JupyterLab does; raises at the first cell that fails.

    The builder's own templates and caches are out of reach, so that the outputs are everybody's.
    """
    with tempfile.TemporaryDirectory() as empty:
        kernel = {name: value for name, value in os.environ.items() if name != "DEFT_LAB_TEMPLATES"}
        NotebookClient(
            notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(NOTEBOOKS)}}
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
    """True if the notebook of `source` holds the cells of `source`."""
    target = NOTEBOOKS / f"{source.stem}.ipynb"
    if not target.is_file():
        return False
    built = nbformat.read(target, as_version=4)
    return _content(built) == _content(read_source(source))


def _content(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def main() -> str | None:
    """Build or check; return what is wrong, if anything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks to build, such as 01_tree_split; all by default")
    parser.add_argument("--check", action="store_true", help="only compare, run nothing")
    arguments = parser.parse_args()
    sources = sorted((NOTEBOOKS / "src").glob("*.py"))
    if unknown := set(arguments.names) - {source.stem for source in sources}:
        return f"no source for {', '.join(sorted(unknown))} in notebooks/src"
    if arguments.check:
        stale = [source.stem for source in sources if not is_current(source)]
        return f"not built from their sources: {', '.join(stale)}; run make notebooks" if stale else None
    for source in sources:
        if not arguments.names or source.stem in arguments.names:
            began, target = time.monotonic(), NOTEBOOKS / f"{source.stem}.ipynb"
            print(f"running {source.stem}", end=" ", flush=True)
            nbformat.write(execute(read_source(source)), target)
            print(f"{time.monotonic() - began:.0f} s, {target.stat().st_size / 1000:.0f} kB", flush=True)
    return None


if __name__ == "__main__":
    sys.exit(main())

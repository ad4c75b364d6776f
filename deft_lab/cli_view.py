"""The command `view`: a tree in the editor with its linked views, as one offline page."""

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .cli_options import writable

console = Console()

Source = Annotated[str, typer.Argument(help="A .json file, a link of the editor, or a preset: few_shot.")]
Output = Annotated[Path | None, typer.Option("--output", help="Where to; default: a temporary file.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open it at once.")]
Machine = Annotated[str, typer.Option("--hardware", help="That times are predicted for: h200, a100, ...")]
Theme = Annotated[str, typer.Option("--theme", help="auto, light or dark.")]


def view(
    source: Source = "few_shot",
    output: Output = None,
    browser: Browser = True,
    hardware: Machine = "h200",
    theme: Theme = "auto",
) -> None:
    """Edit a tree, and see its memory, masks, schedule and bytes, in a page of its own, without Jupyter."""
    from .errors import DeftLabError, check_choice
    from .widgets.editor import THEMES
    from .widgets.page import view_page

    check_choice(DeftLabError, THEMES, theme=theme)
    writable(output)
    page = view_page(source, hardware=hardware, theme=theme)
    if output is None:
        output = Path(tempfile.mkdtemp(prefix="deft_lab_")) / "tree.html"
    output.write_text(page, encoding="utf-8")
    console.print(f"{output.resolve()}: {len(page.encode()):,} bytes, works offline", soft_wrap=True)
    if browser and not webbrowser.open(output.resolve().as_uri()):
        console.print("no browser to open it with; open the file yourself", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(view)

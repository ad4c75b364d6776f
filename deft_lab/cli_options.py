"""Options that several commands have, each declared once, and how lists in options are read.

A command says the type and the default: `Target = Annotated[str, TARGET]`. An alias here is the same option
everywhere, `Seed` for one.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from .errors import DeftLabError
from .methods import METHODS

TARGET = typer.Option("--target", help="target (bundled), a folder, or a hub model.")
METHOD = typer.Option("--method", help=f"How queries and KV are grouped: {', '.join(METHODS)}.")

Seed = Annotated[int, typer.Option("--seed", help="Of the draws.")]
TopK = Annotated[int | None, typer.Option("--top-k", help="Only the so many likeliest tokens.")]
TopP = Annotated[float, typer.Option("--top-p", help="Only the tokens that hold this probability.")]
Dtype = Annotated[str | None, typer.Option("--dtype", help="float32, bfloat16, float16.")]
Device = Annotated[str | None, typer.Option("--device", help="cpu, cuda, ...")]


def read_numbers(text: str, option: str) -> list[float]:
    """Numbers with commas between them.

    Raises:
        DeftLabError: it is no such list, or an empty one.
    """
    try:
        found = [float(part) for part in text.split(",") if part.strip()]
    except ValueError as bad:
        raise DeftLabError(f"{option} {text!r} is no list of numbers; write it as 8,16") from bad
    if not found:
        raise DeftLabError(f"{option} {text!r} names no number; write it as 8,16")
    return found


def read_counts(text: str, option: str, least: int) -> tuple[int, ...]:
    """Whole numbers of at least `least`.

    Raises:
        DeftLabError: one is none.
    """
    found = read_numbers(text, option)
    for number in found:
        if number != int(number) or number < least:
            raise DeftLabError(f"{option} {text!r}: {number:g} is no whole number of at least {least}")
    return tuple(int(number) for number in found)


def writable(path: Path | None, option: str = "--output") -> None:
    """Refuse a file that cannot be written, before anything has run.

    Raises:
        DeftLabError: its folder is not there, it is a folder itself, or it is write-protected.
    """
    if path is None:
        return
    folder = path.resolve().parent
    if path.is_dir():
        raise DeftLabError(f"{option} {str(path)!r} is a folder; name a file in it")
    if not folder.is_dir():
        raise DeftLabError(f"{option} {str(path)!r}: there is no folder {str(folder)!r}; make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise DeftLabError(f"{option} {str(path)!r} cannot be written; choose a place of your own")

"""DeFT's decoding-tree templates: where they lie on this machine, and how to download them."""

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .data import data_path
from .errors import DeftLabError

VARIABLE = "DEFT_LAB_TEMPLATES"


def find_templates(folder: str | Path | None = None) -> Path | None:
    """The folder of the templates: the one given, else $DEFT_LAB_TEMPLATES, else where fetch puts them.

    Returns:
        None if nothing is given and nothing has been fetched.

    Raises:
        DeftLabError: the folder that was named does not exist.
    """
    for source, named in (("--templates", folder), (VARIABLE, os.environ.get(VARIABLE))):
        if named:
            if not Path(named).is_dir():
                raise DeftLabError(
                    f"{source} names {str(named)!r}, which is no folder; "
                    "fetch it: python -m deft_lab fetch-templates"
                )
            return Path(named)
    if not find_spec("pooch"):  # without it nothing was fetched
        return None
    fetched = default_folder()
    whole = all((fetched / Path(name).name).is_file() for name in _listing()["files"])
    return fetched if whole else None


def default_folder() -> Path:
    """The user's cache folder for the templates."""
    import pooch

    return Path(pooch.os_cache("deft-lab")) / "templates"


def _listing() -> dict[str, Any]:
    return json.loads(data_path("templates.json").read_text())


def fetch_templates(folder: str | Path | None = None, base_url: str | None = None) -> Path:
    """Download all template files and check each against its SHA-256. Files that are right are kept.

    Raises:
        DeftLabError: the repository cannot be reached, or a file is not the one that is expected.
    """
    import pooch

    listing = _listing()
    target = Path(folder) if folder else default_folder()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as bad:
        raise DeftLabError(
            f"cannot make the folder {target}: {bad.strerror}; name one that you may write"
        ) from bad
    url = base_url or listing["base_url"]
    for name, digest in listing["files"].items():
        try:
            pooch.retrieve(url + name, f"sha256:{digest}", fname=Path(name).name, path=target)
        except ValueError as bad:
            raise DeftLabError(
                f"{name} from {url} is not the file with SHA-256 {digest}; nothing wrong was kept, try again"
            ) from bad
        except OSError as bad:
            raise DeftLabError(
                f"cannot download {name} ({type(bad).__name__}); is this machine online? If "
                f"not, copy the files of {listing['repository']}, folder dataset/generation, "
                f"into one folder and set {VARIABLE} to it"
            ) from bad
    return target

"""The data that comes with deft_lab: `data/` in a checkout, `deft_lab/_data` in an installed wheel."""

from pathlib import Path

from .errors import DeftLabError


def data_path(*parts: str) -> Path:
    """The path of a bundled file or folder.

    Raises:
        DeftLabError: there is none of that name; the message lists what lies beside it.
    """
    here = Path(__file__).resolve().parent
    folders = [here / "_data", here.parent / "data"]
    root = next((f for f in folders if (f / "topologies.json").is_file()), None)
    if root is None:
        raise DeftLabError("the bundled data is missing; install deft-lab again, or work in a whole checkout")
    path = root.joinpath(*parts)
    if not path.exists():
        kind = "".join(path.suffixes)
        beside = sorted(p.name for p in path.parent.glob("*")) if path.parent.is_dir() else []
        there = [name.removesuffix(kind) for name in beside if name.endswith(kind)]
        raise DeftLabError(f"no bundled {'/'.join(parts)!r}; there are {', '.join(there) or 'none'}")
    return path

"""The trees that come with deft_lab, in `data/trees/` (see `data/README.md`)."""

from ..data import data_path
from ..tree import Tree


def bundled_trees() -> tuple[str, ...]:
    """Names of the bundled trees, for `load_tree`."""
    return tuple(sorted(path.stem for path in data_path("trees").glob("*.json")))


def load_tree(name: str) -> Tree:
    """A bundled tree.

    Raises:
        DeftLabError: no bundled tree has that name; the message lists them.
    """
    return Tree.from_json(data_path("trees", f"{name}.json").read_text())

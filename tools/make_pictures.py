"""Make docs/images/*.svg again: the pictures of the README.

python tools/make_pictures.py [--check]     --check writes nothing; exit status 1 if a file is stale
"""

import sys
from pathlib import Path

from deft_lab import LLAMA3_8B, load_tree
from deft_lab.viz import draw_io_bars, draw_kv_memory, draw_tree, stack

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"


def few_shot() -> str:
    """The tree of the first notebook, its KV memory, and the bytes of every method."""
    tree = load_tree("few_shot_20x20")
    figures = (
        draw_tree(tree),
        draw_kv_memory(tree),
        draw_io_bars(tree, LLAMA3_8B.layer, account="requested", pack_heads=True),
    )
    return stack("A few-shot tree, its KV memory and the bytes of every method", figures).svg


def main() -> int:
    """Write the pictures, or compare them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    path, text = IMAGES / "few_shot.svg", few_shot() + "\n"
    if "--check" in sys.argv[1:]:
        return int(not path.is_file() or path.read_text() != text)
    path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

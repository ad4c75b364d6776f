"""The picture and the words that lie beside an editor, for readers where no widget can run."""

from ..tree import Tree
from ..viz import draw_kv_memory, draw_tree, stack
from ..viz.nodes import MOST_NODES
from .views import in_words


def picture_of(tree: Tree) -> dict[str, str]:
    """What the editor shows now: {mimetype: content}; words alone if the tree is too large to draw."""
    words = in_words(tree)
    if tree.n_nodes > MOST_NODES:
        return {"text/plain": words}
    whole = stack(words, (draw_tree(tree), draw_kv_memory(tree)))
    return {"image/svg+xml": whole.svg, "text/plain": f"{words} {whole.alt}"}

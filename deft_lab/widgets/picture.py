"""The picture and the words that lie beside an editor, for readers where no widget can run."""

from ..hardware import find_hardware
from ..methods import plan_tree
from ..tree import Tree
from ..viz import Figure, draw_io_bars, draw_kv_memory, draw_mask, draw_split, draw_timeline, draw_tree, stack
from ..viz.nodes import MOST_NODES
from .linked import VIEWS, Linked
from .views import in_words


def picture_of(tree: Tree, shown: Linked | None = None) -> dict[str, str]:
    """What the editor shows now: {mimetype: content}; words alone if the tree is too large to draw.

    Args:
        tree: what is edited.
        shown: draw its views, if it shows some of them; by default, and instead of all, the memory alone.
    """
    words = in_words(tree)
    if tree.n_nodes > MOST_NODES:
        return {"text/plain": words}
    parts = [draw_kv_memory(tree)]
    if shown and shown.views and set(shown.views) != set(VIEWS):
        parts = [_view(shown, view) for view in shown.views]
    whole = stack(words, (draw_tree(tree), *parts))
    return {"image/svg+xml": whole.svg, "text/plain": f"{words} {whole.alt}"}


def _view(shown: Linked, view: str) -> Figure:
    if view == "memory":
        return draw_kv_memory(shown.tree)
    if view == "bytes":
        packed = bool(shown.pack_heads) and shown.account == "requested"
        return draw_io_bars(
            shown.tree, shown.geometry, shown.methods, account=shown.account, pack_heads=packed
        )
    plan = plan_tree(shown.tree, shown.method)
    if view == "timeline":
        machine = find_hardware(shown.hardware)
        return draw_timeline(plan, shown.geometry, machine, pack_heads=shown.pack_heads)
    return draw_mask(plan) if view == "mask" else draw_split(plan)

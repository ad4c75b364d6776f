"""The reduction over the tree: whose partials make which query, and with which weights e^(lse - max)."""

from collections.abc import Sequence

from ...attention import partial_attention
from ...errors import AttentionError
from ...plan import Plan
from .partials import Partials
from .player import StepPlayer
from .reduction_picture import ReductionPicture
from .slices import Floats, Slice, recorded
from .step import Script

RECORDED = (1, 2, 3, 4)  # preorder queries of the recorded decode: of paths of two and of three nodes


def play_reduction(
    q: Floats | None = None,
    k: Floats | None = None,
    v: Floats | None = None,
    plan: Plan | None = None,
    *,
    head: int = 0,
    queries: Sequence[int] | None = None,
) -> StepPlayer:
    """Play how the partials of each query are reduced to its output.

    Without arrays: a real decode of our trained model, under DeFT-Node.

    Args:
        q: [query, q_head, dim], in the caller's query order.
        k: [token, kv_head, dim], of the depth-first flattened tree.
        v: [token, kv_head, dim].
        plan: who met whom.
        head: query head.
        queries: preorder queries to show, at most 12; default: the first four.

    Raises:
        AttentionError: some of the arrays are missing, or do not fit each other or the plan.
        DeftLabError: there is no such head or query, or one has more than 12 partials.
    """
    given = (q, k, v, plan)
    if all(each is None for each in given):
        return StepPlayer(reduction_script(recorded(), head, RECORDED if queries is None else queries))
    if any(each is None for each in given):
        raise AttentionError("play_reduction takes q, k, v and plan together, or none of them")
    first = range(min(4, plan.tree.n_queries))
    part = Slice(plan, q, k, v, (), "given arrays", k.itemsize)
    return StepPlayer(reduction_script(part, head, first if queries is None else queries))


def reduction_script(part: Slice, head: int = 0, queries: Sequence[int] = RECORDED) -> Script:
    """The steps of `play_reduction`."""
    out, lse = partial_attention(part.q, part.k, part.v, part.plan)
    partials = Partials(part, out, lse, head, queries)
    steps = [partials.opening()]
    for query in queries:
        steps += partials.steps(query)
    steps.append(partials.ending())
    picture = ReductionPicture(partials)
    return Script("Reduction over the tree", tuple(steps), picture.draw, picture.tabulate)

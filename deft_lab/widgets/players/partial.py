"""Partial attention with real numbers: scores, running maximum, rescale factor, sum and output, tile by tile.

The picture is laid out as the products are: Q on the left of K (above its scores), the weights above V,
and beside them what the loop carries from one tile to the next.
"""

import numpy as np

from ...attention import group_tokens, partial_attention
from ...errors import AttentionError, DeftLabError
from ...plan import Plan
from .partial_picture import PartialPicture
from .partial_words import PartialWords
from .player import StepPlayer
from .slices import Floats, Slice, two_tiles
from .softmax import Head, walk
from .step import Script

MOST_QUERIES, MOST_TOKENS = 6, 16  # a picture of every number has room for


def play_partial(  # noqa: PLR0913  (an attention call, and which part of it)
    q: Floats | None = None,
    k: Floats | None = None,
    v: Floats | None = None,
    plan: Plan | None = None,
    *,
    group: int = 0,
    head: int = 0,
    tile: int = 4,
    dtype_bytes: int | None = None,
) -> StepPlayer:
    """Play the partial attention of one group, tile by tile, every number visible.

    Without arrays: two KV tiles and three queries of a real decode of our trained model.

    Args:
        q: [query, q_head, dim], in the caller's query order.
        k: [token, kv_head, dim], of the depth-first flattened tree.
        v: [token, kv_head, dim].
        plan: who meets whom.
        group: of the plan; of at most 6 queries and 16 tokens.
        head: query head.
        tile: tokens of a KV tile.
        dtype_bytes: of an element in the memory whose bytes are counted; default: as in `k`.

    Raises:
        AttentionError: some of the arrays are missing, or do not fit each other or the plan.
        DeftLabError: the group is too large for a picture of every number, or there is no such group or head.
    """
    given = (q, k, v, plan)
    if all(each is None for each in given):
        return StepPlayer(partial_script(two_tiles(), group, head, tile))
    if any(each is None for each in given):
        raise AttentionError("play_partial takes q, k, v and plan together, or none of them")
    words = tuple(f"t{i}" for i in range(plan.tree.n_tokens))
    part = Slice(plan, q, k, v, words, "given arrays", dtype_bytes or k.itemsize)
    return StepPlayer(partial_script(part, group, head, tile))


def partial_script(part: Slice, group: int = 0, head: int = 0, tile: int = 4) -> Script:
    """The steps of `play_partial`."""
    out, lse = partial_attention(part.q, part.k, part.v, part.plan)  # refuses what does not fit
    _check(part, group, head, tile)
    plan = part.plan
    token, sees = group_tokens(plan, group)
    rows = plan.tree.query_order[plan.q_first[group] : plan.q_stop[group]]
    kv_head = head // (part.q.shape[1] // part.k.shape[1])
    one = Head(
        part.q[rows, head], part.k[token, kv_head], part.v[token, kv_head], sees, part.q.shape[2] ** -0.5
    )
    states = walk(one, tile)
    mine = slice(int(plan.partial_start[group]), int(plan.partial_start[group + 1]))
    apart = max(
        float(np.abs(states[-1]["out"] - out[mine, head]).max()),
        float(np.abs(_finite(states[-1]["lse"]) - _finite(lse[mine, head])).max()),
    )
    words = [part.words[i] for i in token.tolist()]
    told = PartialWords(one, rows.tolist(), words, part, apart)
    picture = PartialPicture(one, rows.tolist(), words, part.plan, group)
    steps = (told.opening(), *(told.step(state) for state in states))
    rescale = max(i for i, step in enumerate(steps) if step.state["stage"] == "decay")
    telling = (rescale, len(steps) - 1)
    return Script("Partial attention of one group, online", steps, picture.draw, picture.tabulate, telling)


def _finite(values: Floats) -> Floats:
    """-inf as a number far away, so that equal ones differ by 0."""
    return np.where(np.isneginf(values), -1e300, values)


def _check(part: Slice, group: int, head: int, tile: int) -> None:
    plan = part.plan
    if not 0 <= group < plan.n_groups or not 0 <= head < part.q.shape[1]:
        raise DeftLabError(
            f"group={group}, head={head}; the plan has groups 0 to {plan.n_groups - 1} and q heads 0 to "
            f"{part.q.shape[1] - 1}"
        )
    if not isinstance(tile, int) or tile < 1:
        raise DeftLabError(f"tile={tile!r}; a KV tile has at least 1 token")
    size = (int(plan.q_len[group]), int(plan.kv_len[group]))
    if size[0] > MOST_QUERIES or size[1] > MOST_TOKENS:
        raise DeftLabError(
            f"group {group} has {size[0]} queries and {size[1]} tokens; there is room for every number of "
            f"{MOST_QUERIES} and {MOST_TOKENS}: plan with a smaller chunk_len, or choose another group"
        )

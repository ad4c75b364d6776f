"""Small cuts out of recorded decodes: real Q, K and V, few enough to show every number."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...methods import plan_tree
from ...plan import Plan
from ...trace import load_recording, read_sample
from ...tree import Tree

Floats = NDArray[np.float64]


class Slice(NamedTuple):
    """One attention call over one KV head, as it was recorded."""

    plan: Plan
    q: Floats  # [query, q_head, dim]
    k: Floats  # [token, kv_head, dim]
    v: Floats
    words: tuple[str, ...]  # [token] its text
    source: str  # where it comes from
    dtype_bytes: int  # of an element of K and V


def recorded(name: str = "reasoning", step: int = 40) -> Slice:
    """A whole decode of a bundled recording, under DeFT-Node: its last sampled layer and first KV head."""
    recording = load_recording(name)
    sample, tree = read_sample(recording.samples[step]), recording.trace.tree_at(step)
    tokens = recording.tokens_at(step)
    ids = [token for label in tree.label.tolist() for token in tokens[label]]
    words = tuple(recording.text([token]) for token in ids)
    source = f"recording {name!r}, decode {step}, layer {sample.layer}"
    plan = plan_tree(tree, "deft_node")
    return Slice(plan, sample.q, sample.k, sample.v, words, source, sample.dtype_bytes)


def two_tiles() -> Slice:
    """Two KV tiles of four tokens and three queries: the last tokens of two nodes of a real decode.

    All three queries see the first tile, two of them the second.
    """
    whole = recorded()
    tree = whole.plan.tree
    below = next(i for i in tree.children(0) if tree.q_stop[i] - tree.q_first[i] > 1)
    token = [*_last(tree, 0, 4), *_last(tree, below, 4)]
    query = [int(tree.q_first[below]), int(tree.q_first[below]) + 1, tree.n_queries - 1]
    small = Tree([-1, 0, 0], [4, 4, 0], seat=[1, 1, 2])
    return Slice(
        plan_tree(small, "deft_flatten", chunk_len=8),
        whole.q[tree.query_order[query]],
        whole.k[token],
        whole.v[token],
        tuple(whole.words[i] for i in token),
        f"{whole.source}: tokens {token[0]} to {token[3]} and {token[4]} to {token[7]}",
        whole.dtype_bytes,
    )


def _last(tree: Tree, node: int, n: int) -> Sequence[int]:
    """The last tokens of a node."""
    stop = int(tree.start[node] + tree.length[node])
    return range(stop - n, stop)

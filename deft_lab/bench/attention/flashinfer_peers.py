"""FlashInfer's kernels (0.6.6), as a user would call them on a tree; pages are single slots.

flashinfer_decode: each query with the pages of its path. flashinfer_batch: the same through the persistent
kernel. flashinfer_cascade: shared levels of the tree once, then what is below, merged (FA2 kernels: on
Hopper the default, FA3, does not split KV). flashinfer_tree_mask: one request, all tokens, a custom mask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...tree import Tree
from ...tree._shape import Ints
from .inputs import Inputs, path_tokens, sees
from .subjects import Prepared, Subject

WORKSPACE_BYTES = 256 << 20


@dataclass(frozen=True)
class Level:
    """A level of a cascade, as compressed rows; a request is an interval of preorder queries with tokens."""

    q_start: Ints  # [request + 1] request r has the preorder queries q_start[r] .. q_start[r + 1] - 1
    kv_start: Ints  # [request + 1] and the entries kv_start[r] .. kv_start[r + 1] - 1 of token
    token: Ints  # [entry] of the flattened tree


def cascade_levels(tree: Tree) -> list[Level]:
    """Levels that share what the tree shares, as far as a cascade can: no level may leave a query out.

    Where all seats have the same depth, a level for each depth; otherwise the root, and below it each
    query with the rest of its path.
    """
    above = [tree.path(int(seat)) for seat in tree.seat]
    nodes_of = [[node for node in path if tree.length[node]] for path in above]
    if len({len(nodes) for nodes in nodes_of}) == 1:
        rows = [[nodes[level : level + 1] for nodes in nodes_of] for level in range(len(nodes_of[0]))]
    elif all(nodes[0] == nodes_of[0][0] and len(nodes) > 1 for nodes in nodes_of):
        rows = [[nodes[:1] for nodes in nodes_of], [nodes[1:] for nodes in nodes_of]]
    else:
        rows = [nodes_of]
    return [_level(tree, row) for row in rows]


def _level(tree: Tree, row: list[list[int]]) -> Level:
    """[preorder query] its nodes at this level; neighbours with the same nodes become one request."""
    first = [query for query, nodes in enumerate(row) if query == 0 or nodes != row[query - 1]]
    tokens = [
        np.concatenate([np.arange(tree.start[node], tree.start[node + 1]) for node in row[query]])
        for query in first
    ]
    starts = np.cumsum([0, *map(len, tokens)])
    return Level(np.array([*first, len(row)]), starts, np.concatenate(tokens))


def path_level(tree: Tree) -> Level:
    """One level that shares nothing: each preorder query with its whole path."""
    tokens = [path_tokens(tree, int(seat)) for seat in tree.seat]
    return Level(np.arange(len(tokens) + 1), np.cumsum([0, *map(len, tokens)]), np.concatenate(tokens))


def _paged(inputs: Inputs) -> tuple[Tensor, Tensor]:
    """The pool as pages of one slot: [slot, 1, kv_head, dim]."""
    return inputs.k[:, None], inputs.v[:, None]


def _tables(inputs: Inputs, level: Level) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(query starts, page starts, pages, tokens on the last page), int32 on the device."""
    kv_start = inputs.upload(level.kv_start, torch.int32)
    pages = inputs.upload(inputs.slots[level.token], torch.int32)
    return inputs.upload(level.q_start, torch.int32), kv_start, pages, torch.ones_like(kv_start[1:])


def _heads(inputs: Inputs) -> tuple[int, int, int, int]:
    """(query heads, KV heads, head dim, page size), as every `plan` takes them."""
    geometry = inputs.case.geometry
    return geometry.n_q_heads, geometry.n_kv_heads, geometry.head_dim, 1


def _dtypes(inputs: Inputs) -> dict[str, torch.dtype]:
    return {"q_data_type": inputs.q.dtype, "kv_data_type": inputs.q.dtype}


def _workspace(inputs: Inputs) -> Tensor:
    return torch.zeros(WORKSPACE_BYTES, dtype=torch.uint8, device=inputs.q.device)


def prepare_decode(inputs: Inputs) -> Prepared:
    """BatchDecodeWithPagedKVCacheWrapper with tensor cores."""
    import flashinfer

    wrapper = flashinfer.BatchDecodeWithPagedKVCacheWrapper(_workspace(inputs), "NHD", use_tensor_cores=True)
    _, kv_start, pages, last = _tables(inputs, path_level(inputs.tree))

    def plan() -> None:
        wrapper.plan(kv_start, pages, last, *_heads(inputs), **_dtypes(inputs))

    return _prepared(inputs, plan, lambda out: wrapper.run(inputs.q_preorder, _paged(inputs), out=out))


def prepare_batch(inputs: Inputs) -> Prepared:
    """BatchAttention: one persistent kernel over all queries and their paths."""
    import flashinfer

    wrapper = flashinfer.BatchAttention("NHD", device=str(inputs.q.device))
    q_start, kv_start, pages, _ = _tables(inputs, path_level(inputs.tree))
    n_q_heads, n_kv_heads, dim, page_size = _heads(inputs)
    lse = torch.empty(inputs.q.shape[:2], dtype=torch.float32, device=inputs.q.device)

    def plan() -> None:
        lengths = kv_start[1:] - kv_start[:-1]
        heads = (n_q_heads, n_kv_heads, dim, dim, page_size)
        wrapper.plan(q_start, kv_start, pages, lengths, *heads, **_dtypes(inputs))

    return _prepared(
        inputs, plan, lambda out: wrapper.run(inputs.q_preorder, _paged(inputs), out=out, lse=lse)[0]
    )


def prepare_cascade(inputs: Inputs) -> Prepared:
    """What MultiLevelCascadeAttentionWrapper launches, with the FA2 kernels; it has no option for them."""
    import flashinfer

    levels = [_tables(inputs, level) for level in cascade_levels(inputs.tree)]
    workspace = _workspace(inputs)
    wrappers = [
        flashinfer.BatchPrefillWithPagedKVCacheWrapper(workspace, "NHD", backend="fa2") for _ in levels
    ]
    partials = [
        (torch.empty_like(inputs.q), torch.empty(inputs.q.shape[:2], device=inputs.q.device)) for _ in levels
    ]

    def plan() -> None:
        for wrapper, tables in zip(wrappers, levels, strict=True):
            wrapper.plan(*tables, *_heads(inputs), causal=False, **_dtypes(inputs))

    def run(out: Tensor) -> Tensor:
        lse = partials[-1][1]
        wrappers[-1].run(inputs.q_preorder, _paged(inputs), out=out, lse=lse, return_lse=True)
        for wrapper, (other, other_lse) in zip(wrappers[:-1], partials, strict=False):
            wrapper.run(inputs.q_preorder, _paged(inputs), out=other, lse=other_lse, return_lse=True)
            flashinfer.merge_state_in_place(out, lse, other, other_lse)
        return out

    return _prepared(inputs, plan, run)


def prepare_tree_mask(inputs: Inputs) -> Prepared:
    """BatchPrefillWithPagedKVCacheWrapper with the tree's mask: one request of all queries and tokens."""
    import flashinfer

    wrapper = flashinfer.BatchPrefillWithPagedKVCacheWrapper(_workspace(inputs), "NHD", backend="fa2")
    whole = Level(
        np.array([0, inputs.tree.n_queries]),
        np.array([0, inputs.tree.n_tokens]),
        np.arange(inputs.tree.n_tokens),
    )
    tables, mask = _tables(inputs, whole), sees(inputs)[inputs.order].view(-1)

    def plan() -> None:
        wrapper.plan(*tables, *_heads(inputs), custom_mask=mask, causal=False, **_dtypes(inputs))

    return _prepared(inputs, plan, lambda out: wrapper.run(inputs.q_preorder, _paged(inputs), out=out))


def _prepared(inputs: Inputs, plan: Callable[[], None], run: Callable[[Tensor], Any]) -> Prepared:
    """Plan once; run into an output of its own."""
    plan()
    out = torch.empty_like(inputs.q)
    return Prepared(lambda: run(out), result=inputs.callers, host={"plan": plan})


FLASHINFER_PEERS = (
    Subject("flashinfer_decode", "peer", prepare_decode),
    Subject("flashinfer_cascade", "peer", prepare_cascade),
    Subject("flashinfer_tree_mask", "peer", prepare_tree_mask),
    Subject("flashinfer_batch", "peer", prepare_batch),
)

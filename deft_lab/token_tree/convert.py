"""Shapes of token trees as Medusa writes them: rank paths, and the buffers of its forward pass.

shape: [node] parent of each, an earlier node or -1, the root: the `parents` of a TokenTree, without its
tokens. rank path: the place among its siblings of every node from the root down.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import TreeError, check_counts, check_kind
from .core import ROOT, TokenTree, integers

Shape = tuple[int, ...]
RankPath = tuple[int, ...]


def bare(shape: Sequence[int]) -> TokenTree:
    """A tree of that shape whose tokens say nothing.

    Raises:
        TreeError: a parent comes after its child, or there are none.
    """
    check_kind(TreeError, Iterable, "list the parent of each node; a TokenTree has `parents`", shape=shape)
    parents = integers("shape", shape)
    return TokenTree(parents, (0,) * len(parents))


def shape_from_ranks(paths: Sequence[Sequence[int]]) -> Shape:
    """The shape of a list of rank paths; its nodes are numbered as the list is.

    Raises:
        TreeError: a path is empty or listed twice, or its parent or the sibling before it do not come first.
    """
    check_kind(TreeError, Iterable, "list rank paths", paths=paths)
    node_of: dict[RankPath, int] = {(): ROOT}
    shape: list[int] = []
    for path in (integers("a rank path", path) for path in paths):
        if not path:
            raise TreeError("an empty path; the root is implicit, leave it out")
        if path in node_of:
            raise TreeError(f"path {list(path)} is listed twice; list each once")
        if path[:-1] not in node_of:
            raise TreeError(f"path {list(path)} comes before its parent {list(path[:-1])}; list that first")
        if path[-1] < 0 or (path[-1] > 0 and (*path[:-1], path[-1] - 1) not in node_of):
            raise TreeError(f"path {list(path)} comes before the rank {path[-1] - 1}; list that first")
        node_of[path] = len(shape)
        shape.append(node_of[path[:-1]])
    return tuple(shape)


def ranks_of(shape: Sequence[int]) -> list[RankPath]:
    """[node] the rank path of each node; of a TokenTree, hand over its `parents`."""
    tree = bare(shape)
    paths: list[RankPath] = []
    for node, parent in enumerate(tree.parents):
        paths.append((*(paths[parent] if parent >= 0 else ()), tree.rank[node]))
    return paths


def level_by_level(shape: Sequence[int]) -> Shape:
    """The same shape, numbered level by level, each in the order of its rank paths."""
    return shape_from_ranks(sorted(ranks_of(shape), key=lambda path: (len(path), path)))


def widths(shape: Sequence[int]) -> tuple[int, ...]:
    """[level] nodes of each level; level 0 is the root."""
    depth = np.asarray(bare(shape).depth, dtype=np.int64)
    return (1, *np.bincount(depth, minlength=1)[1:].tolist())


@dataclass(frozen=True)
class MedusaBuffers:
    """What Medusa's forward pass indexes with; node 0 is the root, the others go level by level.

    Args:
        attn_mask: [node, node] 1 where a node sees another.
        tree_indices: [node] place of its token in (root token, top-10 of head 1, top-10 of head 2, ...).
        position_ids: [node] depth, to add to the length of the text.
        retrieve_indices: [leaf, depth + 1] nodes of each path, from the last leaf to the first; -1 pads.
    """

    attn_mask: NDArray[np.int64]
    tree_indices: NDArray[np.int64]
    position_ids: NDArray[np.int64]
    retrieve_indices: NDArray[np.int64]


def medusa_buffers(shape: Sequence[int], top_k: int = 10) -> MedusaBuffers:
    """The buffers of a shape, as `generate_medusa_buffers` of Medusa (2401.10774) makes them.

    Args:
        shape: of the tree.
        top_k: candidates of each head.

    Raises:
        TreeError: a node has more children than a head has candidates.
    """
    check_counts(TreeError, 1, top_k=top_k)
    tree = bare(level_by_level(shape))
    rank, depth = np.asarray(tree.rank, dtype=np.int64), np.asarray(tree.depth, dtype=np.int64)
    if len(tree) and rank.max() >= top_k:
        raise TreeError(f"a node has {rank.max() + 1} children, a head {top_k} candidates; raise top_k")
    leaves = tree.leaves or (ROOT,)
    retrieve = np.full((len(leaves), int(depth.max(initial=0)) + 1), -1)
    retrieve[:, 0] = 0
    for row, leaf in enumerate(reversed(leaves)):
        path = tree.path(leaf)
        retrieve[row, 1 : 1 + len(path)] = 1 + np.array(path, dtype=np.int64)
    return MedusaBuffers(
        tree.mask.astype(np.int64),
        np.concatenate(([0], rank + top_k * (depth - 1) + 1)),
        np.concatenate(([0], depth)),
        retrieve,
    )

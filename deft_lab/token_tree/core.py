"""A token tree: drafted tokens, each of which follows another or the last committed token.

node: one drafted token, numbered parents first; the last committed token is the root, and no node: -1.
Children of a node stand in the order in which they were drawn or ranked: verifiers depend on it.
q: the law that a node's children were drawn from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import TreeError
from ..tree import Tree
from ..tree.edits import hang

Law = NDArray[np.float64]
Path = tuple[int, ...]
ROOT = -1


@dataclass(frozen=True)
class TokenTree:
    """Drafted tokens.

    Args:
        parents: [node] an earlier node, or -1: the last committed token.
        tokens: [node] ids.
        scores: [node] what the builder thinks the path down to the node is worth; default: 1.
        provenance: [node] who proposed it; default: nobody said.
        q: node (-1: the root) -> law [vocabulary] that its children were drawn from.

    Raises:
        TreeError: the lists differ in length, a parent comes after its child, or a token is negative.
    """

    parents: tuple[int, ...]
    tokens: tuple[int, ...]
    scores: tuple[float, ...] = ()
    provenance: tuple[str, ...] = ()
    q: Mapping[int, Law] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        n = len(self.parents)
        for name in ("parents", "tokens", "scores", "provenance"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.scores:
            object.__setattr__(self, "scores", (1.0,) * n)
        if not self.provenance:
            object.__setattr__(self, "provenance", ("",) * n)
        for name in ("tokens", "scores", "provenance"):
            if len(getattr(self, name)) != n:
                raise TreeError(f"{len(getattr(self, name))} {name} for {n} nodes; give one of each")
        for node, parent in enumerate(self.parents):
            if not ROOT <= parent < node:
                raise TreeError(
                    f"node {node} follows node {parent}; a parent comes before its child, -1 is the last "
                    "committed token"
                )
        if n and min(self.tokens) < 0:
            raise TreeError(f"token {min(self.tokens)} is negative; tokens are ids from 0")

    def __len__(self) -> int:
        return len(self.parents)

    @cached_property
    def children(self) -> dict[int, tuple[int, ...]]:
        """Node (-1: the root) -> its children in draw order; every node has an entry."""
        found: dict[int, list[int]] = {node: [] for node in range(ROOT, len(self))}
        for node, parent in enumerate(self.parents):
            found[parent].append(node)
        return {node: tuple(below) for node, below in found.items()}

    @cached_property
    def depth(self) -> tuple[int, ...]:
        """[node] 1 for the children of the root."""
        depth: list[int] = []
        for parent in self.parents:
            depth.append(1 if parent < 0 else depth[parent] + 1)
        return tuple(depth)

    @cached_property
    def rank(self) -> tuple[int, ...]:
        """[node] place among its siblings, from 0."""
        rank = [0] * len(self)
        for below in self.children.values():
            for place, node in enumerate(below):
                rank[node] = place
        return tuple(rank)

    def path(self, node: int) -> tuple[int, ...]:
        """Nodes from a child of the root down to `node`; () for the root."""
        path: list[int] = []
        while node >= 0:
            path.append(node)
            node = self.parents[node]
        return tuple(reversed(path))

    def text(self, node: int) -> Path:
        """Tokens from a child of the root down to `node`."""
        return tuple(self.tokens[i] for i in self.path(node))

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Nodes without children."""
        return tuple(node for node in range(len(self)) if not self.children[node])

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """[1 + node, 1 + node] who sees whom; row and column 0 are the root."""
        mask = np.eye(1 + len(self), dtype=bool)
        for node, parent in enumerate(self.parents):
            mask[1 + node] |= mask[1 + parent]
        return mask

    def positions(self, first: int) -> tuple[int, ...]:
        """[node] place in the text, where the root stands at `first`."""
        return tuple(first + depth for depth in self.depth)

    def hung(self, tree: Tree, leaf: int) -> Tree:
        """A decoding tree with this one below a leaf (label), a query on every token."""
        return hang(tree, leaf, self.parents)[0]


def tree_from_paths(
    paths: Sequence[Path],
    *,
    scores: Mapping[Path, float] | None = None,
    provenance: Mapping[Path, str] | None = None,
    q: Mapping[Path, Law] | None = None,
) -> TokenTree:
    """Merge token paths into a tree; a token's siblings stand in the order in which paths name them.

    Args:
        paths: token paths from the root; a path that begins another one may be left out.
        scores: path -> score.
        provenance: path -> who proposed its last token.
        q: path -> law that what follows it was drawn from; () is the root.
    """
    node_of: dict[Path, int] = {(): ROOT}
    parents: list[int] = []
    for path in map(tuple, paths):
        for end in range(1, len(path) + 1):
            if path[:end] not in node_of:
                node_of[path[:end]] = len(parents)
                parents.append(node_of[path[: end - 1]])
    named = [path for path in node_of if path]
    return TokenTree(
        tuple(parents),
        tuple(path[-1] for path in named),
        tuple((scores or {}).get(path, 1.0) for path in named),
        tuple((provenance or {}).get(path, "") for path in named),
        {node_of[path]: law for path, law in (q or {}).items() if path in node_of},
    )

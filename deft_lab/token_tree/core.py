"""A token tree: drafted tokens, each of which follows another or the last committed token.

node: one drafted token, numbered parents first; the last committed token is the root, and no node: -1.
Children of a node stand in the order in which they were drawn or ranked: verifiers depend on it.
q: the law that a node's children were drawn from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import index

import numpy as np
from numpy.typing import NDArray

from ..errors import TreeError, check_counts, check_kind
from ..tree import Tree
from ..tree.edits import hang

Law = NDArray[np.float64]
Path = tuple[int, ...]
ROOT = -1


def integers(what: str, values: Iterable[int]) -> tuple[int, ...]:
    """Integers of a list, an array or a tensor, as Python's own.

    Raises:
        TreeError: there is no list, or what it holds is no integer.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TreeError(f"{what} is {values!r:.60}; it must be a list of integers")
    found = values.tolist() if hasattr(values, "tolist") else values
    try:
        return tuple(value if type(value) is int else int(index(value)) for value in found)
    except TypeError as bad:
        raise TreeError(f"{what} is {values!r:.60}, which holds what is no integer; list integers") from bad


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
        TreeError: the lists differ in length or hold what is no number, a parent comes after its child, or a
            token is negative.
    """

    parents: tuple[int, ...]
    tokens: tuple[int, ...]
    scores: tuple[float, ...] = ()
    provenance: tuple[str, ...] = ()
    q: Mapping[int, Law] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("parents", "tokens"):
            object.__setattr__(self, name, integers(name, getattr(self, name)))
        n = len(self.parents)
        for name, default in (("scores", 1.0), ("provenance", "")):
            check_kind(TreeError, Iterable, "give one for each node", **{name: getattr(self, name)})
            object.__setattr__(self, name, tuple(getattr(self, name)) or (default,) * n)
        check_kind(TreeError, Mapping, "give {node: the law of its children}", q=self.q)
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
        try:
            total = sum(self.scores)
        except TypeError:
            total = np.nan
        if np.isnan(total):
            raise TreeError(f"scores {self.scores!r:.60} hold what is no number; give one number a node")

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
        """Nodes from a child of the root down to `node`; () for the root.

        Raises:
            TreeError: there is no such node.
        """
        self.need_node(node)
        path: list[int] = []
        while node >= 0:
            path.append(node)
            node = self.parents[node]
        return tuple(reversed(path))

    def need_node(self, node: object) -> None:
        """Refuse what is neither a node nor the root.

        Raises:
            TreeError: it is neither.
        """
        if not hasattr(node, "__index__") or not ROOT <= index(node) < len(self):
            raise TreeError(f"no node {node!r:.60}; the tree has {len(self)}, from 0, and -1 is the root")

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
        check_counts(TreeError, 0, first=first)
        return tuple(first + depth for depth in self.depth)

    def hung(self, tree: Tree, leaf: int) -> Tree:
        """A decoding tree with this one below a leaf (label), a query on every token."""
        check_kind(TreeError, Tree, "Tree(parents, lengths) makes one", tree=tree)
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

    Raises:
        TreeError: a path holds what is no token, or what is said of paths is no mapping.
    """
    check_kind(TreeError, Iterable, "list token paths", paths=paths)
    said = {"scores": scores, "provenance": provenance, "q": q}
    check_kind(TreeError, Mapping, "give {path: ...}", **{k: v for k, v in said.items() if v is not None})
    node_of: dict[Path, int] = {(): ROOT}
    parents: list[int] = []
    for path in (integers("a path", path) for path in paths):
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

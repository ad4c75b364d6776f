"""Token trees made of token trees: some nodes of one, or all of several."""

from collections.abc import Iterable, Mapping

from ..errors import TreeError, check_counts, check_kind
from .core import ROOT, Path, TokenTree, integers, tree_from_paths

A_TREE = "a token builder or tree_from_paths makes one"


def best_nodes(tree: TokenTree, n: int) -> tuple[int, ...]:
    """The `n` nodes of the best score, ascending; no child comes without its parent.

    A score must not rise along a path. Of equal scores the shallower wins, then the earlier node, so that
    ties never cut a child from its parent.

    Raises:
        TreeError: `n` is no count.
    """
    check_kind(TreeError, TokenTree, A_TREE, tree=tree)
    check_counts(TreeError, 0, n=n)
    by_score = sorted(range(len(tree)), key=lambda node: (-tree.scores[node], tree.depth[node], node))
    return tuple(sorted(by_score[:n]))


def keep(tree: TokenTree, nodes: Iterable[int]) -> TokenTree:
    """The tree of those nodes alone; each must come with its parent. Siblings keep their order.

    Raises:
        TreeError: there is no such node, or its parent is not kept.
    """
    check_kind(TreeError, TokenTree, A_TREE, tree=tree)
    kept = sorted(set(integers("nodes", nodes)))
    if kept and not 0 <= kept[0] <= kept[-1] < len(tree):
        wrong = kept[0] if kept[0] < 0 else kept[-1]
        raise TreeError(f"no node {wrong} to keep; the tree has {len(tree)}, from 0")
    place = {ROOT: ROOT} | {node: i for i, node in enumerate(kept)}
    for node in kept:
        if tree.parents[node] not in place:
            raise TreeError(f"node {node} would lose its parent; keep node {tree.parents[node]}, too")
    parents = tuple(place[tree.parents[node]] for node in kept)
    inner = set(parents)
    return TokenTree(
        parents,
        tuple(tree.tokens[node] for node in kept),
        tuple(tree.scores[node] for node in kept),
        tuple(tree.provenance[node] for node in kept),
        {place[node]: law for node, law in tree.q.items() if place.get(node) in inner},
    )


def merge(trees: Mapping[str, TokenTree]) -> TokenTree:
    """The trees of several drafts as one trie; a node says who proposed it, and has the best of its scores.

    Children of one node may come from several laws, so the trie holds no q: of the lossless verifiers only
    those that need none can take it. Source: SpecInfer (2305.09781), merge-based.

    Args:
        trees: name of the draft -> its tree.

    Raises:
        TreeError: there is no such mapping.
    """
    check_kind(TreeError, Mapping, "give {name of the draft: its tree}", trees=trees)
    who: dict[Path, list[str]] = {}
    scores: dict[Path, float] = {}
    for name, tree in trees.items():
        check_kind(TreeError, TokenTree, A_TREE, **{f"trees[{name!r}]": tree})
        for node in range(len(tree)):
            text = tree.text(node)
            scores[text] = max(scores.get(text, 0.0), tree.scores[node])
            if name not in who.setdefault(text, []):
                who[text].append(name)
    # by depth, so that parents come first; within one, in the order in which drafts named them
    paths = sorted(who, key=len)
    return tree_from_paths(
        paths, scores=scores, provenance={path: "+".join(map(str, names)) for path, names in who.items()}
    )

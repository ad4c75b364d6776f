"""Growmaps: the files in which Sequoia keeps the shape of a tree, and its descendants do.

A dict of six keys. Node 0 is the root, nodes are numbered level by level:
size, roots [level] nodes of it, branches [level] how many children each of them has, Successors [node]
children in the order in which they are tried, mask [node, node] 1 where a node sees another, depth [node].
Source: Sequoia (2402.12374), its repository's tree files; as JSON, UMbreLLa's.
"""

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TreeError, place_to_write
from .convert import Shape, bare, level_by_level

KEYS = ("size", "roots", "branches", "Successors", "mask", "depth")
MOST_NODES = 4097  # a mask of this size holds 17 million numbers


def growmap_of(shape: Sequence[int]) -> dict[str, Any]:
    """The growmap of a shape, in plain numbers and lists; of a TokenTree, hand over its `parents`."""
    tree = bare(level_by_level(shape))
    depth = [0, *tree.depth]
    successors = [[1 + child for child in tree.children[node]] for node in range(-1, len(tree))]
    roots = [[node for node, d in enumerate(depth) if d == level] for level in range(max(depth) + 1)]
    return {
        "size": 1 + len(tree),
        "roots": roots,
        "branches": [[len(successors[node]) for node in level] for level in roots],
        "Successors": successors,
        "mask": tree.mask.astype(int).tolist(),
        "depth": depth,
    }


def shape_from_growmap(growmap: Mapping[str, Any]) -> Shape:
    """The shape of a growmap; lists, arrays and tensors are all read.

    Raises:
        TreeError: a key is missing, or two keys do not say the same tree.
    """
    if not isinstance(growmap, Mapping) or set(growmap) != set(KEYS):
        raise TreeError(f"a growmap has the keys {', '.join(KEYS)}, and no other")
    size, successors, roots = growmap["size"], growmap["Successors"], growmap["roots"]
    if not isinstance(size, int) or not 1 <= size <= MOST_NODES:
        raise TreeError(f"growmap: size={size!r}; it must be an integer from 1 to {MOST_NODES}")
    try:
        if len(successors) != size or [node for level in roots for node in level] != list(range(size)):
            raise TreeError(
                f"growmap: `roots` and `Successors` must list the nodes 0 .. {size - 1} level by level"
            )
        # levels chain up exactly when no node has two parents, and none is its own ancestor
        for level, nodes in enumerate(roots):
            below = [child for node in nodes for child in successors[node]]
            if below != (roots[level + 1] if level + 1 < len(roots) else []):
                raise TreeError(
                    f"growmap: the children of level {level} are {below[:6]}, which is not the next level; "
                    "each node but the root is the child of one node of the level above (no cycle)"
                )
    except (TypeError, IndexError) as bad:
        raise TreeError(
            f"growmap: `roots` and `Successors` are lists of lists of node numbers ({bad})"
        ) from bad
    if len(roots[0]) != 1:
        raise TreeError(f"growmap: level 0 holds {len(roots[0])} nodes; the root is alone there")
    parents = [-1] * size
    for node, below in enumerate(successors):
        for child in below:
            parents[child] = node
    shape = tuple(parent - 1 for parent in parents[1:])
    _check_the_rest(growmap, growmap_of(shape))
    return shape


def _check_the_rest(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key in ("branches", "mask", "depth"):
        try:
            same = (
                np.array_equal(np.asarray(given[key]), np.asarray(wanted[key]))
                if key != "branches"
                else list(map(list, given[key])) == wanted[key]
            )
        except (TypeError, ValueError):
            same = False
        if not same:
            raise TreeError(f"growmap: {key!r} does not follow from `Successors`; derive it with growmap_of")


def read_growmap(path: str | Path) -> Shape:
    """The shape in a growmap file, .json or .pt (which needs torch; nothing in it is run).

    Raises:
        TreeError: it cannot be read, or its keys do not say one tree.
    """
    if not isinstance(path, str | PathLike):
        raise TreeError(f"path={path!r:.60}; name a growmap file")
    path = Path(path)
    try:
        if path.suffix == ".pt":
            import torch

            return shape_from_growmap(torch.load(path, weights_only=True))
        return shape_from_growmap(json.loads(path.read_text()))
    except TreeError:
        raise
    # what torch raises for a file that is none of its own depends on its version
    except Exception as bad:
        raise TreeError(f"cannot read the growmap {path}: {bad}") from bad


def write_growmap(path: str | Path, shape: Sequence[int]) -> None:
    """Write a shape as a growmap, .json or .pt (which needs torch), by the ending of `path`.

    Raises:
        TreeError: there is no such folder, or the shape is none.
    """
    growmap, path = growmap_of(shape), place_to_write(TreeError, path)
    if path.suffix == ".pt":
        import torch

        torch.save(growmap | {key: torch.tensor(growmap[key]) for key in ("mask", "depth")}, path)
    else:
        path.write_text(json.dumps(growmap))

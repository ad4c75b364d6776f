"""How a method cuts a tree, told as loops: one group after the other, each with the reason why it ends.

The library plans with whole arrays (deft_lab/methods); these loops share no line with it, and `assembled`
makes a Plan of what they found, to be compared. The other methods' groups are read off their plan.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...methods import CHUNK_LEN, METHODS
from ...plan import Chunk, Group, Plan
from ...tree import Tree
from ...viz.words import count, number


class Cut(NamedTuple):
    """A group, and why it is this one."""

    group: Group
    why: str


def cuts_of(plan: Plan, **options: int) -> list[Cut]:
    """The groups of a plan, found anew where this file knows how, in the order of the plan."""
    tell = TELLERS.get(plan.method)
    if tell is None:
        return [Cut(group, _plainly(plan, i)) for i, group in enumerate(plan.groups)]
    return list(tell(plan.tree, **options))


def assembled(plan: Plan, cuts: Sequence[Cut]) -> Plan:
    """The plan that the cuts make, with the tree and the query tile of `plan`."""
    chunks = [chunk for cut in cuts for chunk in cut.group.chunks]
    node, start, stop = np.array(chunks, dtype=np.int64).reshape(-1, 3).T
    sizes = [len(cut.group.chunks) for cut in cuts]
    queries = [cut.group.queries for cut in cuts]
    return replace(
        plan,
        chunk_node=node,
        chunk_start=start,
        chunk_stop=stop,
        group_start=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        q_first=np.array([each.start for each in queries]),
        q_stop=np.array([each.stop for each in queries]),
    )


def same_groups(one: Plan, other: Plan) -> bool:
    """Whether two plans have the same groups in the same order."""
    names = ("chunk_node", "chunk_start", "chunk_stop", "group_start", "q_first", "q_stop")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def _seen(tree: Tree) -> list[int]:
    """Nodes with tokens that some query sees, in preorder."""
    return [i for i in range(tree.n_nodes) if tree.length[i] and tree.q_stop[i] > tree.q_first[i]]


def _queries(tree: Tree, node: int) -> range:
    return range(int(tree.q_first[node]), int(tree.q_stop[node]))


def _by_node(tree: Tree) -> Iterator[Cut]:
    for node in _seen(tree):
        length, queries = int(tree.length[node]), _queries(tree, node)
        why = (
            f"node {tree.label[node]} is a group: its {count(length, 'token')} with "
            f"the {count(len(queries), 'query', 'queries')} below it"
        )
        yield Cut(Group(queries, (Chunk(node, 0, length),)), why)


def _by_chunk(tree: Tree, chunk_len: int = CHUNK_LEN) -> Iterator[Cut]:
    for node in _seen(tree):
        length, start = int(tree.length[node]), 0
        while start < length:
            stop = min(start + chunk_len, length)
            left = f"{number(length - stop)} left" if stop < length else "none left"
            short = f", short of {number(chunk_len)}" if stop - start < chunk_len else ""
            why = (
                f"cut {count(stop - start, 'token')} off node {tree.label[node]} ({left}{short}), "
                f"with the {count(len(_queries(tree, node)), 'query', 'queries')} below it"
            )
            yield Cut(Group(_queries(tree, node), (Chunk(node, start, stop),)), why)
            start = stop


def _flattened(tree: Tree, chunk_len: int = CHUNK_LEN) -> Iterator[Cut]:
    """Fill a group with tokens of one node after the other; close it when it is full."""
    chunks: list[Chunk] = []
    room = chunk_len
    nodes = _seen(tree)
    for node in nodes:
        start, length = 0, int(tree.length[node])
        while start < length:
            stop = min(start + room, length)
            chunks.append(Chunk(node, start, stop))
            room -= stop - start
            start = stop
            if room == 0 or (node == nodes[-1] and start == length):
                yield Cut(Group(_union(tree, chunks), tuple(chunks)), _told(tree, chunks, chunk_len, room))
                chunks, room = [], chunk_len


def _union(tree: Tree, chunks: Sequence[Chunk]) -> range:
    """The queries that see any of the chunks: neighbours in preorder, so one interval."""
    return range(
        min(int(tree.q_first[chunk.node]) for chunk in chunks),
        max(int(tree.q_stop[chunk.node]) for chunk in chunks),
    )


def _told(tree: Tree, chunks: Sequence[Chunk], chunk_len: int, room: int) -> str:
    parts = [f"{number(c.stop - c.start)} of node {tree.label[c.node]}" for c in chunks]
    shown = " + ".join(parts if len(parts) <= 4 else [*parts[:3], f"… {len(parts) - 3} more nodes"])
    end = f"{number(chunk_len)} tokens, full" if room == 0 else "the tree ends"
    queries = count(len(_union(tree, chunks)), "query sees", "queries see")
    return f"fill it in depth-first order: {shown}: {end}; {queries} some of it"


def _by_path(tree: Tree, chunk_len: int | None = None) -> Iterator[Cut]:
    for query, seat in enumerate(tree.seat.tolist()):
        path = [node for node in tree.path(seat) if tree.length[node]]
        total = sum(int(tree.length[node]) for node in path)
        step = total if chunk_len is None else chunk_len
        for first in range(0, total, max(1, step)):
            chunks, offset = [], 0
            for node in path:
                length = int(tree.length[node])
                start, stop = max(0, first - offset), min(length, first + step - offset)
                if start < stop:
                    chunks.append(Chunk(node, start, stop))
                offset += length
            names = _nodes([int(tree.label[chunk.node]) for chunk in chunks])
            why = (
                f"query q{tree.query_order[query]} walks its path alone: "
                f"{count(sum(c.stop - c.start for c in chunks), 'token')} of {names}"
            )
            yield Cut(Group(range(query, query + 1), tuple(chunks)), why)


def _plainly(plan: Plan, index: int) -> str:
    group = plan.groups[index]
    nodes = list(dict.fromkeys(int(plan.tree.label[chunk.node]) for chunk in group.chunks))
    return (
        f"{count(group.kv_len, 'token')} of {_nodes(nodes)} with "
        f"{count(len(group.queries), 'query', 'queries')}"
    )


def _nodes(labels: Sequence[int]) -> str:
    """node 3; nodes 3, 5, 6."""
    more = f" and {len(labels) - 6} more" if len(labels) > 6 else ""
    return f"node{'s' * (len(labels) > 1)} {', '.join(map(str, labels[:6]))}{more}"


TELLERS: dict[str, Callable[..., Iterator[Cut]]] = {
    "deft_node": _by_node,
    "deft_node_chunk": _by_chunk,
    "deft_flatten": _flattened,
    "deft_tree_index": _by_chunk,
    "radix": _by_path,
}
RULES = {
    "flash_decoding": "a group is one query with a piece of its own copy of its path; nothing is shared",
    "tree_mask": "one group holds everything: all queries meet all KV; a mask hides what they must not see",
    "radix": "a group is one query with its path; the pages are shared, the reads are not",
    "deft_node": "a group is one node with all queries that see it; each token is in one group",
    "deft_node_chunk": "as DeFT-Node, but a long node is cut after every chunk_len tokens",
    "deft_flatten": "the nodes lie end to end; a cut falls after every chunk_len tokens, also inside a node",
    "deft_tree_index": "the groups of DeFT-Node-Chunk; the slots stay on the device",
    "tree_waves": "pieces of about equal cost, as many as fill whole waves of the SMs, the longest first",
}
assert RULES.keys() == METHODS.keys()

"""A plan: who meets whom in one attention call over a tree.

chunk: consecutive tokens of one node. group: what one program handles, some chunks and an interval of
preorder queries. partial: what one query gets from one group; they are numbered group by group.
The one rule, proved by `check_plan`: every query meets every token of its path exactly once.

Whether a query sees a chunk is not stored: it does if the tree says that it sees the chunk's node. So a
KV-guided plan is a few integers per node and group, however many tokens and queries there are. A
query-guided one lists the nodes of every path: that is what these methods read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._frame import Frame
from .errors import PlanError, check_kind
from .tree import Tree
from .tree._shape import Ints, frozen, running_sum, sealed
from .tree.views import Views


class Chunk(NamedTuple):
    """Tokens start .. stop - 1 of the node with index `node`."""

    node: int
    start: int
    stop: int


class Group(NamedTuple):
    """One group, to read and print: these queries with these chunks."""

    queries: range
    chunks: tuple[Chunk, ...]

    @property
    def kv_len(self) -> int:
        """Tokens of the group."""
        return sum(chunk.stop - chunk.start for chunk in self.chunks)


@dataclass(frozen=True, eq=False)
class Plan:
    """Groups as compressed rows; all arrays are read-only int64.

    `query_tile` is how many queries of a group one tile of the method's kernel takes: the KV of the
    group is read once per tile. None: all of them.
    """

    tree: Tree
    method: str
    chunk_node: Ints  # [chunk] node index
    chunk_start: Ints  # [chunk] first token within the node
    chunk_stop: Ints  # [chunk] one past the last
    group_start: Ints  # [group + 1] group g owns chunks group_start[g] .. group_start[g + 1] - 1
    q_first: Ints  # [group] first preorder query
    q_stop: Ints  # [group] one past the last
    query_tile: int | None = None

    def __reduce__(self) -> tuple[type["Plan"], tuple[object, ...]]:
        return Plan, tuple(getattr(self, field.name) for field in fields(self))

    def __post_init__(self) -> None:
        for name in ("chunk_node", "chunk_start", "chunk_stop", "group_start", "q_first", "q_stop"):
            self.__dict__[name] = frozen(self.__dict__[name])

    @classmethod
    def _of(cls, tree: Tree, method: str, frame: Frame, **columns: Ints) -> "Plan":
        """A plan that is known to be right: `chunk_start`, `chunk_stop`, and what else is at hand."""
        plan = object.__new__(cls)
        plan.__dict__.update(
            {name: sealed(column) for name, column in columns.items()},
            tree=tree, method=method, query_tile=None, _frame=frame, chunk_node=frame.chunk_node,
            group_start=frame.group_start, q_first=frame.q_first, q_stop=frame.q_stop,
        )  # fmt: skip
        return plan

    @cached_property
    def _frame(self) -> Frame:
        """What of the plan does not depend on lengths; shared with plans of the last steps that are alike."""
        columns = (self.chunk_node, self.group_start, self.q_first, self.q_stop)
        key = tuple(column.tobytes() for column in columns)
        return self.tree.seen.once(key, lambda: Frame(*columns, self.tree.n_queries))

    @property
    def n_groups(self) -> int:
        return len(self.q_first)

    @property
    def groups(self) -> Views[Group]:
        """Views of the groups."""
        return Views(self.n_groups, self._group)

    def _group(self, i: int) -> Group:
        rows = slice(self.group_start[i], self.group_start[i + 1])
        columns = (self.chunk_node[rows], self.chunk_start[rows], self.chunk_stop[rows])
        chunks = tuple(Chunk(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
        return Group(range(int(self.q_first[i]), int(self.q_stop[i])), chunks)

    @cached_property
    def chunk_entry(self) -> Ints:
        """[chunk + 1] running sum of the chunks' tokens."""
        return running_sum(self.chunk_stop - self.chunk_start)

    @cached_property
    def kv_start(self) -> Ints:
        """[group + 1] running sum of the groups' tokens."""
        return sealed(self.chunk_entry[self.group_start])

    @cached_property
    def kv_len(self) -> Ints:
        """[group] tokens."""
        return sealed(self.kv_start[1:] - self.kv_start[:-1])

    @cached_property
    def first_seen(self) -> Ints | None:
        """[group] where its tokens begin among the seen ones, depth first; None: some do not follow on."""
        first_chunk = self.group_start[:-1]
        begin = self.tree.seen_start[self.chunk_node] + self.chunk_start
        # chunks that follow each other in the flattened tree as in the plan lie at one distance from it
        away = begin - self.chunk_entry[:-1]
        apart = away[1:] != away[:-1]
        apart[first_chunk[1:] - 1] = False
        return None if np.count_nonzero(apart) else sealed(begin[first_chunk])

    @property
    def q_len(self) -> Ints:
        """[group] queries."""
        return self._frame.q_len

    @property
    def partial_start(self) -> Ints:
        """[group + 1] group g owns partials partial_start[g] .. partial_start[g + 1] - 1."""
        return self._frame.partial_start

    @property
    def n_partials(self) -> int:
        """P: partial results of the plan."""
        return int(self.partial_start[-1])

    @property
    def n_tiles(self) -> Ints:
        """[group] times that the group's KV is read."""
        if self.query_tile is None:
            return np.ones(self.n_groups, dtype=np.int64)
        return -(-self.q_len // self.query_tile)

    def query_of_partial(self) -> Ints:
        """[partial] the preorder query of each partial."""
        return self._frame.query_of_partial

    def reduction(self) -> tuple[Ints, Ints]:
        """Which partials make which query: (start [query + 1], partial [n_partials]).

        Preorder query q is reduced from partial[start[q] : start[q + 1]], in the order of their groups.
        """
        return self._frame.reduction

    def arrays(self) -> "PlanArrays":
        """The plan spelled out per token, as kernels take it; for reading, not for speed."""
        rows = np.repeat(np.arange(len(self.chunk_node)), self.chunk_stop - self.chunk_start)
        first_entry = np.cumsum(self.chunk_stop - self.chunk_start) - (self.chunk_stop - self.chunk_start)
        within = np.arange(len(rows)) - first_entry[rows] + self.chunk_start[rows]
        node = self.chunk_node[rows]
        token = self.tree.start[node] + within
        return PlanArrays(self, self.kv_start, token, node)

    def __repr__(self) -> str:
        return (
            f"Plan({self.method}: {self.n_groups} groups, {int(self.kv_start[-1]):,} tokens read by group, "
            f"{self.n_partials:,} partials)"
        )

    def __str__(self) -> str:
        most = 24
        lines = [repr(self)]
        for i, group in enumerate(self.groups[:most]):
            shown = [f"node {self.tree.label[c.node]}[{c.start}:{c.stop}]" for c in group.chunks[:6]]
            more = f" + {len(group.chunks) - 6} more" if len(group.chunks) > 6 else ""
            rows = self.tree.query_order[group.queries.start : group.queries.stop].tolist()
            queries = ", ".join(map(str, rows[:8])) + (f", ... ({len(rows)} in all)" if len(rows) > 8 else "")
            lines.append(
                f"  group {i}: {group.kv_len:,} tokens of {' + '.join(shown)}{more}  x  queries {queries}"
            )
        if self.n_groups > most:
            lines.append(f"  ... and {self.n_groups - most:,} more groups")
        return "\n".join(lines)


class PlanArrays(NamedTuple):
    """One entry per (group, KV token)."""

    plan: Plan
    kv_start: Ints  # [group + 1] group g owns entries kv_start[g] .. kv_start[g + 1] - 1
    token: Ints  # [entry] place in the flattened tree
    node: Ints  # [entry] node index

    @property
    def sees_first(self) -> Ints:
        """[entry] first preorder query that sees the token."""
        return self.plan.tree.q_first[self.node]

    @property
    def sees_stop(self) -> Ints:
        """[entry] one past the last."""
        return self.plan.tree.q_stop[self.node]

    def bit_mask(self, group: int, queries: Sequence[int] | None = None) -> NDArray[np.uint64]:
        """[token of the group] one word a token: bit i is 1 if the i-th listed preorder query sees it.

        Bit 0 is the least significant. The default list is the group's own queries.

        Raises:
            PlanError: no such group, or more than 64 queries; a word has 64 bits, so list one tile of them.
        """
        if not 0 <= group < self.plan.n_groups:
            raise PlanError(f"no group {group}; the plan has 0..{self.plan.n_groups - 1}")
        listed = self.plan.groups[group].queries if queries is None else queries
        if len(listed) > 64:
            raise PlanError(
                f"group {group} has {len(listed)} queries and a word 64 bits; "
                f"pass one tile of queries, such as range({listed[0]}, {listed[0] + 64})"
            )
        node = self.node[self.kv_start[group] : self.kv_start[group + 1], None]
        query = np.asarray(listed, dtype=np.int64)
        sees = (self.plan.tree.q_first[node] <= query) & (query < self.plan.tree.q_stop[node])
        return (sees.astype(np.uint64) << np.arange(len(query), dtype=np.uint64)).sum(axis=1, dtype=np.uint64)


def need_plan(plan: object) -> None:
    """Refuse what is no plan, such as the tree that one is made of.

    Raises:
        PlanError: it is none.
    """
    check_kind(PlanError, Plan, "plan_tree(tree, method) makes one", plan=plan)


def check_plan(plan: Plan) -> None:
    """Prove that every query meets every token of its path exactly once.

    Raises:
        PlanError: it is no plan, a chunk or a group lies outside the tree, or a (query, token) pair is
            missed or covered twice; it names the first such pair in the order of nodes, queries and tokens.
    """
    need_plan(plan)
    tree, name = plan.tree, f"method {plan.method!r}"
    _check_bounds(plan, name)
    group = np.repeat(np.arange(plan.n_groups), np.diff(plan.group_start))
    # a chunk meets those of its group's queries that see its node
    first = np.maximum(plan.q_first[group], tree.q_first[plan.chunk_node])
    stop = np.minimum(plan.q_stop[group], tree.q_stop[plan.chunk_node])
    count = np.maximum(stop - first, 0)
    pair = np.repeat(np.arange(len(group)), count)
    query = first[pair] + np.arange(len(pair)) - (np.cumsum(count) - count)[pair]
    node, start, end = plan.chunk_node[pair], plan.chunk_start[pair], plan.chunk_stop[pair]
    order = np.lexsort((start, query, node))
    node, query, start, end = node[order], query[order], start[order], end[order]
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (node[1:] == node[:-1]) & (query[1:] == query[:-1])
    expected = np.where(same, np.roll(end, 1), 0)
    last = np.append(~same[1:], True)[: len(order)]
    bad = np.flatnonzero((start != expected) | (last & (end != tree.length[node])))
    needed = np.where(tree.length > 0, tree.q_stop - tree.q_first, 0)
    met = np.bincount(node[~same], minlength=tree.n_nodes)
    missed = np.flatnonzero(met != needed)
    # (node, query, token, times) of the first pair of each kind that breaks
    broken: list[tuple[int, int, int, int]] = []
    if len(missed):
        v = int(missed[0])
        absent = np.setdiff1d(np.arange(tree.q_first[v], tree.q_stop[v]), query[node == v])
        broken.append((v, int(absent[0]), 0, 0))
    if len(bad):
        i = int(bad[0])
        if start[i] < expected[i]:
            token, times = int(start[i]), 2
        else:
            token, times = int(expected[i] if start[i] > expected[i] else end[i]), 0
        broken.append((int(node[i]), int(query[i]), token, times))
    if broken:
        v, q, token, times = min(broken)
        raise PlanError(_broken(plan, name, q, token, v, times))


def _broken(plan: Plan, name: str, query: int, token: int, node: int, times: int) -> str:
    row, label = plan.tree.query_order[query], plan.tree.label[node]
    often = "more than once" if times else "never"
    return (
        f"{name}: query {row} meets token {token} of node {label} {often}, and must meet it exactly once; "
        "mend the method's plan"
    )


def _check_bounds(plan: Plan, name: str) -> None:
    tree = plan.tree
    start = plan.group_start
    if len(start) != plan.n_groups + 1 or start[0] != 0 or start[-1] != len(plan.chunk_node):
        raise PlanError(f"{name}: group_start does not run from 0 to the {len(plan.chunk_node)} chunks")
    empty = np.flatnonzero(np.diff(start) < 1)
    if len(empty):
        raise PlanError(f"{name}: group {empty[0]} holds no chunk; leave it out")
    if ((plan.chunk_node < 0) | (plan.chunk_node >= tree.n_nodes)).any():
        raise PlanError(f"{name}: a chunk names a node outside 0..{tree.n_nodes - 1}")
    wrong = np.flatnonzero(
        (plan.chunk_start < 0)
        | (plan.chunk_start >= plan.chunk_stop)
        | (plan.chunk_stop > tree.length[plan.chunk_node])
    )
    if len(wrong):
        c = int(wrong[0])
        node = plan.chunk_node[c]
        raise PlanError(
            f"{name}: chunk {c} takes tokens {plan.chunk_start[c]}:{plan.chunk_stop[c]} of node "
            f"{tree.label[node]}, which has {tree.length[node]}"
        )
    if ((plan.q_first < 0) | (plan.q_first >= plan.q_stop) | (plan.q_stop > tree.n_queries)).any():
        raise PlanError(f"{name}: a group has no queries, or queries outside 0..{tree.n_queries - 1}")

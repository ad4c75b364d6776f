"""How a method cuts a tree into groups, step by step: from the tree over its memory to the plan's arrays.

The picture is a matrix: a column for each token of the flattened tree, a row for each query. Grey is what a
query must meet; a group colours its part of it, and in the end everything has its node's colour, once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import PlanError
from ...geometry import LLAMA3_8B, Geometry
from ...methods import METHODS, plan_tree
from ...plan import Chunk, Group, Plan, check_plan
from ...tree import Tree
from ...viz.figure import Table
from ...viz.nodes import node_paints, refuse_too_large
from ...viz.svg import Box
from ...viz.theme import MARGIN, SMALL, WIDTH
from ...viz.words import count, number
from .cuts import RULES, Cut, assembled, cuts_of, same_groups
from .player import StepPlayer
from .stage import CELL, Grid, Stage, draw_node, draw_small_tree
from .step import Script, Step

LEFT = MARGIN + 44  # of the memory, px
ROOM, ROW = 150, 15  # of the tree and of the matrix, px; of a query's row at most
MOST = 80  # groups told one by one
COLUMNS = 12  # groups whose arrays are shown at a time
ARRAYS = ("kv_len", "q_first", "q_stop", "chunks", "partials from")


def play_grouping(
    tree: Tree,
    method: str | tuple[str, str] = "deft_flatten",
    *,
    geometry: Geometry = LLAMA3_8B.layer,
    **options: int,
) -> StepPlayer:
    """Play how a method's plan is cut, group by group.

    Args:
        tree: of at most 5,000 nodes.
        method: a name of METHODS, or the released runner's (mode, mem) pair.
        geometry: whose KV bytes are counted; default: one layer of Llama-3-8B.
        options: of the method, such as `chunk_len`.

    Raises:
        PlanError: the method or an option is unknown.
        DeftLabError: the tree has more nodes than a picture can show.
    """
    return StepPlayer(grouping_script(tree, method, geometry, **options))


def grouping_script(
    tree: Tree, method: str | tuple[str, str], geometry: Geometry = LLAMA3_8B.layer, **options: int
) -> Script:
    """The steps of `play_grouping`; the last one has compared what was told with the library's plan."""
    refuse_too_large(tree)
    plan = plan_tree(tree, method, **options)
    cuts = cuts_of(plan, **options)
    if not same_groups(assembled(plan, cuts), plan):
        raise PlanError(f"the groups told of {plan.method!r} are not its plan's; mend players/cuts.py")
    check_plan(plan)
    picture = _Picture(plan)
    title = f"How {METHODS[plan.method].title} groups a tree"
    steps = (*_opening(plan, options), *_groups(plan, cuts, geometry), *_ending(plan, geometry))
    return Script(title, steps, picture.draw, picture.tabulate)


def _opening(plan: Plan, options: Mapping[str, int]) -> list[Step]:
    tree = plan.tree
    asked = ", ".join(f"{name}={value}" for name, value in options.items())
    return [
        Step(
            "Tree",
            f"A decoding tree of {count(tree.n_nodes, 'node')}: each query sees the tokens from the root "
            "down to the node where it sits.",
            f"{count(tree.n_tokens, 'token')}, {count(tree.n_queries, 'query', 'queries')}, "
            f"{number(tree.n_path_tokens)} pairs of a query and a token that it sees",
            {"phase": "tree", "groups": 0},
            0,
            "tree",
        ),
        Step(
            "Memory",
            "The nodes lie end to end, depth first. Grey: what each query must meet, exactly once. Queries "
            "are numbered in the same order, so a node is seen by neighbours.",
            f"start = [{_list(tree.start.tolist())}]",
            {"phase": "memory", "groups": 0},
            0,
            "memory",
        ),
        Step(
            "Groups",
            f"The rule of {METHODS[plan.method].title}: {RULES[plan.method]}.",
            asked or "no options: the defaults",
            {"phase": "rule", "groups": 0},
            0,
            "rule",
        ),
    ]


def _groups(plan: Plan, cuts: Sequence[Cut], geometry: Geometry) -> list[Step]:
    told = [*range(min(len(cuts), MOST))]
    steps = []
    read = np.cumsum(plan.kv_len * plan.n_tiles) * geometry.kv_bytes_per_token * geometry.n_layers
    for i in told:
        steps.append(
            Step(
                "Groups",
                f"Group {i}: {cuts[i].why}.",
                _formula(plan, i),
                {"phase": "group", "groups": i + 1},
                int(read[i]),
                f"group {i}" if i in (told[0], told[len(told) // 2], told[-1]) else "",
            )
        )
    if len(cuts) > len(told):
        left = len(cuts) - len(told)
        sentence = f"The other {count(left, 'group')} follow in the same way."
        steps.append(Step("Groups", sentence, "", {"phase": "rest", "groups": len(cuts)}, int(read[-1])))
    return steps


def _formula(plan: Plan, index: int) -> str:
    group, tree = plan.groups[index], plan.tree
    lengths = [chunk.stop - chunk.start for chunk in group.chunks]
    sum_ = " + ".join(map(str, lengths[:6])) + (" + …" if len(lengths) > 6 else "")
    total = f"kv_len = {sum_} = {group.kv_len}" if len(lengths) > 1 else f"kv_len = {group.kv_len}"
    first = int(plan.partial_start[index])
    lines = [
        f"{total}; queries {group.queries.start}:{group.queries.stop}, so partials "
        f"{first}:{first + len(group.queries)}"
    ]
    hidden = any(_hidden(tree, group, chunk) for chunk in group.chunks)
    if hidden and METHODS[plan.method].mask == "bits":
        for chunk in group.chunks[:3]:
            lines.append(f"{_named(tree, chunk)}: word {_word(tree, group, chunk)}, a bit for each query")
    elif hidden and METHODS[plan.method].mask == "intervals":
        for chunk in group.chunks[:3]:
            seen = f"[{tree.q_first[chunk.node]}, {tree.q_stop[chunk.node]})"
            lines.append(f"{_named(tree, chunk)}: seen by queries {seen}")
    return "\n".join(lines)


def _hidden(tree: Tree, group: Group, chunk: Chunk) -> bool:
    """Whether some query of the group does not see the chunk."""
    first, stop = int(tree.q_first[chunk.node]), int(tree.q_stop[chunk.node])
    return first > group.queries.start or stop < group.queries.stop


def _word(tree: Tree, group: Group, chunk: Chunk) -> str:
    """The mask word of the first tile of the group's queries; bit 0 is on the right."""
    tile = group.queries[:32]
    sees = [tree.q_first[chunk.node] <= query < tree.q_stop[chunk.node] for query in tile]
    return "".join("01"[bool(bit)] for bit in reversed(sees)) + "b"


def _named(tree: Tree, chunk: Chunk) -> str:
    return f"node {tree.label[chunk.node]}[{chunk.start}:{chunk.stop}]"


def _list(values: Sequence[int], most: int = 12) -> str:
    return ", ".join(map(str, values[:most])) + (", …" if len(values) > most else "")


def _ending(plan: Plan, geometry: Geometry) -> list[Step]:
    start, partial = plan.reduction()
    read = int((plan.kv_len * plan.n_tiles).sum())
    n_bytes = read * geometry.kv_bytes_per_token * geometry.n_layers
    mine = partial[start[0] : start[1]].tolist()
    return [
        Step(
            "Arrays",
            f"Each group leaves a partial for each of its queries: {number(plan.n_partials)} in all. The "
            f"reduction of query q{plan.tree.query_order[0]} takes {count(len(mine), 'of them', 'of them')}.",
            f"partials of query 0: [{_list(mine)}]",
            {"phase": "arrays", "groups": plan.n_groups},
            n_bytes,
            "partials",
        ),
        Step(
            "Arrays",
            "Checked: every query meets every token of its path exactly once, and these are the groups of "
            f"plan_tree(tree, {plan.method!r}).",
            f"{number(read)} tokens read for {number(plan.tree.n_tokens)} in the tree = "
            f"{read / plan.tree.n_tokens:.2f} times",
            {"phase": "end", "groups": plan.n_groups},
            n_bytes,
            "checked",
        ),
    ]


class _Picture:
    """Draws a state of these scripts."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.tree = plan, plan.tree
        leaves = len(self.tree.leaves)
        self.tree_height = float(min(ROOM, max(48, 17 * leaves)))
        self.row = min(ROW, ROOM / self.tree.n_queries)
        self.strip = 10 + self.tree_height + 14
        self.matrix = self.strip + 36
        self.arrays = self.matrix + self.row * self.tree.n_queries + 18
        self.per_token = (WIDTH - MARGIN - LEFT) / max(1, self.tree.n_tokens)
        self.height = self.arrays + CELL * (1 + len(ARRAYS)) + 8

    def draw(self, state: Mapping[str, Any]) -> Stage:
        stage = Stage(self.height)
        phase, done = state["phase"], state["groups"]
        now = done - 1 if phase == "group" else None
        lit = {chunk.node for chunk in self.plan.groups[now].chunks} if now is not None else set()
        room = Box(LEFT, 10, WIDTH - MARGIN - LEFT, self.tree_height)
        draw_small_tree(stage, self.tree, room, lit=lit)
        if phase == "tree":
            return stage
        self._memory(stage, lit)
        self._covered(stage, done)
        if now is not None:
            self._frame(stage, self.plan.groups[now])
        if done:
            self._arrays(stage, done, now)
        return stage

    def _memory(self, stage: Stage, lit: set[int]) -> None:
        stage.label(MARGIN, self.strip + 14, "KV")
        for node, paint in enumerate(node_paints(self.tree)):
            box = self._columns(node, 0, int(self.tree.length[node]))
            if box.width:
                box = box._replace(y=self.strip, height=20)
                draw_node(stage, self.tree, node, paint, box, mark="lit" if node in lit else "")

    def _columns(self, node: int, start: int, stop: int) -> Box:
        x = LEFT + self.per_token * (int(self.tree.start[node]) + start)
        return Box(x, self.matrix, self.per_token * (stop - start), self.row)

    def _rows(self, box: Box, first: int, stop: int) -> Box:
        return box._replace(y=self.matrix + self.row * first, height=self.row * (stop - first))

    def _covered(self, stage: Stage, done: int) -> None:
        tree = self.tree
        for node in range(tree.n_nodes):
            first, stop = int(tree.q_first[node]), int(tree.q_stop[node])
            if stop > first and tree.length[node]:
                stage.rect(self._rows(self._columns(node, 0, int(tree.length[node])), first, stop), "track")
        paints = node_paints(tree)
        for group in self.plan.groups[:done]:
            for node, start, end in group.chunks:
                first = max(group.queries.start, int(tree.q_first[node]))
                stop = min(group.queries.stop, int(tree.q_stop[node]))
                if stop > first:
                    box = self._rows(self._columns(node, start, end), first, stop)
                    stage.bar(box, paints[node], "", node=int(tree.label[node]))
        step = max(1, int(np.ceil((SMALL + 1) / self.row)))
        for i in range(0, tree.n_queries, step):
            y = self.matrix + self.row * (i + 0.5) + 4
            stage.text(LEFT - 6, y, f"q{tree.query_order[i]}", "muted small", "end")

    def _frame(self, stage: Stage, group: Group) -> None:
        """Around the tokens of a group, once for each run of neighbours, and its queries."""
        runs: list[Box] = []
        for node, start, stop in sorted(group.chunks, key=lambda c: int(self.tree.start[c.node]) + c.start):
            box = self._columns(node, start, stop)
            if runs and abs(runs[-1].x + runs[-1].width - box.x) < 0.01:
                runs[-1] = runs[-1]._replace(width=runs[-1].width + box.width)
            else:
                runs.append(box)
        for run in runs:
            wide = run._replace(width=max(2.0, run.width))
            stage.rect(self._rows(wide, group.queries.start, group.queries.stop), "frame")

    def _arrays(self, stage: Stage, done: int, now: int | None) -> None:
        first = max(0, done - COLUMNS)
        shown = range(first, done)
        grid = Grid(LEFT + 52, self.arrays, (WIDTH - MARGIN - LEFT - 52) / COLUMNS)
        stage.label(grid.x - 8, grid.y + 14, "group" + (" …" if first else ""), "end")
        for row, name in enumerate(ARRAYS):
            stage.label(grid.x - 8, grid.y + CELL * (row + 1) + 14, name, "end")
        rows = [[str(i) for i in shown], *map(list, zip(*(self._column(i) for i in shown), strict=True))]
        stage.numbers(
            grid, rows, lambda row, column: "off" if row == 0 else "changed" if first + column == now else ""
        )

    def _column(self, i: int) -> list[str]:
        plan = self.plan
        numbers = (plan.kv_len[i], plan.q_first[i], plan.q_stop[i], np.diff(plan.group_start)[i])
        return [*(number(int(value)) for value in numbers), number(int(plan.partial_start[i]))]

    def tabulate(self, state: Mapping[str, Any]) -> Table:
        """The groups so far; before the first, the nodes."""
        tree, rows = self.tree, []
        if not state["groups"]:
            for node in range(tree.n_nodes):
                seen = (int(tree.q_first[node]), int(tree.q_stop[node]))
                rows.append((int(tree.label[node]), int(tree.start[node]), int(tree.length[node]), *seen))
            return Table(("node", "start", "tokens", "q_first", "q_stop"), tuple(rows))
        for i in range(state["groups"]):
            chunks = " + ".join(_named(tree, chunk) for chunk in self.plan.groups[i].chunks)
            rows.append((i, chunks, *self._column(i)))
        return Table(("group", "chunks of nodes", *ARRAYS), tuple(rows))

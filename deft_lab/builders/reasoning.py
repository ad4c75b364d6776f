"""DeFT's reasoning templates: real tree-of-thoughts runs, as which node lives when.

Format and growth rules: arXiv 2404.00242, its public repository, folder dataset/generation/ (MIT).
item: an entry of a file, counted from 0, incomplete ones included (the runner's `tree_idx`).
value: tokens of a node; start, end: its first and last decode iteration, both inclusive.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import TemplateError
from ..trace import Event, Trace
from ..tree import Tree
from ..tree._shape import depth_first


@dataclass(frozen=True)
class TemplateNode:
    """One node of a reasoning template."""

    id: int
    value: int
    start: int
    end: int
    children: tuple[int, ...]


@dataclass(frozen=True)
class ReasoningTemplate:
    """A recorded tree-of-thoughts run: which node lives when.

    Raises:
        TemplateError: the links or times contradict each other.
    """

    nodes: Mapping[int, TemplateNode]
    prompt: str = ""
    name: str = "template"

    def __post_init__(self) -> None:
        _check_nodes(self.nodes, self.name)

    @property
    def prompt_len(self) -> int:
        """Tokens of the recorded prompt."""
        return self.nodes[0].value

    def tree(self) -> Tree:
        """All nodes at their full length, as if nothing had been pruned; labels are the node ids."""
        order = _preorder(self.nodes)
        index = {v: i for i, v in enumerate(order)}
        parent = [-1] * len(order)
        for v in order:
            for child in self.nodes[v].children:
                parent[index[child]] = index[v]
        leaves = sorted(v for v in order if not self.nodes[v].children)
        return Tree(parent, [self.nodes[v].value for v in order], [index[v] for v in leaves], order)

    def growth(self, prompt_len: int | None = None, max_seq_len: int | None = None) -> Trace:
        """The run as a trace.

        Args:
            prompt_len: pad or cut the prompt to so many tokens; default: as recorded.
            max_seq_len: prompt plus generated tokens; default: until the root is pruned.
        """
        prompt = self.prompt_len if prompt_len is None else prompt_len
        if prompt < 1:
            raise TemplateError(f"{self.name}: prompt_len={prompt}; a prompt has at least 1 token")
        budget = None if max_seq_len is None else max_seq_len - prompt - 1
        if budget is not None and budget < 1:
            raise TemplateError(
                f"{self.name}: max_seq_len={max_seq_len} leaves no decode after a prompt of {prompt}; "
                f"it must be at least {prompt + 2}"
            )
        events, n_steps = _grow(self.nodes, budget)
        return Trace(
            Tree([-1], [prompt]), tuple(events), n_steps, {"task": "reasoning", "template": self.name}
        )

    @classmethod
    def from_tree(cls, tree: Tree, prompt: str = "", name: str = "template") -> "ReasoningTemplate":
        """A template whose `tree()` is `tree`: inner nodes fork at full length, no leaf waits for another.

        Raises:
            TemplateError: the seats are not the leaves, or the labels do not begin with 0 at the root.
        """
        if not np.array_equal(tree.seat, tree.leaves) or tree.label[0] != 0:
            raise TemplateError(
                f"{tree!r} is no template: the root's label is 0 and the seats are the leaves"
            )
        nodes: dict[int, TemplateNode] = {}
        for node in tree.nodes:
            end = 0 if node.parent is None else nodes[int(tree.label[node.parent])].end + node.length
            children = tuple(int(tree.label[c]) for c in node.children)
            nodes[node.label] = TemplateNode(node.label, node.length, end - node.length + 1, end, children)
        return cls(nodes, prompt, name)

    def to_item(self) -> dict[str, Any]:
        """The template as an item of a template file."""
        data = {
            str(v): {
                "id": n.id,
                "value": n.value,
                "start": n.start,
                "end": n.end,
                "children": list(n.children),
            }
            for v, n in sorted(self.nodes.items())
        }
        return {"incompleted": False, "prompt": self.prompt, "data": data}

    @classmethod
    def from_item(cls, item: Any, name: str = "template") -> "ReasoningTemplate":
        """Read an item of a template file.

        Raises:
            TemplateError: it is marked incomplete, fields are missing, or its links or times are broken.
        """
        if not isinstance(item, dict) or not {"incompleted", "prompt", "data"} <= set(item):
            raise TemplateError(f"{name}: an item has the fields incompleted, prompt and data")
        if item["incompleted"]:
            raise TemplateError(
                f"{name}: the run is marked 'incompleted', its tree was cut off; choose another item"
            )
        try:
            nodes = {
                int(key): TemplateNode(n["id"], n["value"], n["start"], n["end"], tuple(n["children"]))
                for key, n in item["data"].items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as bad:
            raise TemplateError(
                f"{name}: a node lacks id, value, start, end or children, or its id is no number ({bad!r})"
            ) from bad
        for key, node in nodes.items():
            if node.id != key:
                raise TemplateError(f"{name}: node {key} calls itself {node.id!r}; the two must agree")
        return cls(nodes, item["prompt"], name)


def _check_nodes(nodes: Mapping[int, TemplateNode], name: str) -> None:
    if 0 not in nodes:
        raise TemplateError(f"{name}: no node 0; node 0 is the root")
    if nodes[0].end != 0:
        raise TemplateError(f"{name}: the root ends at iteration {nodes[0].end}; prefill ends at 0")
    above: dict[int, int] = {}
    for node in nodes.values():
        numbers = (node.id, node.value, node.start, node.end, *node.children)
        if not all(isinstance(number, int) for number in numbers):
            raise TemplateError(
                f"{name}: node {node.id} holds {numbers!r}; id, value, times and children are integers"
            )
        if node.value != node.end - node.start + 1 or node.value < 0:
            raise TemplateError(
                f"{name}: node {node.id} has value {node.value}, but lives from {node.start} to {node.end}; "
                "value = end - start + 1, 0 or more"
            )
        for child in node.children:
            if child not in nodes:
                raise TemplateError(f"{name}: node {node.id} has a child {child}, which is not in the data")
            if child in above or child == 0:
                raise TemplateError(
                    f"{name}: node {child} has two parents, {above.get(child, '(root)')} and {node.id}"
                )
            if nodes[child].start != node.end + 1:
                raise TemplateError(
                    f"{name}: node {child} starts at {nodes[child].start}, but its parent {node.id} ends at "
                    f"{node.end}; a child starts one iteration after its parent's end"
                )
            above[child] = node.id
    lost = sorted(set(nodes) - set(_preorder(nodes)))
    if lost:
        raise TemplateError(f"{name}: nodes {lost[:6]} cannot be reached from the root")


def _preorder(nodes: Mapping[int, TemplateNode]) -> list[int]:
    return depth_first(0, lambda v: nodes[v].children)


def _grow(nodes: Mapping[int, TemplateNode], budget: int | None) -> tuple[list[Event], int]:
    """(events, steps) of a template: forks and prunes at each node's `end`, visible one step later."""
    parent = {child: v for v, node in nodes.items() for child in node.children}
    alive_below = dict.fromkeys(nodes, 0)
    events: list[Event] = []
    due = [(0, 0)]  # (iteration of its end, node), so that leaves of one iteration come by id
    while due:
        end, v = heapq.heappop(due)
        if budget is not None and end >= budget:
            break
        # a node of value 0 is pruned at the fork that bears it, whatever hangs below
        children = nodes[v].children if nodes[v].value else ()
        if children:
            events.append(Event(end + 1, "fork", v, children=children))
            alive_below[v] = len(children)
            for child in children:
                run = nodes[child].value - 1
                if budget is not None:
                    run = min(run, budget - nodes[child].start)
                if run > 0:
                    events.append(Event(end + 2, "append", child, n_steps=run))
                heapq.heappush(due, (nodes[child].end, child))
            continue
        top = v
        while top != 0:
            above = parent[top]
            alive_below[above] -= 1
            if alive_below[above]:
                break
            top = above
        if top == 0:
            break
        events.append(Event(end + 1, "prune", top))
    return sorted(events, key=lambda e: e.step), end if budget is None else min(end, budget)

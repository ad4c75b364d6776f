"""Look-alikes of DeFT's four reasoning tasks: their shape and lengths, none of their data.

Shape as in the paper's templates (arXiv 2404.00242, Table 13 and the released files): an expanded node
has ten children, one child a level is expanded, older siblings keep growing until their own end. Node
and prompt lengths are drawn so that they follow the percentiles measured on those files.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import TreeError, check_choice, check_counts
from ..tree import Tree
from .reasoning import ReasoningTemplate, TemplateNode

WIDTH = 10


@dataclass(frozen=True)
class Task:
    """What is known of a task: how many nodes are expanded, and how long nodes and prompts are, in tokens."""

    n_expanded: int
    percentiles: tuple[int, int, int, int, int]  # 5, 25, 50, 75, 95 of the lengths of non-root nodes
    prompt: tuple[int, int]  # shortest and longest


TASKS = {
    "document": Task(3, (452, 859, 1022, 1216, 1423), (831, 1900)),
    "keyword": Task(6, (50, 62, 78, 92, 112), (1351, 1506)),
    "set": Task(9, (9, 36, 63, 105, 219), (1611, 1611)),
    "sorting": Task(10, (1, 2, 369, 555, 1085), (1104, 1104)),
}


def reasoning_template_like(task: str = "sorting", seed: int = 0) -> ReasoningTemplate:
    """A template of that task's shape, drawn from `seed`.

    Raises:
        TreeError: the task is unknown, or the seed no integer of at least 0.
    """
    check_choice(TreeError, TASKS, task=task)
    check_counts(TreeError, 0, seed=seed)
    shape, rng = TASKS[task], np.random.default_rng(seed)
    prompt = int(rng.integers(shape.prompt[0], shape.prompt[1] + 1))
    nodes = {0: TemplateNode(0, prompt, 1 - prompt, 0, ())}
    expanded = 0
    for _ in range(shape.n_expanded):
        children = tuple(range(len(nodes), len(nodes) + WIDTH))
        above = nodes[expanded]
        nodes[expanded] = TemplateNode(above.id, above.value, above.start, above.end, children)
        for child, length in zip(children, _lengths(shape, rng), strict=True):
            nodes[child] = TemplateNode(child, length, above.end + 1, above.end + length, ())
        expanded = int(rng.choice(children))
    return ReasoningTemplate(nodes, name=f"look-alike of {task}, seed {seed}")


def reasoning_like(task: str = "sorting", seed: int = 0) -> Tree:
    """A look-alike of a reasoning run at its widest step."""
    growth = reasoning_template_like(task, seed).growth()
    return growth.tree_at(growth.widest())


def _lengths(shape: Task, rng: np.random.Generator) -> list[int]:
    """Lengths of one node's children: a distribution that is straight between the percentiles, inverted."""
    p5, p25, _, p75, p95 = shape.percentiles
    values = (max(1, p5 - (p25 - p5) / 2), *shape.percentiles, p95 + (p95 - p75) / 2)
    drawn = np.interp(rng.random(WIDTH), (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1), values)
    return np.rint(drawn).astype(int).tolist()

"""Monte-Carlo tree search over thoughts: promising branches grow, the others stay short.

thought: a node of `length` tokens. Each iteration descends to where a thought is missing, adds it, scores
it, and tells the score to every node above.
Source: UCT (Kocsis and Szepesvári, 2006); as a search over thoughts, RAP (2305.14992).
"""

from collections.abc import Callable
from math import inf, log, sqrt

import numpy as np

from ..errors import TreeError, check_counts
from ..tree import Tree

Reward = Callable[[int, int], float]  # (parent, new node) -> score of the new node, from 0 to 1


def mcts(
    n_iterations: int = 32,
    n_actions: int = 4,
    max_depth: int = 6,
    length: int = 50,
    prompt: int = 1000,
    seed: int = 0,
) -> Tree:
    """The tree after `n_iterations` thoughts, a query on every leaf.

    A thought is about as good as the one before it: its score is that one's plus a normal number of
    deviation 0.2, kept within 0 and 1; the prompt's is 0.5. Sizes are of ours, near those of RAP.
    """
    check_counts(TreeError, 0, length=length, prompt=prompt, seed=seed)
    rng = np.random.default_rng(seed)
    score = [0.5]

    def reward(parent: int, node: int) -> float:
        score.append(float(np.clip(score[parent] + rng.normal(0.0, 0.2), 0.0, 1.0)))
        return score[node]

    parent = uct(reward, n_iterations, n_actions, max_depth)
    return Tree.from_parents(parent, [prompt] + [length] * (len(parent) - 1))


def uct(
    reward: Reward, n_iterations: int, n_actions: int, max_depth: int, exploration: float = sqrt(2)
) -> list[int]:
    """[node] parents, in the order of growth, by upper confidence bounds.

    Among the children of a full node that goes on which maximises

        mean score + exploration * sqrt(ln(visits of the node) / visits of the child)

    A node at `max_depth` is full and has no children: a visit there scores it anew, with its own score.
    """
    check_counts(TreeError, 1, n_iterations=n_iterations, n_actions=n_actions, max_depth=max_depth)
    parent, visits, total, own, depth = [-1], [0], [0.0], [0.0], [0]
    children: list[list[int]] = [[]]

    def bound(node: int) -> float:
        if not visits[node]:
            return inf
        above = visits[parent[node]]
        return total[node] / visits[node] + exploration * sqrt(log(above) / visits[node])

    for _ in range(n_iterations):
        node = 0
        while len(children[node]) == n_actions and depth[node] < max_depth:
            node = max(children[node], key=bound)  # of equals the first
        if depth[node] < max_depth:
            new = len(parent)
            children[node].append(new)
            parent.append(node)
            children.append([])
            depth.append(depth[node] + 1)
            visits.append(0)
            total.append(0.0)
            own.append(reward(node, new))
            node = new
        value = own[node]
        while node >= 0:
            visits[node] += 1
            total[node] += value
            node = parent[node]
    return parent

"""Exercises of notebook 01: counting the tokens of a tree, and splitting it by node."""

from ..contract import Exercise
from ..trees import cases
from . import nb01_mutants as mutants
from .nb01_judges import (
    LEAST,
    MOST,
    WANTED_NODES,
    ask_every_node,
    judge_count,
    judge_groups,
    judge_queries,
    judge_tree,
)

# --- solutions: the learner is shown the source of what the tests run


def count_tokens(tree):
    unique = sum(tree.length)
    total = 0
    for seat in tree.seat:
        total += sum(tree.length[node] for node in tree.path(seat))
    return unique, total


def queries_of(tree, node):
    return [query for query, seat in enumerate(tree.seat) if node in tree.path(seat)]


def split_by_node(tree):
    groups = {}
    for query, seat in enumerate(tree.seat):
        for node in tree.path(seat):
            if tree.length[node] > 0:
                groups.setdefault(node, []).append(query)
    return sorted(groups.items())


def my_tree():
    prompt, branch = 11, 4
    return [prompt] + [branch] * 11


# --- the exercises

EXERCISES = (
    Exercise(
        key="01.1",
        title="count the tokens, with and without sharing",
        difficulty=1,
        importance=4,
        minutes=5,
        task="""
            Write `count_tokens(tree)`, which returns a pair `(unique, total)`. *Unique* counts every stored
            token once. *Total* counts, for each query, all tokens that it sees, and adds these up.
            You have `tree.length` (tokens of each node), `tree.seat` (for each query, the node where it
            sits) and `tree.path(node)` (the nodes from the root down to `node`).
        """,
        skeleton="def count_tokens(tree):\n    # return unique, total\n    ...",
        hints=(
            "*Unique* needs no query: it is one sum over the nodes. *Total* needs a loop over the queries.",
            """
            Query `q` sits on node `tree.seat[q]` and sees the nodes in `tree.path(tree.seat[q])`. Do not
            take the leaves instead: some trees of the check seat their queries elsewhere.
            """,
            """
            `unique = sum(tree.length)`. For each `seat` in `tree.seat`, add
            `sum(tree.length[node] for node in tree.path(seat))` to `total`.
            """,
        ),
        solution=count_tokens,
        why="""
            **Why it is right.** A token is stored once, in its node, so *unique* is a sum over the nodes. A
            query sees every token of its path, so a node counts once for every query at or below it. A
            `Tree` knows both numbers, as `tree.n_tokens` and `tree.n_path_tokens`, and their ratio,
            `tree.sharing`: where some query sees every token, no method can save more KV reads than that.
        """,
        judge=judge_count,
        cases=cases,
        mutants=mutants.COUNT_TOKENS,
    ),
    Exercise(
        key="01.2",
        title="who needs this node?",
        difficulty=2,
        importance=5,
        minutes=8,
        task="""
            Write `queries_of(tree, node)`, which returns the list of all queries that need the KV of
            `node`: those whose path runs through it. Queries are numbered 0, 1, 2, ... in the order of
            `tree.seat`. The list may be empty.
        """,
        skeleton="def queries_of(tree, node):\n    # return a list of query numbers\n    ...",
        hints=(
            "Ask each query the same question: is `node` on your path?",
            """
            The path of query `q` is `tree.path(tree.seat[q])`, its own node included.
            `enumerate(tree.seat)` gives you each query with its seat.
            """,
            """
            A list comprehension over `enumerate(tree.seat)`: keep `query` if `node in tree.path(seat)`.
            """,
        ),
        solution=queries_of,
        why="""
            **Why it is right.** To see a node is to have it on one's path. The list is always a run of
            neighbours: nodes are numbered depth first, so a node and all below it have consecutive numbers,
            and so have the queries that sit there. That is why two integers a node are enough,
            `tree.q_first[node]` and `tree.q_stop[node]`, however many queries there are.
        """,
        judge=judge_queries,
        cases=cases,
        ask=ask_every_node,
        mutants=mutants.QUERIES_OF,
    ),
    Exercise(
        key="01.3",
        title="split by node",
        difficulty=2,
        importance=5,
        minutes=10,
        task="""
            Write `split_by_node(tree)`, which returns groups as a list of pairs `(node, [query, ...])`: one
            group for each node, with all queries that see it. Every query must meet every node of its path
            exactly once. Leave out what would be an idle group: a node without tokens, or one that no query
            sees.
        """,
        skeleton="def split_by_node(tree):\n    # return [(node, [query, ...]), ...]\n    ...",
        hints=(
            "The exercise before gives you the queries of one node. What is left is a loop, and two tests.",
            """
            Or turn the table around. A path lists the nodes of a query, and you want the queries of a node:
            walk all paths once, and put each query into the list of every node that you meet.
            """,
            """
            Start with an empty dict `groups`. For `query, seat in enumerate(tree.seat)` and each
            `node in tree.path(seat)` with `tree.length[node] > 0`:
            `groups.setdefault(node, []).append(query)`. Return the items of `groups`.
            """,
        ),
        solution=split_by_node,
        why="""
            **Why it is right.** The innermost line runs once for each pair of a query and a node of its
            path, so every pair is met once. A node gets into the dict only if some query walks through it
            and it holds tokens, so no group is idle. `check_plan(plan_tree(tree, "deft_node"))` proves the
            same of the library's plan.
        """,
        judge=judge_groups,
        cases=cases,
        mutants=mutants.SPLIT_BY_NODE,
    ),
    Exercise(
        key="01.4",
        title="draw a tree that shares threefold",
        difficulty=3,
        importance=3,
        minutes=10,
        task=f"""
            Draw a tree of {WANTED_NODES} nodes whose sharing ratio, *total* over *unique*, is between
            {LEAST} and {MOST}. Write it as a nested list, `[length, child, child, ...]`, where a leaf may
            be its length alone: `[100, 10, [20, 5, 5]]` is a root of 100 tokens with a leaf of 10 and an
            inner node of 20, which has two leaves of 5.
        """,
        skeleton="my_tree = ...  # a nested list",
        hints=(
            """
            The simplest shape is enough: a prompt that forks once. Which of the lengths pulls the ratio
            up, and which pulls it down?
            """,
            """
            A prompt of P tokens with eleven leaves of L tokens: unique is P + 11 L, total is
            11 P + 11 L. Set their ratio to 3.
            """,
            "11 P + 11 L = 3 (P + 11 L) gives 8 P = 22 L. Take P = 11; then L = 4.",
        ),
        solution=my_tree,
        why="""
            **Why it is right.** Unique is 11 + 11 x 4 = 55 tokens; total is 11 x (11 + 4) = 165, three
            times as many. Eleven queries could share elevenfold if they had nothing of their own; what each
            has for itself is read once by every method, and pulls the ratio down.
        """,
        judge=judge_tree,
        mutants=mutants.MY_TREE,
    ),
)

"""Exercises of notebook 06: who waits for whom, how long the chunks should be, and for which tree not."""

from ..contract import Exercise
from . import nb06_mutants as mutants
from .nb06_judges import (
    CHOSEN,
    LEAST_QUERIES,
    LEAST_RATIO,
    LENGTHS,
    MOST_NODES,
    MOST_TOKENS,
    N_HEADS,
    N_SMS,
    UNIT,
    chunk_cases,
    judge_chunk,
    judge_hard_tree,
    judge_makespan,
    lists,
)

# --- solutions: the learner is shown the source of what the tests run


def makespan(durations, n_sms):
    free = [0] * n_sms  # when each SM will be free
    for duration in durations:
        first = free.index(min(free))
        free[first] += duration
    return max(free)


def best_chunk(tree):
    from deft_lab import plan_tree
    from deft_lab.cost import unit_rota

    def units(chunk_len):
        plan = plan_tree(tree, "deft_node_chunk", chunk_len=chunk_len)
        reduction = plan.n_partials * 32 * 2 / 16 / 132  # heads, tokens, tokens of a unit, SMs
        return unit_rota(plan).makespan + reduction

    return min((32, 64, 128, 256, 512, 1024, 2048, 4096), key=units)


def hard_tree():
    return [200] + [10] * 3


# --- the exercises

EXERCISES = (
    Exercise(
        key="06.1",
        title="hand the programs out",
        difficulty=2,
        importance=5,
        minutes=10,
        task="""
            Write `makespan(durations, n_sms)`: the time at which the last program ends. Programs start in
            the order of the list `durations`; each goes to the SM that is free first, and runs there
            without a break. At time 0, all `n_sms` SMs are free.
        """,
        skeleton="def makespan(durations, n_sms):\n    # return when the last program ends\n    ...",
        hints=(
            "All you need to know of an SM is when it will be free. Keep a list of these times.",
            """
            Start with `free = [0] * n_sms`. For each duration, find the smallest of these times, and add the
            duration to it.
            """,
            """
            `first = free.index(min(free))`, then `free[first] += duration`. At the end, the answer is
            `max(free)`: the SM that works longest.
            """,
        ),
        solution=makespan,
        why="""
            **Why it is right.** A program never waits while an SM is free, and no SM is taken out of turn:
            that is all that a GPU promises, too. The rule has a name, *list scheduling*, and a guarantee: the
            last program ends before twice the best time that any order could reach. The order still matters,
            as a long program at the end of the list shows. The library's version is `schedule`, in
            [cost/schedule.py](../deft_lab/cost/schedule.py).
        """,
        judge=judge_makespan,
        cases=lists,
        mutants=mutants.MAKESPAN,
        tried="list of durations",
    ),
    Exercise(
        key="06.2",
        title="choose the chunk length",
        difficulty=3,
        importance=4,
        minutes=15,
        task=f"""
            Write `best_chunk(tree)`, which returns the chunk length out of {", ".join(map(str, LENGTHS))}
            with which DeFT-Node-Chunk costs least on {N_SMS} SMs, with {N_HEADS} query heads. The cost, in
            units, is the makespan, `unit_rota(plan).makespan`, plus the reduction: each of
            `plan.n_partials` partials, of each head, costs as much as 2 tokens of KV, a unit is {UNIT}
            tokens, and all {N_SMS} SMs share this work evenly.
        """,
        skeleton="def best_chunk(tree):\n    # return one of the lengths\n    ...",
        hints=(
            "Make the plan for each length, and add up two numbers. Then take the smallest sum.",
            f"""
            `plan = plan_tree(tree, "deft_node_chunk", chunk_len=n)`. All partials together are
            `plan.n_partials * {N_HEADS} * 2` tokens; divide by {UNIT} and by {N_SMS}.
            """,
            """
            Write an inner function `units(n)` that returns the cost, and return
            `min((32, 64, 128, 256, 512, 1024, 2048, 4096), key=units)`.
            """,
        ),
        solution=best_chunk,
        why="""
            **Why it is right.** It tries them all, and planning is so cheap that one may: a plan takes less
            than a millisecond. Short chunks spread the work evenly and make many partials, long ones do the
            opposite, and where the two costs cross depends on the tree. A fixed length is a bet on the trees
            that one expects.
        """,
        judge=judge_chunk,
        cases=chunk_cases,
        mutants=mutants.BEST_CHUNK,
    ),
    Exercise(
        key="06.3",
        title="draw a tree that breaks the choice",
        difficulty=3,
        importance=3,
        minutes=10,
        task=f"""
            Chunks of {CHOSEN} tokens are best for the few-shot tree. Draw a tree on which they cost at least
            {LEAST_RATIO:g} times as much as the best length for that tree (same model, same cost as in the
            exercise before): with at least {LEAST_QUERIES} queries, and at most {MOST_NODES} nodes and
            {MOST_TOKENS:,} tokens. Write it as a nested list, `[length, child, child, ...]`.
        """,
        skeleton="hard_tree = ...  # a nested list",
        hints=(
            """
            When does a chunk length do harm? When the last programs keep a few SMs busy while all others
            wait. On which trees is that most of the time?
            """,
            f"""
            {N_HEADS} heads with one chunk each are {N_HEADS} programs, and there are {N_SMS} SMs. So take a
            tree that is hardly longer than one chunk.
            """,
            "A root of 200 tokens, with three leaves of 10.",
        ),
        solution=hard_tree,
        why=f"""
            **Why it is right.** The root fits into one chunk, so only {N_HEADS} of {N_SMS} SMs work on it,
            for 13 units each. In pieces of 32 tokens it is 7 programs for each head, more than there are SMs,
            and all is done in less than half of the time. Small trees want short chunks, large trees long
            ones: no constant is right for both, so a planner should look at the tree. Tree-Waves does.
        """,
        judge=judge_hard_tree,
        mutants=mutants.HARD_TREE,
    ),
)

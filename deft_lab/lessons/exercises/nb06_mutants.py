"""Known wrong answers to the exercises of notebook 06, by what is wrong with them."""

from typing import Any

from ...cost import unit_rota
from ...methods import plan_tree
from .nb06_judges import LENGTHS, cost


def greedy(durations: Any, n_sms: int, pick: Any = min) -> int:
    free = [0] * n_sms
    for duration in durations:
        free[free.index(pick(free))] += int(duration)
    return max(free)


def in_turn(durations: Any, n_sms: int) -> int:
    return max(sum(durations[sm::n_sms]) for sm in range(n_sms))


def in_waves(durations: Any, n_sms: int) -> int:
    return sum(max(durations[i : i + n_sms]) for i in range(0, len(durations), n_sms))


def in_runs(durations: Any, n_sms: int) -> int:
    size = -(-len(durations) // n_sms)
    return max(sum(durations[i : i + size]) for i in range(0, len(durations), size))


MAKESPAN = {
    "hands programs out in turn": in_turn,
    "waits for a whole wave": in_waves,
    "gives each SM a run of neighbours": in_runs,
    "cuts the work as finely as it likes": lambda d, n: -(-sum(d) // n),
    "the longest program, or the mean if that is more": lambda d, n: max(max(d), -(-sum(d) // n)),
    "the longest first": lambda d, n: greedy(sorted(d, reverse=True), n),
    "the shortest first": lambda d, n: greedy(sorted(d), n),
    "the last program first": lambda d, n: greedy(d[::-1], n),
    "gives work to the busiest SM": lambda d, n: greedy(d, n, max),
    "one after the other": lambda d, n: sum(d),
    "the number of waves": lambda d, n: -(-len(d) // n),
    "when the first SM is done for good": lambda d, n: min(in_turn(d, n), min(d)),
}


def best_by(units: Any) -> Any:
    """An answer to 06.2 that minimises something else."""

    def answer(tree: Any) -> int:
        return min(LENGTHS, key=lambda n: units(plan_tree(tree, "deft_node_chunk", chunk_len=n)))

    return answer


BEST_CHUNK = {
    "always the paper's 128": lambda tree: 128,
    "always 256": lambda tree: 256,
    "forgets the reduction": best_by(lambda plan: unit_rota(plan).makespan),
    "thinks of the reduction only": best_by(lambda plan: plan.n_partials),
    "as finely as one likes": best_by(lambda plan: unit_rota(plan).ideal + plan.n_partials * 4 / 132),
    "partials of one head": best_by(lambda plan: unit_rota(plan).makespan + plan.n_partials / 8 / 132),
    "the reduction on one SM": best_by(lambda plan: unit_rota(plan).makespan + plan.n_partials * 4),
    "never tries the longest": lambda tree: min(LENGTHS[:-1], key=lambda n: cost(tree, n)),
    "the costliest": lambda tree: max(
        LENGTHS, key=lambda n: unit_rota(plan_tree(tree, "deft_node_chunk", chunk_len=n)).makespan
    ),
    "a length that is not offered": lambda tree: 100,
    "all costs": lambda tree: dict.fromkeys(LENGTHS, 1.0),
}

HARD_TREE = {
    "the few-shot tree": [4000, *[20] * 20],
    "few queries": [256],
    "two queries": [200, 56, 56],
    "a large tree": [16_000, *[400] * 30],
    "a star": [4000, *[1] * 64],
    "four long branches": [1000, 1000, 1000, 1000, 1000],
    "too many nodes": [256, *[1] * 400],
    "too many tokens": [100_000, 20, 20, 20],
    "no tree": 256,
    "a negative length": [256, 10, 10, -10],
}

"""Exhibits: numbers in a table that are not what happened."""

import numpy as np

from ...cost import traffic
from ...geometry import LLAMA3_8B
from ...methods import plan_tree
from ...tree import Tree
from .attention import RELEASED
from .exhibit import Exhibit

LAYER = LLAMA3_8B.layer

# --- flatten_partials


def partials_are_free(tree, chunk_len):
    plan = plan_tree(tree, "deft_flatten", chunk_len=chunk_len)
    kv = 2 * int(plan.kv_len.sum()) * LAYER.n_kv_heads * LAYER.head_dim * LAYER.dtype_bytes
    return {"kv": kv, "partials": 0}


def partials_are_moved_twice(tree, chunk_len):
    plan = plan_tree(tree, "deft_flatten", chunk_len=chunk_len)
    kv = 2 * int(plan.kv_len.sum()) * LAYER.n_kv_heads * LAYER.head_dim * LAYER.dtype_bytes
    written = 4 * plan.n_partials * LAYER.n_q_heads * LAYER.head_dim
    return {"kv": kv, "partials": 2 * written}


def as_the_kernels_request(tree, chunk_len):
    plan = plan_tree(tree, "deft_flatten", chunk_len=chunk_len)
    return traffic(plan, LAYER, "requested").by_role()


def test_flatten_partials(moved):
    from deft_lab import Tree

    tree = Tree([-1] + [0] * 20, [4000] + [20] * 20)
    coarse, fine = moved(tree, 128), moved(tree, 64)
    assert fine["partials"] > coarse["partials"] > 0


def kv_does_not_depend_on_the_cut(moved):
    tree = Tree([-1] + [0] * 20, [4000] + [20] * 20)
    assert moved(tree, 128)["kv"] == moved(tree, 64)["kv"] > 0


def something_is_moved(moved):
    assert sum(v or 0 for v in moved(Tree([-1, 0, 0], [100, 3, 3]), 16).values()) > 0


def kv_of_one_kv_head_each(moved):
    tree = Tree([-1, 0, 0], [200, 3, 3])
    assert moved(tree, 64)["kv"] == 2 * 206 * 8 * 128 * 2 and moved(tree, 64)["partials"] > 0


FLATTEN_PARTIALS = Exhibit(
    key="flatten_partials",
    title="partial results that cost nothing",
    found="Table 12 of the paper (arXiv 2404.00242) and the counters of the released code.",
    did="""
        Cutting the tree into even chunks gives each chunk its own partial for each query. On the few-shot
        tree of notebook 1, chunks of 128 tokens move more bytes of partials than of KV. An account in which
        they are free can only praise a finer cut.
    """,
    gets="Your test gets `moved(tree, chunk_len)`: bytes by role, among them `kv` and `partials`.",
    defect=partials_are_free,
    right=partials_are_moved_twice,
    also_right=(as_the_kernels_request,),
    test=test_flatten_partials,
    wrong_tests={
        "looks at KV": kv_does_not_depend_on_the_cut,
        "any bytes will do": something_is_moved,
        "asks for one grid": kv_of_one_kv_head_each,
    },
)

# --- shared_counter


class CounterOfTheClass:
    total = 0  # of the class: all runs of a process share it

    def add(self, n):
        CounterOfTheClass.total += n


class CounterOfTheRun:
    def __init__(self):
        self.total = 0

    def add(self, n):
        self.total += n


class CounterOfItems:
    def __init__(self):
        self.items = []

    def add(self, n):
        self.items.append(n)

    @property
    def total(self):
        return sum(self.items)


def test_shared_counter(new_counter):
    new_counter().add(5)
    assert new_counter().total == 0


def one_run_adds_up(new_counter):
    counter = new_counter()
    before = counter.total
    counter.add(2)
    counter.add(3)
    assert counter.total - before == 5


def it_grows(new_counter):
    counter = new_counter()
    counter.add(1)
    assert counter.total >= 1


def it_keeps_a_number(new_counter):
    assert "total" in vars(new_counter())


SHARED_COUNTER = Exhibit(
    key="shared_counter",
    title="counters that survive their run",
    found=f"{RELEASED}: bytes are counted in attributes of a class.",
    did="""
        Two runs in one process: the second begins with the bytes of the first, and looks twice as bad. Run
        alone, each is right, which is how such a thing is missed.
    """,
    gets="Your test gets `new_counter`, which makes the counter of a run: it has `add(n)` and `total`.",
    defect=CounterOfTheClass,
    right=CounterOfTheRun,
    also_right=(CounterOfItems,),
    test=test_shared_counter,
    wrong_tests={
        "one run only": one_run_adds_up,
        "it grows": it_grows,
        "looks at how it is kept": it_keeps_a_number,
    },
)

# --- ten_times_the_cost


def cost_table():
    return {"flan-t5-small": 60, "flan-t5-base": 220, "llama-160m": 160, "llama-7b": 70000}


def cost_table_right():
    return {"flan-t5-small": 60, "flan-t5-base": 220, "llama-160m": 160, "llama-7b": 7000}


def cost_table_in_float():
    return {"flan-t5-small": 77.0, "llama-160m": 162.4, "llama-7b": 6738.4}


def test_ten_times_the_cost(costs):
    for name, millions in costs().items():
        size = name.rpartition("-")[2]
        if size[:-1].isdigit():
            said = int(size[:-1]) * {"m": 1, "b": 1000}[size[-1]]
            assert 0.8 * said < millions < 1.25 * said, name


def in_order(costs):
    assert list(costs().values()) == sorted(costs().values())


def no_number_is_negative(costs):
    assert min(costs().values()) > 0 and np.isfinite(list(costs().values())).all()


def exactly_what_the_name_says(costs):
    assert costs()["llama-7b"] == 7000


TEN_TIMES_THE_COST = Exhibit(
    key="ten_times_the_cost",
    title="a target that is ten times too dear",
    found="the released code of CS Drafting: LLaMA-7B stands as 70000 in a table of millions of parameters.",
    did="""
        The standardised walltime improvement divides the target's cost by what the drafts cost. With a target
        ten times too dear, every draft looks nearly free, and the improvement grows.
    """,
    gets="Your test gets `costs()`: model name to millions of parameters. Names may say their size.",
    defect=cost_table,
    right=cost_table_right,
    also_right=(cost_table_in_float,),
    test=test_ten_times_the_cost,
    wrong_tests={
        "smaller models cost less": in_order,
        "numbers above zero": no_number_is_negative,
        "the round number itself": exactly_what_the_name_says,
    },
)

EXHIBITS = (FLATTEN_PARTIALS, SHARED_COUNTER, TEN_TIMES_THE_COST)

"""Numbers that notebooks 2 to 4 make their learners predict: they are what the course says they are."""

import numpy as np
import pytest

from deft_lab import LLAMA3_8B, build_tree, plan_tree, traffic
from deft_lab.builders.look_alike import reasoning_template_like
from deft_lab.lessons.exercises.nb04_judges import right, starting_at

FEW_SHOT = build_tree("few_shot", prompt=4000, width=20, length=20)
LAYER = LLAMA3_8B.layer


@pytest.mark.parametrize(("method", "partials", "mb"), [("deft_node", 40, 0.66), ("deft_flatten", 658, 10.8)])
def test_partials_of_the_few_shot_tree_and_their_bytes_each_way(method, partials, mb):
    plan = plan_tree(FEW_SHOT, method)
    moved = traffic(plan, LAYER, "requested", pack_heads=True)
    assert plan.n_partials == partials
    # an output of 128 float32 numbers for each of 32 heads, written once and read once
    assert moved.partials == 2 * partials * 32 * 128 * 4
    assert moved.partials / 2e6 == pytest.approx(mb, abs=0.03) and round(moved.kv / 1e6, 1) == 18.0


def test_whole_reasoning_trees_have_the_nodes_of_the_released_ones():
    tasks = ("document", "keyword", "set", "sorting")
    assert [reasoning_template_like(task).tree().n_nodes for task in tasks] == [31, 61, 91, 101]


def test_a_maximum_that_starts_at_0_is_off_in_the_fourth_decimal_at_minus_95():
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(25):
        out, lse = (
            rng.normal(size=(8, 4)).astype(np.float32),
            (-95 + rng.normal(size=8) / 2).astype(np.float32),
        )
        errors.append(np.abs(starting_at(0.0)(out, lse) - right(out, lse)).max())
    assert 5e-5 < max(errors) < 1e-3


def test_a_maximum_that_starts_at_0_gives_nan_from_minus_104_on():
    out = np.ones((2, 1), dtype=np.float32)
    with np.errstate(invalid="ignore"):
        is_nan = [bool(np.isnan(starting_at(0.0)(out, np.full(2, -x, np.float32))).any()) for x in range(200)]
    assert is_nan.index(True) == 104 and all(is_nan[104:])
    assert right(out, np.full(2, -104, np.float32)) == 1

"""What exercises call right is what the library counts: two ways to the same number."""

import pytest

from deft_lab import plan_tree, traffic
from deft_lab.lessons import EXERCISES
from deft_lab.lessons.exercises.nb05_judges import layer_cases


@pytest.mark.parametrize("case", layer_cases(), ids=range(50))
def test_the_closed_forms_of_notebook_5_are_the_requested_bytes(case):
    tree, geometry = case.arguments
    radix, node, chunk = (
        traffic(plan_tree(tree, m), geometry) for m in ("radix", "deft_node", "deft_node_chunk")
    )
    assert EXERCISES["05.1"].solution(tree, geometry) == (radix.kv, node.kv)
    assert EXERCISES["05.2"].solution(tree, geometry) == tuple(t.partials + t.lse for t in (node, chunk))
    unfused = traffic(plan_tree(tree, "tree_mask"), geometry, "paper")
    assert EXERCISES["05.3"].solution(tree, geometry) == (unfused.mask, unfused.partials)

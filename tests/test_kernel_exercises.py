"""The stripped kernel of notebooks 07 and 08: right with its own pieces, stopped where one strays."""

import numpy as np
import pytest

pytest.importorskip("triton")

import kernel_answers

from deft_lab.lessons import EXERCISES
from deft_lab.lessons.checking import examine
from deft_lab.lessons.kernel_runs import Launch, kernel_cases, run_kernel

CASES = list(kernel_cases())


def test_the_cases_hold_what_wrong_kernels_forget():
    queries = [int((tree.q_stop - tree.q_first).max()) for tree in CASES]
    assert any(32 < n <= 64 for n in queries) and any(n > 64 for n in queries)
    lengths = np.concatenate([tree.length for tree in CASES])
    assert {1, 0, 16} <= set(lengths.tolist()) and (lengths > 32).any()
    assert any(tree.n_tokens % 2 for tree in CASES) and any(not tree.n_tokens % 2 for tree in CASES)
    assert any(tree.n_tokens % 4 == 0 and (tree.length % 16).any() for tree in CASES)  # low scores, masked


@pytest.mark.parametrize("tree", CASES, ids=range(len(CASES)))
def test_with_its_own_pieces_it_computes_attention(tree):
    run = run_kernel(tree, {}, heads=(6, 2))
    assert not run.problem and np.abs(run.out - run.exact).max() < 1e-4
    tiles = -(-(tree.q_stop - tree.q_first) // 32)
    seen = tree.length[tree.q_stop > tree.q_first].sum()
    assert run.kv_requested / run.kv_unique == pytest.approx(3 * (tree.length * tiles).sum() / seen)


def test_an_access_that_leaves_its_tensor_is_named():
    run = run_kernel(CASES[0], {"kv_offset": lambda slot, head, n_q, n_kv, dim: slot + 10_000})
    assert run.out is None and "k = tl.load(k_ptr" in run.problem


def test_what_a_piece_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_kernel(CASES[0], {"scores": lambda *given: 1 / 0})


def test_a_launch_may_pack_heads():
    def rows(program, row):
        return program * 2 + row % 2, row // 2

    run = run_kernel(CASES[3], {}, Launch(2, 16, rows), heads=(4, 2))
    assert np.abs(run.out - run.exact).max() < 1e-4 and run.kv_requested == run.kv_unique


def test_jitted_answers_are_answers():
    exercise = EXERCISES["07.2"]
    assert examine(exercise, kernel_answers.scores).passed
    assert examine(exercise, kernel_answers.scores_without_mask).status == "wrong"
    result = examine(exercise, kernel_answers.raises)
    assert result.status == "raised" and "no_such_name" in result.markdown

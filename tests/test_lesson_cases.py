"""Exercises whose cases are more than a tree, numbers as answers, and the table of all exercises."""

import numpy as np
import pytest

from deft_lab.lessons import EXERCISES
from deft_lab.lessons.answers import compare, compare_parts
from deft_lab.lessons.checking import examine
from deft_lab.lessons.contract import Case, Complaint, Exercise
from deft_lab.lessons.report import row_of, table
from deft_lab.lessons.shrink import case_size
from deft_lab.lessons.trees import cases as trees


def made_up(**changes):
    """A small exercise: the sum of an array, over a threshold."""

    def total(numbers, least):
        return numbers[numbers >= least].sum()

    def judge(case, got):
        right = sum(x for x in case.arguments[0].tolist() if x >= case.arguments[1])
        return compare("the sum", got, right)

    def cases():
        return [Case((np.arange(n, dtype=float), 2), f"{n} numbers") for n in (9, 3, 5)]

    described = {"difficulty": 1, "importance": 1, "minutes": 1, "task": "t", "why": "w"}
    skeleton, hints = "def total(numbers, least):\n    ...", ("a", "b", "c")
    given = {"solution": total, "judge": judge, "cases": cases, "tried": "case"} | changes
    return Exercise(key="99.1", title="sum", skeleton=skeleton, hints=hints, **described, **given)


def test_the_smallest_case_is_shown_in_words():
    assert "right on 3 cases" in examine(made_up(), made_up().solution).markdown
    result = examine(made_up(), lambda numbers, least: numbers.sum())
    assert result.status == "wrong" and "The smallest case found that shows it, from 3 tried: 3 numbers" in (
        result.markdown
    )
    assert result.figures == ()


def test_the_size_of_a_case_counts_what_is_nested():
    tiles = [(np.zeros((2, 3)), 1.0), (np.zeros(4), 1.0)]
    assert case_size(Case((np.zeros(5), tiles))) == (5 + 6 + 1 + 4 + 1,)


def test_an_answer_that_writes_into_its_arguments_harms_nobody():
    def total(numbers, least):
        numbers[numbers < least] = 0
        return numbers.sum()

    given = np.arange(4.0)
    assert examine(made_up(cases=lambda: [Case((given, 2))]), total).passed and given[1] == 1


def test_a_case_with_a_tree_is_shrunk_with_what_else_it_holds():
    def remake(tree):
        return Case((tree, 3), f"limit 3, {tree.n_nodes} nodes", tree, remake)

    def judge(case, got):
        return None if got == case.arguments[0].n_tokens > 3 else Complaint("wrong")

    found = made_up(cases=lambda: map(remake, trees()), judge=judge, solution=lambda tree, limit: None)
    result = examine(found, lambda tree, limit: tree.n_nodes > 1)
    assert result.status == "wrong" and result.tree.n_nodes <= 2
    assert (
        result.case.words == f"limit 3, {result.tree.n_nodes} nodes" and result.case.words in result.markdown
    )


def test_a_learners_test_returns_nothing_and_is_judged_by_what_it_catches():
    def broken(values):
        return values[0]

    def ask(test, case):
        try:
            test(*case.arguments)
        except AssertionError:
            return "fails"
        return "passes"

    def judge(case, got):
        return None if got == case.known else Complaint(f"your test {got} on {case.words}")

    def cases():
        return [Case((max,), "the right one", known="passes"), Case((broken,), "a broken one", known="fails")]

    def test_it(largest):
        assert largest([1, 2]) == 2

    described = {"judge": judge, "cases": cases, "ask": ask, "returns": False, "solution": test_it}
    assert examine(made_up(**described), test_it).passed
    assert "passes on a broken one" in examine(made_up(**described), lambda largest: largest([2, 1])).markdown


def test_what_is_not_installed_is_told_and_not_tried():
    result = examine(made_up(needs=("no_such_package",)), lambda numbers, least: 1 / 0)
    assert result.status == "unavailable" and "needs `no_such_package`" in result.markdown


@pytest.mark.parametrize(
    ("got", "why"),
    [
        ([1.0, 2.0], None),
        (np.array([1, 2]), None),
        ([1.0, 2.0 + 1e-12], None),
        ([1.0, 2.1], "x is wrong (1 of 2 numbers are wrong)"),
        ([1.0, float("nan")], "x is wrong (1 of 2 numbers are wrong)"),
        ([1.0], "x has another shape"),
        ("1, 2", "x is not made of numbers"),
        ({1: 2}, "x is not made of numbers"),
        ([[1], 2], "x is not made of numbers"),
    ],
)
def test_numbers_are_compared_within_a_tolerance(got, why):
    found = compare("x", got, [1.0, 2.0])
    assert (found.why if found else None) == why


def test_infinite_numbers_and_tensors_are_numbers():
    torch = pytest.importorskip("torch")
    assert compare("x", torch.tensor([1.0, -torch.inf], requires_grad=True), [1.0, -np.inf]) is None
    assert compare("x", [np.inf], [-np.inf]).got == "inf at [0]"
    assert compare_parts((1.0, [2.0]), {"out": 1.0, "lse": [2.0]}) is None
    assert compare_parts((1.0, [3.0]), {"out": 1.0, "lse": [2.0]}).why == "`lse` is wrong"
    assert "2 parts" in compare_parts([1.0], {"out": 1.0, "lse": [2.0]}).why


def test_the_table_says_which_exercise_is_good():
    good = row_of(EXERCISES["01.4"])
    assert good.is_good and good.solution_passes and good.skeleton_is_open and good.rejected == good.mutants
    bad = made_up(mutants={str(n): made_up().solution for n in range(5)})
    row = row_of(bad)
    assert not row.is_good and (row.solution_passes, row.rejected) == (True, 0)
    text = table([good, row])
    assert "0 of 5" in text and text.splitlines()[-1].startswith("1 of 2 exercises are good; 11 of 16")

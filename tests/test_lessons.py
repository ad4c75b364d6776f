"""Exercises: what the learner sees, and that the checks are not fooled."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deft_lab import LLAMA3_8B, DeftLabError, Tree, plan_tree, traffic
from deft_lab.lessons import EXERCISES, cards, check, exercise, hint, solution
from deft_lab.lessons.checking import UNREAD, examine
from deft_lab.lessons.exercises import nb07
from deft_lab.lessons.report import LEAST_MUTANTS, handed_in
from deft_lab.lessons.shrink import candidates, shrink, size
from deft_lab.lessons.trees import cases

ROOT = Path(__file__).parent.parent


def needed(found):
    """Skip where a package that the exercise needs is missing."""
    for name in found.missing:
        pytest.skip(f"needs {name}")


every_exercise = pytest.mark.parametrize("found", EXERCISES.values(), ids=EXERCISES)
every_mutant = pytest.mark.parametrize(
    ("key", "name"), [(key, name) for key, found in EXERCISES.items() for name in found.mutants]
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cards, "_hints_given", {})


@every_exercise
def test_the_solution_passes(found):
    needed(found)
    result = examine(found, found.answer)
    assert result.passed, result.markdown


@every_mutant
def test_a_known_wrong_answer_is_rejected_with_a_reason(key, name):
    needed(EXERCISES[key])
    result = examine(EXERCISES[key], EXERCISES[key].mutants[name])
    assert result.status == "wrong" and UNREAD not in result.complaint.why
    assert result.complaint.why in result.markdown or result.complaint.why[1:] in result.markdown


@every_exercise
def test_there_are_at_least_five_known_wrong_answers(found):
    assert len(found.mutants) >= LEAST_MUTANTS


@every_exercise
def test_a_skeleton_is_answered_politely(found):
    needed(found)
    result = examine(found, handed_in(found))
    assert result.status == "open" and f'hint("{found.key}")' in result.markdown
    assert examine(found, None).status == "open"


@every_exercise
def test_an_exercise_is_described_in_full(found):
    assert re.fullmatch(r"\d\d\.\d", found.key) and EXERCISES[found.key] is found
    assert found.difficulty in range(1, 6) and found.importance in range(1, 6) and found.minutes > 0
    assert len(set(found.hints)) == 3 and all(text.strip() for text in (*found.hints, found.task, found.why))
    assert found.cases is None or len(list(found.cases())) >= 5


def test_a_function_that_is_not_implemented_is_open():
    def count_tokens(tree):
        raise NotImplementedError

    assert examine(EXERCISES["01.1"], count_tokens).status == "open"


def test_the_cases_hold_what_wrong_answers_forget():
    trees = cases()
    per_node = [int((tree.q_stop - tree.q_first).max()) for tree in trees]
    assert any(32 < most <= 64 for most in per_node) and any(most > 64 for most in per_node)
    assert any((tree.length == 1).any() and tree.n_nodes > 1 for tree in trees)
    assert any((tree.length[tree.leaves] == 0).any() for tree in trees)
    assert any((tree.length > 128).any() and not (tree.length % 128 == 0).any() for tree in trees)
    assert any(np.setdiff1d(tree.seat, tree.leaves).size for tree in trees)
    assert any(len(np.unique(tree.seat)) < tree.n_queries for tree in trees)
    assert any((tree.q_stop == tree.q_first).any() for tree in trees)
    assert any(tree.n_nodes == 1 for tree in trees)
    assert len(set(trees)) > 25 and trees == cases()
    assert all(np.array_equal(tree.label, np.arange(tree.n_nodes)) for tree in trees)


def no_more_than_32(tree, node):
    return EXERCISES["01.2"].solution(tree, node)[:32]


def test_the_smallest_failing_tree_is_shown():
    result = examine(EXERCISES["01.2"], no_more_than_32)
    assert result.tree == Tree([-1] + [0] * 33, [1] * 34)
    assert str(result.tree) in result.markdown
    without_root = EXERCISES["01.1"].mutants["leaves out the root"]
    assert examine(EXERCISES["01.1"], without_root).tree == Tree([-1], [1])


@pytest.mark.parametrize("tree", cases(), ids=range(len(cases())))
def test_every_candidate_of_shrinking_is_smaller(tree):
    assert all(size(candidate) < size(tree) for candidate in candidates(tree))


def test_shrinking_keeps_what_fails():
    tree = Tree([-1, 0, 1, 1, 0, 4, 4], [9, 5, 7, 7, 12, 1, 130])
    assert shrink(tree, lambda t: t.n_queries >= 2) == Tree([-1, 0, 0], [1, 1, 1])
    assert shrink(tree, lambda t: (t.length > 100).any()).n_nodes == 1
    assert shrink(tree, lambda t: False) == tree


def test_an_exception_is_shown_with_its_line_and_its_tree():
    def count_tokens(tree):
        return tree.length[5], 0

    result = examine(EXERCISES["01.1"], count_tokens)
    assert result.status == "raised" and not result.passed
    assert "IndexError" in result.markdown and "return tree.length[5], 0" in result.markdown
    assert result.tree.n_nodes == 1


def test_what_the_answer_prints_is_shown_for_the_failing_tree_only(capsys):
    def count_tokens(tree):
        print(f"nodes: {tree.n_nodes}")
        return 0, 0

    result = check("01.1", count_tokens)
    out = capsys.readouterr().out
    assert out.count("nodes:") == 1 and "nodes: 1" in out and "not right yet" in out
    assert result.printed == "nodes: 1\n"


ODD = [42, "text", {}, [], object(), lambda: 1, lambda *a: object(), lambda *a: [[]], lambda *a: {1: 2}, int]


@every_exercise
@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
def test_an_odd_answer_is_wrong_and_raises_nothing(found, answer):
    needed(found)
    assert examine(found, answer).status in ("wrong", "raised")


def test_a_result_in_place_of_the_function_is_explained():
    assert "leave out the brackets" in examine(EXERCISES["01.1"], (3, 4)).markdown


def test_an_answer_that_changes_its_mind_is_shown_as_seen():
    calls = []

    def count_tokens(tree):
        calls.append(tree)
        return (0, 0) if len(calls) < 3 else (tree.n_tokens, tree.n_path_tokens)

    result = examine(EXERCISES["01.1"], count_tokens)
    assert result.status == "wrong" and "(0, 0)" in result.markdown


def test_a_missing_return_on_some_trees_is_wrong_not_open():
    def count_tokens(tree):
        if tree.n_nodes > 1:
            return tree.n_tokens, tree.n_path_tokens

    assert examine(EXERCISES["01.1"], count_tokens).status == "wrong"


@pytest.mark.parametrize("key", ["01.1", "01.2", "01.3"])
def test_a_result_that_is_not_returned_is_missed(key):
    def prints(*arguments):
        print("the result")

    def keeps(*arguments):
        result = arguments[0]  # noqa: F841

    for function in (prints, keeps):
        result = examine(EXERCISES[key], function)
        assert result.status == "wrong" and "did you forget `return`?\n" in result.markdown
    assert "the result" in examine(EXERCISES[key], prints).printed


def test_a_function_of_other_arguments_is_told_how_to_begin():
    result = examine(EXERCISES["01.2"], lambda tree: [])
    assert result.status == "wrong" and "`def queries_of(tree, node):`" in result.markdown
    assert "function(tree" not in result.markdown


def test_an_error_is_quoted_from_the_learner_s_code_only():
    def count_tokens(tree):
        return tree.index(-7), 0

    result = examine(EXERCISES["01.1"], count_tokens)
    assert result.status == "raised" and "at `return tree.index(-7), 0`" in result.markdown

    def calls_itself_wrongly(tree):
        return count_tokens()

    assert "at `return count_tokens()`" in examine(EXERCISES["01.1"], calls_itself_wrongly).markdown


def test_a_swapped_pair_is_called_by_its_name():
    result = examine(EXERCISES["01.1"], EXERCISES["01.1"].mutants["swaps the pair"])
    assert "right numbers in the wrong order" in result.markdown


@pytest.mark.parametrize(
    ("nested", "why"),
    [
        ([20, *[7] * 10], "It has 1 node too few"),
        ([8, *[3] * 13], "It has 2 nodes too many"),
        ([10, *[4] * 11], "It shares too little."),
        ([12, *[4] * 11], "It shares too much."),
        ([100, 1], "It has 10 nodes too few and it shares too little."),
    ],
)
def test_a_drawn_tree_that_misses_is_told_in_which_direction(nested, why):
    result = examine(EXERCISES["01.4"], nested)
    assert why in result.markdown and "<summary>the tree as text</summary>" in result.markdown
    assert [figure.title for figure in result.figures] == ["Your tree"]


def test_any_form_that_says_the_right_thing_passes():
    count, queries, split = (EXERCISES[key].solution for key in ("01.1", "01.2", "01.3"))
    assert check("01.1", lambda tree: np.array(count(tree))).passed
    assert check("01.2", lambda tree, node: set(queries(tree, node))).passed
    assert check("01.2", lambda tree, node: range(tree.q_first[node], tree.q_stop[node])).passed
    assert check("01.3", lambda tree: (group for group in reversed(split(tree)))).passed
    assert check("01.3", lambda tree: dict(split(tree))).passed
    tree = Tree([-1] + [0] * 11, [11] + [4] * 11)
    assert check("01.4", tree).passed and check("01.4", SimpleNamespace(tree=tree)).passed


def test_hints_come_one_after_the_other(capsys):
    for level, text in enumerate(EXERCISES["01.3"].hints, 1):
        hint("01.3")
        out = capsys.readouterr().out
        assert text in out and f"hint {level} of 3" in out
    hint("01.3")
    assert EXERCISES["01.3"].hints[2] in capsys.readouterr().out
    hint("01.3", 1)
    assert EXERCISES["01.3"].hints[0] in capsys.readouterr().out
    with pytest.raises(DeftLabError, match="no hint 4 to exercise 01.3; there are 1 to 3"):
        hint("01.3", 4)


@every_exercise
def test_the_solution_shown_is_the_one_that_is_tested(found, capsys):
    needed(found)
    solution(found.key)
    out = capsys.readouterr().out
    assert f"def {found.solution.__name__}(" in out and found.why.replace("**", "") in out
    # as the notebooks import them
    namespace = {"np": np, "tl": nb07.tl, "plan_tree": plan_tree, "traffic": traffic, "LLAMA3_8B": LLAMA3_8B}
    exec(found.source, namespace)
    written = namespace[found.solution.__name__]
    assert examine(found, written if found.cases else written()).passed


@every_exercise
def test_the_card_says_how_hard_and_how_long(found, capsys):
    exercise(found.key)
    out = capsys.readouterr().out
    assert f"({found.difficulty} of 5)" in out and f"about {found.minutes} minutes" in out
    assert found.task.replace("**", "") in out


@pytest.mark.parametrize("verb", [hint, solution, exercise, lambda key: check(key, 1)])
def test_an_unknown_exercise_lists_the_known_ones(verb):
    with pytest.raises(DeftLabError, match=r"no exercise '1'; choose one of 01\.1, 01\.2, 01\.3, 01\.4"):
        verb("1")


# --- what is loaded when


def test_lessons_load_nothing_heavy_until_it_is_needed():
    code = (
        "import sys, deft_lab; assert not any(m.startswith('deft_lab.lessons') for m in sys.modules)\n"
        "import deft_lab.lessons\n"
        "heavy = {'torch', 'plotly', 'ipywidgets', 'anywidget', 'IPython', 'triton'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr

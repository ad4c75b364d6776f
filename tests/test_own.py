"""A method of one's own: `check_all` proves it or finds where it breaks; a report needs only a browser."""

import dataclasses
import re

import numpy as np
import pytest

from deft_lab import METHODS, Tree, build_tree, plan_tree
from deft_lab.errors import DeftLabError
from deft_lab.lessons.own import PROMISES, check_all, examine_method
from deft_lab.lessons.trees import cases
from deft_lab.viz import write_report

TREE = build_tree("few_shot", prompt=40, width=3, length=5)


@pytest.mark.parametrize("method", METHODS)
def test_every_published_method_keeps_all_promises(method):
    report = examine_method(method)
    assert report.passed and report.kept == report.tried
    assert report.kept[:2] == (len(cases()),) * 2 and report.kept[2] > 10


def broken_at(method):
    report = examine_method(method)
    assert not report.passed and report.tree is not None
    assert report.broken in report.markdown and len(report.figures) == 1
    return report


def test_a_method_that_loses_tokens_is_shown_the_smallest_tree_on_which_it_does():
    def forgetful(tree):
        plan = plan_tree(tree, "deft_node")
        return dataclasses.replace(plan, chunk_stop=np.minimum(plan.chunk_stop, 64))

    report = broken_at(forgetful)
    assert report.broken == PROMISES[1] and "token 64" in report.why
    assert report.tree.n_nodes == 1 and report.tree.n_tokens == 65


def test_a_method_that_raises_or_gives_no_plan_breaks_the_first_promise():
    assert broken_at(lambda tree: 1 // 0).broken == PROMISES[0]
    assert "must give a `Plan`" in broken_at(lambda tree: None).why
    other = broken_at(lambda tree: plan_tree(Tree(tree.parent, tree.length, tree.seat), "radix"))
    assert "another tree" in other.why


def test_a_method_that_fails_on_wide_trees_only_is_found():
    def narrow(tree):
        plan = plan_tree(tree, "deft_node")
        return dataclasses.replace(plan, q_stop=np.minimum(plan.q_stop, plan.q_first + 32))

    assert broken_at(narrow).tree.n_queries == 33


def test_a_method_goes_by_name_and_an_unknown_one_is_refused(capsys):
    assert check_all("radix").passed and "all promises kept" in capsys.readouterr().out
    with pytest.raises(DeftLabError, match="no method 'oak'"):
        check_all("oak")


def test_a_report_holds_every_figure_its_words_its_numbers_and_the_tree(tmp_path):
    page = write_report(TREE, ["radix", "tree_waves"], tmp_path / "report.html").read_text()
    assert page.count("<svg") == 6 and page.count("<details>") == 6
    assert "Tree-Waves" in page and TREE.to_json().replace('"', "&quot;") in page
    assert not re.search(r'(src|href)="https?:', page) and "<script" not in page
    assert f"{plan_tree(TREE, 'radix').n_groups}</td>" in page


def test_a_report_without_methods_or_of_another_kind_is_refused(tmp_path):
    with pytest.raises(DeftLabError, match=r"end the name in \.html"):
        write_report(TREE, ["radix"], tmp_path / "report.pdf")
    with pytest.raises(DeftLabError, match="no methods"):
        write_report(TREE, [], tmp_path / "report.html")
    with pytest.raises(DeftLabError, match="no method 'oak'"):
        write_report(TREE, ["oak"], tmp_path / "report.html")

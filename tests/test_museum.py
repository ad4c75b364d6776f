"""The bug museum: tests that find each defect, and tests that do not."""

from pathlib import Path

import numpy as np
import pytest

from deft_lab import DeftLabError
from deft_lab.lessons.bug_museum import EXHIBITS, ROOMS, check_museum, museum, page
from deft_lab.lessons.bug_museum.exhibit import judge, source
from deft_lab.lessons.bug_museum.models import LLAMA31, scaled_frequencies

every_exhibit = pytest.mark.parametrize("exhibit", EXHIBITS.values(), ids=EXHIBITS)
every_wrong_test = pytest.mark.parametrize(
    ("key", "name"), [(key, name) for key, found in EXHIBITS.items() for name in found.wrong_tests]
)
LEAST_WRONG_TESTS = 3
ROOT = Path(__file__).parent.parent


@every_exhibit
def test_its_test_finds_the_defect_and_passes_what_is_right(exhibit):
    verdict = judge(exhibit, exhibit.test)
    assert verdict.passed, verdict.markdown


@every_wrong_test
def test_a_wrong_test_is_refused_with_a_reason(key, name):
    verdict = judge(EXHIBITS[key], EXHIBITS[key].wrong_tests[name])
    assert verdict.status == "wrong" and len(verdict.why) > 30


@every_exhibit
def test_tests_that_test_nothing_are_refused(exhibit):
    assert judge(exhibit, lambda implementation: None).status in ("open", "wrong")
    assert not judge(exhibit, lambda implementation: True).passed

    def always_fails(implementation):
        raise AssertionError

    def does_not_run(implementation):
        return implementation.no_such_thing

    assert judge(exhibit, always_fails).status == "wrong"
    assert judge(exhibit, does_not_run).status == "raised"
    assert judge(exhibit, 42).status == "wrong"


@every_exhibit
def test_both_kinds_of_wrong_test_are_known(exhibit):
    """Too loose: they pass the defect. Too strict: they fail on something that is right."""
    assert len(exhibit.wrong_tests) >= LEAST_WRONG_TESTS and exhibit.also_right
    why = [judge(exhibit, test).why for test in exhibit.wrong_tests.values()]
    assert any("passes the defect" in text for text in why)


@every_exhibit
def test_a_skeleton_is_open(exhibit):
    cell: dict = {}
    exec(exhibit.skeleton, cell)
    verdict = judge(exhibit, cell[exhibit.test.__name__])
    assert verdict.status == "open" and exhibit.key in verdict.markdown
    assert judge(exhibit, None).status == "open"


@every_exhibit
def test_it_is_told_in_full(exhibit, capsys):
    museum(exhibit.key)
    out = capsys.readouterr().out
    for text in (exhibit.title, exhibit.did, source(exhibit.defect), source(exhibit.test)):
        assert text.replace("**", "")[:60] in out
    assert exhibit.test.__name__ == f"test_{exhibit.key}" and exhibit.found


def test_the_list_names_every_exhibit(capsys):
    museum()
    out = capsys.readouterr().out
    assert all(f"`{key}`" in out for key in EXHIBITS) and len(EXHIBITS) >= 20
    assert sum(map(len, ROOMS.values())) == len(EXHIBITS)


def test_an_unknown_exhibit_is_told():
    with pytest.raises(DeftLabError, match="no exhibit 'moon'; choose one of row_max"):
        check_museum("moon", None)


def test_a_check_is_shown(capsys):
    assert check_museum("row_max", EXHIBITS["row_max"].test).passed
    assert "Caught" in capsys.readouterr().out


@every_exhibit
def test_a_test_as_shown_stands_alone(exhibit):
    namespace: dict = {"np": np}  # what a notebook has anyway
    exec(source(exhibit.test), namespace)
    assert judge(exhibit, namespace[exhibit.test.__name__]).passed


def test_a_test_may_use_pytest():
    def test_mislabelled_tree(read):
        with pytest.raises(ValueError, match="paths|nodes"):
            read({"Token_Tree_size": 10, "Tree_Structure": [[0]]})

    assert judge(EXHIBITS["mislabelled_tree"], test_mislabelled_tree).passed


def test_a_defect_that_crashes_is_not_caught_by_chance():
    def trips(reduce):
        reduce(np.zeros((1, 2), np.float32), np.zeros(1, np.float32))
        if reduce is EXHIBITS["row_max"].defect:
            raise KeyError("x")

    assert judge(EXHIBITS["row_max"], trips).status == "wrong"


def test_rope_is_that_of_transformers():
    pytest.importorskip("transformers")
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = {"rope_type": "llama3", "rope_theta": LLAMA31["rope_theta"], **LLAMA31["rope_scaling"]}
    config = LlamaConfig(hidden_size=512, num_attention_heads=4, head_dim=128, rope_parameters=rope)
    theirs, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    assert np.allclose(scaled_frequencies(LLAMA31), theirs.numpy(), rtol=1e-5)


def test_the_page_is_what_the_exhibits_say():
    assert (ROOT / "docs" / "bug_museum.md").read_text(encoding="utf-8") == page(), (
        "stale; run python tools/make_museum_page.py"
    )

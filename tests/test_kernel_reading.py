"""Kernels as notebook 07 shows them: source with its line numbers, values of a recorded run, gaps."""

from pathlib import Path

import pytest

from deft_lab.kernel_run import load_kernel_run
from deft_lab.lessons import source_of, stripped_source, values_of
from deft_lab.lessons.exercises import nb07

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def run():
    return load_kernel_run("deft_node")


def test_source_is_quoted_as_it_stands_in_the_file(run):
    for function in run.functions:
        lines = (ROOT / "kernels" / function.file).read_text().splitlines()
        quoted = source_of(run, function.name).markdown.split("```")[1].splitlines()[1:]
        for line in quoted:
            number, text = int(line[:3]), line[5:]
            assert lines[number - 1] == text, "record the runs anew: tools/make_kernel_runs.py"


def test_a_part_of_it_begins_and_ends_where_asked(run):
    text = source_of(run, "deft_node_kernel", begin="for first in", end="acc = meet").markdown
    assert text.count("\n") < 14 and "store_partials" not in text and "tl.program_id" not in text


def test_it_links_to_its_lines(run):
    function = next(f for f in run.functions if f.name == "meet")
    last = function.first + len(function.lines) - 1
    link = f'../kernels/attend.py#L{function.first}-L{last} "lines {function.first} to {last}"'
    assert source_of(run, "meet").markdown.startswith(f"[attend.py]({link})\n")


def test_values_are_those_of_the_moment(run):
    step = run.steps_where("first == 4 and node(0)")[0]
    rows = {row[0]: row[1:] for row in values_of(run, step, "first", "inside", "slot").rows}
    assert rows["first"] == ("one", "4")
    assert rows["inside"] == ("int1 4", "1 1 0 0")
    assert len(rows["slot"][1].split()) == 4


def test_the_stripped_kernel_calls_what_the_learner_writes():
    text = stripped_source().markdown
    for exercise in nb07.EXERCISES:
        assert f"{exercise.solution.__name__}(" in text
        assert f"def {exercise.solution.__name__}" not in text
    assert all(f"gap{'s' if gap in (1, 3) else ''} {gap}" in text for gap in (1, 3, 5, 6))

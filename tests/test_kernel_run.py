"""A kernel's run, line by line: the bundled ones are true, and what follows from a moment follows from it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deft_lab.errors import DeftLabError, TraceError
from deft_lab.kernel_run import (
    Function,
    KernelRun,
    Memory,
    Moment,
    Program,
    Touch,
    bundled_kernel_runs,
    load_kernel_run,
    read_kernel_run,
    write_kernel_run,
)
from deft_lab.kernel_run.conditions import as_number
from deft_lab.kernel_run.files import to_json
from deft_lab.widgets import play_kernel
from deft_lab.widgets.players.kernel_words import substituted

ROOT = Path(__file__).parent.parent
every_run = pytest.mark.parametrize("name", bundled_kernel_runs())


@pytest.fixture(scope="module")
def node() -> KernelRun:
    return load_kernel_run("deft_node")


def test_the_bundled_runs_are_those_of_the_readme():
    assert bundled_kernel_runs() == ("deft_flatten", "deft_node", "tree_waves")


def test_the_bundled_runs_are_what_the_kernels_do_today():
    pytest.importorskip("torch")
    pytest.importorskip("triton")
    script = ROOT / "tools" / "make_kernel_runs.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@every_run
def test_a_run_is_written_as_it_was_read(name, tmp_path):
    run = load_kernel_run(name)
    path = write_kernel_run(run, tmp_path / "run.json")
    again = read_kernel_run(path)
    assert again.moments == run.moments and again.functions == run.functions
    assert (again.memories, again.programs, again.tree) == (run.memories, run.programs, run.tree)
    assert path.read_text("utf-8") == to_json(run) and path.stat().st_size < 100_000


def test_reading_a_run_needs_no_triton():
    code = (
        "import sys; from deft_lab.widgets import play_kernel; play_kernel(); "
        "print(sorted({'torch', 'triton'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@every_run
def test_the_source_is_that_of_the_kernels(name):
    for function in load_kernel_run(name).functions:
        lines = (ROOT / "kernels" / function.file).read_text().split("\n")
        assert list(function.lines) == lines[function.first - 1 : function.first - 1 + len(function.lines)]


@every_run
def test_lines_lie_in_their_functions_and_helpers_return(name):
    run, depth = load_kernel_run(name), 0
    for i, moment in enumerate(run.moments):
        assert run.text(i)
        assert moment.depth <= depth + (moment.kind == "enter")
        assert moment.kind == "enter" or moment.program == run.moments[i - 1].program
        depth = moment.depth
        if moment.kind == "call":
            assert run.moments[i + 1].kind == "enter" and run.moments[i + 1].depth == depth + 1


def online_softmax(q, k, v, scale):
    """What the loop's variables must be when it has met these tokens."""
    s = q @ k.T * scale
    m = s.max(axis=1)
    p = np.exp2(s - m[:, None])
    return m, p.sum(axis=1), p @ v


def test_the_loops_variables_are_those_of_the_online_softmax(node):
    stores = node.steps_where("kernel == 'deft_node_kernel' and stores('partials')")
    assert len(stores) == 10  # a program for each of five nodes and two query heads
    for step in stores:
        scope = node.variables(step)
        loop = max(i for i in range(step) if node.text(i).startswith("for ") and not node.moments[i].depth)
        held = node.variables(loop)
        program = node.moments[step].program
        mine = [i for i, moment in enumerate(node.moments) if moment.program == program and i < step]
        keys, values = [], []
        for i in mine:
            found = node.moments[i].changes
            if node.moments[i].depth == 0 and "slot" in found:
                live = as_number(node.variables(i)["inside"]).astype(bool)
            for name, rows in (("k", keys), ("v", values)):
                if node.moments[i].depth == 0 and name in found and node.moments[i].kind == "line":
                    rows.append(as_number(found[name])[live])
        n = int(as_number(held["n_queries"]))
        q = as_number(held["q"])[:n]
        m, total, acc = online_softmax(q, np.concatenate(keys), np.concatenate(values), held["scale_log2"])
        assert np.allclose(as_number(held["m"])[:n], m, rtol=2e-3, atol=2e-3)
        assert np.allclose(as_number(held["total"])[:n], total, rtol=3e-3)
        assert np.allclose(as_number(held["acc"])[:n], acc, rtol=5e-3, atol=5e-3)
        assert np.allclose(as_number(scope["out"])[:n], acc / total[:, None], rtol=6e-3, atol=6e-3)


@every_run
def test_bytes_are_those_of_the_account(name):
    run = load_kernel_run(name)
    touches = [(run.memories[t.memory].name, t) for moment in run.moments for t in moment.touches]
    kv = sum(touch.n_bytes for memory, touch in touches if memory in ("k", "v"))
    heads = 1 if name == "tree_waves" else 2  # programs that read a token
    assert kv == run.tree.n_tokens * heads * 2 * 4 * 4
    written = sum(touch.n_bytes for memory, touch in touches if (memory, touch.op) == ("o", "store"))
    assert written == run.tree.n_queries * 2 * 4 * 4


@every_run
def test_every_token_is_loaded_through_its_own_slot(name):
    run = load_kernel_run(name)
    by_name = {memory.name: memory for memory in run.memories}
    tokens = np.repeat(np.arange(run.tree.n_nodes), run.tree.length)
    assert by_name["slot"].nodes == tuple(tokens.tolist())
    for token, slot in enumerate(by_name["slot"].values):
        assert by_name["k"].nodes[slot] == by_name["v"].nodes[slot] == tokens[token]


def tiny() -> KernelRun:
    """Two programs of a kernel of two lines."""
    source = Function("kernel", "tiny.py", 10, ("def kernel(x):", "    y = x + 1", "    z = y * 2"))

    def program(i: int) -> list[Moment]:
        return [
            Moment(i, 0, 10, 0, "enter", {"x": i}, ()),
            Moment(i, 0, 11, 0, "line", {"y": i + 1}, (Touch(0, "load", (i,), 4),)),
            Moment(i, 0, 12, 0, "return", {"z": {"d": "int32", "s": [2], "v": [2 * i + 2, 7]}}, ()),
        ]

    memory = Memory("a", ("row",), (2,), 4, (), (5, 6))
    programs = (Program(0, "kernel", 0, 0, 0), Program(0, "kernel", 1, 0, 0))
    return KernelRun("tiny", None, (source,), (memory,), programs, (*program(0), *program(1)))


def test_variables_are_those_of_the_program_and_no_other():
    run = tiny()
    assert [sorted(run.variables(i)) for i in range(6)] == [["x"], ["x", "y"], ["x", "y", "z"]] * 2
    assert run.variables(4) == {"x": 1, "y": 2} and run.bytes == (0, 4, 4, 4, 8, 8)
    assert run.program_steps == (0, 3)


@pytest.mark.parametrize(
    ("condition", "steps"),
    [
        ("y == 2", (4,)),
        ("x == 0 and y > 0", (1,)),
        ("z == 7", (2, 5)),  # any element
        ("all(z == 4) or max(z) > 6", (2, 5)),
        ("not y == 1", (4,)),  # before y is there, nothing holds
        ("z[0] == 4", (5,)),
        ("y in [1, 5]", (1,)),
        ("line == 12 and program == 1", (5,)),
        ("loads('a')", (1, 4)),
        ("stores('a')", ()),
        ("-y + 3 == len(z) - 1", (5,)),
        ("kernel == 'kernel' and depth == 0", (0,)),
        ("1 < y <= 2", (4,)),
    ],
)
def test_conditions(condition, steps):
    assert tiny().steps_where(condition) == steps


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("y ==", "is no expression"),
        ("__import__('os')", "calls __import__"),
        ("y.real == 1", "has a Attribute"),
        ("[a for a in z]", "has a ListComp"),
        ("(lambda: 1)()", "calls"),
        ("w == 1", "no variable w in this run; there are depth, function, kernel, line, program, x, y, z"),
        ("z[9] == 1", "cannot be evaluated at step 2"),
        ("node(1)", "cannot be evaluated at step 0: the run has no tree"),
        ("y ** 99", "has a Pow"),
        ("loads('a', 'b')", "calls loads"),
    ],
)
def test_conditions_that_are_none_are_refused(condition, message):
    with pytest.raises(DeftLabError, match=message):
        tiny().steps_where(condition)


def test_a_condition_about_a_node_stops_where_its_kv_is_touched(node):
    steps = node.steps_where("node(3) and loads('k')")
    assert len(steps) == 2  # once for each query head
    slots = next(memory for memory in node.memories if memory.name == "k").nodes
    for step in steps:
        (touch,) = node.moments[step].touches
        assert {slots[cell] for cell in touch.cells} == {3} and len(touch.cells) == 4
    player = play_kernel(node)
    assert player.stop_when("node(3) and loads('k')") == steps == tuple(player.hits)
    assert (
        player.next_stop() == steps[0] and player.next_stop() == steps[1] and player.next_stop() == steps[1]
    )
    assert player.next_stop(backwards=True) == steps[0]
    player.stop_when("")
    assert player.hits == []


def test_the_page_hears_why_a_condition_is_none(node):
    player = play_kernel(node)
    player.breakpoint = "nothing == 3"
    assert "no variable nothing" in player.refusal and player.hits == []
    player.breakpoint = "first == 4"
    assert player.refusal == "" and player.hits


@every_run
def test_the_players_steps_are_the_moments(name):
    player = play_kernel(name)
    run = player.run
    assert len(player.script) == len(run) == len(player.lines)
    for step in range(0, len(run), 7):
        fn, line, depth, rows, changed = player.lines[step]
        assert (fn, line, depth) == run.moments[step][1:4]
        assert len(rows) == len(run.variables(step)) and len(changed) == len(run.moments[step].changes)
        assert player.script[step].n_bytes == run.bytes[step]
    assert json.loads(json.dumps(player.jumps))["program"]["steps"] == list(run.program_steps)


def test_a_line_is_shown_with_its_numbers():
    scope = {"head": 1, "HEADS": 2, "x": {"d": "int32", "s": [1], "v": [3]}}
    assert substituted("kv = head * HEADS // x + head_dim", scope) == "1 * 2 // x + head_dim"
    assert substituted("q = f(head=head)", scope) == "f(head=1)"
    assert substituted("if head == 1:", scope) == "" and substituted("y = x", scope) == ""


def test_a_file_that_is_no_run_is_refused(tmp_path):
    for content in ("", "{}", '{"schema": "deft_lab.tree/1"}', '{"schema": "deft_lab.kernel_run/1"}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(TraceError, match="bad.json"):
            read_kernel_run(tmp_path / "bad.json")
    with pytest.raises(DeftLabError, match="deft_nod"):
        play_kernel("deft_nod")

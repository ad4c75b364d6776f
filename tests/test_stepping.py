"""The recorder: every line of a kernel and its helpers, once, with what it changed and touched."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from tiny_kernels import copy_kernel, gather_kernel, softmax_kernel  # noqa: E402

from deft_lab import Tree  # noqa: E402
from deft_lab.counter import count_bytes  # noqa: E402
from deft_lab.errors import DeftLabError  # noqa: E402
from deft_lab.kernel_run.conditions import as_number  # noqa: E402
from deft_lab.stepping import Named, record_run, recorder  # noqa: E402
from deft_lab.widgets import play_kernel  # noqa: E402


def recorded_copy(n: int = 11):
    x, y = torch.arange(n, dtype=torch.float32), torch.zeros(n)
    named = {"x": Named(x, ("i",)), "y": Named(y, ("i",))}
    with record_run("copy", named) as recorded:
        copy_kernel[(2,)](x, y, n)
    assert torch.equal(x, y)
    return recorded.run()


def test_a_kernel_without_helpers_is_its_lines_program_by_program():
    run = recorded_copy()
    assert [(program.kernel, program.x) for program in run.programs] == [
        ("copy_kernel", 0),
        ("copy_kernel", 1),
    ]
    said = [(moment.program, moment.kind, run.text(i).split("(")[0]) for i, moment in enumerate(run.moments)]
    one = [
        ("enter", "def copy_kernel"),
        ("line", "i = tl.program_id"),
        ("line", "x = tl.load"),
        ("return", "tl.store"),
    ]
    assert said == [(p, *each) for p in (0, 1) for each in one]
    assert as_number(run.variables(5)["i"]).tolist() == [*range(8, 16)]
    (load,), (store,) = run.moments[6].touches, run.moments[7].touches
    assert (load.op, load.cells, load.n_bytes) == ("load", (8, 9, 10), 12)
    assert (store.op, run.memories[store.memory].name, store.cells) == ("store", "y", (8, 9, 10))
    assert run.variables(4)["n"] == 11 and run.variables(4)["TILE"] == 8
    assert run.variables(4)["x_ptr"] == {"p": 0, "s": [], "v": [0]}


def test_helpers_are_entered_called_and_return_and_statements_count_once():
    x, y = torch.randn(2, 5), torch.zeros(2, 5)
    with record_run("softmax", {"x": Named(x, ("row", "D")), "y": Named(y, ("row", "D"))}) as recorded:
        softmax_kernel[(1, 2)](x, y, 5, TILE=8)
    run = recorded.run()
    first = [(m.kind, m.depth, run.functions[m.function].name) for m in run.moments if m.program == 0]
    assert first == [
        ("enter", 0, "softmax_kernel"), ("line", 0, "softmax_kernel"), ("call", 0, "softmax_kernel"),
        ("enter", 1, "load_row"), ("line", 1, "load_row"), ("return", 1, "load_row"),
        *[("line", 0, "softmax_kernel")] * 3, ("return", 0, "softmax_kernel"),
    ]  # fmt: skip
    returned = as_number(run.variables(5)["return"])
    assert np.allclose(returned[:5], x[0], rtol=1e-3) and np.isneginf(returned[5:]).all()
    # a cell of x is a row of D
    assert run.moments[5].touches[0].cells == (0,) and run.moments[5].touches[0].n_bytes == 20
    assert "row" in run.variables(6) and "ptr" not in run.variables(6)


def test_loops_go_round_as_often_as_they_do():
    x = torch.arange(10.0)
    index = torch.tensor([1, 2, 3, 7, 9], dtype=torch.int32)
    start, y = torch.tensor([0, 2, 5], dtype=torch.int32), torch.zeros(2)
    tensors = {"x": x, "index": index, "start": start, "y": y}
    tree = Tree([-1, 0], [4, 6])
    named = {name: Named(tensor, ("i",), keep=name == "index") for name, tensor in tensors.items()}
    named["x"] = Named(x, ("i",), [0] * 4 + [1] * 6)
    with record_run("gather", named, tree) as recorded:
        gather_kernel[(2,)](x, index, start, y, TILE=2)
    run = recorded.run()
    assert y.tolist() == [3, 19]
    assert [run.variables(i)["at"] for i in run.loop_steps] == [0, 2, 4]
    assert run.memories[1].values == (1, 2, 3, 7, 9)
    assert [run.touched_nodes(i) for i in run.steps_where("loads('x')")] == [(0,), (0, 1), (1,)]
    assert len(run.steps_where("node(1)")) == 2 and len(run.steps_where("slot == 7")) == 1
    assert "Loads 2 cells of x" in play_kernel(run).script[run.steps_where("loads('x')")[0]].sentence


def test_bytes_are_those_that_the_counter_counts():
    x, y = torch.arange(11.0), torch.zeros(11)
    with count_bytes({"q": x, "o": y}) as counted:
        copy_kernel[(2,)](x, y, 11)
    assert recorded_copy().bytes[-1] == counted.bytes("q") + counted.bytes("o") == 88


def test_nothing_is_left_behind():
    before = sys.gettrace()
    recorded_copy()
    assert sys.gettrace() is before
    with pytest.raises(RuntimeError, match="mine"), record_run("nothing", {}):
        raise RuntimeError("mine")
    assert sys.gettrace() is before


def test_memory_without_a_name_is_touched_unseen():
    x, y = torch.arange(4.0), torch.zeros(4)
    with record_run("copy", {"x": Named(x, ("i",))}) as recorded:
        copy_kernel[(1,)](x, y, 4)
    run = recorded.run()
    assert [len(moment.touches) for moment in run.moments] == [0, 0, 1, 0]
    assert run.variables(3)["y_ptr"] == {"p": -1, "s": []}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (Named(torch.zeros(4, 4).T, ("a", "b")), "name a contiguous tensor"),
        (Named(torch.zeros(4), ("a", "b")), "the tensor 'x' has 1 dimensions"),
        (Named(torch.zeros(4), ("a",), [0, 1]), "2 nodes for the 4 cells of 'x'"),
    ],
)
def test_tensors_that_cannot_be_told_are_refused(named, message):
    with pytest.raises(DeftLabError, match=message), record_run("no", {"x": named}):
        pass


def test_a_recording_of_nothing_is_refused():
    with record_run("nothing", {}) as recorded:
        pass
    with pytest.raises(DeftLabError, match="no kernel ran while it was recorded"):
        recorded.run()


def test_too_long_a_run_is_stopped(monkeypatch):
    monkeypatch.setattr(recorder, "MOST_MOMENTS", 5)
    with pytest.raises(DeftLabError, match="more than 5 lines ran"):
        recorded_copy()

"""What stops halfway: a step that fails says so ever after; what is only made ready ahead harms no step."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")
pytest.importorskip("transformers")

from decoding import make_session, worst_difference  # noqa: E402
from test_fixed_step import TOLERANCE, fixed_session  # noqa: E402
from test_foreseen import PARENTS, TOKENS, rounds  # noqa: E402

from deft_lab.decode.stopwatch import Stopwatch  # noqa: E402
from deft_lab.errors import DecodeError  # noqa: E402
from deft_lab.ops.triton_backend import _launching  # noqa: E402


def failing(kind):
    def fail(*_, **__):
        raise kind("here")

    return fail


def grow(session, token):
    session.step({leaf: [token] for leaf in session.branches})


@pytest.mark.parametrize("who", ["listener", "sampled"])
def test_a_step_that_somebody_else_broke_closes_the_session(who):
    session = make_session()
    session.step({0: [1, 2]})
    if who == "listener":
        session.listeners.append(failing(OSError))
    else:
        session.sampled = failing(OSError)
    with pytest.raises(OSError, match="here"):
        grow(session, 3)
    with pytest.raises(DecodeError, match="start anew"):
        grow(session, 3)


@pytest.mark.parametrize("kind", [torch.OutOfMemoryError, KeyboardInterrupt])
def test_a_step_counts_even_if_the_next_cannot_be_made_ready(kind, monkeypatch):
    session = fixed_session()
    session.step({0: [1, 2]})
    grow(session, 3)
    with monkeypatch.context() as broken:
        broken.setattr(type(session._forwards), "table_of", failing(kind))
        if kind is KeyboardInterrupt:
            with pytest.raises(kind):
                grow(session, 4)
        else:
            grow(session, 4)
    assert session._memory.prepared is None
    assert [session.new_tokens(leaf) for leaf in session.branches] == [[1, 3, 4], [2, 3, 4]]
    session.check()
    grow(session, 5)
    session.check()
    assert worst_difference(session) < TOLERANCE


def test_a_verification_counts_even_if_the_next_cannot_be_made_ready(monkeypatch):
    session = fixed_session(page_size=1)
    rounds(session, [[0], [0, 2]])
    with monkeypatch.context() as broken:
        broken.setattr(type(session._forwards), "lay_out", failing(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            session.verify(0, PARENTS, TOKENS)
    session.accept([0, 1])
    session.check()
    assert session.pool.n_free == 400 - session.tree.n_tokens
    rounds(session, [[4], [0]])
    session.check()
    assert worst_difference(session) < TOLERANCE


def test_a_foreseen_verification_that_finds_no_memory_closes_the_session(monkeypatch):
    session = fixed_session()
    rounds(session, [[0], [0], [0]])
    monkeypatch.setattr(type(session._forwards), "upload", failing(torch.OutOfMemoryError))
    with pytest.raises(torch.OutOfMemoryError):
        session.verify(0, PARENTS, TOKENS)
    with pytest.raises(DecodeError, match="start anew"):
        session.verify(0, PARENTS, TOKENS)


def test_a_node_table_serves_any_number_of_rounds():
    session = fixed_session("deft_tree_index", page_size=1)
    rounds(session, [[], []])
    table = session._forwards.table
    for _ in range(6):  # a round's drafts die at its end; their rows are used again
        rounds(session, [[], [], [], []])
    assert session._forwards.table is table
    rounds(session, [[0, 2]])
    assert worst_difference(session) < TOLERANCE


def test_kernels_are_launched_on_the_gpu_of_their_tensors():
    """On a machine with several, the current one need not be it."""
    guard = _launching(torch.device("cuda:1"))
    assert isinstance(guard, torch.cuda.device) and guard.idx == 1
    assert Stopwatch(torch.device("cuda:1"))._device.index == 1

"""Steps whose tensors stay where they are, and steps made ready ahead: without a GPU the same code, no graph.

Both are told from the plain way by nothing but time: every logit, score and slot is the same.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")
pytest.importorskip("transformers")

from decoding import TOLERANCE, make_session  # noqa: E402

from deft_lab import METHODS, Pool, ops  # noqa: E402
from deft_lab.decode.fixed_step import FixedSteps, padded  # noqa: E402
from deft_lab.errors import DecodeError, PoolError  # noqa: E402
from deft_lab.geometry import Geometry  # noqa: E402


def fixed_session(method="tree_waves", compiled=False, n_slots=400, **options):
    """A session that takes CUDA's way through a decode."""
    session = make_session(prompt=range(3, 30), method=method, backend="triton", n_slots=n_slots, **options)
    session._forwards.steps = FixedSteps(session.model, session._memory.pool, compiled)
    return session


def live(session, checked=True):
    """Logits of a life in which every verb interrupts what was made ready."""
    seen = []

    def grow(n):
        for i in range(n):
            session.step({leaf: [5 + i] for leaf in session.branches})
            seen.append(session.logits)
        if checked:
            session.check()

    session.step({0: [1, 2, 3]})
    grow(3)
    first, second, third = session.branches
    session.step({first: [7, 8], second: [], third: [9]})
    grow(2)
    session.prune(session.branches[:1])
    grow(2)
    session.extend(session.branches[0], [11, 12])
    grow(2)
    leaf = session.branches[1]
    seen.append(session.verify(leaf, [-1, 0, 0, 2], [3, 4, 5, 6]))
    session.accept([0, 2])
    seen.append(session.logits)
    seen.append(session.verify(leaf, [-1, 0, 0, 2], [3, 4, 5, 6]))
    session.reject()
    paused, going = session.branches
    session.step({going: [4]})
    session.step({paused: [5, 6], going: [3]})
    grow(2)
    return torch.cat(seen)


@pytest.mark.parametrize("method", METHODS)
def test_a_fixed_step_gives_what_the_layers_give(method):
    plain = make_session(prompt=range(3, 30), method=method, n_slots=400)  # PyTorch, layer by layer
    session = fixed_session(method)
    assert torch.allclose(live(session), live(plain), atol=TOLERANCE)
    assert session.branches == plain.branches
    assert dict(session.score) == pytest.approx(dict(plain.score), abs=1e-3)
    assert session.watch.read()["ahead"] > 0


def test_a_compiled_step_gives_it_too():
    plain = make_session(prompt=range(3, 30), backend="triton", n_slots=400)
    assert torch.allclose(live(fixed_session(compiled=True)), live(plain), atol=TOLERANCE)


@pytest.mark.parametrize("page_size", [1, 16])
def test_a_step_that_was_made_ready_is_taken(page_size):
    session = fixed_session(page_size=page_size)
    session.step({0: [1, 2, 3]})
    session.step({leaf: [4] for leaf in session.branches})
    ready = session._memory.prepared
    assert ready.tree == session.tree.grow()
    session.step({leaf: [5] for leaf in session.branches})
    assert session._memory.prepared is not ready
    last = [int(session.pool.slots_of(leaf)[0][-1]) for leaf in session.branches]
    assert ready.slots.tolist() == last and session._memory.prepared is None
    session.check()


def test_the_pool_of_a_session_shows_nothing_of_the_step_to_come():
    session = fixed_session(page_size=1)
    session.step({0: [1, 2]})
    session.step({leaf: [4] for leaf in session.branches})
    assert session._memory.prepared is not None
    free = session._memory.pool.n_free
    assert session.pool.n_free == free + 2 == 400 - session.tree.n_tokens
    assert len(np.unique(session.pool.slots(session.tree))) == session.tree.n_tokens


def test_a_full_pool_makes_nothing_ready_and_stays_usable():
    session = fixed_session(n_slots=27 + 2 * 3, page_size=1)
    session.step({0: [1, 2]})
    session.step({leaf: [4] for leaf in session.branches})
    session.step({leaf: [4] for leaf in session.branches})
    assert session._memory.prepared is None
    with pytest.raises(PoolError, match="pool is full"):
        session.step({leaf: [4] for leaf in session.branches})
    session.prune(session.branches[:1])
    session.step({leaf: [4] for leaf in session.branches})
    session.check()


def test_accepted_drafts_find_room_where_only_the_drafts_leave_it():
    session = fixed_session(n_slots=27 + 4, page_size=1)
    session.verify(0, [-1, 0, 1, -1], [3, 4, 5, 6])
    session.accept([0])
    session.check()
    session.verify(0, [-1, 0, 0], [3, 4, 5])
    session.reject()
    session.check()
    assert session.pool.n_free == 3


def test_only_a_gpu_has_graphs():
    for options in ({"graphs": True}, {"compiled": True}):
        with pytest.raises(DecodeError, match="GPU"):
            make_session(**options)


def test_few_sizes_hold_all_numbers_of_queries():
    sizes = [padded(n) for n in range(1, 301)]
    assert all(n <= size < n + 32 for n, size in zip(range(1, 301), sizes, strict=True))
    assert len(set(sizes)) == 8 + 4 + 6 and padded(50) == 56


@pytest.mark.parametrize("geometry", [Geometry(4, 2, 16), Geometry(3, 3, 24)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_kernel_writes_what_the_index_writes(geometry, dtype):
    from deft_lab.ops.triton_backend import write_triton

    pools = [Pool(3, 16, geometry, dtype=dtype) for _ in range(2)]
    shape = (5, geometry.n_kv_heads, geometry.head_dim)
    k, v = torch.randn(2, *shape).to(dtype)
    slots = torch.tensor([40, -1, 0, 7, -1])
    for pool, write in zip(
        pools, (ops.write, lambda k, v, p, s, layer: write_triton(k, v, p, s, layer)), strict=True
    ):
        write(k, v, pool, slots, layer=0)
    for ours, theirs in zip((pools[1].k, pools[1].v), (pools[0].k, pools[0].v), strict=True):
        assert torch.equal(ours.nan_to_num(7), theirs.nan_to_num(7))
    assert torch.equal(pools[1].k[0, [40, 0, 7]], k[[0, 2, 3]])
    assert int((~pools[1].k.isnan()).any(-1).any(-1).sum()) == 3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_moving_in_one_launch_moves_what_two_copies_by_index_move(dtype):
    from deft_lab.ops.triton_backend import move_triton

    pools = [Pool(8, 16, Geometry(6, 3, 20, 2), dtype=dtype) for _ in range(2)]
    generator = torch.Generator().manual_seed(5)
    for pool in pools:
        generator.manual_seed(5)
        for kv in (pool.k, pool.v):
            kv.copy_(torch.randn(kv.shape, generator=generator))
    before = pools[0].k.clone()
    from_, to = torch.tensor([3, -1, 100, 7]), torch.tensor([5, -1, 0, 6])
    ops.move(pools[0], from_, to)
    move_triton(pools[1], from_, to)
    assert torch.equal(pools[0].k, pools[1].k) and torch.equal(pools[0].v, pools[1].v)
    changed = (pools[0].k != before).any(dim=(2, 3))
    assert changed.nonzero().tolist() == [[layer, slot] for layer in range(2) for slot in (0, 5, 6)]

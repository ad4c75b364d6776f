"""Verifications that are made ready ahead: they change nothing but the time they take."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("triton")
pytest.importorskip("transformers")

from decoding import make_session  # noqa: E402
from test_fixed_step import TOLERANCE, fixed_session  # noqa: E402

PARENTS, TOKENS = [-1, 0, 0, 2, -1], [3, 4, 5, 6, 7]
PATHS = ([], [0], [0, 1], [0, 2], [0, 2, 3], [4])


def rounds(session, paths, look=lambda session: None):
    """Logits of rounds that verify the same token tree and accept these paths."""
    (leaf,), seen = session.branches, []
    for path in paths:
        seen.append(session.verify(leaf, PARENTS, TOKENS))
        session.accept(path)
        seen.append(session.logits)
        look(session)
    return torch.cat(seen)


def lengths_foreseen(session):
    ready = session._memory.foreseen
    return None if ready is None else [n - session.tree.n_tokens for n in ready.laid_out]


@pytest.mark.parametrize(("method", "page_size"), [("tree_waves", 16), ("deft_tree_index", 1)])
def test_rounds_that_were_foreseen_give_what_the_layers_give(method, page_size):
    paths = [[0], [0, 2], [0, 2], [], [4], [0, 2, 3], [0], []]  # 1, 2, 2, 0, 1, 3, 1, 0 tokens
    foreseen = []
    session = fixed_session(method, page_size=page_size)
    found = rounds(session, paths, lambda session: foreseen.append(lengths_foreseen(session)))
    plain = make_session(prompt=range(3, 30), method=method, page_size=page_size, n_slots=400)
    assert torch.allclose(found, rounds(plain, paths), atol=TOLERANCE)
    assert foreseen[0] is None  # the first token tree is new
    # from then on every number of accepted tokens that has come before is there; 0 is the one that came
    hits = [0 in lengths for lengths in foreseen[1:]]
    assert hits == [False, True, False, True, False, True, True]
    session.check()


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from(["", "check", "step", "extend", "other"])),
        min_size=2,
        max_size=5,
    )
)
def test_whatever_comes_between_rounds(events):
    def life(session):
        leaf, seen = session.branches[0], []
        for path, then in events:
            seen.append(session.verify(leaf, PARENTS, TOKENS))
            session.accept(path)
            if then == "check":
                session.check()
            elif then == "step":
                session.step({leaf: [9]})
            elif then == "extend":
                session.extend(leaf, [8, 9])
            elif then == "other":
                seen.append(session.verify(leaf, [-1, -1], [8, 9]))
                session.reject()
            seen.append(session.logits)
        session.check()
        return torch.cat(seen) if seen else torch.empty(0)

    plain = make_session(prompt=range(3, 30), n_slots=400)
    assert torch.allclose(life(fixed_session()), life(plain), atol=TOLERANCE)


def test_the_pool_shows_nothing_of_the_verification_to_come():
    session = fixed_session(page_size=1)
    rounds(session, [[0], [0, 2]])
    assert session._memory.foreseen is not None
    assert session.pool.n_free == 400 - session.tree.n_tokens
    assert session._memory.foreseen is None
    session.check()


@pytest.mark.parametrize("room", [5, 9, 10])
def test_a_pool_that_is_nearly_full(room):
    session = fixed_session(page_size=1, n_slots=27 + room)
    plain = make_session(prompt=range(3, 30), n_slots=27 + room, page_size=1)
    paths = [[], [], []]
    assert torch.allclose(rounds(session, paths), rounds(plain, paths), atol=TOLERANCE)
    assert (session._memory.foreseen is not None) == (room >= 2 * len(TOKENS))
    session.check()
    assert session.pool.n_free == room


def test_accepted_kv_is_where_it_belongs_for_whoever_looks_first():
    session = fixed_session(page_size=1)
    session.verify(0, PARENTS, TOKENS)
    drafts = session._drafts
    before = session._memory.pool.k[:, drafts.slots[[0, 2]]].clone()
    session.accept([0, 2])
    after = session.pool.k[:, session.pool.slots_of(0)[0][-2:]]
    assert torch.equal(before, after) and before.isfinite().all()

"""A pool that is full at any moment of a life, with steps made ready and drafts foreseen: nothing is lost."""

import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")
pytest.importorskip("transformers")

from decoding import VOCABULARY, worst_difference  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from test_fixed_step import TOLERANCE, fixed_session  # noqa: E402

from deft_lab import METHODS, ops  # noqa: E402
from deft_lab.errors import PoolError  # noqa: E402

VERBS = ("step", "step", "fork", "verify", "verify", "verify", "extend", "prune", "look")


def draw_some(rng, n):
    return [rng.randrange(VOCABULARY) for _ in range(n)]


def one_event(session, rng, parents):
    """A verb, drawn; a draft mostly has the shape of the one before, so that it is foreseen."""
    verb, leaves = rng.choice(VERBS), session.branches
    if verb == "step":
        session.step({leaf: draw_some(rng, 1) for leaf in leaves})
    elif verb == "fork":
        fewest = 0 if len(leaves) > 1 else 1
        births = {leaf: draw_some(rng, rng.randint(fewest, 2)) for leaf in leaves}
        session.step(births if any(births.values()) else {leaves[0]: [1]})
    elif verb == "extend":
        session.extend(rng.choice(leaves), draw_some(rng, rng.randint(1, 4)))
    elif verb == "prune" and len(session.active) > 1:
        session.prune([rng.choice(session.active)])
    elif verb == "verify":
        if rng.random() < 0.3:
            parents[:] = [-1] + [rng.randrange(-1, i) for i in range(1, rng.randint(2, 6))]
        session.verify(leaves[0], parents, draw_some(rng, len(parents)))
        path = [rng.randrange(len(parents))]
        while parents[path[0]] >= 0:
            path.insert(0, parents[path[0]])
        session.accept(path if rng.random() < 0.8 else [])
    else:
        session.check()


def live(seed, method, page_size, n_pages):
    """How often the pool was full."""
    rng, parents, n_full = random.Random(seed), [-1, 0], 0
    session = fixed_session(method, n_slots=page_size * n_pages, page_size=page_size)
    for _ in range(25):
        before = session.tree, session.branches, {label: list(of) for label, of in session.tokens.items()}
        try:
            one_event(session, rng, parents)
        except PoolError as full:
            assert "pool is full" in str(full)
            assert before == (session.tree, session.branches, session.tokens)
            n_full += 1
        if rng.random() < 0.4:
            session.check()
    session.check()
    return n_full, session


@settings(max_examples=60)
@given(
    st.integers(0, 10**9),
    st.sampled_from(sorted(METHODS)),
    st.sampled_from([(1, 30, 70), (16, 4, 16), (64, 2, 12)]),
    st.data(),
)
def test_whatever_fills_the_pool(seed, method, room, data):
    page_size, least, most = room
    with pytest.MonkeyPatch.context() as patched:  # who owns what does not depend on what is attended to
        patched.setattr(ops, "attend_triton", lambda q, *_: torch.zeros_like(q))
        live(seed, method, page_size, data.draw(st.integers(least, most)))


def test_what_is_decoded_in_a_full_pool_is_right():
    n_full, session = live(7, "tree_waves", 16, 6)
    assert n_full > 3
    assert worst_difference(session) < TOLERANCE

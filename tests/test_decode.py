"""A tree that decodes inside a Llama says, at every branch and step, what the plain sequential model says."""

import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from decoding import (  # noqa: E402
    GEOMETRIES,
    TOLERANCE,
    VOCABULARY,
    make_session,
    sequential_logits,
    tiny_model,
    worst_difference,
)
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from deft_lab import METHODS, Trace, Tree  # noqa: E402
from deft_lab.decode.sampling import Sampler  # noqa: E402
from deft_lab.decode.session import ROOT, Session  # noqa: E402
from deft_lab.errors import (  # noqa: E402
    AttentionError,
    DecodeError,
    DeftLabError,
    PlanError,
    PoolError,
    TreeError,
)

every_method = pytest.mark.parametrize("method", METHODS)


def random_births(session, rng):
    """Each branch lengthens, forks, is pruned, or pauses; a single one always goes on."""
    births = {}
    for leaf in session.branches:
        n = rng.choice([1, 1, 1, 2, 3, 0]) if len(session.branches) > 1 else rng.choice([1, 2, 3])
        if n and len(session.branches) > 9:
            n = rng.choice([0, 1])
        if rng.random() < 0.85:
            births[leaf] = [rng.randrange(VOCABULARY) for _ in range(n)]
    if not any(births.values()):
        births = {session.branches[0]: [rng.randrange(VOCABULARY)]}
    return births


def accept_some(session, rng):
    """Draft a small token tree below a branch, check it, keep one of its paths."""
    leaf = rng.choice(session.branches)
    parents = [-1] + [rng.randrange(-1, i) for i in range(1, rng.randint(2, 6))]
    tokens = [rng.randrange(VOCABULARY) for _ in parents]
    logits = session.verify(leaf, parents, tokens)
    session.check()
    paths = []
    for i in range(len(parents)):
        path = [i]
        while parents[path[0]] >= 0:
            path.insert(0, parents[path[0]])
        paths.append(path)
        said = sequential_logits(session.model, session.path_tokens(leaf) + [tokens[j] for j in path])
        assert (said - logits[i]).abs().max() < TOLERANCE
    session.accept(rng.choice([*paths, []]))


@pytest.mark.parametrize("scaled_rope", [False, True], ids=["rope", "scaled rope"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
@every_method
def test_logits_equal_the_sequential_models_after_every_event(method, geometry, scaled_rope):
    rng = random.Random(f"{method} {geometry} {scaled_rope}")
    page_size = rng.choice([1, 16, 64])
    session = make_session(
        tiny_model(geometry, scaled_rope),
        [rng.randrange(VOCABULARY) for _ in range(70)],
        method=method,
        page_size=page_size,
        n_slots=256 * page_size,
    )
    for step in range(7):
        session.step(random_births(session, rng))
        session.check()
        assert worst_difference(session) < TOLERANCE, step
        if step == 2:
            session.extend(rng.choice(session.branches), [3, 4, 5])
        elif step == 3:
            accept_some(session, rng)
        elif step == 4 and len(session.active) > 1:
            session.prune([session.active[0]])
        assert worst_difference(session) < TOLERANCE, step


@pytest.mark.parametrize("method", ["tree_waves", "deft_flatten", "deft_tree_index", "radix"])
def test_the_kernels_say_the_same_from_tables_that_stay(method):
    """In Triton's interpreter: steps refill one table until they outgrow it."""
    pytest.importorskip("triton")
    rng = random.Random(method)
    session = make_session(tiny_model("gqa"), [5] * 20, method=method, backend="triton")
    tables = []
    for step in range(6):
        births = {leaf: [rng.randrange(VOCABULARY)] for leaf in session.branches}
        if step in (0, 3):  # 3 queries, then 9
            births = {leaf: [3, 4, 5] for leaf in session.branches}
        session.step(births)
        tables.append(session._forwards.table)
        assert worst_difference(session) < TOLERANCE, step
    assert 1 < len(set(map(id, tables))) < len(tables)


@every_method
@pytest.mark.parametrize("page_size", [1, 16, 64])
def test_greedy_tokens_equal_generates(method, page_size):
    model = tiny_model(spread=0.3)
    session = make_session(model, [9, 8, 7, 6], method=method, page_size=page_size)
    for _ in range(24):
        session.step({leaf: [int(session.logits_of(leaf).argmax())] for leaf in session.branches})
    said = model.twin.generate(
        torch.tensor([[9, 8, 7, 6]]), max_new_tokens=24, do_sample=False, eos_token_id=None
    )
    assert session.new_tokens(session.branches[0]) == said[0, 4:].tolist()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([1, 16]), st.integers(4, 40))
def test_the_pool_stays_whole_and_a_full_pool_loses_nothing(seed, page_size, n_pages):
    rng = random.Random(seed)
    session = make_session(prompt=[5] * 3, page_size=page_size, n_slots=page_size * n_pages, method="radix")
    for _ in range(10):
        before = (session.tree, session.branches, {k: list(v) for k, v in session.tokens.items()})
        try:
            session.step(random_births(session, rng))
        except PoolError as full:
            assert "pool is full" in str(full)
            assert before == (session.tree, session.branches, session.tokens)
        session.check()
    # still usable: a page is freed, and a branch goes on where it was
    while session.pool.n_free == 0 and len(session.active) > 1:
        session.prune([session.active[-1]])
    if session.pool.n_free:
        session.step({session.active[0]: [1]})
        session.check()
    assert worst_difference(session) < TOLERANCE


def test_a_trace_of_its_events_grows_the_same_tree():
    rng = random.Random(3)
    session, seen = make_session(), []
    session.listeners.append(lambda step: seen.extend(step.events))
    for step in range(12):
        session.step(random_births(session, rng))
        if step == 5:
            session.extend(session.branches[-1], [7, 7])
        if step == 7:
            accept_some(session, rng)
    trace = Trace(Tree([-1], [3]), tuple(seen), session.n_steps)
    assert trace.tree_at(session.n_steps) == session.tree


def test_a_paused_branch_goes_on_in_a_child_and_keeps_its_logits():
    session = make_session()
    session.step({ROOT: [3, 4]})
    first, second = session.branches
    waiting = session.logits_of(second).clone()
    session.step({first: [5]})
    assert session.active == (first,) and session.branches == (first, second)
    assert torch.equal(session.logits_of(second), waiting)
    session.step({second: [6]})
    (child,) = session.active
    assert session.path_tokens(child) == [5, 6, 7, 4, 6] and child not in (first, second)
    assert worst_difference(session) < TOLERANCE


def test_scores_are_sums_of_log_probabilities():
    session = make_session()
    session.step({ROOT: [3, 4]})
    leaf = session.branches[1]
    session.step({leaf: [8], session.branches[0]: [9]})
    session.verify(leaf, [-1, 0], [11, 12])
    session.accept([0, 1])
    said = 0.0
    tokens = session.path_tokens(leaf)
    for i in range(3, len(tokens)):
        law = sequential_logits(session.model, tokens[:i]).log_softmax(-1)
        said += law[tokens[i]].item()
    assert session.score[leaf] == pytest.approx(said, abs=1e-4)


class TestBadInput:
    """Each says what was wrong; the session is as it was."""

    def refuses(self, words, call, error=DeftLabError):
        session = make_session()
        session.step({ROOT: [3, 4]})
        before = session.tree, session.n_steps, session.pool.n_free
        with pytest.raises(error, match=words):
            call(session)
        assert before == (session.tree, session.n_steps, session.pool.n_free)
        session.step({session.branches[0]: [1]})
        assert worst_difference(session) < TOLERANCE

    def test_a_token_outside_the_vocabulary(self):
        self.refuses("token 40 is outside the vocabulary", lambda s: s.step({s.branches[0]: [40]}))
        self.refuses("token -1 is outside the vocabulary", lambda s: s.extend(s.branches[0], [-1]))

    def test_no_branch_left(self):
        self.refuses("leaves no branch", lambda s: s.step({}))
        self.refuses("leaves no branch", lambda s: s.step(dict.fromkeys(s.branches, ())))
        self.refuses("leaves no query", lambda s: s.prune(s.branches))

    def test_a_label_that_is_no_branch(self):
        self.refuses("no node has the label 99", lambda s: s.step({99: [1]}))
        self.refuses("has children; only a leaf", lambda s: s.step({ROOT: [1]}))
        self.refuses("99 is no live branch", lambda s: s.logits_of(99))
        self.refuses("0 is no live branch", lambda s: s.verify(ROOT, [-1], [3]))

    def test_a_broken_token_tree(self):
        self.refuses("token 0 follows token 0", lambda s: s.verify(s.branches[0], [0], [3]))
        self.refuses("token 1 follows token 5", lambda s: s.verify(s.branches[0], [-1, 5], [3, 4]))
        self.refuses("2 parents for 1 tokens", lambda s: s.verify(s.branches[0], [-1, 0], [3]))
        self.refuses("the token tree is empty", lambda s: s.verify(s.branches[0], [], []))

    def test_drafts_await_their_verdict(self):
        session = make_session()
        with pytest.raises(DecodeError, match="no drafted tokens"):
            session.accept([])
        session.verify(ROOT, [-1, -1, 0], [3, 4, 5])
        for call in (lambda: session.step({ROOT: [1]}), lambda: session.extend(ROOT, [1])):
            with pytest.raises(DecodeError, match="await their verdict"):
                call()
        with pytest.raises(DecodeError, match="are no path"):
            session.accept([0, 1])
        session.accept([0, 2])
        assert session.path_tokens(ROOT) == [5, 6, 7, 3, 5]
        session.check()

    def test_more_drafts_than_there_are_to_go_on_with(self):
        session = make_session()
        with pytest.raises(DecodeError, match="no drafted tokens below 0 to go on with; verify some first"):
            session.verify(ROOT, [-1], [3], more=True)
        session.verify(ROOT, [-1, -1], [3, 4])
        with pytest.raises(TreeError, match="the token tree is empty"):
            session.verify(ROOT, [], [], more=True)
        with pytest.raises(TreeError, match="token 2 follows token 2"):
            session.verify(ROOT, [2], [5], more=True)
        session.listeners.append(print)
        with pytest.raises(DecodeError, match="a decode that is recorded drafts in one forward"):
            session.verify(ROOT, [0], [5], more=True)
        session.listeners.clear()
        session.verify(ROOT, [1], [5], more=True)
        session.accept([1, 2])
        assert session.path_tokens(ROOT) == [5, 6, 7, 4, 5]
        session.check()

    def test_an_empty_prompt_and_a_second_one(self):
        with pytest.raises(DecodeError, match="the prompt is empty"):
            make_session(prompt=[])
        with pytest.raises(DecodeError, match="new session for another prompt"):
            make_session().prefill([1])
        with pytest.raises(DecodeError, match="prefill a prompt first"):
            Session(tiny_model()).step({0: [1]})

    def test_an_unknown_method(self):
        with pytest.raises(PlanError, match="no method 'flat'"):
            Session(tiny_model(), method="flat")

    def test_a_prompt_larger_than_the_pool(self):
        session = Session(tiny_model(), n_slots=4, page_size=1)
        with pytest.raises(PoolError, match="pool is full"):
            session.prefill([1] * 5)
        session.prefill([1] * 4)


def test_the_model_alone_says_how_to_use_it_alone():
    model = tiny_model()
    with pytest.raises(AttentionError, match=r"with tree_model\.plain\(\)"):
        model.model(torch.tensor([[1, 2]]))
    with model.plain() as plain:
        assert plain.config._attn_implementation == "sdpa"
    assert model.model.config._attn_implementation == "deft_lab"


def test_a_forward_that_fails_closes_the_session(monkeypatch):
    session = make_session()

    def fail(*_, **__):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as broken:
        broken.setattr(type(session.model), "forward", fail)
        with pytest.raises(RuntimeError, match="out of memory"):
            session.step({ROOT: [1]})
    with pytest.raises(DecodeError, match="start anew"):
        session.step({ROOT: [1]})


def test_drawing_changes_no_logits():
    logits = torch.randn(3, 50)
    before = logits.clone()
    for sampler in (Sampler(temperature=0.7), Sampler(temperature=0.7, top_k=5), Sampler()):
        sampler.draw(logits)
        assert torch.equal(logits, before)

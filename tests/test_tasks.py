"""Tasks grow the trees that they promise; beam search is transformers', sampling Hugging Face's laws."""

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from decoding import EOS, VOCABULARY, make_session, tiny_model  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from deft_lab.builders.growth import star_growth  # noqa: E402
from deft_lab.builders.look_alike import reasoning_template_like  # noqa: E402
from deft_lab.builders.reasoning import ReasoningTemplate  # noqa: E402
from deft_lab.decode.run import Listener, run  # noqa: E402
from deft_lab.decode.sampling import Sampler  # noqa: E402
from deft_lab.decode.tasks import (  # noqa: E402
    TASKS,
    BeamSearch,
    FewShot,
    Reasoning,
    SelfConsistency,
    SpeculativeReplay,
    TreeOfThoughts,
)
from deft_lab.errors import DecodeError  # noqa: E402

NEAR_TIE = 1e-4


def template(nodes):
    """A reasoning template from {id: (tokens, first iteration, last, children)}."""
    data = {
        str(v): {"id": v, "value": n, "start": start, "end": end, "children": list(children)}
        for v, (n, start, end, children) in nodes.items()
    }
    return ReasoningTemplate.from_item({"incompleted": False, "prompt": "", "data": data})


# task -> (what makes it, decodes, the tree after them as parent labels and lengths), worked out on paper.
# Greedy few-shot: three branches, a token a step. Reasoning: the root forks into 1, 2; 1 lives 2 decodes and
# forks into 3, 4; 2 lives on. Star: three drafts a step; the root (3 tokens) gains 2, then 1.
DRAWN = {
    "few_shot": (lambda: FewShot(3), 4, {0: (None, 3), 1: (0, 4), 2: (0, 4), 3: (0, 4)}),
    "self_consistency": (
        lambda: SelfConsistency(2, Sampler(1.0)), 3, {0: (None, 3), 1: (0, 3), 2: (0, 3)},
    ),
    "beam_search": (lambda: BeamSearch(1), 3, {0: (None, 6)}),
    "tree_of_thoughts": (
        lambda: TreeOfThoughts("no delimiter", 2, 1, Sampler(1.0), max_thought=2), 3, None,
    ),
    "reasoning": (
        lambda: Reasoning(
            template({
                0: (3, -2, 0, (1, 2)), 1: (2, 1, 2, (3, 4)), 2: (5, 1, 5, ()),
                3: (3, 3, 5, ()), 4: (2, 3, 4, ()),
            }).growth()
        ),
        4,
        {0: (None, 3), 1: (0, 2), 2: (0, 4), 3: (1, 2), 4: (1, 2)},
    ),
    "speculative_replay": (
        lambda: SpeculativeReplay(star_growth([0, 2, 1], 3, 3, 7)), 3, {0: (None, 6)},
    ),
}  # fmt: skip


def shape(tree):
    """{label: (label of the parent, tokens)}."""
    label = tree.label.tolist()
    return {
        label[i]: (None if parent < 0 else label[parent], int(tree.length[i]))
        for i, parent in enumerate(tree.parent.tolist())
    }


@pytest.mark.parametrize("task", TASKS)
def test_every_task_grows_the_tree_that_was_drawn_for_it(task):
    assert task in DRAWN, f"draw the growth of {task!r} by hand, in DRAWN"
    make, steps, drawn = DRAWN[task]
    session = make_session()
    result = run(session, make(), steps, honour_eos=False)
    session.check()
    assert result.n_steps == steps
    if drawn is None:  # which thought is kept depends on the model: two of two tokens, then one of them twice
        kept = shape(session.tree)
        assert sorted(n for _, n in kept.values()) == [1, 1, 2, 3] and len(session.active) == 2
    else:
        assert shape(session.tree) == drawn


class TestBeamSearch:
    def test_equals_generate_on_fifty_prompts(self):
        model, near_ties, differ = tiny_model(spread=0.3), 0, []
        for seed in range(50):
            rng = random.Random(seed)
            prompt = [rng.randrange(3, VOCABULARY) for _ in range(rng.randint(2, 12))]
            width, penalty = rng.choice([2, 3, 4]), rng.choice([0.6, 1.0, 2.0])
            early = (False, True, "never")[seed % 3]
            session = make_session(model, prompt, method="deft_node")
            ours = run(session, BeamSearch(width, 16, penalty, early)).branches[0]
            session.check()
            theirs = model.twin.generate(
                torch.tensor([prompt]), num_beams=width, max_new_tokens=16, do_sample=False,
                length_penalty=penalty, early_stopping=early, output_scores=True,
                return_dict_in_generate=True,
            )  # fmt: skip
            said = theirs.sequences[0, len(prompt) :].tolist()
            said = said[: said.index(EOS) + 1] if EOS in said else said
            if said != list(ours.tokens):
                gap = abs(float(theirs.sequences_scores[0]) - ours.score / len(ours.tokens) ** penalty)
                near_ties += gap < NEAR_TIE
                if gap >= NEAR_TIE:
                    differ.append((seed, said, ours.tokens, gap))
        print(f"\nbeam search: {near_ties} near-ties of 50 prompts")
        assert not differ and near_ties <= 2

    def test_refuses_what_it_does_not_know(self):
        with pytest.raises(DecodeError, match="early_stopping='soon'"):
            BeamSearch(early_stopping="soon")
        with pytest.raises(DecodeError, match="width=0"):
            BeamSearch(0)


class TestReasoning:
    @settings(max_examples=8, deadline=None)
    @given(st.integers(0, 10**6))
    def test_follows_a_template_step_by_step(self, seed):
        growth = reasoning_template_like("set", seed).growth(12, 12 + 60)
        session = make_session(prompt=[5] * 12, n_slots=4096)
        trees = list(growth.trees())

        def compare(at):
            tree = trees[at.n_steps - 1]
            assert session.tree.length.tolist() == tree.length.tolist()
            assert session.tree.parent.tolist() == tree.parent.tolist()

        run(session, Reasoning(growth), 60, honour_eos=False, listener=Listener(on_step=compare))
        session.check()

    def test_a_child_without_tokens_is_never_born(self):
        growth = template({0: (2, -1, 0, (1, 2)), 1: (0, 1, 0, ()), 2: (2, 1, 2, ())}).growth()
        session = make_session(prompt=[5, 5])
        run(session, Reasoning(growth), honour_eos=False)
        assert session.tree.length.tolist() == growth.tree_at(growth.n_steps).length.tolist()

    def test_refuses_another_growth(self):
        star = star_growth([0, 2], 3, 3, 6)
        with pytest.raises(DecodeError, match="appends, forks and prunes"):
            Reasoning(star)
        with pytest.raises(DecodeError, match="one fork, then accepts"):
            SpeculativeReplay(reasoning_template_like("set", 1).growth(12, 40))


class TestEnds:
    def test_a_branch_ends_with_the_end_of_text(self):
        session = make_session(tiny_model(spread=0.3))
        result = run(session, FewShot(12, Sampler(1.5, seed=3)), 40)
        ended = [branch for branch in result.branches if branch.reason == "eos"]
        assert ended and all(b.tokens[-1] == EOS and EOS not in b.tokens[:-1] for b in ended)
        assert all(EOS not in b.tokens for b in result.branches if b.reason == "length")
        assert len(result.branches) == 12
        session.check()

    def test_it_goes_on_where_that_is_wanted(self):
        session = make_session(tiny_model(spread=0.3))
        result = run(session, FewShot(12, Sampler(1.5, seed=3)), 40, honour_eos=False)
        assert {b.reason for b in result.branches} == {"length"}
        assert any(EOS in b.tokens for b in result.branches)

    def test_votes_are_counted_by_answer(self):
        answers = iter("ab" * 3 + "b" * 20)
        task = SelfConsistency(6, Sampler(1.0), answer=lambda text: next(answers))
        assert run(make_session(), task, 2).answer == "b" or next(answers) == "b"

    def test_a_greedy_vote_is_refused(self):
        with pytest.raises(DecodeError, match="temperature must be above 0"):
            SelfConsistency(3, Sampler(0.0))
        with pytest.raises(DecodeError, match="temperature must be above 0"):
            TreeOfThoughts(sampler=Sampler(0.0))

    def test_tokens_are_told_before_they_are_decoded(self):
        session, told = make_session(), []
        run(session, FewShot(2), 3, listener=Listener(on_tokens=lambda at, births: told.append(births)))
        assert [sum(map(len, births.values())) for births in told] == [2, 2, 2]


class TestSampling:
    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(0, 10**6),
        st.floats(0.2, 3.0),
        st.one_of(st.none(), st.integers(1, 12)),
        st.floats(0.05, 1.0),
    )
    def test_the_law_is_hugging_faces(self, seed, temperature, top_k, top_p):
        from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

        logits = torch.randn(3, 12, generator=torch.Generator().manual_seed(seed)) * 3
        said = TemperatureLogitsWarper(temperature)(None, logits)
        if top_k is not None:
            said = TopKLogitsWarper(top_k)(None, said)
        if top_p < 1:
            said = TopPLogitsWarper(top_p)(None, said)
        ours = Sampler(temperature, top_k, top_p).law(logits).exp()
        torch.testing.assert_close(ours, said.softmax(-1), atol=1e-6, rtol=1e-5)

    def test_draws_follow_the_law(self):
        logits = torch.tensor([[1.0, 0.0, -1.0, 2.0]])
        drawn = Sampler(1.0, seed=5).draw(logits.expand(40_000, -1))
        share = np.bincount(drawn.numpy(), minlength=4) / 40_000
        np.testing.assert_allclose(share, logits.softmax(-1)[0].numpy(), atol=0.01)

    def test_several_are_different_and_the_first_follows_the_law(self):
        sampler, logits = Sampler(1.0, seed=5), torch.tensor([1.0, 0.0, -1.0, 2.0])
        many = [sampler.draw_several(logits, 3) for _ in range(8000)]
        assert all(len(set(tokens)) == 3 for tokens in many)
        share = np.bincount([tokens[0] for tokens in many], minlength=4) / len(many)
        np.testing.assert_allclose(share, logits.softmax(-1).numpy(), atol=0.02)

    def test_a_seed_draws_the_same_again(self):
        logits = torch.randn(5, 30)
        assert torch.equal(Sampler(1.0, seed=7).draw(logits), Sampler(1.0, seed=7).draw(logits))

    def test_bad_options(self):
        for words, options in (
            ("temperature=-1", {"temperature": -1}),
            ("top_k=0", {"top_k": 0}),
            ("top_p=0", {"top_p": 0}),
            ("top_p=1.5", {"top_p": 1.5}),
        ):
            with pytest.raises(DecodeError, match=words):
                Sampler(**options)
        with pytest.raises(DecodeError, match="leave 2"):
            Sampler(1.0, top_k=2).draw_several(torch.arange(5.0), 3)

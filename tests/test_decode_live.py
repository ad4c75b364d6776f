"""A drawn tree drives a model: it comes out as it was drawn, and each branch is what the model says alone."""

import pytest
import torch
from decoding import sequential_logits, tiny_model
from trees import TREES

from deft_lab import METHODS, Trace, Tree
from deft_lab.decode import LiveDecoder, Session
from deft_lab.errors import DecodeError
from deft_lab.trace import Compared, Opening, Told

PROMPT = (5, 6, 7)
DRAWN = Tree([-1, 0, 1, 1, 0, 4], [4000, 3, 5, 2, 1, 6], label=[7, 3, 9, 2, 4, 8])


def decoded(tree: Tree = DRAWN, **options) -> tuple[Opening, list[Told], list[Compared]]:
    told = [x for x in LiveDecoder(tiny_model(), PROMPT, **options)(tree) if x is not None]
    steps = [x for x in told[1:] if isinstance(x, Told)]
    return told[0], steps, told[1 + len(steps) :]


def grown(opening: Opening, steps: list[Told]) -> Trace:
    return Trace(opening.start, [event for told in steps for event in told.events], len(steps))


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_the_tree_comes_out_as_it_was_drawn_with_the_prompt_as_its_root(temperature):
    opening, steps, _ = decoded(temperature=temperature)
    last = grown(opening, steps).tree_at(len(steps))
    assert last.label.tolist() == DRAWN.label.tolist() and last.parent.tolist() == DRAWN.parent.tolist()
    assert last.length.tolist() == [len(PROMPT), *DRAWN.length.tolist()[1:]]
    assert [told.step for told in steps] == list(range(1, 3 + 5 + 1))


@pytest.mark.parametrize("temperature", [0.0, 0.9])
@pytest.mark.parametrize("method", METHODS)
def test_every_branch_equals_the_branch_alone(method, temperature):
    _, _, compared = decoded(method=method, temperature=temperature)
    assert [c.leaf for c in compared] == [9, 2, 8]
    assert [c.n_tokens for c in compared] == [8, 5, 7]
    assert all(c.equal and c.n_same == c.n_tokens and c.difference < 1e-4 for c in compared), compared


def test_greedy_tokens_are_those_of_a_plain_model_and_siblings_begin_with_the_likeliest():
    _, steps, _ = decoded()
    said: dict[int, list[int]] = {}
    for event in (event for told in steps for event in told.events):
        for i, node in enumerate(event.children or [event.node]):
            said.setdefault(node, []).extend(event.tokens[i : i + 1])
    first = sequential_logits(tiny_model(), [*PROMPT]).topk(2).indices.tolist()
    assert [said[3][0], said[4][0]] == first
    path = [*PROMPT, *said[3]]
    assert [said[9][0], said[2][0]] == sequential_logits(tiny_model(), path).topk(2).indices.tolist()
    for i in range(1, 5):
        assert said[9][i] == int(sequential_logits(tiny_model(), [*path, *said[9][:i]]).argmax())


def test_draws_depend_on_the_seed():
    tokens = [
        [e.tokens for told in decoded(temperature=0.9, seed=s)[1] for e in told.events] for s in (0, 0, 1)
    ]
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize("name", sorted(TREES))
def test_any_topology_grows_to_its_lengths_or_is_refused_with_words(name):
    tree = TREES[name]
    try:
        opening, steps, compared = decoded(tree, most_tokens=200)
    except DecodeError as refused:
        assert "n" in str(refused) and len(str(refused)) > 30
        return
    last = grown(opening, steps).tree_at(len(steps))
    kept = [i for i in range(1, tree.n_nodes) if tree.length[i]]
    assert dict(zip(last.label.tolist()[1:], last.length.tolist()[1:], strict=True)) == {
        int(tree.label[i]): int(tree.length[i]) for i in kept
    }
    assert all(c.equal for c in compared)


@pytest.mark.parametrize("harm", ["noise", "roll"])
def test_the_comparison_notices_a_tree_that_says_something_else(monkeypatch, harm):
    true = Session.logits_of
    harms = {"noise": lambda x: x + 0.01 * torch.randn(x.shape), "roll": lambda x: x.roll(1)}
    monkeypatch.setattr(Session, "logits_of", lambda self, leaf: harms[harm](true(self, leaf)))
    _, _, compared = decoded()
    assert not any(c.equal for c in compared)
    if harm == "roll":
        assert all(c.n_same == 0 for c in compared)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (Tree([-1], [4]), "the tree is its prompt alone; add a branch to decode"),
        (Tree([-1, 0, 0], [4, 2, 0], label=[0, 5, 6]), "leaf n6 has 0 tokens; a branch decodes at least 1"),
        (Tree([-1, 0], [4, 5000]), "the tree asks for 5,000 tokens; this decoder takes at most 4,096"),
        (
            Tree([-1] + [0] * 41, [4] + [1] * 41),
            "n0 has 41 branches.* the vocabulary has 40: draw",
        ),
        (Tree([-1, 0], [4, 600]), "a branch would have 603 tokens with its prompt; the model reads 512"),
    ],
)
def test_what_cannot_be_decoded_is_refused_before_the_first_step(tree, words):
    with pytest.raises(DecodeError, match=words):
        next(iter(LiveDecoder(tiny_model(), PROMPT)(tree)))


def test_more_siblings_than_the_vocabulary_has_words_can_be_drawn_at_a_temperature():
    _, _, compared = decoded(Tree([-1] + [0] * 41, [4] + [1] * 41), temperature=0.9)
    assert len(compared) == 41 and all(c.equal for c in compared)


def test_an_empty_prompt_is_refused():
    with pytest.raises(DecodeError, match="the prompt is empty"):
        LiveDecoder(tiny_model(), ())

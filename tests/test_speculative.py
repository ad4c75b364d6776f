"""Speculation with models: the text is the target's, KV is a sequential decode's, numbers add up."""

import random
from functools import cache

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from random import Random  # noqa: E402

import numpy as np  # noqa: E402
from decoding import TOLERANCE, VOCABULARY, sequential_logits, tiny_model  # noqa: E402

from deft_lab import workbook  # noqa: E402
from deft_lab.chance import Dice  # noqa: E402
from deft_lab.decode.hf import load_model  # noqa: E402
from deft_lab.decode.sampling import Sampler  # noqa: E402
from deft_lab.decode.session import Session  # noqa: E402
from deft_lab.drafting import TOKEN_BUILDERS, TOP_K, WITHOUT_REPLACEMENT, TokenBuilder  # noqa: E402
from deft_lab.drafting.fill import fill  # noqa: E402
from deft_lab.errors import DraftError, ModelError, PoolError  # noqa: E402
from deft_lab.speculative import ModelLaws, Plain, Round, Speculation, plain_decoding, speculate  # noqa: E402
from deft_lab.speculative.laws import draft_sampler, laws_of  # noqa: E402
from deft_lab.speculative.loop import cut_at  # noqa: E402
from deft_lab.speculative.metrics import of_rounds  # noqa: E402
from deft_lab.speculative.pairs import sound_verifiers  # noqa: E402
from deft_lab.token_tree import TokenTree  # noqa: E402
from deft_lab.tree import Tree  # noqa: E402
from deft_lab.verifying import find_verifier  # noqa: E402

SHAPE = (-1, -1, 0, 0, 1, 2)


def branching(laws, budget, chance):
    """Six nodes, drawn without replacement."""
    return fill(laws, SHAPE[:budget], chance, WITHOUT_REPLACEMENT)


BRANCHING = TokenBuilder("branching", branching, WITHOUT_REPLACEMENT, "a tree that is in no registry")
BUILDERS = {**TOKEN_BUILDERS, "branching": BRANCHING}
every_builder = pytest.mark.parametrize("name", BUILDERS)


@cache
def models():
    """Ours."""
    return load_model("target", device="cpu"), load_model("draft", device="cpu")


def held_out_prompts(n):
    rng = Random("held out/speculation test")
    return [[workbook.BOS, *workbook.encode(workbook.text_of(workbook.draw_any(rng, 20)))] for _ in range(n)]


def first_difference_is_a_near_tie(target, prompt, wanted, found):
    """Where two greedy texts part, the target hardly prefers either."""
    for at, (a, b) in enumerate(zip(wanted, found, strict=False)):
        if a != b:
            with target.plain() as model, torch.inference_mode():
                logits = model(torch.tensor([[*prompt, *wanted[:at]]])).logits[0, -1]
            return abs(float(logits[a] - logits[b])) < 2 * TOLERANCE
    return len(wanted) == len(found)


def check_greedy(name, n_prompts, most):
    """The number of near-ties."""
    target, draft = models()
    builder = BUILDERS[name]
    ties = 0
    for prompt in held_out_prompts(n_prompts):
        verifier = sound_verifiers(builder, 0.0)[0]
        found = speculate(target, draft, prompt, builder, verifier, budget=8, max_new_tokens=most).tokens
        wanted = plain_decoding(target, prompt, len(found)).tokens
        if found != wanted:
            assert first_difference_is_a_near_tie(target, prompt, wanted, found)
            ties += 1
    return ties


@every_builder
def test_at_temperature_0_the_text_is_greedy_decodings(name):
    assert check_greedy(name, 1, 16) <= 1


@pytest.mark.long
@every_builder
def test_at_temperature_0_a_hundred_texts_are_greedy_decodings(name):
    assert check_greedy(name, 100, 48) <= 2


def begun(builder=BRANCHING, verifier="naive", temperature=1.0, n_slots=200, budget=6, seed=0):
    """A speculation of tiny models: the draft is another geometry of the same vocabulary."""
    sampler = Sampler(temperature)
    target, draft = tiny_model("gqa"), tiny_model("mha")
    session = Session(target, n_slots=n_slots, page_size=1)
    laws = ModelLaws(draft, draft_sampler(sampler, builder.children), n_slots)
    session.prefill([5, 6, 7])
    laws.begin([5, 6, 7])
    return Speculation(session, laws, builder, find_verifier(verifier), budget, sampler, Dice(seed))


@pytest.mark.parametrize("seed", range(2))
def test_kv_after_each_round_is_that_of_a_sequential_decode(seed):
    text = begun(seed=seed)
    for _ in range(8):
        text.round()
        for session, held in ((text.session, text.tokens[:-1]), (text.laws.session, None)):
            session.check()
            path = session.path_tokens(0)
            assert held is None or path[3:] == held
            assert path == [5, 6, 7, *text.tokens][: len(path)]
            said = sequential_logits(session.model, path)
            assert (said - session.logits_of(0)).abs().max() < TOLERANCE


def test_the_drafts_laws_are_those_of_a_sequential_decode():
    model, rng = tiny_model("mqa"), random.Random(0)
    laws = ModelLaws(model, Sampler(0.7, top_k=9))
    laws.begin([5, 6, 7])
    text = [5, 6, 7]
    for _ in range(6):
        paths = [()]
        for _ in range(3):
            paths += [(*rng.choice(paths), rng.randrange(VOCABULARY)) for _ in range(3)]
            for path, law in zip(paths, laws(paths), strict=True):
                wanted = laws_of(laws.sampler, sequential_logits(model, [*text, *path])[None])[0]
                assert np.abs(law - wanted).max() < TOLERANCE
        tokens = [*rng.choice(paths), rng.randrange(VOCABULARY)]
        text += tokens
        laws.commit(tokens)


def test_known_laws_cost_no_forward_and_kept_tokens_no_second_one():
    laws = ModelLaws(tiny_model("mqa"))
    laws.begin([5, 6, 7])
    laws([()])
    assert laws.n_calls == 0  # the prompt's own logits
    laws([(3,), (4,)])
    laws([(4,)])
    assert (laws.n_calls, laws.n_tokens) == (1, 2)
    laws.commit([4, 9])  # 4 has been decoded, 9 has not
    laws([()])
    assert (laws.n_calls, laws.n_tokens) == (2, 3)
    assert laws.law_of(()) is not None and laws.law_of((3,)) is None


class Again(ModelLaws):
    """Laws of a draft that decodes the whole trie again in each call, as if it kept no drafted KV."""

    def _forward(self, asked):
        if self._node_of is not None:
            self.session.accept(range(len(self._waiting)))
            self._waiting, self._node_of = [], None
        super()._forward([*self._known, *asked])


def test_drafted_levels_are_decoded_once_and_their_laws_are_those_of_a_whole_decode():
    model, rng = tiny_model("gqa"), random.Random(1)
    once, again = ModelLaws(model), Again(model)
    for laws in (once, again):
        laws.begin([5, 6, 7])
    for _ in range(4):
        paths, n_new = [()], once.n_tokens + len(once._waiting)
        for _ in range(4):  # also below nodes that were asked before, and below others' siblings
            paths += [(*rng.choice(paths), rng.randrange(VOCABULARY)) for _ in range(3)]
            assert np.abs(once(paths) - again(paths)).max() < TOLERANCE
        assert once.n_tokens == n_new + len(set(paths)) - 1
        once.session.check()
        tokens = [*rng.choice(paths), rng.randrange(VOCABULARY)]
        for laws in (once, again):
            laws.commit(tokens)
    assert (once.n_calls, again.n_calls) == (16, 16) and once.n_tokens < 0.6 * again.n_tokens


@pytest.mark.parametrize("name", ["sequoia", "dytc"])
def test_a_draft_that_keeps_its_kv_writes_the_same_text(name):
    texts, tokens = [], []
    for kind in (ModelLaws, Again):
        target, draft = models()
        laws = kind(draft, draft_sampler(Sampler(1.0), BUILDERS[name].children))
        done = speculate(
            target, laws, held_out_prompts(1)[0], name, budget=8, sampler=Sampler(1.0), max_new_tokens=24
        )
        texts.append(done.tokens)
        tokens.append(laws.n_tokens)
    assert texts[0] == texts[1] and tokens[0] < tokens[1]


@every_builder
def test_a_seeded_run_repeats_itself_and_stays_in_the_targets_law(name):
    target, draft = models()
    builder, sampler = BUILDERS[name], Sampler(0.9, top_p=0.8)
    verifier = sound_verifiers(builder, 0.9)[0]
    prompt = held_out_prompts(1)[0]
    options = {"budget": 8, "sampler": sampler, "max_new_tokens": 8}
    one, two = (speculate(target, draft, prompt, builder, verifier, seed=5, **options) for _ in range(2))
    assert one.tokens == two.tokens and one.lossless
    with target.plain() as model, torch.inference_mode():
        logits = model(torch.tensor([[*prompt, *one.tokens]])).logits[0, len(prompt) - 1 : -1]
    laws = laws_of(sampler, logits)
    assert all(law[token] > 0 for law, token in zip(laws, one.tokens, strict=True))


def test_a_text_ends_at_an_end_of_text_on_the_committed_path_alone():
    tree = TokenTree((-1, -1, 0, 2), (7, 2, 2, 9))
    assert cut_at(tree, (0, 2, 3), frozenset({2})) == ((0, 2), True)
    assert cut_at(tree, (0,), frozenset({2})) == ((0,), False)
    target, draft = models()
    prompt = target.encode("sort 3 1 2 4 by 4\n")
    result = speculate(target, draft, prompt, budget=6, max_new_tokens=60)
    assert result.reason == "eos" and result.tokens.count(workbook.EOS) == 1
    assert result.tokens[-1] == workbook.EOS and result.text.rstrip().endswith("done 1 2 3 4")
    longer = speculate(
        target, draft, prompt, budget=6, max_new_tokens=len(result.tokens) + 6, honour_eos=False
    )
    assert len(longer.tokens) == len(result.tokens) + 6 and longer.reason == "length"


def test_a_full_pool_leaves_the_text_as_it_was():
    text = begun(n_slots=26)
    with pytest.raises(PoolError, match="pool is full"):
        for _ in range(20):
            before = list(text.tokens)
            text.round()
    assert text.tokens == before
    text.session.check()
    text.laws.session.check()
    text.budget = 1
    done = text.round()
    assert text.tokens == [*before, *done.tokens]
    said = sequential_logits(text.session.model, text.session.path_tokens(0))
    assert (said - text.session.logits_of(0)).abs().max() < TOLERANCE


class TestRefusals:
    """All before anything runs."""

    def test_another_vocabulary(self):
        target, _ = models()
        with pytest.raises(
            ModelError, match="tiny gqa knows 40 tokens, target 176; a draft needs the target's"
        ):
            speculate(target, tiny_model("gqa"), [5])

    def test_another_numbering(self, monkeypatch):
        target, draft = models()
        mixed = draft.tokenizer.get_vocab()
        mixed["sort"], mixed["take"] = mixed["take"], mixed["sort"]
        monkeypatch.setattr(draft, "tokenizer", type("Tokenizer", (), {"get_vocab": lambda self: mixed})())
        with pytest.raises(ModelError, match="draft and target number 2 tokens differently, 'sort'"):
            speculate(target, draft, [5])

    def test_unknown_names_and_options(self):
        target, draft = models()
        with pytest.raises(DraftError, match="no token builder 'oak'; choose one of chain"):
            speculate(target, draft, [5], "oak")
        with pytest.raises(DraftError, match="no verifier 'nobody'; choose one of"):
            speculate(target, draft, [5], "chain", "nobody")
        with pytest.raises(DraftError, match="builder 'chain' has no option 'girth'"):
            speculate(target, draft, [5], girth=3)
        with pytest.raises(DraftError, match="budget=0; it must be an integer of at least 1"):
            speculate(target, draft, [5], budget=0)

    def test_a_lossy_pair(self):
        odd = TokenBuilder("odd", branching, "sorted by hand", "children of no kind that a verifier knows")
        target, draft = tiny_model("gqa"), tiny_model("mha")
        with pytest.raises(DraftError, match="not lossless at temperature 1 for the sorted by hand children"):
            speculate(target, draft, [5], odd, sampler=Sampler(1.0))
        result = speculate(target, draft, [5], odd, sampler=Sampler(1.0), max_new_tokens=4, allow_lossy=True)
        assert not result.lossless and result.label.startswith("lossy")

    def test_a_text_that_has_ended(self):
        text = begun()
        text.ended = True
        with pytest.raises(DraftError, match="the text has come to its end"):
            text.round()


def test_the_drafts_law_is_the_targets_but_for_temperature_0():
    warm, cold = Sampler(0.7, top_p=0.9), Sampler(0.0, top_p=0.9)
    assert draft_sampler(warm, TOP_K) is warm
    assert draft_sampler(cold, TOP_K).temperature == 1.0 and draft_sampler(cold, TOP_K).top_p == 1.0
    assert 0 < draft_sampler(cold, WITHOUT_REPLACEMENT).temperature < 0.1
    assert draft_sampler(warm, TOP_K, 0.3).top_p == 0.9
    with pytest.raises(DraftError, match="draft_temperature=0; it must be above 0"):
        draft_sampler(warm, TOP_K, 0)


def made_up():
    """Three rounds of a tree with children a, b below the root and c below a: nodes 0, 1, 2."""
    tree = TokenTree((-1, -1, 0), (10, 11, 12))
    seconds = {"draft": 1.0, "target": 2.0, "verdict": 0.0, "accept": 1.0}
    seen = Tree([-1], [1])
    return [
        Round(tree, (0, 2), 5, (0.5, 0.7, 0.9), 2, 4, seconds, seen),
        Round(tree, (1,), 5, (0.5, 0.3), 2, 3, seconds, seen),
        Round(tree, (), 5, (0.1,), 2, 5, seconds, seen),
    ]


def test_the_metrics_of_a_made_up_record_are_those_worked_out_by_hand():
    plain = Plain(tuple(range(7)), 12.0, {"unique": 600})
    m = of_rounds(made_up(), 0.25, {"unique": 300}, plain)
    assert (m.tau, m.tau_without_bonus, m.rounds) == (2.0, 1.0, 3)
    assert m.tau_error == pytest.approx((2 / 2 / 3) ** 0.5)  # 3, 2, 1
    assert m.acceptance == 3 / 9 and m.wasted == 2.0 and m.verify_tokens == 4.0
    # rank 0: a three times, c once; a once, c once. Rank 1: b three times, once
    assert m.by_rank == [2 / 4, 1 / 3]
    assert m.by_position == [2 / 3, 1 / 3]
    assert m.by_position_given == [2 / 3, 1.0]  # nothing is drafted below b
    assert m.lengths == {0: 1, 1: 1, 2: 1}
    assert m.alpha == pytest.approx(3.0 / 6)
    assert (m.draft_calls, m.draft_tokens) == (2.0, 4.0)
    assert (m.tokens_per_s, m.plain_tokens_per_s) == (2.0 / 4.0, 6 / 12)  # the first token took no decode
    assert m.speedup == 1.0 and m.predicted_speedup == pytest.approx(2.0 / (2 / 2 + 1 / 2))
    assert m.swi == 6 / (3 + 6 * 0.25)
    assert m.kv_bytes == {"unique": 50} and m.plain_kv_bytes == {"unique": 100}
    assert m.to_json()["tau"] == 2.0
    with pytest.raises(DraftError, match="no round to measure"):
        of_rounds([], 0.25)

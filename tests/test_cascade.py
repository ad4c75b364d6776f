"""Cascades of drafts: the target's text comes out, by the published schedule, at the counted cost."""

import json
import sys
from functools import cache, partial
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
import torch
from cascading import Stubborn, constant
from decoding import tiny_model

from deft_lab.chance import outcomes
from deft_lab.decode.hf import load_model
from deft_lab.drafting.max_gram import max_gram
from deft_lab.errors import DraftError
from deft_lab.speculative import cascade as room
from deft_lab.speculative.cascade import (
    EXAMPLE,
    FLAN_T5_PREVIOUS_WORK,
    FLAN_T5_SIZE,
    LLAMA_7B,
    CausalReviewer,
    Config,
    Drafted,
    MaG,
    Seq2SeqReviewer,
    TableReviewer,
    bigram_table,
    cost_of,
    csd,
    read_config,
    run_config,
    swi,
    workbook_bigrams,
)
from deft_lab.speculative.cascade.prompts import load_prompts
from deft_lab.speculative.dynasurge import read_prompts

PROBLEMS = ("sort 7 2 9 4 1 8 3 6 by 4\n", "add 4 7 1 + 9 5\n", "copy red king small boat\n")
GOLDEN = ((5, 14, 10), (0, 1, 10), (0, 0, 10))


@cache
def bundled(name):
    return CausalReviewer(load_model(name))


@cache
def plain_greedy(name, problem, most):
    """What `generate` says: new ids."""
    model = bundled(name).model
    ids = model.encode(problem)
    with model.plain() as plain, torch.inference_mode():
        out = plain.generate(torch.tensor([ids]), max_new_tokens=most, do_sample=False)
    return tuple(out[0].tolist()[len(ids) :])


def mag():
    return MaG(workbook_bigrams())


# --- greedy: the target's own text


@pytest.mark.parametrize("lenience", [1, 2, 3, 5])
@pytest.mark.parametrize("k", [((5, 10), (0, 10)), ((13, 10), (0, 10)), ((1, 0), (0, 1)), ((0, 4), (0, 7))])
def test_greedy_text_is_the_targets_own_whatever_the_lenience(k, lenience):
    for problem in PROBLEMS if lenience == 1 else PROBLEMS[:1]:
        ids = bundled("target").model.encode(problem)
        found, record = csd((bundled("draft"), mag()), bundled("target"), ids, ids, k, 40, lenience)
        assert found[len(ids) :] == plain_greedy("target", problem, 40)
        assert sum(record.provenance.values()) == len(found) - len(ids)


@pytest.mark.parametrize("lenience", [1, 4])
def test_greedy_text_of_random_models_with_three_drafts(lenience):
    models = [CausalReviewer(tiny_model(kind), kind) for kind in ("mha", "mqa", "gqa")]
    prompt = (5, 6, 7, 5, 6)
    drafts = (*models[:2], MaG([3] * 40))
    found, _ = csd(drafts, models[2], prompt, torch.tensor([prompt]), GOLDEN, 10, lenience)
    text = list(prompt)
    while len(text) < len(found):
        with torch.inference_mode():
            text.append(int(tiny_model("gqa").twin(torch.tensor([text])).logits[0, -1].argmax()))
    assert found == tuple(text)
    assert len(found) == len(prompt) + 10 or found[-1] in models[2].eos


def test_a_cascade_without_max_gram_counts_what_its_last_model_proposes():
    problem = PROBLEMS[0]
    ids = bundled("target").model.encode(problem)
    found, record = csd((bundled("draft"),), bundled("target"), ids, ids, [[4]], 20)
    assert found[len(ids) :] == plain_greedy("target", problem, 20)
    assert record.n_forwards["draft"] == 10 * len(record.rounds) == 10 * record.n_calls["draft"]


def test_the_text_ends_with_the_end_of_text():
    ids = bundled("target").model.encode(PROBLEMS[0])
    found, _ = csd((bundled("draft"), mag()), bundled("target"), ids, ids, ((5, 10), (0, 10)), 200)
    assert found[-1] in bundled("target").eos and found.count(found[-1]) == 1


# --- the schedule


def rejected_round():
    drafts = (constant(2, "base"), constant(3, "small"), Stubborn([4] * 10))
    return csd(drafts, constant(1, "target"), [0], [0], torch.tensor(GOLDEN), max_length=1)[1]


def test_the_published_schedule_when_every_draft_is_rejected():
    record = rejected_round()
    assert record.n_calls == {"target": 1, "base": 5, "small": 19, "MaG": 25}
    assert record.n_forwards == {"target": 1, "base": 5, "small": 19, "MaG": 0}
    assert record.drafted_lengths == (29,) and record.accepted_lengths == (0,)
    assert [token.by for token in record.rounds[0].drafted] == ["base"] * 5 + ["small"] * 14 + ["MaG"] * 10
    assert [call.model for call in record.rounds[0].calls] == ["base"] * 5 + ["small"] * 14 + ["MaG"]


def test_the_first_call_of_base_is_fed_by_small_and_then_by_max_gram():
    base = rejected_round().rounds[0].calls[0]
    assert [call.model for call in base.calls] == ["small", "MaG"] and len(base.drafted) == 11
    assert (base.began, base.ended) == (0, 4)  # MaG, small, MaG, base
    assert base.kept == (Drafted(2, "base", "corrected"),)


def test_calls_follow_each_other_on_the_clock():
    for call in rejected_round().rounds[0].walk():
        for one, next in pairwise(call.calls):
            assert one.ended == next.began
        assert not call.calls or call.ended == call.calls[-1].ended + 1


def test_lengths_are_lower_bounds():
    """A draft that agrees with Max-Gram gives 11 tokens for the one that it was asked for."""
    drafts = (constant(1, "draft"), Stubborn([1] * 10))
    found, record = csd(drafts, constant(1, "target"), [0], [0], [[1, 0], [0, 1]], max_length=30)
    assert record.drafted_lengths[0] == 11 and record.accepted_lengths[0] == 11
    assert record.rounds[0].kept[0].passed == ("draft", "target") and record.rounds[0].kept[10].by == "draft"
    assert record.rounds[0].kept[11] == Drafted(1, "target", "bonus") and len(found) == 31
    assert record.acceptance_at == (1.0,) * 11


def test_a_lenience_up_to_2_changes_nothing_for_max_gram():
    ids = bundled("target").model.encode("tell 5 lines of the fox and the owl\n")
    calls = {}
    for lenience in (1, 2, 8):  # the draft's laws are so peaked that 3 and 5 change nothing here, either
        drafts, k = (bundled("draft"), mag()), LLAMA_7B.k_matrix
        calls[lenience] = csd(drafts, bundled("target"), ids, ids, k, 30, lenience)[1].n_calls
    assert calls[1] == calls[2] and calls[8]["draft"] < calls[1]["draft"]


def test_lenience_weighs_a_token_by_the_law_of_its_own_drafter():
    """small gave token 0 0.6; base gives it 0.25: more than 0.6 / 3, less than 1 / 3."""
    base = np.array([[0.25, 0.75]] * 2)
    by_small = Drafted(0, "small", law=np.array([0.6, 0.4]))
    assert room.review.review(base, [by_small], "base", 3)[1] == 1
    assert room.review.review(base, [by_small], "base", 2)[1] == 0
    assert room.review.review(base, [Drafted(0, "MaG")], "base", 3)[1] == 0


def test_target_is_never_lenient():
    drafts = (constant(1, "draft"), Stubborn([1]))
    record = csd(drafts, constant(1, "target"), [0], [0], [[2, 1], [0, 1]], 3, leniency=4)[1]
    assert {(call.model, call.lenience) for call in record.rounds[0].walk()} == {
        ("target", 1.0), ("draft", 4.0), ("MaG", 1.0),
    }  # fmt: skip


# --- sampled: the target's law, enumerated


def law_of_two(lenience, k=((1, 1, 1), (0, 1, 1), (0, 0, 1)), seed=5):
    """(target's table, law of the first two tokens)."""
    tables = np.random.default_rng(seed).dirichlet(np.ones(2), (3, 2))
    p, base, small = tables
    models = (TableReviewer(base, "base"), TableReviewer(small, "small"), Stubborn([0]))

    def procedure(chance):
        return csd(models, TableReviewer(p, "target"), [1], [1], k, 2, lenience, True, chance)[0][1:]

    law = np.zeros_like(p)
    for tokens, probability in outcomes(procedure).items():
        law[tokens] += probability
    return p, law


@pytest.mark.parametrize("lenience", [1, 1.5, 4])
def test_sampled_text_has_the_targets_law_whatever_the_lenience(lenience):
    p, law = law_of_two(lenience)
    assert np.abs(law - p[1][:, None] * p).max() < 1e-12


def test_without_the_law_that_travels_lenience_would_change_the_text(monkeypatch):
    monkeypatch.setattr(room.review, "reviewed_law", lambda p, q, lenience: p)
    p, law = law_of_two(4)
    assert np.abs(law - p[1][:, None] * p).max() > 0.01


def test_sampled_text_without_max_gram_has_the_targets_law():
    p, q = np.random.default_rng(1).dirichlet(np.ones(3), (2, 3))

    class Short(TableReviewer):
        def propose(self, prompt, ids, k, chance):
            return super().propose(prompt, ids, 2, chance)

    def procedure(chance):
        return csd([Short(q, "draft")], TableReviewer(p, "target"), [0], [0], [[2]], 2, 1, True, chance)[0][
            1:
        ]

    law = np.zeros_like(p)
    for tokens, probability in outcomes(procedure).items():
        law[tokens] += probability
    assert np.abs(law - p[0][:, None] * p).max() < 1e-12


def test_the_law_of_a_lenient_review_is_what_it_gives():
    p, q = np.random.default_rng(3).dirichlet(np.ones(4), 2)

    def procedure(chance):
        drafted = [Drafted(chance.choose(q), "draft", law=q)]
        return room.review.review(np.stack([p, p]), drafted, "base", 1.7, chance)[0][0].token

    found = outcomes(procedure)
    law = room.review.reviewed_law(p, q, 1.7)
    assert [found.get(i, 0.0) for i in range(4)] == pytest.approx(law.tolist())
    assert room.review.reviewed_law(p, q, 1) == pytest.approx(p)


# --- Max-Gram


@pytest.mark.parametrize(
    ("prompt", "ids", "expected"),
    [
        ([1, 2, 3, 4, 5], [2, 3], (4, 5, 2)),  # 2 3 in the prompt; then the text so far, in the history
        ([9, 2, 7, 8, 1, 2, 6, 6], [1, 2], (6, 6, 1)),  # 1 2 beats the earlier 2
        ([2, 7, 7, 2, 8, 8], [2], (7, 7, 2)),  # of equals the leftmost
        ([5], [3, 4, 1, 3], (4, 1, 3)),  # not in the prompt, but in the text
        ([5], [6], (7, 8, 9)),  # nowhere: bigrams
        ([5, 6], [6], (7, 8, 9)),  # at the end of the history nothing follows
        ([5], [11], (0, 1, 2)),  # not in the table either
    ],
)  # fmt: skip
def test_max_gram_by_hand(prompt, ids, expected):
    bigrams = [i + 1 for i in range(11)]
    assert max_gram(prompt, ids, 3, bigrams) == expected


def test_max_gram_searches_the_text_for_what_the_history_found_short():
    # after 7 8 the history 7 8 7 has one token more; then 7 8 7 8 7 stands in the text laid twice: 8 7 follow
    assert max_gram([], [7, 8, 7, 8], 3, [0] * 9) == (7, 8, 7)


def test_a_bigram_table_counts_what_follows():
    assert bigram_table([[1, 2, 1, 2, 1, 3], [3, 0, 0, 2]], 5, pad=0) == (0, 2, 1, 0, 0)
    assert len(workbook_bigrams()) == 176


# --- encoder-decoders


@cache
def tiny_t5(seed, size=30):
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=size, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_decoder_layers=1, num_heads=2,
        decoder_start_token_id=0, initializer_factor=3.0,
    )  # fmt: skip
    return T5ForConditionalGeneration(config).eval()


@pytest.mark.parametrize("lenience", [1, 5])
def test_greedy_text_of_encoder_decoders(lenience):
    drafts = [Seq2SeqReviewer(tiny_t5(seed), f"t5 {seed}") for seed in (1, 2)]
    target = Seq2SeqReviewer(tiny_t5(3), "t5 3")
    prompt = [7, 9, 12, 7, 1]
    found, record = csd((*drafts, MaG([4] * 28)), target, prompt, target.start, GOLDEN, 12, lenience)
    plain = tiny_t5(3).generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False)
    assert found == tuple(plain[0].tolist()) and target.start == (0,)
    assert record.n_forwards["t5 2"] >= record.n_forwards["t5 1"]


# --- costs


def test_swi_and_costs_by_hand():
    forwards = {"target": 10, "draft": 30, "MaG": 50}
    assert swi(40, forwards, {"target": 100, "draft": 10, "MaG": 0}, "target") == 4000 / 1300
    assert cost_of("google/flan-t5-xxl", room.COSTS["model_parameters"]) == 11300
    assert cost_of("google/flan-t5-xl", room.COSTS["model_parameters"]) == 3000
    assert cost_of("JackFram/llama-160m", room.COSTS["model_parameters"]) == 160
    assert cost_of("meta-llama/Llama-2-7b-hf", room.COSTS["model_parameters"]) == 7000
    assert cost_of("meta-llama/Llama-2-7b-hf", room.PUBLISHED) == 70000
    assert cost_of("google/flan-t5-base", room.COSTS["previous_work"]) == 0.04
    with pytest.raises(DraftError, match="no price for 'nobody'"):
        swi(1, {"nobody": 1}, {"target": 1}, "target")


def test_unlisted_models_cost_their_parameters():
    models = (bundled("draft"), mag(), bundled("target"))
    for table, unit in (("model_parameters", 1e6), ("previous_work", models[2].n_parameters)):
        costs = room.costs_of(models, table)
        assert costs == {"MaG": 0.0, **{m.name: m.n_parameters / unit for m in (models[0], models[2])}}


# --- configs


def test_the_published_settings_run():
    """With constant models in place of the published ones."""
    for config in (FLAN_T5_SIZE, FLAN_T5_PREVIOUS_WORK, LLAMA_7B, EXAMPLE):
        drafts = [constant(2 + i, name) for i, name in enumerate(config.draft_names)]
        target = constant(1, config.target_name)
        record = csd([*drafts, Stubborn([5] * 10)], target, [0], [0], config.k_matrix, 1, config.lenience)[1]
        assert record.drafted_lengths[0] == sum(config.k_matrix[0])
        costs = room.costs_of((*drafts, target), config.counter_version)
        assert swi(1, {n: c for n, c in record.n_forwards.items() if n != "MaG"}, costs, target.name) < 1


def test_a_config_is_read_from_a_file(tmp_path):
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"draft_names": ["draft"], "k_matrix": [[5, 10], [0, 10]], "lenience": 3}))
    assert read_config(file) == Config(("draft",), k_matrix=((5, 10), (0, 10)), lenience=3)
    (record,) = run_config(read_config(file), [PROBLEMS[0]], 12)
    assert tuple(token.token for token in record.tokens) == plain_greedy("target", PROBLEMS[0], 40)[:12]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"k_matrx": []}, "no config key 'k_matrx'; there are draft_names"),
        ({"lenience": "3"}, "config key lenience='3'; it must be a int"),
        ({"k_matrix": [1]}, "it must be a list of rows"),
        ({"use_mag": False}, "draft_names is empty and use_mag is false"),
        ({"counter_version": "time"}, "no counter_version 'time'; choose one of model_parameters"),
        ([], "holds a list; a config is a JSON object"),
    ],
)
def test_a_wrong_config_is_refused(tmp_path, given, message):
    file = tmp_path / "run.json"
    file.write_text(json.dumps(given))
    with pytest.raises(DraftError, match=message):
        read_config(file)


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(DraftError, match="usable_devices names GPU 99"):
        run_config(Config(k_matrix=((10,),), usable_devices=(99,)), [PROBLEMS[0]])


def test_prompts_are_worded_as_published(tmp_path):
    file = tmp_path / "questions.jsonl"
    lines = [{"question": "2 + 2?", "choices": ["1", "2", "3", "4"]}, {"question": "Why?"}, {"prompt": "x"}]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert load_prompts(str(file)) == [
        "Question: 2 + 2? (A) 1 (B) 2 (C) 3 (D) 4 Answer: Let's think step by step.",
        "Reason the math question below step by step. Question: Why? Answer:",
        "x",
    ]
    assert len(load_prompts(str(file), 1)) == 1
    with pytest.raises(DraftError, match="no dataset 'nowhere'; choose one of mmlu, sampled_mmlu, gsm8k"):
        load_prompts("nowhere")
    file.write_text("{}")
    with pytest.raises(DraftError, match="line 1 of .* is no prompt"):
        load_prompts(str(file))


def test_a_dataset_needs_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DraftError, match="dataset 'mmlu' is read with the package datasets, which is not"):
        load_prompts("mmlu")


class Rows(list):
    """What `load_dataset` gives, as far as it is read."""

    def select(self, picked):
        return Rows(self[i] for i in picked)

    def skip(self, n):
        return Rows(self[n:])

    def take(self, n):
        return Rows(self[:n])


@pytest.fixture
def asked(monkeypatch):
    """Calls of a `datasets` package that has 1,200 rows of every known column."""
    calls = []

    def load_dataset(*name, **options):
        calls.append((name, options))
        rows = ({"question": f"{i}?", "article": f"news {i}", "text": f"text {i}"} for i in range(1200))
        return Rows(rows if name[0] != "cais/mmlu" else ({**row, "choices": "wxyz"} for row in rows))

    package = ModuleType("datasets")
    package.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", package)
    return calls


def test_datasets_are_asked_for_by_their_names_on_the_hub(asked):
    assert load_prompts("gsm8k", 2)[1] == "Reason the math question below step by step. Question: 1? Answer:"
    assert load_prompts("mmlu", 1)[0].startswith("Question: 0? (A) w (B) x (C) y (D) z Answer:")
    sample = load_prompts("sampled_mmlu")
    assert len(sample) == len(set(sample)) == 1000 and sample == load_prompts("sampled_mmlu")
    names = [name for name, _ in asked]
    assert names == [("openai/gsm8k", "main"), *[("cais/mmlu", "all")] * 3]
    assert all(options == {"split": "test"} for _, options in asked)


def test_dynasurges_datasets_begin_at_row_200(asked):
    assert read_prompts("cnn", 0, 2) == ["news 200", "news 201"]
    assert read_prompts("wiki", 5, 6) == read_prompts("c4", 5, 6) == ["text 205"]
    names = [(*name, options["split"]) for name, options in asked]
    assert names[0] == ("cnn_dailymail", "1.0.0", "test") and names[2] == ("allenai/c4", "en", "validation")


# --- refusals


@pytest.mark.parametrize(
    ("k", "message"),
    [
        ([[5, 10], [1, 10]], r"k_matrix\[1\]\[0\]=1; it must be 0, because draft 0 is fed only by drafts 1"),
        ([[5]], "k_matrix is 1 x 1 for 2 drafts"),
        ([[5, 10], [0, 10, 0]], "k_matrix is 2 x 2 x 3 for 2 drafts"),
        ([[5, -1], [0, 10]], r"k_matrix\[0\]\[1\]=-1; it must be a number of tokens"),
        ([[5, 1.5], [0, 10]], r"k_matrix\[0\]\[1\]=1.5; it must be a number of tokens"),
        (7, "k_matrix=7; it must be a list of rows"),
    ],
)
def test_a_wrong_k_matrix_is_refused(k, message):
    with pytest.raises(DraftError, match=message):
        csd((constant(1, "draft"), Stubborn([1])), constant(1, "target"), [0], [0], k)


def other_words(token):
    model = constant(1, "draft")
    model.tokenizer = type("Words", (), {"get_vocab": staticmethod(lambda: {"a": token, "b": 1})})()
    return model


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (constant(1, "draft", size=7), "draft knows 7 tokens, target 6; a token id must mean the same"),
        (constant(1, "target"), "two models are called 'target'"),
        (other_words(0), "the tokenizers of draft and target differ in 1 tokens"),
        (Stubborn([1]), "two models are called 'MaG'"),
        (MaG([0], "bigrams"), "bigrams cannot review, only propose; it must be the last draft"),
    ],
)
def test_models_that_do_not_fit_are_refused(draft, message):
    target = constant(1, "target")
    target.tokenizer = other_words(2).tokenizer
    with pytest.raises(DraftError, match=message):
        csd((draft, Stubborn([1])), target, [0], [0], [[1, 1], [0, 1]])


def test_other_things_that_do_not_fit_are_refused():
    target = constant(1, "target")
    refused = partial(pytest.raises, DraftError)
    with refused(match="no drafts; a cascade needs one at least"):
        csd((), target, [0], [0], [])
    with refused(match=r"lenience=0.5; it must be 1 \(exact\) or more"):
        csd([Stubborn([1])], target, [0], [0], [[1]], leniency=0.5)
    with refused(match="MaG has a bigram for 9 tokens, target knows 6"):
        csd([MaG([0] * 9)], target, [0], [0], [[1]])
    with refused(match="2 rows of ids"):
        csd([MaG([0])], target, [[0], [1]], [0], [[1]])
    with refused(match="input_ids is empty"):
        csd([MaG([0])], target, [0], [], [[1]])
    with refused(match="MaG proposed nothing"):
        csd([Stubborn([])], target, [0], [0], [[1]])
    with refused(match="t5 is encoder-decoder, target is decoder-only"):
        csd([Seq2SeqReviewer(tiny_t5(1, 6), "t5")], target, [0], [0], [[1]])

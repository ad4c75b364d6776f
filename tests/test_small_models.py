"""The language of the workbook, the scripts that train and measure the bundled models, and the models."""

import json
import sys
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_lab import workbook
from deft_lab.errors import DeftLabError
from deft_lab.workbook import BOS, EOS, KINDS, NEWLINE, PAD, UNK, WORDS

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "data" / "models"
sys.path.insert(0, str(ROOT / "tools"))

import evaluate_models  # noqa: E402
import many_rows  # noqa: E402
import model_files  # noqa: E402
import train_models  # noqa: E402

kinds = st.sampled_from(KINDS)
seeds = st.integers(0, 2**32)
lines_of_words = st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), max_size=5)


def worked(kind: str, size: int, seed: int) -> tuple[str, tuple[str, ...]]:
    rng = Random(seed)
    problem = workbook.draw(kind, size, rng)
    return problem, workbook.solve(problem, rng)


# --- problems and their solutions


def test_a_list_is_taken_part_by_part_and_joined_oldest_first():
    problem = "sort 7 3 9 4 1 2 0 by 3"
    assert workbook.solve(problem, Random(0)) == (
        "take 7 3 9 : 3 7 9",
        "take 4 1 2 : 1 2 4",
        "take 0 : 0",
        "join 3 7 9 + 1 2 4 : 1 2 3 4 7 9",
        "join 0 + 1 2 3 4 7 9 : 0 1 2 3 4 7 9",
        "done 0 1 2 3 4 7 9",
    )


@given(kinds, st.integers(1, 9), seeds)
def test_the_checker_accepts_every_worked_solution(kind, size, seed):
    problem, lines = worked(kind, size, seed)
    assert workbook.first_slip(problem, lines) is None
    assert workbook.is_solved(problem, lines)
    assert workbook.first_slip(problem, lines[:-1]) == len(lines) - 1
    assert workbook.first_slip(problem, [*lines, lines[-1]]) == len(lines)


def test_numbers_of_unequal_length_are_added():
    assert workbook.solve("add 9 7 + 5", Random(0)) == (
        "column 7 + 5 + 0 : 1 2",
        "column 9 + 0 + 1 : 1 0",
        "done 1 0 2",
    )


@given(kinds.filter(lambda kind: kind != "tell"), st.integers(1, 9), seeds, st.data())
def test_one_changed_word_is_found_on_its_line(kind, size, seed, data):
    problem, lines = worked(kind, size, seed)
    at = data.draw(st.integers(0, len(lines) - 1))
    words = lines[at].split()
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(st.sampled_from(WORDS).filter(lambda word: word != words[place]))
    changed = [*lines[:at], " ".join(words), *lines[at + 1 :]]
    assert workbook.first_slip(problem, changed) == at
    if at == len(lines) - 1:
        assert not workbook.is_solved(problem, changed)


@given(st.integers(1, 70), seeds)
def test_the_answers_are_right_by_other_means(size, seed):
    problem, lines = worked("sort", size, seed)
    assert lines[-1].split()[1:] == sorted(problem.partition(" by ")[0].split()[1:])
    problem, lines = worked("add", size, seed)
    first, _, second = problem.removeprefix("add ").replace(" ", "").partition("+")
    assert int(lines[-1].removeprefix("done").replace(" ", "")) == int(first) + int(second)
    problem, lines = worked("count", size, seed)
    assert int(lines[-1].removeprefix("done").replace(" ", "")) == problem.split()[3:].count(problem[6])


def test_slips_count_lost_digits_then_misplaced_ones():
    problem = "sort 3 1 2 by 3"
    assert workbook.slips(problem, [], "take 3 1 2 : 1 2 3") == 0
    assert workbook.slips(problem, [], "take 3 1 2 : 1 3 3") == 2
    assert workbook.slips(problem, [], "take 3 1 2 : 1 3 2") == 2
    assert workbook.slips(problem, [], "take 3 1 2 : 1 2") == 1
    assert workbook.first_slip(problem, ["take 3 1 2 : 1 2 3"]) == 1


@given(kinds, st.integers(1, 9), seeds, lines_of_words)
def test_any_line_can_be_judged_after_any_others(kind, size, seed, lines):
    problem, _ = worked(kind, size, seed)
    assert all(workbook.slips(problem, lines[:at], line) >= 0 for at, line in enumerate(lines))


@given(st.integers(1, 9), seeds)
def test_a_story_is_checked_by_its_form(size, seed):
    problem, lines = worked("tell", size, seed)
    assert workbook.first_slip(problem, [lines[0].replace(" a ", " the "), *lines[1:]]) == 0
    other = next(actor for actor in workbook.ACTORS if actor not in problem.split())
    assert workbook.first_slip(problem, [*lines[:-2], f"the {other} sees a map .", lines[-1]]) == size - 1


@pytest.mark.parametrize("problem", ["", "sort 12 by 4", "sort 1 2 by 0", "sort  1 by 4", "sing 1 2"])
def test_what_is_no_problem_is_refused(problem):
    with pytest.raises(DeftLabError, match="is no problem of the workbook"):
        workbook.next_line(problem, [], Random(0))


def test_an_unknown_kind_is_refused():
    with pytest.raises(DeftLabError, match="no kind of problem 'sing'; there are sort"):
        workbook.draw("sing", 3, Random(0))


@pytest.mark.parametrize(
    ("kind", "size", "most"), [("know", 11, "10"), ("tell", 10, "9"), ("sort", 0, "any")]
)
def test_a_size_that_a_kind_does_not_have_is_refused(kind, size, most):
    with pytest.raises(DeftLabError, match=f"size={size}; {kind} takes 1 to {most}"):
        workbook.draw(kind, size, Random(0))


# --- tokens and the corpus


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """As it is read again from its files."""
    folder = tmp_path_factory.mktemp("tokenizer")
    model_files.make_tokenizer().save_pretrained(folder)
    return pytest.importorskip("transformers").AutoTokenizer.from_pretrained(folder, local_files_only=True)


@given(kinds, st.integers(1, 9), seeds)
def test_problems_survive_the_tokenizer(tokenizer, kind, size, seed):
    text = workbook.text_of(*worked(kind, size, seed))
    ids = tokenizer(text)["input_ids"]
    assert ids == [BOS, *workbook.encode(text)]
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


@given(st.lists(st.sampled_from([*WORDS, " ", "\n", "  "])).map(lambda pieces: " ".join(pieces)))
def test_any_spacing_survives_the_tokenizer(tokenizer, text):
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_unknown_words_are_marked_or_refused(tokenizer):
    assert tokenizer("sort 12 by zebras")["input_ids"][2] == UNK
    with pytest.raises(DeftLabError, match="no word '12'; write digits one by one"):
        workbook.encode("sort 12 by 4")


def test_the_vocabulary_fits_a_byte_and_is_named(tokenizer):
    assert len(tokenizer) == len(workbook.VOCABULARY) == len(set(workbook.VOCABULARY)) <= 256
    specials = (
        tokenizer.pad_token_id,
        tokenizer.bos_token_id,
        tokenizer.eos_token_id,
        tokenizer.unk_token_id,
    )
    assert specials == (PAD, BOS, EOS, UNK)


def test_rows_hold_whole_worked_problems():
    rows = workbook.corpus_rows(4, 1024, "test")
    assert rows.shape == (4, 1024) and rows.dtype == np.uint8
    assert (rows != PAD).mean() > 0.7
    seen = Counter()
    for row in rows:
        text = "".join(workbook.VOCABULARY[token] for token in row[row != PAD])
        for one in text.removesuffix("<eos>").split("<eos>"):
            problem, *lines = one.removeprefix("<bos>").splitlines()
            assert workbook.first_slip(problem, lines) is None
            seen[problem.split()[0]] += 1
    assert len(seen) > 4
    assert np.array_equal(rows, workbook.corpus_rows(4, 1024, "test"))
    assert not np.array_equal(rows, workbook.corpus_rows(4, 1024, "another"))


def test_rows_too_short_for_a_problem_are_refused():
    with pytest.raises(DeftLabError, match="length=512 is too short"):
        workbook.corpus_rows(1, 512, "test")


@given(seeds, st.sampled_from((4, 8)))
def test_the_longest_lists_fit_their_rows(seed, part):
    rng = Random(seed)
    problem = workbook.draw("sort", 64, rng, part)
    text = workbook.text_of(problem, workbook.solve(problem, rng))
    assert len(workbook.encode(text)) + 2 <= 64 * workbook.TOKENS_PER_DIGIT


# --- training and measuring


def test_only_solutions_weigh_in_full():
    text = workbook.encode("sort 2 1 by 2\ntake 2 1 : 1 2\n")
    rows = torch.tensor([[BOS, *text, EOS, BOS, *text[:3], PAD]])
    following, weight = train_models.weigh(rows)
    assert following[0, :-1].tolist() == rows[0, 1:].tolist()
    n_problem = text.index(NEWLINE) + 1
    n_solution = len(text) - n_problem + 1
    light = train_models.PROMPT_WEIGHT
    expected = [light] * n_problem + [1.0] * n_solution + [0.0] + [light] * 3 + [0.0, 0.0]
    assert weight[0].tolist() == pytest.approx(expected)


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory):
    """A pair that three steps have hardly taught anything, saved."""
    folder = tmp_path_factory.mktemp("models")
    models, notes = train_models.train_pair(train_models.SETTINGS["tiny"], "cpu", 0)
    model_files.save(models, folder)
    assert {name: note["steps"] for name, note in notes.items()} == {"target": 3, "draft": 3, "distil": 3}
    return folder


def test_three_steps_write_models_that_load(tiny_models):
    transformers = pytest.importorskip("transformers")
    for name in ("target", "draft"):
        stored = transformers.AutoModelForCausalLM.from_pretrained(tiny_models / name, local_files_only=True)
        assert stored.dtype == torch.float16
        model = model_files.load(tiny_models / name, "cpu")
        assert model.dtype == torch.float32 and model.config.vocab_size == len(workbook.VOCABULARY)
        tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_models / name, local_files_only=True)
        assert tokenizer("sort 1 by 4\n")["input_ids"][0] == model.generation_config.bos_token_id == BOS
        assert model.generation_config.eos_token_id == EOS


def test_many_rows_write_what_each_would_write_alone(tiny_models):
    model = model_files.load(tiny_models / "target", "cpu")
    torch.manual_seed(0)
    model.model.embed_tokens.weight.data.normal_()
    prompts = [
        many_rows.prompt_of(p) for p in ("sort 3 1 2 by 4", "copy fox", "tell 2 lines of the fox and the owl")
    ]
    together = many_rows.write(model, prompts, EOS, 12, 0, 0)
    for prompt, written in zip(prompts, together, strict=True):
        alone = model.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False)
        assert alone[0, len(prompt) :].tolist() == written.tokens
        law = model(alone).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
        own = law.gather(1, alone[0, len(prompt) :, None]).sum()
        assert written.log_probability == pytest.approx(own.item(), abs=1e-3)


def test_mcnemar_counts_the_pairs_that_differ():
    before, after = [True] * 3 + [False] * 7, [True] * 3 + [True] * 5 + [False] * 2
    assert evaluate_models.mcnemar(before, after) == pytest.approx(2 / 2**5)
    assert evaluate_models.mcnemar(after, after) == 1


def test_calls_follow_the_longest_path_of_ranks():
    tree = frozenset({(0,), (0, 0), (1,), (1, 0)})
    assert evaluate_models.calls_for([0, 0, 5], tree) == 1
    assert evaluate_models.calls_for([1, 1, 0, 0, 0, 7], tree) == 3
    assert evaluate_models.calls_for([3, 3, 3], tree) == 3


@given(
    st.lists(st.lists(st.integers(0, 20), min_size=1), min_size=1).filter(lambda t: any(0 in r for r in t))
)
def test_the_best_tree_has_its_nodes_and_their_parents(ranks):
    tree = evaluate_models.best_tree(ranks)
    assert len(tree) == evaluate_models.BUDGET - 1
    assert all(path[:-1] in tree or len(path) == 1 for path in tree)


# --- the models that come with deft_lab


@pytest.fixture(scope="module")
def made():
    """Their card; without trained weights there is nothing to test."""
    if not (MODELS / "card.json").is_file():
        pytest.skip("no trained models in data/models: tools/train_models.py makes them")
    return json.loads((MODELS / "card.json").read_text())


def test_the_models_are_small(made):
    sizes = [path.stat().st_size for path in MODELS.rglob("*") if path.is_file()]
    assert max(sizes) < 16e6 and sum(sizes) < 25e6
    shapes = {name: model_files.load(MODELS / name, "cpu") for name in ("target", "draft")}
    assert shapes["target"].num_parameters() <= 10e6 and shapes["draft"].num_parameters() < 0.6e6
    for model in shapes.values():
        assert model.config.num_attention_heads == 4 * model.config.num_key_value_heads


def test_the_card_keeps_the_promises(made):
    figures = made["evaluation"]
    assert figures["short"]["greedy"] >= 0.8
    long = figures["long"]
    assert 0.3 <= long["greedy"]["solved"] <= 0.7
    better = [way for way in long.values() if isinstance(way, dict) and way["mcnemar_p"] < 0.01]
    assert any(way["solved"] > long["greedy"]["solved"] for way in better)
    assert figures["speculation"]["temperature 0"]["best"] >= 2


def test_the_target_solves_short_lists_here_too(made):
    target = model_files.load(MODELS / "target", "cpu")
    assert many_rows.share_solved(target, many_rows.held_out("short", 20)) >= 0.7

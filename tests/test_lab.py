"""The losslessness lab: sound pairs pass its test, every negative control fails it."""

from functools import partial

import numpy as np
import pytest

from deft_lab.chance import Dice
from deft_lab.drafting import CHILDREN, IID, WITHOUT_REPLACEMENT
from deft_lab.token_tree import TokenTree
from deft_lab.verifying import VERIFIERS, Verdict
from deft_lab.verifying.chi_square import chi_square, merged, noise_floor, survival, total_variation
from deft_lab.verifying.controls import CONTROLS, bonus_before_gathering
from deft_lab.verifying.deal import deal
from deft_lab.verifying.lab import SHAPE, compare, dealt_openings, rolled_openings, sampled
from deft_lab.verifying.rounds import Tables, dial, opening_law, round_law, round_laws, shaped_round

TABLES = dial(seed=1, vocab_size=3, unlike=0.6)
PAIRS = [(name, kind) for name in VERIFIERS for kind in CHILDREN if kind in VERIFIERS[name].lossless]
sizes = pytest.mark.parametrize("n", [20_000, pytest.param(100_000, marks=pytest.mark.long)])


@sizes
@pytest.mark.parametrize(("verifier", "kind"), PAIRS)
def test_a_lossless_pair_passes(verifier, kind, n):
    report = sampled(shaped_round(TABLES, SHAPE, kind, verifier), n)
    print(verifier, kind, report)
    assert report.p_value > 1e-3
    assert report.distance < 1.5 * report.noise


@sizes
@pytest.mark.parametrize("name", CONTROLS)
def test_a_negative_control_fails(name, n):
    report = CONTROLS[name](TABLES, n, 0).report(TABLES)
    print(name, report)
    assert report.p_value < 1e-6
    assert report.distance > 2 * report.noise


def test_a_lossless_pair_passes_with_dice_too():
    dice = Dice(0)
    for verifier in ("sequoia", "traversal"):
        one = shaped_round(TABLES, SHAPE, WITHOUT_REPLACEMENT, verifier)
        assert rolled_openings(one, 3000, lambda: dice).report(TABLES).p_value > 1e-3


def test_dealt_runs_have_the_law_of_single_runs():
    one = shaped_round(TABLES, SHAPE, IID, "traversal_iid")
    law = round_law(one, 0)
    counts = deal(partial(one, 0), 50_000, np.random.default_rng(0))
    assert counts.total() == 50_000 and counts.keys() <= law.keys()
    fit = chi_square(np.array([counts[tokens] for tokens in law]), np.array(list(law.values())))
    assert fit.p_value > 1e-3


def test_rounds_that_are_dealt_are_handed_out_in_random_order():
    openings = dealt_openings(shaped_round(TABLES, SHAPE, IID, "specinfer"), 4000, seed=1, n_tokens=2).tokens
    early, late = (np.bincount(half[:, 1], minlength=3) for half in np.split(openings, 2))
    assert chi_square(early, TABLES.opening_law(2).sum(axis=0)).p_value > 1e-3
    assert chi_square(late, TABLES.opening_law(2).sum(axis=0)).p_value > 1e-3


def test_frozen_randomness_is_seen_only_over_two_rounds():
    openings = CONTROLS["frozen randomness"](TABLES, 5000, 0)
    first = np.bincount(openings.tokens[:, 0], minlength=3)
    assert chi_square(first, TABLES.p[0]).p_value > 1e-3
    assert openings.report(TABLES).p_value < 1e-6


def test_a_bonus_that_comes_too_early_overwrites_an_accepted_token():
    tree = TokenTree((-1, -1), (5, 6))
    assert bonus_before_gathering(tree, Verdict((0,), 7)) == (5, 7)
    assert bonus_before_gathering(tree, Verdict((1,), 7)) == (7, 7)


def test_traversal_has_most_of_etvs_gain_and_none_of_its_bias():
    rows = {
        (row.verifier, row.children): row for row in compare([dial(seed, 3, 0.6, 1.5) for seed in (0, 1)])
    }
    for row in rows.values():
        print(row)
    gain = {name: row.tokens_per_round for (name, kind), row in rows.items() if kind == WITHOUT_REPLACEMENT}
    assert gain["naive"] < gain["sequoia"] < gain["traversal"] < gain["etv"]
    assert gain["traversal"] - gain["sequoia"] > gain["etv"] - gain["traversal"]
    assert rows["specinfer", IID].tokens_per_round < rows["traversal_iid", IID].tokens_per_round
    for (name, _), row in rows.items():
        assert (row.bias > 1e-2) if name.startswith("etv") else (row.bias < 1e-12)


def test_an_opening_takes_as_many_rounds_as_it_needs():
    cycle = Tables(np.eye(3)[[1, 2, 0]], np.eye(3))  # the draft is always wrong: one token a round
    laws = round_laws(shaped_round(cycle, SHAPE, IID, "naive"))
    assert opening_law(laws, 3)[1, 2, 0] == pytest.approx(1)


def test_a_dial_goes_from_the_target_to_noise():
    assert np.allclose(dial(0, 4, 0).p, dial(0, 4, 0).q)
    far = [total_variation(t.p, t.q) for t in (dial(0, 4, unlike) for unlike in (0.2, 0.5, 1.0))]
    assert far == sorted(far)


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    [(3.841458821, 1, 0.05), (5.991464547, 2, 0.05), (18.30703805, 10, 0.05), (124.3421134, 100, 0.05),
     (23.20925116, 10, 0.01), (10.82756617, 1, 0.001), (9.34181776, 10, 0.5), (2.0, 2, np.exp(-1)),
     (200.0, 2, np.exp(-100))],
)  # fmt: skip
def test_the_survival_function_has_the_tabled_values(statistic, degrees, p):
    assert survival(statistic, degrees) == pytest.approx(p, rel=1e-7)


def test_small_cells_are_merged_until_enough_is_expected():
    counts, expected = merged(np.array([1, 50, 2, 0]), np.array([2.0, 45.0, 2.5, 3.5]))
    assert counts.tolist() == [3, 50] and expected.tolist() == [8.0, 45.0]
    counts, expected = merged(np.array([1, 6, 60]), np.array([2.0, 7.0, 58.0]))
    assert counts.tolist() == [7, 60] and expected.tolist() == [9.0, 58.0]


def test_what_the_law_forbids_fails_at_once():
    assert chi_square(np.array([10, 1]), np.array([1.0, 0.0])).p_value == 0


def test_the_noise_floor_is_what_counting_alone_brings():
    law, rng = np.full(36, 1 / 36), np.random.default_rng(0)
    found = [total_variation(rng.multinomial(20_000, law) / 20_000, law) for _ in range(200)]
    assert np.mean(found) == pytest.approx(noise_floor(law, 20_000), rel=0.03)
    # 0.0168; the reference's Markov tables, less even, have 0.013
    assert noise_floor(law, 20_000) == pytest.approx(0.0167, abs=2e-4)

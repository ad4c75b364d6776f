"""Verifiers: the law of what they commit, enumerated without sampling."""

from functools import cache

import numpy as np
import pytest

from deft_lab.chance import Dice, outcomes
from deft_lab.drafting import (
    CHILDREN,
    DEDUPLICATED,
    IID,
    SET_ORDER,
    TOKEN_BUILDERS,
    TOP_K,
    WITHOUT_REPLACEMENT,
    TableLaws,
    TokenBuilder,
)
from deft_lab.drafting.fill import fill
from deft_lab.errors import DraftError
from deft_lab.token_tree import TokenTree
from deft_lab.verifying import VERIFIERS, check_pair
from deft_lab.verifying.chi_square import total_variation
from deft_lab.verifying.etv import etv
from deft_lab.verifying.rounds import (
    Round,
    Tables,
    built_round,
    dial,
    opening_law,
    round_laws,
    shaped_round,
)
from deft_lab.verifying.typical import threshold

MIXED = (-1, -1, 0, 0, 1)  # two children of the root; two and one grandchildren


def random_tables(seed, size):
    """Random laws."""
    return Tables(*np.random.default_rng(seed).dirichlet(np.ones(size), (2, size)))


def sparse_tables(seed, size):
    """Laws with zeros, of target and draft at different tokens: residuals and drafts run dry."""
    dense = random_tables(seed, size)
    p, q = dense.p.copy(), dense.q.copy()
    p[np.arange(size), (np.arange(size) + 1) % size] = 0
    q[np.arange(size), (np.arange(size) + 2) % size] = 0
    q[0, 1:] = np.eye(size - 1)[0]  # one token only
    q[0, 0] = 0
    return Tables(p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True))


CASES = {
    "3 tokens": (random_tables(3, 3), MIXED),
    "4 tokens, some impossible": (sparse_tables(4, 4), (-1, -1, -1, 0, 1)),
    "5 tokens": (random_tables(5, 5), (-1, -1, 0)),
}


@cache
def error(case, kind, verifier):
    """How far the first two committed tokens, over up to two rounds, are from the target's law."""
    tables, shape = CASES[case]
    law = opening_law(round_laws(shaped_round(tables, shape, kind, verifier)), 2)
    assert law.sum() == pytest.approx(1)
    return np.abs(law - tables.opening_law(2)).max()


PAIRS = [(verifier, kind) for verifier in VERIFIERS for kind in CHILDREN]
LOSSLESS = [pair for pair in PAIRS if pair[1] in VERIFIERS[pair[0]].lossless]


@pytest.mark.parametrize(("verifier", "kind"), LOSSLESS)
@pytest.mark.parametrize("case", CASES)
def test_a_lossless_pair_commits_the_targets_law(case, verifier, kind):
    assert error(case, kind, verifier) < 1e-12


@pytest.mark.parametrize(("verifier", "kind"), [pair for pair in PAIRS if pair not in LOSSLESS])
def test_a_pair_that_is_not_said_to_be_lossless_is_not(verifier, kind):
    assert error("3 tokens", kind, verifier) > 1e-3


# who is lossless with which children; traversal with repeats dropped is our own finding, by enumeration
SOUND = {
    TOP_K: {"naive", "one_hot"},
    IID: {"naive", "one_hot", "specinfer", "traversal_iid"},
    DEDUPLICATED: {"naive", "one_hot", "sequoia", "traversal"},
    WITHOUT_REPLACEMENT: {"naive", "one_hot", "sequoia", "traversal"},
    SET_ORDER: {"naive", "one_hot"},
}


@pytest.mark.parametrize(("verifier", "kind"), PAIRS)
def test_a_pair_that_changes_the_law_is_refused(verifier, kind, monkeypatch):
    monkeypatch.setitem(TOKEN_BUILDERS, "mine", TokenBuilder("mine", fill, kind, ""))
    assert check_pair("mine", verifier, temperature=0)
    if verifier in SOUND[kind]:
        assert check_pair("mine", verifier)
        return
    with pytest.raises(DraftError, match=f"'{verifier}' is not lossless .* for the {kind} .* naive"):
        check_pair("mine", verifier)
    assert not check_pair("mine", verifier, allow_lossy=True)


def test_an_unknown_verifier_lists_the_known_ones():
    with pytest.raises(DraftError, match="no verifier 'nobody'; choose one of greedy, naive"):
        check_pair("chain", "nobody")


@pytest.mark.parametrize(("verifier", "kind"), PAIRS)
def test_at_temperature_0_all_commit_the_arg_maxes(verifier, kind):
    p = np.eye(3)[[1, 2, 0]]  # 0 -> 1 -> 2 -> 0
    tables = Tables(p, random_tables(2, 3).q)
    for last, law in enumerate(round_laws(shaped_round(tables, MIXED, kind, verifier))):
        texts = {tokens for tokens, probability in law.items() if probability > 1e-12}
        assert texts <= {tuple((last + 1 + i) % 3 for i in range(n)) for n in (1, 2, 3)}
        assert VERIFIERS[verifier].greedy


def test_greedy_finds_the_longest_of_equal_texts():
    tree = TokenTree((-1, -1, 1), (1, 1, 2))  # an independent draft drew token 1 twice
    p = np.eye(3)[[1, 2, 2, 0]]
    assert VERIFIERS["greedy"].verify(tree, p, Dice()).tokens(tree) == (1, 2, 0)


def test_a_merged_tree_is_tested_with_the_law_of_the_draft_that_proposed_the_child():
    tables, other = random_tables(6, 3), random_tables(7, 3).q

    def merge(laws, chance):
        mine, theirs = laws([()])[0], other[laws.last]
        return TokenTree(
            (-1, -1), (chance.choose(mine), chance.choose(theirs)), q={-1: np.stack((mine, theirs))}
        )

    law = opening_law(round_laws(Round(tables, merge, VERIFIERS["specinfer"].verify)), 2)
    assert np.abs(law - tables.opening_law(2)).max() < 1e-12


def test_where_the_draft_has_nothing_left_sequoia_takes_the_rest_to_be_uniform():
    tables = Tables(random_tables(8, 4).p, np.eye(4))

    def draft(laws, chance):
        others = np.ones(4)
        others[laws.last] = 0
        return TokenTree((-1, -1), (laws.last, chance.choose(others)), q={-1: laws([()])[0]})

    law = opening_law(round_laws(Round(tables, draft, VERIFIERS["sequoia"].verify)), 2)
    assert np.abs(law - tables.opening_law(2)).max() < 1e-12


@pytest.mark.parametrize("verifier", ["sequoia", "specinfer", "traversal", "traversal_iid", "etv"])
def test_a_verifier_of_draws_asks_for_their_law(verifier):
    with pytest.raises(DraftError, match=r"children of the root were drawn from; give it as q\[-1\]"):
        VERIFIERS[verifier].verify(TokenTree((-1,), (0,)), np.ones((2, 3)) / 3, Dice())


@pytest.mark.parametrize("verifier", ["etv", "etv_right_bonus", "traversal_iid", "specinfer", "sequoia"])
def test_on_a_chain_all_rules_of_draws_are_lossless(verifier):
    tables = random_tables(9, 3)
    law = opening_law(round_laws(built_round(tables, "chain", 2, verifier)), 3)
    assert np.abs(law - tables.opening_law(3)).max() < 1e-12


def test_etv_ends_texts_early():
    tables = random_tables(3, 3)
    one = shaped_round(tables, MIXED, WITHOUT_REPLACEMENT, "etv")
    ending = Round(tables, one.draft, lambda tree, p, chance: etv(tree, p, chance, ends={0}))
    first, honest = round_laws(ending)[0], tables.p[0, 0]
    assert sum(weight for tokens, weight in first.items() if tokens[0] == 0) > honest + 1e-3
    assert all(0 not in tokens[:-1] for tokens in first)


def test_what_is_typical_sinks_where_the_target_is_unsure():
    assert threshold(np.array([1.0, 0.0])) == pytest.approx(0.09)
    flat = np.full(50, 1 / 50)
    assert threshold(flat) == pytest.approx(0.3 / 50, rel=1e-2)


def law_of(verifier, tree, p):
    """Committed tokens -> probability, of one tree."""
    return outcomes(lambda chance: VERIFIERS[verifier].verify(tree, p, chance).tokens(tree))


P = np.array([0.5, 0.3, 0.2])


def test_medusas_nucleus_lets_each_path_draw_for_itself():
    # root ── 0 (node 0), 1 (node 1): node 1's row stands first, so it wins wherever it passes
    siblings = law_of("nucleus", TokenTree((-1, -1), (0, 1)), np.stack([P] * 3))
    first = [sum(w for tokens, w in siblings.items() if tokens[0] == x) for x in range(3)]
    # passes, or nothing does (0.7 x 0.5) and the bonus says it
    assert first == pytest.approx([0.5 * 0.7 + 0.35 * 0.5, 0.3 + 0.35 * 0.3, 0.35 * 0.2])
    # root ── 0 ── 0, 1: two rows try the first node, 1 - 0.5^2; with one child below it is 0.5
    shared = law_of("nucleus", TokenTree((-1, 0, 0), (0, 0, 1)), np.stack([P] * 4))
    assert sum(w for tokens, w in shared.items() if len(tokens) > 1) == pytest.approx(0.75)
    # where both rows pass to the end, the last leaf's is committed
    whole = [sum(w for t, w in shared.items() if len(t) == 3 and t[1] == x) for x in (0, 1)]
    assert whole == pytest.approx([0.5 * 0.5 * (1 - 0.5 * 0.3), 0.5 * 0.3])
    # a chain: passes with p, and a fresh bonus may say it again
    chain = law_of("nucleus", TokenTree((-1,), (0,)), np.stack([P] * 2))
    assert chain[(0,)] == pytest.approx(0.5 * 0.5)


def test_medusas_default_leaves_nothing_to_chance():
    # 0 and 1 are typical (above 0.09), 2 is the likelier below 1, and 0 the likelier of the two paths
    tree, p = TokenTree((-1, -1), (0, 1)), np.stack([P, P[::-1], P])
    assert law_of("typical_fast", tree, p) == {(0, 2): 1.0}
    assert law_of("typical", tree, p) == {(0, x): pytest.approx(w) for x, w in enumerate(P[::-1])}


@pytest.mark.parametrize("verifier", ["typical", "typical_fast", "nucleus"])
def test_medusas_acceptance_above_temperature_0_runs_only_if_asked(verifier):
    with pytest.raises(DraftError, match=f"'{verifier}' is not lossless at temperature 0.7 .* 'medusa'"):
        check_pair("medusa", verifier, temperature=0.7)
    assert not check_pair("medusa", verifier, temperature=0.7, allow_lossy=True)
    assert check_pair("medusa", verifier, temperature=0)


def test_the_bias_of_medusas_nucleus_is_large():
    tables = dial(2, 3, 0.6)
    law = opening_law(round_laws(shaped_round(tables, MIXED, TOP_K, "nucleus")), 1)
    assert total_variation(law, tables.opening_law(1)) > 0.05


def test_outcomes_are_all_ways_that_draws_can_fall():
    law = np.array([0.5, 0.3, 0.2])
    found = outcomes(lambda chance: (chance.choose(law), chance.flip(0.25)))
    assert found[1, True] == pytest.approx(0.075) and len(found) == 6
    assert sum(found.values()) == pytest.approx(1)


def test_dice_draw_from_the_law():
    dice, law = Dice(1), np.array([0.5, 0.0, 0.5])
    drawn = np.bincount([dice.choose(law) for _ in range(4000)], minlength=3)
    assert drawn[1] == 0 and abs(drawn[0] - 2000) < 200


def test_independent_draws_may_repeat():
    tree = fill(TableLaws(np.eye(3), 1), (-1, -1), Dice(0), IID)
    assert tree.tokens == (1, 1) and tree.rank == (0, 1)

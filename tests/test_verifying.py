"""Verifiers: the law of what they commit, enumerated without sampling."""

import numpy as np
import pytest

from deft_lab.chance import Dice, outcomes
from deft_lab.drafting import CHILDREN, IID, TableLaws
from deft_lab.drafting.fill import fill
from deft_lab.errors import DraftError
from deft_lab.verifying import VERIFIERS, check_pair

MIXED = (-1, -1, 0, 0, 1)  # two children of the root; two and one grandchildren


def tables(seed, size=3):
    """Random Markov tables of a target and a draft."""
    return np.random.default_rng(seed).dirichlet(np.ones(size), (2, size))


def target_laws(table, tree, last):
    """[1 + node, vocabulary]."""
    return table[[last, *tree.tokens]]


def one_round(p, q, last, shape, kind, verifier):
    """Committed tokens -> probability."""

    def procedure(chance):
        tree = fill(TableLaws(q, last), shape, chance, kind)
        verdict = VERIFIERS[verifier].verify(tree, target_laws(p, tree, last), chance)
        return verdict.tokens(tree)

    return outcomes(procedure)


def two_tokens(p, q, last, shape, kind, verifier):
    """Law [vocabulary, vocabulary] of the first two committed tokens, over two rounds if need be."""
    rounds = {t: one_round(p, q, t, shape, kind, verifier) for t in range(len(p))}
    law = np.zeros_like(p)
    for tokens, probability in rounds[last].items():
        if len(tokens) > 1:
            law[tokens[0], tokens[1]] += probability
        else:
            for more, weight in rounds[tokens[0]].items():
                law[tokens[0], more[0]] += probability * weight
    return law


@pytest.mark.parametrize("kind", CHILDREN)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_a_lossless_pair_commits_the_targets_law(verifier, kind):
    if kind not in VERIFIERS[verifier].lossless:
        pytest.skip("not said to be lossless")
    p, q = tables(3)
    law = two_tokens(p, q, 0, MIXED, kind, verifier)
    assert np.abs(law - p[0][:, None] * p).max() < 1e-12


def test_outcomes_are_all_ways_that_draws_can_fall():
    law = np.array([0.5, 0.3, 0.2])
    found = outcomes(lambda chance: (chance.choose(law), chance.flip(0.25)))
    assert found[1, True] == pytest.approx(0.075) and len(found) == 6
    assert sum(found.values()) == pytest.approx(1)


def test_dice_draw_from_the_law():
    dice, law = Dice(1), np.array([0.5, 0.0, 0.5])
    drawn = np.bincount([dice.choose(law) for _ in range(4000)], minlength=3)
    assert drawn[1] == 0 and abs(drawn[0] - 2000) < 200


def test_a_pair_that_changes_the_law_is_refused():
    assert check_pair("chain", "naive")
    with pytest.raises(DraftError, match="no verifier 'nobody'"):
        check_pair("chain", "nobody")


def test_independent_draws_may_repeat():
    tree = fill(TableLaws(np.eye(3), 1), (-1, -1), Dice(0), IID)
    assert tree.tokens == (1, 1) and tree.rank == (0, 1)

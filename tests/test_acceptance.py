"""What one node accepts: golden values, and the formulas against enumeration."""

from itertools import combinations

import numpy as np
import pytest

from deft_lab.drafting import IID, TOP_K, WITHOUT_REPLACEMENT
from deft_lab.verifying.acceptance import (
    iid_acceptance,
    set_acceptance,
    top_k_acceptance,
    transport_bound,
    without_replacement_acceptance,
)
from deft_lab.verifying.rounds import Tables, round_law, shaped_round

P, Q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])


@pytest.mark.parametrize(
    ("k", "iid", "without", "top_k", "bound"),
    [(1, 0.7, 0.7, 0.2, 0.7), (2, 0.76, 0.82, 0.5, 0.86), (3, 0.808, 1.0, 1.0, 0.988)],
)
def test_golden_values(k, iid, without, top_k, bound):
    assert iid_acceptance(P, Q, k) == pytest.approx(iid, abs=1e-12)
    assert without_replacement_acceptance(P, Q, k) == pytest.approx(without, abs=1e-12)
    assert top_k_acceptance(P, Q, k) == pytest.approx(top_k, abs=1e-12)
    assert transport_bound(P, Q, k) == pytest.approx(bound, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_formulas_are_what_verifiers_accept(seed, k):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(4), 2)
    tables = Tables(np.stack([p] * 4), np.stack([q] * 4))

    def accepted(kind, verifier):
        law = round_law(shaped_round(tables, (-1,) * k, kind, verifier), 0)
        return pytest.approx(sum(weight for tokens, weight in law.items() if len(tokens) > 1), abs=1e-12)

    iid = iid_acceptance(p, q, k)
    assert iid == accepted(IID, "specinfer") == accepted(IID, "traversal_iid")
    without = without_replacement_acceptance(p, q, k)
    assert without == accepted(WITHOUT_REPLACEMENT, "sequoia") == accepted(WITHOUT_REPLACEMENT, "traversal")
    assert top_k_acceptance(p, q, k) == accepted(TOP_K, "one_hot") == accepted(TOP_K, "naive")
    assert iid <= transport_bound(p, q, k) + 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_is_the_least_over_all_sets(seed):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(6), 2)
    sets = [list(s) for size in range(7) for s in combinations(range(6), size)]
    for k in (1, 2, 5):
        assert transport_bound(p, q, k) == pytest.approx(1 + min(p[s].sum() - q[s].sum() ** k for s in sets))


def test_the_whole_vocabulary_is_always_accepted():
    p, q = np.random.default_rng(3).dirichlet(np.ones(4), 2)
    assert without_replacement_acceptance(p, q, 4) == pytest.approx(1)
    assert set_acceptance(p, range(4)) == pytest.approx(1) and set_acceptance(p, ()) == 0

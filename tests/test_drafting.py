"""Token builders: each has a case drawn by hand, keeps to its budget, and says how children came."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_lab.chance import Dice, outcomes
from deft_lab.drafting import (
    DEDUPLICATED,
    IID,
    SET_ORDER,
    TOKEN_BUILDERS,
    TOP_K,
    WITHOUT_REPLACEMENT,
    TableLaws,
    draft,
)
from deft_lab.drafting.dynasurge import draws_per_node
from deft_lab.drafting.eagle2 import eagle2_phases
from deft_lab.errors import DraftError
from deft_lab.token_tree import TokenTree, merge, topologies, tree_from_paths, widths
from deft_lab.verifying import VERIFIERS

# after token 0: 0.5 0.3 0.2; after 1: token 2 for sure; after 2: 0.1 0.6 0.3
TABLE = np.array([[0.5, 0.3, 0.2], [0.0, 0.0, 1.0], [0.1, 0.6, 0.3]])


class Script:
    """A chance that draws what it is told to."""

    def __init__(self, tokens):
        self.left = list(tokens)

    def choose(self, law):
        token = self.left.pop(0)
        assert law[token] > 0
        return token


# builder -> (budget, options, draws, paths in the order of nodes, calls of the draft)
CASES = {
    "chain": (3, {}, [0, 1, 2], "0 01 012", 3),
    "chains": (5, {"n_chains": 2, "depth": 3}, [2, 0, 1, 1, 2], "2 0 21 01 212", 3),
    # both chains begin alike: they stay two
    "chains_iid": (4, {"n_chains": 2, "depth": 2}, [0, 0, 1, 2], "0 0 01 02", 2),
    "specinfer": (5, {"expansion": [1, 2, 1]}, [2, 1, 1, 2, 2], "2 21 21 212 212", 3),
    # node 1 has one child only, the law holds no more
    "k_ary": (6, {"k": 2}, [1, 2, 2, 0, 1], "1 2 12 20 21", 2),
    "k_ary_top_k": (5, {"k": 2}, [], "0 1 00 01 12", 2),
    "medusa": (4, {"paths": [[0], [1], [1, 0], [0, 0], [0, 1]]}, [], "0 1 00 12", 2),
    "eagle1": (7, {}, [], "0 1 2 00 01 02", 2),
    # 3 nodes of value 0.6, 0.36 and 0.3
    "sequoia": (3, {"acceptance": [0.6, 0.3]}, [2, 0, 1], "2 0 21", 2),
    "sequoia_greedy": (3, {"acceptance": [0.6, 0.3]}, [], "0 1 00", 2),
    # K = 2: the root's draws coincide, so its one child is served as well, and that one's two
    "dynasurge": (4, {}, [2, 2, 1, 0, 2], "2 21 20 212", 3),
    "dynasurge_as_published": (2, {}, [2, 0], "0 2", 1),
    # level 1: .5 .3; level 2: 00 .25, 01 .15, 12 .3; 00 and 12 go on: 000 .125, 001 .075, 121 .18, 122 .09
    "eagle2": (5, {"depth": 3, "top_k": 2}, [], "0 1 00 12 121", 3),
    # of the same offers level 3 keeps its two best
    "beam": (6, {"width": 2, "offers": 2}, [], "0 1 00 12 000 121", 3),
    "opt_tree": (4, {"threshold": 0.0}, [], "0 1 00 12", 3),
    # the draft: 0 (0.8), 1 (0.2 x .3 / .5); 0 was followed by 2, says Max-Gram (0.8 x 0.7): the best
    # leaf; below it the draft: 1 (0.56 x 0.8) and 2
    "dytc": (5, {"context": [1, 0, 2, 0]}, [], "0 1 02 021 022", 2),
    # 0 1 was followed by 2 1 and, before that, by 2 2
    "ngram": (5, {"context": [0, 1, 2, 2, 0, 1, 2, 1, 0, 1], "n": 2, "length": 2}, [], "2 21 22", 0),
}


def laws():
    return TableLaws(TABLE, 0)


def texts(tree):
    return " ".join("".join(map(str, tree.text(node))) for node in range(len(tree)))


@pytest.mark.parametrize("builder", TOKEN_BUILDERS)
def test_every_token_builder_has_a_case_drawn_by_hand(builder):
    budget, options, draws, paths, n_calls = CASES[builder]
    asked, chance = laws(), Script(draws)
    if builder == "eagle1":
        asked.vocab_size = 4  # its root has 4 children; a law that gives the fourth nothing leaves it out
    tree = draft(builder, asked, budget, chance, **options)
    assert texts(tree) == paths and not chance.left
    assert asked.n_calls == n_calls
    for node, score in enumerate(tree.scores):
        if builder not in ("ngram", "dytc"):  # their scores are no products of the draft's law
            steps = zip((0, *tree.text(node)), tree.text(node), strict=False)
            assert score == pytest.approx(np.prod([TABLE[a, b] for a, b in steps]))


def small_laws(seed, size=6):
    return TableLaws(np.random.default_rng(seed).dirichlet(np.full(size, 0.5), size), seed % size)


def drafted(builder, seed, budget, chance_seed):
    asked = small_laws(seed, 12 if builder in ("medusa", "eagle1") else 6)
    options = (
        {"context": np.random.default_rng(seed).integers(0, 6, 40).tolist()} if builder == "ngram" else {}
    )
    return draft(builder, asked, budget, Dice(chance_seed), **options), asked


@pytest.mark.parametrize("builder", TOKEN_BUILDERS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), budget=st.integers(1, 40))
def test_a_token_tree_keeps_what_its_builder_promises(builder, seed, budget):
    tree, asked = drafted(builder, seed, budget, seed)
    kind = TOKEN_BUILDERS[builder].children
    assert len(tree) <= budget  # TokenTree itself refuses a parent after its child
    # a builder that reranks may ask for more than it keeps
    if builder == "dytc":
        assert asked.n_calls <= len(tree)  # a leaf at a time
    elif builder not in ("eagle2", "opt_tree"):
        assert asked.n_calls <= max(tree.depth, default=0)  # the last level is never asked
    for node, below in tree.children.items():
        chosen = [tree.tokens[child] for child in below]
        if kind != IID:
            assert len(set(chosen)) == len(chosen)
        if below and builder not in ("ngram", "dytc"):
            assert np.array_equal(tree.q[node], asked.table[tree.tokens[node] if node >= 0 else asked.last])
        if kind == TOP_K and builder != "ngram" and below:
            # rank r comes with rank r - 1
            assert chosen == np.argsort(-tree.q[node], kind="stable")[: len(chosen)].tolist()
        if kind == SET_ORDER:
            assert chosen == sorted(chosen)
    if kind == TOP_K:
        assert drafted(builder, seed, budget, seed + 1)[0] == tree  # no chance in it
    assert drafted(builder, seed, budget, seed)[0] == tree


def without_replacement_rule(tree, p, chance):
    """Sequoia's verification, as plainly as it can be written."""
    node, path = -1, []
    while True:
        left, q = p[1 + node].copy(), tree.q.get(node, p[0]).copy()
        for child in tree.children[node]:
            token = tree.tokens[child]
            if chance.flip(left[token] / q[token]):
                break
            left = np.maximum(left - q, 0)
            left = left / left.sum() if left.sum() > 0 else p[1 + node]
            q[token] = 0
            q = q / q.sum() if q.sum() > 0 else np.ones(len(q))
        else:
            return (*(tree.tokens[n] for n in path), chance.choose(left))
        node = child
        path.append(node)


def law_of_two_tokens(p, q, builder, budget, verify, options):
    """[vocabulary, vocabulary] of the first two committed tokens, enumerated."""

    def one_round(last):
        def procedure(chance):
            tree = draft(builder, TableLaws(q, last), budget, chance, **options)
            return verify(tree, p[[last, *tree.tokens]], chance)

        return outcomes(procedure)

    law = np.zeros_like(p)
    for tokens, probability in one_round(0).items():
        follow = {tokens[1:]: 1.0} if len(tokens) > 1 else one_round(tokens[0])
        for more, weight in follow.items():
            law[tokens[0], more[0]] += probability * weight
    return law


def naive(tree, p, chance):
    return VERIFIERS["naive"].verify(tree, p, chance).tokens(tree)


P, Q = np.random.default_rng(5).dirichlet(np.ones(3), (2, 3))
SMALL = {
    "chains": {"n_chains": 2, "depth": 2}, "chains_iid": {"n_chains": 2, "depth": 2},
    "medusa": {"dense": [1, 2, 2]}, "specinfer": {"expansion": [2, 1]}, "k_ary": {"k": 2},
    "k_ary_top_k": {"k": 2}, "eagle2": {"depth": 2, "top_k": 2},
    "ngram": {"context": [0, 1, 2, 2, 0, 1, 2, 1, 0, 1]},
}  # fmt: skip


@pytest.mark.parametrize("builder", [name for name in TOKEN_BUILDERS if name != "eagle1"])
def test_the_law_of_a_token_tree_is_the_targets_whoever_drafts(builder):
    law = law_of_two_tokens(P, Q, builder, 3, naive, SMALL.get(builder, {}))
    assert np.abs(law - P[0][:, None] * P).max() < 1e-12


WITHOUT = [n for n, b in TOKEN_BUILDERS.items() if b.children in (WITHOUT_REPLACEMENT, DEDUPLICATED)]


@pytest.mark.parametrize("builder", WITHOUT)
def test_distinct_children_in_draw_order_suit_the_rule_without_replacement(builder):
    law = law_of_two_tokens(P, Q, builder, 3, without_replacement_rule, SMALL.get(builder, {}))
    assert np.abs(law - P[0][:, None] * P).max() < 1e-12


def test_set_order_biases_the_rule_without_replacement():
    law = law_of_two_tokens(P, Q, "dynasurge_as_published", 3, without_replacement_rule, {})
    assert np.abs(law - P[0][:, None] * P).sum() / 2 > 0.01


@pytest.mark.parametrize(
    ("budget", "k"), [(1, 1), (2, 2), (6, 2), (7, 3), (39, 3), (40, 4), (255, 4), (341, 5)]
)
def test_dynasurge_draws_as_many_as_published(budget, k):
    assert draws_per_node(budget) == k


@pytest.mark.parametrize(
    ("draws", "levels"),
    [
        ([0, 1, 2, 0, 1, 1, 2, 2, 2, 0, 0, 1], (1, 3, 4, 1)),
        ([0, 1, 2, 0, 1, 2, 0, 1], (1, 3, 5)),
        ([0, 0, 0, 0, 1, 2, 0, 1, 2, 0], (1, 1, 3, 4)),
    ],
)
def test_dynasurge_of_8_nodes_has_the_published_shapes(draws, levels):
    table = np.full((3, 3), 1 / 3)
    script = Script(draws)
    assert widths(draft("dynasurge", TableLaws(table, 0), 8, script).parents) == levels
    assert not script.left


def test_dynasurge_spends_its_whole_budget():
    for seed in range(20):
        assert len(draft("dynasurge", small_laws(seed), 23, Dice(seed))) == 23


def test_eagle2_shows_both_phases():
    asked = laws()
    candidates, kept = eagle2_phases(asked, 3, depth=2, top_k=2)
    assert texts(candidates) == "0 1 00 01 12" and kept == (0, 1, 4)
    # a full vocabulary: k + (depth - 1) k^2 candidates
    assert len(eagle2_phases(TableLaws(np.full((20, 20), 0.05), 0), 59)[0]) == 10 + 5 * 100
    # all scores of a level are alike: ancestors and lower ranks win, and the tree stays whole
    assert widths(draft("eagle2", TableLaws(np.full((20, 20), 0.05), 0), 15, Dice(0)).parents) == (1, 10, 5)


def test_opt_tree_stops_where_a_level_no_longer_pays():
    sure = TableLaws(np.eye(3), 0)
    assert len(draft("opt_tree", sure, 8, Dice(0))) == 8
    assert len(draft("opt_tree", sure, 8, Dice(0), max_depth=3)) == 3
    # level 2 of the table adds 0.25 + 0.3, level 3 at most 0.18
    assert max(draft("opt_tree", laws(), 4, Dice(0), threshold=0.5).depth) == 2


def test_the_dense_notation_is_a_product_of_ranges():
    wide = TableLaws(np.full((10, 10), 0.1), 0)
    tree = draft("medusa", wide, 100, Dice(0), dense=[1, 7, 6])
    assert widths(tree.parents) == (1, 7, 42)


@pytest.mark.parametrize("name", topologies())
def test_every_published_topology_can_be_filled_and_cut(name):
    wide = TableLaws(np.random.default_rng(0).dirichlet(np.ones(12), 12), 0)
    whole = draft("medusa", wide, 4096, Dice(0), topology=name)
    assert len(whole) == len(topologies()[name])
    cut = draft("medusa", wide, 20, Dice(0), topology=name)
    assert {*map(cut.text, range(20))} <= {*map(whole.text, range(len(whole)))}


def test_the_default_expansion_of_specinfer_has_20_nodes():
    assert widths(draft("specinfer", laws(), 4096, Dice(0)).parents) == (1, 1, 1, 3, 3, 3, 3, 3, 3)


def test_merged_drafts_remember_who_proposed_a_token():
    one = tree_from_paths([(0, 1), (2,)], scores={(0,): 0.5, (0, 1): 0.2, (2,): 0.1}, q={(): TABLE[0]})
    two = tree_from_paths([(0, 2), (1,)], scores={(0,): 0.7, (0, 2): 0.6, (1,): 0.3})
    both = merge({"a": one, "b": two})
    assert texts(both) == "0 2 1 01 02"
    assert both.provenance == ("a+b", "a", "b", "a", "b")
    assert both.scores == (0.7, 0.1, 0.3, 0.2, 0.6)
    assert both.q == {}


def test_prompt_lookup_without_a_match_drafts_nothing():
    assert len(draft("ngram", laws(), 5, Dice(0), context=[0, 1, 2])) == 0
    # no 2 tokens were seen before, one was: the n falls back
    assert texts(draft("ngram", laws(), 5, Dice(0), context=[0, 1, 2, 0], length=2)) == "1 12"


@pytest.mark.parametrize(
    ("builder", "budget", "options", "message"),
    [
        ("oak", 4, {}, "no token builder 'oak'; choose one of chain, chains"),
        ("chain", 0, {}, "budget=0; it must be an integer of at least 1"),
        ("chain", 4097, {}, "budget=4097; at most 4096 nodes"),
        ("k_ary", 4, {"kind": TOP_K}, "token builder 'k_ary' has no option 'kind'; it takes k"),
        ("k_ary", 4, {"k": 0}, "it must be an integer of at least 1"),
        ("chains", 4, {"n_chains": 0}, "n_chains=0; it must be an integer of at least 1"),
        ("medusa", 4, {"topology": "oak"}, "no topology 'oak'; choose one of mc_sim_7b_63"),
        ("medusa", 63, {}, "rank 9 lies beyond the draft's vocabulary of 3 tokens"),
        ("medusa", 4, {"paths": [[0, 0], [0]]}, "comes before its parent"),
        ("medusa", 4, {"dense": [2, 3]}, "the first entry is the root"),
        ("sequoia", 4, {"acceptance": [0.8, 0.3]}, "is no probability vector"),
        ("sequoia", 4, {"acceptance": [0.8, -0.3]}, "is no probability vector"),
        ("sequoia", 4, {"acceptance": [float("nan")]}, "is no probability vector"),
        ("sequoia", 4, {"acceptance": []}, "acceptance has shape"),
        ("dynasurge_as_published", 256, {}, "budget=256; the published code knows 1 .. 255"),
        ("eagle2", 4, {"depth": 0}, "depth=0; it must be an integer of at least 1"),
        ("opt_tree", 4, {"threshold": -1}, "threshold=-1; it must be 0 or more"),
        ("ngram", 4, {}, "hand over the text so far"),
        ("ngram", 4, {"context": [3]}, "hand over the text so far, of tokens 0 .. 2"),
    ],
)
def test_what_cannot_be_drafted_is_refused(builder, budget, options, message):
    with pytest.raises(DraftError, match=message):
        draft(builder, laws(), budget, Dice(0), **options)


def test_an_empty_tree_is_a_tree():
    assert naive(TokenTree((), ()), P[:1], Dice(0))

"""What drafts, verifiers and token trees are told to refuse, with the value and what is allowed."""

import re

import numpy as np
import pytest
import torch

from deft_lab import Tree
from deft_lab.chance import Dice, outcomes
from deft_lab.decode import Sampler
from deft_lab.drafting import TableLaws, draft, find_token_builder
from deft_lab.drafting.fill import fill
from deft_lab.drafting.shapes import best_shape, best_size, expansion_shape, expected_length
from deft_lab.errors import DeftLabError
from deft_lab.speculative.cascade import (
    Config,
    MaG,
    TableReviewer,
    best_horizontal,
    bigram_table,
    call_tree_to_token_tree,
    costs_of,
    csd,
    ewif_horizontal,
    ewif_speculative,
    ewif_vertical,
    load_cascade,
    phi,
    read_bigrams,
    read_config,
    swi,
    swi_of,
)
from deft_lab.speculative.laws import draft_sampler, laws_of
from deft_lab.token_tree import (
    TokenTree,
    best_nodes,
    growmap_of,
    keep,
    medusa_buffers,
    merge,
    ranks_of,
    read_growmap,
    shape_from_ranks,
    tree_from_paths,
    widths,
    write_growmap,
)
from deft_lab.verifying import VERIFIERS, check_pair, find_verifier
from deft_lab.verifying.acceptance import (
    iid_acceptance,
    set_acceptance,
    top_k_acceptance,
    transport_bound,
    without_replacement_acceptance,
)
from deft_lab.verifying.lab import compare, sampled
from deft_lab.verifying.rounds import (
    Tables,
    built_round,
    dial,
    opening_law,
    round_law,
    round_laws,
    shaped_round,
    tokens_per_round,
)

NAN = float("nan")
TREE = TokenTree((-1, 0, 0), (1, 2, 3))
TABLE = np.full((4, 4), 0.25)
LAWS, LAW, DICE = TableLaws(TABLE, 0), TABLE[0], Dice(0)
TABLES = Tables(TABLE, TABLE)
ROUND = built_round(TABLES, "chain", 1, "naive")
LOGITS, SAMPLER = torch.zeros(4), Sampler(1.0)


def verify(tree: object = TREE, laws: object = TABLE, chance: object = DICE) -> object:
    return VERIFIERS["naive"].verify(tree, laws, chance)


CERTAIN = TableReviewer([[1.0]], "certain")
SLIPS = {
    "tokens below none": (
        lambda: SAMPLER.draw_several(LOGITS, -1),
        "k=-1; it must be an integer of at least",
    ),
    "so many tokens": (lambda: SAMPLER.draw_several(LOGITS, None), "k=None; it must be an integer"),
    "tokens of several rows": (
        lambda: SAMPLER.draw_several(torch.zeros(2, 4), 1),
        "logits have shape (2, 4); give one row",
    ),
    "logits of numpy": (lambda: SAMPLER.draw(np.zeros((1, 4))), "logits is a ndarray where a Tensor"),
    "no logits": (lambda: SAMPLER.law(None), "logits is a NoneType where a Tensor is expected"),
    "a seed in words": (lambda: Sampler(seed="a"), "seed='a'; it must be an integer of at least 0"),
    "a temperature of no number": (
        lambda: Sampler(NAN),
        "temperature=nan; it must be a number of at least 0",
    ),
    "too much of the law": (lambda: Sampler(top_p=2), "top_p=2; it must be a number from 0 to 1"),
    "nothing of the law": (lambda: Sampler(top_p=0), "top_p=0; it must lie above 0"),
    "logits that are none": (
        lambda: laws_of(SAMPLER, torch.tensor([[0.0, NAN]])),
        "the model's logits hold NaN",
    ),
    "a dial too far": (lambda: dial(0, 4, 2), "unlike=2; it must be a number from 0 to 1"),
    "a dial below 0": (lambda: dial(0, 4, -1), "unlike=-1; it must be a number from 0 to 1"),
    "a dial of no number": (lambda: dial(0, 4, NAN), "unlike=nan; it must be a number from 0 to 1"),
    "a dial of no tokens": (lambda: dial(0, 0, 0.5), "vocab_size=0; it must be an integer of at least 1"),
    "a dial without a seed": (lambda: dial(None, 4, 0.5), "seed=None; it must be an integer of at least 0"),
    "a dial of no spread": (lambda: dial(0, 4, 0.5, -1), "sharp=-1; it must be a number of at least 0"),
    "parents in words": (
        lambda: TokenTree(("a",), (1,)),
        "parents is ('a',), which holds what is no integer",
    ),
    "tokens in words": (lambda: TokenTree((-1,), ("b",)), "tokens is ('b',), which holds what is no integer"),
    "half a token": (lambda: TokenTree((-1,), (1.5,)), "tokens is (1.5,), which holds what is no integer"),
    "a parent of no number": (lambda: TokenTree((NAN,), (1,)), "parents is (nan,), which holds what is no"),
    "no parents": (lambda: TokenTree(None, (1,)), "parents is None; it must be a list of integers"),
    "scores in words": (lambda: TokenTree((-1,), (1,), ("a",)), "scores ('a',) hold what is no number"),
    "scores of no number": (lambda: TokenTree((-1,), (1,), (NAN,)), "scores (nan,) hold what is no number"),
    "scores of nothing": (lambda: TokenTree((-1,), (1,), None), "scores is a NoneType where a Iterable"),
    "a list of laws": (lambda: TokenTree((-1,), (1,), q=[LAW]), "q is a list where a Mapping is expected"),
    "a node too far": (lambda: TREE.path(9), "no node 9; the tree has 3, from 0, and -1 is the root"),
    "a node in words": (lambda: TREE.text("a"), "no node 'a'; the tree has 3, from 0"),
    "hung on nothing": (lambda: TREE.hung(None, 0), "tree is a NoneType where a Tree is expected"),
    "a path of letters": (lambda: tree_from_paths(["ab"]), "a path is 'ab'; it must be a list of integers"),
    "a path that is a token": (lambda: tree_from_paths([1]), "a path is 1; it must be a list of integers"),
    "scores of no paths": (lambda: tree_from_paths([(1,)], scores=[1]), "scores is a list where a Mapping"),
    "an orphan": (lambda: keep(TREE, [1]), "node 1 would lose its parent; keep node 0, too"),
    "keeping what is not there": (lambda: keep(TREE, [0, 9]), "no node 9 to keep; the tree has 3, from 0"),
    "keeping a node": (lambda: keep(TREE, 0), "nodes is 0; it must be a list of integers"),
    "keeping of a decoding tree": (lambda: keep(Tree([-1], [1]), [0]), "tree is a Tree where a TokenTree"),
    "the best of less than none": (lambda: best_nodes(TREE, -1), "n=-1; it must be an integer of at least 0"),
    "trees without drafts": (lambda: merge([TREE]), "trees is a list where a Mapping is expected"),
    "a draft of no tree": (lambda: merge({"a": None}), "trees['a'] is a NoneType where a TokenTree"),
    "a tree for its shape": (
        lambda: ranks_of(TREE),
        "shape is a TokenTree where a Iterable is expected; list",
    ),
    "a shape of letters": (lambda: growmap_of("ab"), "shape is 'ab'; it must be a list of integers"),
    "widths of nothing": (lambda: widths(None), "shape is a NoneType where a Iterable is expected"),
    "ranks in words": (lambda: shape_from_ranks([["a"]]), "a rank path is ['a'], which holds what is no"),
    "no candidate": (lambda: medusa_buffers((-1,), 0), "top_k=0; it must be an integer of at least 1"),
    "a growmap nowhere": (lambda: write_growmap("/no/x.pt", (-1,)), "there is no folder /no; make it first"),
    "a growmap of no name": (lambda: read_growmap(None), "path=None; name a growmap file"),
    "a builder's list": (lambda: find_token_builder([]), "no token builder []; choose one of chain"),
    "no draft": (lambda: draft("chain", None, 4, DICE), "laws is a NoneType; TableLaws(table, last) makes"),
    "a table for laws": (lambda: draft("chain", TABLE, 4, DICE), "laws is a ndarray; TableLaws(table, last)"),
    "a seed for chance": (lambda: draft("chain", LAWS, 4, 3), "chance is a int, which draws nothing"),
    "a row for a table": (lambda: TableLaws(LAW, 0), "table has shape (4,); give [token, vocabulary]"),
    "no table": (lambda: TableLaws("a", 0), "table is 'a'; give [token, vocabulary] probabilities"),
    "a token of no table": (lambda: TableLaws(TABLE, 9), "last=9; the table has the tokens 0 .. 3"),
    "bigrams beyond the tokens": (
        lambda: draft("dytc", LAWS, 4, DICE, bigrams=[9]),
        "bigrams hold 9; the drafts know the tokens 0 .. 3",
    ),
    "rounds that are none": (
        lambda: draft("dytc", LAWS, 4, DICE, judged=[3]),
        "judged holds 3; write (token tree, accepted nodes)",
    ),
    "children of no kind": (
        lambda: fill(LAWS, (-1,), DICE, "x"),
        "no kind of children 'x'; choose one of top-k",
    ),
    "a shape of no size": (
        lambda: best_shape((0.2, 0.6), "a"),
        "size='a'; it must be an integer of at least",
    ),
    "a shape that is a number": (lambda: expected_length(3, (0.6,)), "shape is a int where a Iterable"),
    "an expansion of nothing": (lambda: expansion_shape(None, 4), "expansion is a NoneType where a Iterable"),
    "half a budget": (lambda: expansion_shape([2], 1.5), "budget=1.5; it must be an integer of at least 0"),
    "times in words": (lambda: best_size((0.6,), {4: "a"}, 1), "t_target[4]='a'; it must be a number of at"),
    "a list of times": (lambda: best_size((0.6,), [1], 1), "t_target is a list where a Mapping is expected"),
    "a draft that takes none": (lambda: best_size((0.6,), {4: 1}, None), "t_draft=None; it must be a number"),
    "a verifier's list": (lambda: find_verifier([]), "no verifier []; choose one of greedy, naive"),
    "a temperature in words": (
        lambda: check_pair("chain", "naive", "a"),
        "temperature='a'; it must be a num",
    ),
    "no tree to verify": (lambda: verify(tree=None), "tree is a NoneType where a TokenTree is expected"),
    "laws as a list": (lambda: verify(laws=[[0.25] * 4] * 4), "laws is a list where a ndarray is expected"),
    "too few laws": (
        lambda: verify(laws=TABLE[:2]),
        "laws of shape (2, 4) for a tree of 3 nodes; give [1 + n",
    ),
    "tokens beyond the laws": (lambda: verify(laws=TABLE[:, :2]), "token 3 lies beyond the 2 tokens"),
    "nobody to draw": (lambda: verify(chance=None), "chance is a NoneType"),
    "draws below none": (lambda: iid_acceptance(LAW, LAW, -1), "k=-1; it must be an integer of at least 0"),
    "no target": (lambda: top_k_acceptance(None, LAW, 1), "p of shape () is no law"),
    "a law in words": (lambda: transport_bound(LAW, "a", 1), "q is 'a'; give [vocabulary] probabilities"),
    "a law of no number": (lambda: iid_acceptance(LAW, NAN * LAW, 1), "q of shape (4,) is no law; give [vo"),
    "laws of two sizes": (
        lambda: without_replacement_acceptance(LAW, np.ones(2) / 2, 1),
        "laws of different shapes, p (4,) and q (2,)",
    ),
    "a token beyond the law": (
        lambda: set_acceptance(LAW, [9]),
        "token 9 lies beyond the 4 tokens of the law",
    ),
    "tables of nothing": (lambda: Tables(None, None), "is no law; give [token, vocabulary] probabilities"),
    "tables of two sizes": (
        lambda: Tables(TABLE, np.eye(3)),
        "laws of different shapes, p (4, 4) and q (3, 3)",
    ),
    "a table of too few rows": (lambda: Tables(TABLE[:2], TABLE[:2]), "tables of shape (2, 4); each token"),
    "a shaped round of nothing": (
        lambda: shaped_round(None, (-1,), "iid", "naive"),
        "tables is a NoneType where a Tables is expected; dial(seed, vocab_size, unlike) makes some",
    ),
    "a round of no kind": (lambda: shaped_round(TABLES, (-1,), "x", "naive"), "no kind of children 'x'"),
    "a round of no budget": (
        lambda: built_round(TABLES, "chain", 0, "naive"),
        "budget=0; it must be an integer",
    ),
    "a round of no option": (
        lambda: built_round(TABLES, "chain", 2, "naive", x=1),
        "token builder 'chain' has no option 'x'; it takes none",
    ),
    "the laws of nothing": (lambda: round_laws(None), "one is a NoneType where a Round is expected"),
    "a law after no token": (lambda: round_law(ROUND, 9), "last=9; the table has the tokens 0 .. 3"),
    "an opening of no token": (
        lambda: opening_law([{}], 0),
        "n_tokens=0; it must be an integer of at least 1",
    ),
    "an opening after no token": (
        lambda: TABLES.opening_law(2, 9),
        "first=9; the tables have the tokens 0 ..",
    ),
    "the mean of nothing": (lambda: tokens_per_round([]), "n_laws=0; it must be an integer of at least 1"),
    "no samples": (lambda: sampled(ROUND, 0), "n=0; it must be an integer of at least 1"),
    "samples of half a token": (lambda: sampled(ROUND, 9, 0, 1.5), "n_tokens=1.5; it must be an integer"),
    "samples of no seed": (lambda: sampled(ROUND, 9, None), "seed=None; it must be an integer of at least 0"),
    "an acceptance in words": (
        lambda: ewif_speculative("a", 5, 0.1),
        "alpha='a'; it must be a number from 0 to",
    ),
    "a cost of no number": (
        lambda: ewif_vertical(0.8, 3, NAN, 0.6, 2, 0),
        "c1=nan; it must be a number of at",
    ),
    "one acceptance": (
        lambda: ewif_horizontal(0.8, (1,)),
        "acceptances is a float where a Sequence is expected",
    ),
    "chains of no length": (
        lambda: best_horizontal((0.8,), (1,), None),
        "longest=None; it must be an integer",
    ),
    "a power of nothing": (lambda: phi(None, 0.5, 2), "x=None; it must be a number of at least 0"),
    "forwards as a list": (lambda: swi(9, [1], {"t": 1.0}, "t"), "n_forwards is a list where a Mapping is"),
    "prices of no table": (lambda: costs_of([], "oak"), "no counter_version 'oak'; choose one of"),
    "prices of nothing": (
        lambda: costs_of(None, "model_parameters"),
        "drafts=None; list reviewers, the best first",
    ),
    "prices of names": (
        lambda: costs_of(["draft"], "model_parameters"),
        "'draft' is no reviewer; CausalReviewer(load_model('draft')) makes one",
    ),
    "a cascade of nothing": (
        lambda: csd(None, CERTAIN, [0], [0], [[1]]),
        "drafts=None; list reviewers, the best first",
    ),
    "a cascade for a name": (
        lambda: csd([MaG([0])], "target", [0], [0], [[1]]),
        "'target' is no reviewer; C",
    ),
    "a cascade after words": (
        lambda: csd([MaG([0])], CERTAIN, "a", [0], [[1]]),
        "initial_input='a'; list token",
    ),
    "a cascade after no token": (
        lambda: csd([MaG([0])], CERTAIN, [0], [3], [[1]]),
        "input_ids holds 3; the target knows the tokens 0 .. 0",
    ),
    "a cascade of no config": (
        lambda: load_cascade("small.json"),
        "config is a str where a Config is expected",
    ),
    "a config of one name": (lambda: Config("draft"), "draft_names='draft' is one name where several are"),
    "a config of no drafts": (lambda: Config(None), "draft_names is a NoneType where a Iterable is expected"),
    "the improvement of nothing": (lambda: swi_of(None, [CERTAIN]), "record is a NoneType where a Record is"),
    "a config of a number": (lambda: Config((3,)), "models=[3, 'target']; name each"),
    "a config of a flat matrix": (
        lambda: Config(k_matrix=(1, 2)),
        "k_matrix=(1, 2); it must be a list of rows",
    ),
    "the token tree of nothing": (
        lambda: call_tree_to_token_tree(None),
        "round is a NoneType where a Call is expected; a Record's `rounds`",
    ),
    "a config of no file": (lambda: read_config(None), "path=None; name a file to read"),
    "a config that is a folder": (lambda: read_config("/"), "cannot read /: it is a folder; name a file"),
    "bigrams of no file": (lambda: read_bigrams(3), "path=3; name a file to read"),
    "bigrams that are not there": (
        lambda: read_bigrams("/nowhere/at.json"),
        "cannot read /nowhere/at.json: there is no such file",
    ),
    "no bigrams": (lambda: MaG(None), "bigrams=None; list what follows each token"),
    "bigrams in words": (lambda: MaG("ab"), "bigrams='ab'; list what follows each token"),
    "bigrams beyond the table": (
        lambda: MaG([0, 2]),
        "bigrams=[0, 2]; list what follows each token, a token of",
    ),
    "a number for a name": (
        lambda: MaG([0], 3),
        "name is a int where a str is expected; it stands in records",
    ),
    "a table of nothing": (lambda: TableReviewer(None, "t"), "table has shape []; it must be square"),
    "a table in words": (lambda: TableReviewer("ab", "t"), "table='ab'; it holds what is no number"),
    "a flat table": (lambda: TableReviewer([0.5, 0.5], "t"), "table has shape [2]; it must be square"),
    "a table of no laws": (
        lambda: TableReviewer([[1, 0], [0.5, 0.6]], "t"),
        "row 1 of the table is no law; it must be 0 or more, and sum to 1",
    ),
    "the outcomes of nothing": (
        lambda: outcomes(None),
        "procedure=None; give a function that takes a Chance",
    ),
    "a sampler for children of no kind": (
        lambda: draft_sampler(Sampler(0.0), None),
        "children is a NoneType where a str is expected; name a kind, such as top-k, iid",
    ),
    "texts in words": (lambda: bigram_table(["ab"], 4), "a text is 'ab'; list token ids, 0 .. 3"),
    "texts beyond the table": (lambda: bigram_table([[0, 9]], 4), "a text is [0, 9]; list token ids, 0 .. 3"),
    "one pair of tables": (lambda: compare(TABLES), "tables is a Tables where a Sequence is expected; list"),
    "a verifier for a pair": (
        lambda: compare([TABLES], (-1,), ["naive"]),
        "pairs hold 'naive'; write (verifier, kind of children)",
    ),
}


@pytest.mark.parametrize(("slip", "message"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_answered_with_what_was_given_and_what_to_do(slip, message):
    with pytest.raises(DeftLabError, match=re.escape(message)):
        slip()


def test_a_token_tree_takes_integers_of_any_kind():
    wanted = TokenTree((-1, 0), (1, 2))
    for kind in (np.array, torch.tensor, list, iter):
        made = TokenTree(kind([-1, 0]), kind([1, 2]))
        assert made == wanted
        assert all(type(number) is int for number in made.parents + made.tokens)


def test_a_node_that_is_named_twice_is_kept_once():
    assert keep(TREE, [0, 2, 2]) == keep(TREE, np.array([2, 0])) == TokenTree((-1, 0), (1, 3))

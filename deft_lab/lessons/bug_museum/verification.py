"""Exhibits: verifiers that change the target's law, or verify nothing."""

import numpy as np

from ...drafting import WITHOUT_REPLACEMENT
from ...verifying.rounds import dial, opening_law, round_laws, shaped_round
from .exhibit import Exhibit
from .speculation import DYNASURGE, SEQUOIA, same

SHAPE = (-1, -1, 0, 1)  # two children of the root, and a child of each

# --- etv


def the_longest_of_all_that_pass(tables, n_tokens):
    """Every child that passes its test is kept, and the longest branch is taken."""
    return opening_law(round_laws(shaped_round(tables, SHAPE, WITHOUT_REPLACEMENT, "etv")), n_tokens)


def the_first_that_passes(tables, n_tokens):
    """Children are tried in turn; the first that passes is taken."""
    return opening_law(round_laws(shaped_round(tables, SHAPE, WITHOUT_REPLACEMENT, "sequoia")), n_tokens)


def from_the_leaves_upwards(tables, n_tokens):
    """Whole branches are tried, from the leaves upwards."""
    return opening_law(round_laws(shaped_round(tables, SHAPE, WITHOUT_REPLACEMENT, "traversal")), n_tokens)


def test_etv(decoded):
    from deft_lab.verifying.rounds import dial

    tables = dial(seed=1, vocab_size=3, unlike=0.5)
    assert np.allclose(decoded(tables, 2), tables.opening_law(2))


ETV = Exhibit(
    key="etv",
    title="the longest of all branches that pass",
    found=f"{DYNASURGE}: Enhanced Tree Verification, `--use_bfs`.",
    did="""
        Two siblings may both pass, and then the one with the longer continuation is emitted. So tokens after
        which the draft is good come too often, and the bonus token is that of another branch. The gain in
        tokens per round is nearly the one that Traversal Verification has without any bias.
    """,
    gets="""
        Your test gets `decoded(tables, n_tokens)`: the exact law of the first tokens of a decode with table
        models, an array with an axis for each token. `dial(seed, vocab_size, unlike)` of
        `deft_lab.verifying.rounds` makes tables, and `tables.opening_law(n_tokens)` is the target's own law.
    """,
    defect=the_longest_of_all_that_pass,
    right=the_first_that_passes,
    also_right=(from_the_leaves_upwards,),
    test=test_etv,
    wrong_tests={
        "it is a law": lambda decoded: _sums_to_one(decoded(dial(1, 3, 0.5), 1)),
        "a draft that is the target": lambda decoded: _alike(decoded, dial(1, 2, 0.0), 0.2),
        "as loose as the bias": lambda decoded: _alike(decoded, dial(1, 3, 0.5), 0.5),
        "asks for the draft's law": lambda decoded: _drafts_law(decoded, dial(1, 3, 0.5)),
    },
)


def _sums_to_one(law):
    assert np.isclose(law.sum(), 1)


def _alike(decoded, tables, tolerance):
    assert np.abs(decoded(tables, 1) - tables.opening_law(1)).max() < tolerance


def _drafts_law(decoded, tables):
    assert np.allclose(decoded(tables, 1), tables.q[0])


# --- clobbered_bonus


def bonus_before_gathering(tokens, path, bonus):
    buffer = [*tokens, None]
    buffer[len(path)] = bonus  # one of the accepted tokens may still lie there
    return [*(buffer[node] for node in path), bonus]


def gather_then_bonus(tokens, path, bonus):
    return [*(tokens[node] for node in path), bonus]


def with_numpy(tokens, path, bonus):
    return np.append(np.array(tokens)[list(path)], bonus).tolist() if path else [bonus]


def test_clobbered_bonus(commit):
    assert commit([10, 11, 12], [1], 99) == [11, 99]


CLOBBERED_BONUS = Exhibit(
    key="clobbered_bonus",
    title="the bonus token written over an accepted one",
    found=f"{SEQUOIA}: the bonus is written into the buffer before the accepted tokens are read from it.",
    did="""
        With m tokens accepted, the bonus lands where node m + 1 of the tree lies. If that node is accepted
        itself, its token is lost and the bonus stands twice. Total variation distance 0.07 on a single token.
    """,
    gets="""
        Your test gets `commit(tokens, path, bonus)`: the tokens of a drafted tree by node, the accepted
        nodes, and the target's own token; the result is the text that is committed.
    """,
    defect=bonus_before_gathering,
    right=gather_then_bonus,
    also_right=(with_numpy,),
    test=test_clobbered_bonus,
    wrong_tests={
        "the first branch": lambda commit: same(commit([10, 11, 12], [0, 1], 99), [10, 11, 99]),
        "nothing accepted": lambda commit: same(commit([10, 11], [], 99), [99]),
        "the bonus comes last": lambda commit: same(commit([10, 11, 12], [1], 99)[-1], 99),
        "as many tokens as there should be": lambda commit: same(len(commit([10, 11, 12], [1], 99)), 2),
        "no bonus": lambda commit: same(commit([10, 11, 12], [1], 99), [11]),
    },
)

# --- top_k_with_q


def tested_against_q(p, q):
    x = int(q.argmax())  # drafted for certain, and yet tested as if drawn from q
    accept = min(1, p[x] / q[x])
    left = np.maximum(p - q, 0)
    law = (1 - accept) * left / left.sum() if left.sum() else np.zeros_like(p)
    law[x] += accept
    return law


def tested_as_certain(p, q):
    x = int(q.argmax())
    left = p.copy()
    left[x] = 0
    law = (1 - p[x]) * left / left.sum() if left.sum() else np.zeros_like(p)
    law[x] += p[x]
    return law


def drawn_from_the_target(p, q):
    return p.copy()


def test_top_k_with_q(committed):
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.3, 0.1])
    assert np.allclose(committed(p, q), p)


TOP_K_WITH_Q = Exhibit(
    key="top_k_with_q",
    title="the likeliest tokens, tested as if they were drawn",
    found="a common mistake with the trees of EAGLE-2, whose own code sets q to 1.",
    did="""
        A tree of top-k tokens contains them for certain. Tested with the draft's softmax, as if chance had
        picked them, they are accepted far too often: total variation distance 0.79 on a small table.
    """,
    gets="""
        Your test gets `committed(p, q)`: the exact law of the committed token, where the likeliest token of
        the draft's law q is proposed and the target's law is p.
    """,
    defect=tested_against_q,
    right=tested_as_certain,
    also_right=(drawn_from_the_target,),
    test=test_top_k_with_q,
    wrong_tests={
        "it is a law": lambda committed: _sums_to_one(committed(np.array([0.5, 0.5]), np.array([0.6, 0.4]))),
        "a draft that is certain": lambda committed: _law_is_p(committed, [0.5, 0.5], [1.0, 0.0]),
        "asks for q": lambda committed: _law_is_q(committed, [0.5, 0.5], [0.6, 0.4]),
    },
)


def _law_is_p(committed, p, q):
    assert np.allclose(committed(np.array(p), np.array(q)), p)


def _law_is_q(committed, p, q):
    assert np.allclose(committed(np.array(p), np.array(q)), q)


# --- never_verified


def as_many_as_the_list_says(drafted, target):
    lengths = [2]  # of a recorded run
    return drafted[: lengths[0]]


def until_the_target_disagrees(drafted, target):
    text = []
    for token in drafted:
        text.append(target(text))
        if text[-1] != token:
            return text
    return [*text, target(text)]


def without_a_bonus(drafted, target):
    text = until_the_target_disagrees(drafted, target)
    return text[: len(drafted)]


def test_never_verified(verify):
    text = verify([5, 6, 7], lambda text: [5, 9, 9, 9][len(text)])
    assert text == [5, 9]


NEVER_VERIFIED = Exhibit(
    key="never_verified",
    title="drafted tokens that nobody verifies",
    found="the released DeFT code: its speculative steps move KV by a recorded list of lengths.",
    did="""
        The mock-up decodes a star of one-token leaves whose tokens never change, and takes as many as a list
        says. It is a fair clock for attention, and no decode: the text means nothing.
    """,
    gets="""
        Your test gets `verify(drafted, target)`: the tokens that are committed, where `target(text)` is the
        target's next token after some committed ones. Whether a bonus follows when all are right is not
        promised.
    """,
    defect=as_many_as_the_list_says,
    right=until_the_target_disagrees,
    also_right=(without_a_bonus,),
    test=test_never_verified,
    wrong_tests={
        "all right": lambda verify: same(verify([5, 6], lambda text: [5, 6, 7][len(text)])[:2], [5, 6]),
        "something is committed": lambda verify: same(len(verify([5, 6], lambda text: 1)) > 0, True),
        "asks for a bonus": lambda verify: same(verify([5], lambda text: [5, 8][len(text)]), [5, 8]),
    },
)

# --- late_probability


def one_position_late(probabilities, tokens):
    return [float(law[token]) for law, token in zip(probabilities[1:], tokens, strict=False)]


def in_step(probabilities, tokens):
    return [float(law[token]) for law, token in zip(probabilities, tokens, strict=False)]


def by_index(probabilities, tokens):
    return [float(probabilities[i][tokens[i]]) for i in range(len(tokens))]


def test_late_probability(of_tokens):
    laws = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    assert np.allclose(of_tokens(laws, [0, 1]), [0.9, 0.8])


LATE_PROBABILITY = Exhibit(
    key="late_probability",
    title="each token judged by its neighbour's probability",
    found="the released code of CS Drafting: review with a KV cache slices probabilities one position late.",
    did="""
        A cascade keeps a token if the reviewer finds it probable enough. With the probability of the next
        position it keeps and drops the wrong ones. The text stays right, since the target has the last word;
        acceptance suffers, and nobody sees why.
    """,
    gets="""
        Your test gets `of_tokens(probabilities, tokens)`: row i of the probabilities is the law of token i,
        and there may be a row more than tokens; the result is the probability of each token.
    """,
    defect=one_position_late,
    right=in_step,
    also_right=(by_index,),
    test=test_late_probability,
    wrong_tests={
        "equal rows": lambda f: _near_to(f(np.array([[0.9, 0.1]] * 3), [0, 1]), [0.9, 0.1]),
        "as many as tokens": lambda f: same(len(f(np.array([[0.9, 0.1]] * 3), [0, 1])), 2),
        "they are probabilities": lambda f: same(
            all(0 <= x <= 1 for x in f(np.array([[0.9, 0.1]] * 3), [0, 1])), True
        ),
        "asks for the next row": lambda f: _near_to(f(np.array([[0.9, 0.1], [0.2, 0.8]]), [0]), [0.2]),
    },
)


def _near_to(got, expected):
    assert np.allclose(got, expected)


EXHIBITS = (ETV, CLOBBERED_BONUS, TOP_K_WITH_Q, NEVER_VERIFIED, LATE_PROBABILITY)

"""Exhibits: drafts that are not what the verifier takes them for."""

from collections import Counter

import numpy as np

from .exhibit import Exhibit

DYNASURGE = "the released code of Dynasurge"
SEQUOIA = "the released code of Sequoia, from which Dynasurge has it"

# --- set_order


def distinct_by_a_set(drawn):
    return list(set(drawn))  # in the order of their numbers, more or less


def distinct_in_draw_order(drawn):
    return list(dict.fromkeys(drawn))


def distinct_one_by_one(drawn):
    kept = []
    for token in drawn:
        if token not in kept:
            kept.append(token)
    return kept


def test_set_order(children):
    assert list(children([5, 3, 5, 1])) == [5, 3, 1]


SET_ORDER = Exhibit(
    key="set_order",
    title="drafted tokens in the order of a set",
    found=f"{DYNASURGE}: the children of a node come out of a Python `set`.",
    did="""
        Speculative sampling tries the children in the order in which they were drawn. Sorted by token number,
        small numbers get the first try, and the text no longer follows the target's law: total variation
        distance 0.3 on a small table.
    """,
    gets="Your test gets `children(drawn)`: the different tokens of those drawn, in the order to be tried.",
    defect=distinct_by_a_set,
    right=distinct_in_draw_order,
    also_right=(distinct_one_by_one,),
    test=test_set_order,
    wrong_tests={
        "drawn in ascending order": lambda children: same(children([1, 3, 5]), [1, 3, 5]),
        "compares as sets": lambda children: same(set(children([5, 3, 5])), {3, 5}),
        "no token twice": lambda children: same(max(Counter(children([5, 3, 5])).values()), 1),
        "the last drawn first": lambda children: same(children([5, 3, 1]), [1, 3, 5]),
    },
)


def same(got, expected):
    assert got == expected


# --- wrong_temperature


def at(logits, temperature):
    weight = np.exp((logits - logits.max()) / temperature)
    return weight / weight.sum()


def draws_at_one(logits, temperature):
    drawn, tested = at(logits, 1.0), at(logits, temperature)
    return drawn, tested


def draws_as_it_tests(logits, temperature):
    law = at(logits, temperature)
    return law, law


def scales_the_logits_first(logits, temperature):
    scaled = logits / temperature
    return at(scaled, 1.0), at(scaled, 1.0)


def test_wrong_temperature(laws):
    drawn, tested = laws(np.array([2.0, 1.0, 0.0]), 0.6)
    assert np.allclose(drawn, tested)


WRONG_TEMPERATURE = Exhibit(
    key="wrong_temperature",
    title="drafted at one temperature, tested at another",
    found=f"{DYNASURGE}: its dynamic tree draws at temperature 1, whatever `--T` says.",
    did="""
        The test divides by the probability with which a token was drafted. If that is not the probability
        with which it was drawn, the division mends nothing, and the text follows neither law.
    """,
    gets="""
        Your test gets `laws(logits, temperature)`: the law from which the draft draws, and the law that the
        test takes for it.
    """,
    defect=draws_at_one,
    right=draws_as_it_tests,
    also_right=(scales_the_logits_first,),
    test=test_wrong_temperature,
    wrong_tests={
        "at temperature 1": lambda laws: _laws_agree(laws(np.array([2.0, 1.0, 0.0]), 1.0)),
        "a flat draft": lambda laws: _laws_agree(laws(np.zeros(3), 0.6)),
        "they are laws": lambda laws: _sum_to_one(laws(np.array([2.0, 1.0, 0.0]), 0.6)),
        "asks for the law at 1": lambda laws: _is_at_one(laws(np.array([2.0, 1.0, 0.0]), 0.6)),
    },
)


def _laws_agree(pair):
    assert np.allclose(*pair)


def _sum_to_one(pair):
    assert np.allclose([law.sum() for law in pair], 1)


def _is_at_one(pair):
    assert np.allclose(pair[0], at(np.array([2.0, 1.0, 0.0]), 1.0))


# --- position_off_by_one


def one_step_too_far(prefix_length, depths):
    return [prefix_length + depth for depth in depths]


def below_the_last_token(prefix_length, depths):
    return [prefix_length - 1 + depth for depth in depths]


def by_counting(prefix_length, depths):
    positions = list(range(prefix_length + max(depths)))
    return [positions[prefix_length - 1 :][depth] for depth in depths]


def test_position_off_by_one(positions):
    # the root is the last committed token, number 9 of 10
    assert list(positions(10, [0, 1, 1, 2])) == [9, 10, 10, 11]


POSITION = Exhibit(
    key="position_off_by_one",
    title="the whole tree one position too far",
    found=f"{DYNASURGE}: the positions of its dynamic tree.",
    did="""
        The root of a token tree is a token that the text already has. Counted as the next one, every node is
        rotated one step too far, in draft and target alike. What is preserved then is the law of a model that
        leaves out a position, and the KV of accepted tokens stays wrong.
    """,
    gets="""
        Your test gets `positions(prefix_length, depths)`: the position of each node of a tree whose root, at
        depth 0, is the last token of the prefix. Positions count from 0.
    """,
    defect=one_step_too_far,
    right=below_the_last_token,
    also_right=(by_counting,),
    test=test_position_off_by_one,
    wrong_tests={
        "only differences": lambda positions: same(np.diff(positions(10, [0, 1, 2])).tolist(), [1, 1]),
        "siblings alike": lambda positions: same(len(set(positions(10, [1, 1]))), 1),
        "counts from 1": lambda positions: same(list(positions(10, [0])), [10]),
    },
)

# --- frozen_dice


def the_same_numbers_every_round(n_rounds, seed):
    uniform = np.random.default_rng(seed).random()  # drawn once for the prompt
    return [int(uniform < 0.5) for _ in range(n_rounds)]


def new_numbers_every_round(n_rounds, seed):
    rng = np.random.default_rng(seed)
    return [int(rng.random() < 0.5) for _ in range(n_rounds)]


def new_numbers_at_once(n_rounds, seed):
    return (np.random.default_rng(seed).random(n_rounds) < 0.5).astype(int).tolist()


def test_frozen_dice(tokens):
    assert set(tokens(100, seed=0)) == {0, 1}


FROZEN_DICE = Exhibit(
    key="frozen_dice",
    title="the same random numbers in every round",
    found=f"{SEQUOIA}: the uniform numbers are drawn once for a prompt.",
    did="""
        Each round, taken alone, follows the target's law, and every test of one round passes. Over several
        rounds the tokens depend on each other: total variation distance 0.2 over three tokens.
    """,
    gets="""
        Your test gets `tokens(n_rounds, seed)`: a fair coin of 0 and 1, thrown once in each round of a
        decode.
    """,
    defect=the_same_numbers_every_round,
    right=new_numbers_every_round,
    also_right=(new_numbers_at_once,),
    test=test_frozen_dice,
    wrong_tests={
        "the first round of many decodes": lambda tokens: _fair([tokens(1, seed=s)[0] for s in range(400)]),
        "only zeros and ones": lambda tokens: same(set(tokens(50, seed=0)) <= {0, 1}, True),
        "the same seed, the same text": lambda tokens: same(tokens(9, seed=1), tokens(9, seed=1)),
        "no two alike in a row": lambda tokens: same(all(np.diff(tokens(9, seed=1))), True),
    },
)


def _fair(throws):
    assert 0.35 < np.mean(throws) < 0.65


# --- hidden_argmax


def argmax_whatever_the_temperature(logits, temperature, rng):
    return int(np.argmax(logits))


def draws_a_token(logits, temperature, rng):
    return int(rng.choice(len(logits), p=at(logits, temperature)))


def draws_by_a_race(logits, temperature, rng):
    return int(np.argmax(logits / temperature + rng.gumbel(size=len(logits))))


def test_hidden_argmax(root_token):
    rng = np.random.default_rng(0)
    drawn = [root_token(np.array([1.0, 0.0]), 1.0, rng) for _ in range(200)]
    assert 20 < drawn.count(1) < 90  # its probability is 0.27


HIDDEN_ARGMAX = Exhibit(
    key="hidden_argmax",
    title="a temperature that does nothing",
    found="the released code of Medusa: with `fast=True`, the default, the root token is the arg-max.",
    did="""
        A user asks for temperature 0.7 and gets the same text every time. A deterministic decode also accepts
        more drafted tokens, so the speed-up that is measured belongs to another task.
    """,
    gets="Your test gets `root_token(logits, temperature, rng)`: the next token, by a numpy generator.",
    defect=argmax_whatever_the_temperature,
    right=draws_a_token,
    also_right=(draws_by_a_race,),
    test=test_hidden_argmax,
    wrong_tests={
        "one certain token": lambda f: same(f(np.array([50.0, 0.0]), 1.0, np.random.default_rng(0)), 0),
        "a token of the vocabulary": lambda f: same(
            f(np.array([1.0, 0.0]), 1.0, np.random.default_rng(0)) in (0, 1), True
        ),
        "asks for the arg-max": lambda f: same(
            {f(np.array([1.0, 0.0]), 1.0, np.random.default_rng(s)) for s in range(30)}, {0}
        ),
    },
)

EXHIBITS = (SET_ORDER, WRONG_TEMPERATURE, POSITION, FROZEN_DICE, HIDDEN_ARGMAX)

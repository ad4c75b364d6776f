"""Exhibits: models that are not run as they were trained."""

import math

import numpy as np

from .attention import RELEASED
from .data import says
from .exhibit import Exhibit

# --- llama31_rope


def plain_frequencies(config):
    dim, theta = config["head_dim"], config["rope_theta"]
    return [theta ** (-i / dim) for i in range(0, dim, 2)]


def scaled_frequencies(config):
    scaling, plain = config.get("rope_scaling"), plain_frequencies(config)
    if not scaling:
        return plain
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    scaled = []
    for frequency in plain:
        turns = scaling["original_max_position_embeddings"] * frequency / (2 * math.pi)
        share = min(1, max(0, (turns - low) / (high - low)))  # 0: slow, 1: fast enough as it is
        scaled.append((1 - share) * frequency / scaling["factor"] + share * frequency)
    return scaled


def scaled_at_once(config):
    plain = np.array(plain_frequencies(config))
    if not config.get("rope_scaling"):
        return plain
    s = config["rope_scaling"]
    wave = 2 * np.pi / plain
    smooth = (s["original_max_position_embeddings"] / wave - s["low_freq_factor"]) / (
        s["high_freq_factor"] - s["low_freq_factor"]
    )
    return plain * np.clip(smooth, 0, 1) + plain / s["factor"] * (1 - np.clip(smooth, 0, 1))


LLAMA31 = {
    "head_dim": 128,
    "rope_theta": 500000.0,
    "rope_scaling": {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
}


def test_llama31_rope(frequencies):
    config = {"head_dim": 128, "rope_theta": 500000.0}
    scaling = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    scaling["original_max_position_embeddings"] = 8192
    plain, scaled = frequencies(config), frequencies({**config, "rope_scaling": scaling})
    assert np.isclose(scaled[0], plain[0])  # fast turns stay
    assert np.isclose(scaled[-1], plain[-1] / 8)  # slow ones are slowed down further


LLAMA31_ROPE = Exhibit(
    key="llama31_rope",
    title="Llama 3.1 with the positions of Llama 3",
    found=f"{RELEASED}: it loads Llama 3.1, and leaves out its `rope_scaling`.",
    did="""
        Llama 3.1 slows the slowest rotations of its position embedding down, by 8. Without that, the model
        reads its text with other distances than it was trained with. It still writes fluent sentences, so a
        glance at the output says that all is well.
    """,
    gets="""
        Your test gets `frequencies(config)`: the rotation per position of each pair of numbers, the fastest
        first. `config` has `head_dim`, `rope_theta` and perhaps `rope_scaling`.
    """,
    defect=plain_frequencies,
    right=scaled_frequencies,
    also_right=(scaled_at_once,),
    test=test_llama31_rope,
    wrong_tests={
        "the fastest only": lambda f: _near(f(LLAMA31)[0], 1.0),
        "a model without scaling": lambda f: _near(
            f({**LLAMA31, "rope_scaling": None})[-1], 500000 ** (-63 / 64)
        ),
        "all of them divided": lambda f: _near(f(LLAMA31)[0], 1 / 8),
        "they fall": lambda f: _falling(f(LLAMA31)),
    },
)


def _near(value, expected):
    assert np.isclose(value, expected, rtol=1e-6)


def _falling(values):
    assert all(np.diff(values) < 0)


# --- end_of_text


def writes_on(next_token, most, end):
    return [next_token(i) for i in range(most)]


def stops_at_the_end(next_token, most, end):
    text = []
    while len(text) < most:
        text.append(next_token(len(text)))
        if text[-1] == end:
            break
    return text


def leaves_the_end_out(next_token, most, end):
    text = stops_at_the_end(next_token, most, end)
    return text[:-1] if text[-1:] == [end] else text


def test_end_of_text(decode):
    text = decode(lambda i: [7, 8, 2, 9][i], 4, end=2)
    assert text[:2] == [7, 8] and 9 not in text


END_OF_TEXT = Exhibit(
    key="end_of_text",
    title="the end of the text is ignored",
    found=f"{RELEASED}: every branch decodes its full length.",
    did="""
        A branch that has said all it has to say goes on and writes noise. Its tokens are counted as output,
        so throughput looks better than any user would find it.
    """,
    gets="""
        Your test gets `decode(next_token, most, end)`: a text of at most so many tokens, where
        `next_token(i)` gives token number i. Whether the end token itself is kept is not promised.
    """,
    defect=writes_on,
    right=stops_at_the_end,
    also_right=(leaves_the_end_out,),
    test=test_end_of_text,
    wrong_tests={
        "a text without an end": lambda decode: says(lambda m: decode(lambda i: i, m, end=99), 3, [0, 1, 2]),
        "asks for the end token": lambda decode: says(lambda m: decode(lambda i: i, m, end=1), 3, [0, 1]),
        "the most is kept": lambda decode: _short(decode(lambda i: i, 4, end=2)),
    },
)


def _short(text):
    assert len(text) <= 4


EXHIBITS = (LLAMA31_ROPE, END_OF_TEXT)

"""Head counts and the bytes that follow."""

from types import SimpleNamespace

import pytest

from deft_lab import LLAMA3_8B, Geometry
from deft_lab.errors import DeftLabError

LLAMA3_CONFIG = {
    "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_size": 4096, "num_hidden_layers": 32,
}  # fmt: skip


@pytest.mark.parametrize("wrap", [dict, lambda fields: SimpleNamespace(**fields)], ids=["mapping", "object"])
def test_a_config_gives_its_geometry(wrap):
    assert Geometry.from_config(wrap(LLAMA3_CONFIG)) == LLAMA3_8B
    assert Geometry.from_config(wrap(LLAMA3_CONFIG | {"head_dim": 64})).head_dim == 64
    assert Geometry.from_config(wrap(LLAMA3_CONFIG | {"num_key_value_heads": None})).n_kv_heads == 32


def test_a_layer_is_the_same_geometry_once():
    assert LLAMA3_8B.layer == Geometry(32, 8, 128) and LLAMA3_8B.q_per_kv == 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Geometry(6, 4, 8),
            "n_q_heads=6 is not a multiple of n_kv_heads=4; every KV head must serve",
        ),
        (lambda: Geometry(4, 0, 8), "n_kv_heads=0; it must be an integer of at least 1"),
        (lambda: Geometry(4, 2, 8.0), "head_dim=8.0; it must be an integer"),
        (
            lambda: Geometry.from_config({"num_attention_heads": 4}),
            "the config has no num_hidden_layers, head_dim",
        ),
        (lambda: Geometry.from_config(SimpleNamespace()), "the config has no num_attention_heads"),
    ],
)
def test_heads_that_do_not_fit_are_refused(make, message):
    with pytest.raises(DeftLabError, match=message):
        make()

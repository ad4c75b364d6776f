"""Products that share their input become one: fewer of them, the same numbers, no weight twice."""

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from decoding import TOLERANCE, tiny_model  # noqa: E402

from deft_lab.decode.joined import join, keep_shared, lay_together  # noqa: E402

PROJECTIONS = ("q_proj", "k_proj", "v_proj")


@pytest.fixture
def model():
    """A model of its own: its parameters change places."""
    from copy import deepcopy

    return deepcopy(tiny_model().twin)


def compiled(model, backend):
    """The model through torch.compile."""

    torch._dynamo.reset()
    return torch.compile(
        lambda ids: model(input_ids=ids, use_cache=False).logits, fullgraph=True, backend=backend
    )


def joining(found):
    """A backend that joins and runs the graph as it is; `found` takes how many products are gone."""

    def backend(graph, inputs):
        found.append(join(graph, inputs))
        return graph.forward

    return backend


def test_three_products_and_two_become_one_each(model):
    ids, found = torch.arange(6)[None], []
    with torch.inference_mode():
        before = model(input_ids=ids, use_cache=False).logits
        lay_together(model)
        after = compiled(model, joining(found))(ids)
    assert found == [3 * len(model.model.layers)]  # two of q, k, v; one of gate, up
    assert torch.allclose(after, before, atol=TOLERANCE)


def test_no_weight_is_there_twice_and_the_model_stays_what_it_was(model):
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    lay_together(model)
    places = [weight.data_ptr() for weight in model.parameters()]
    lay_together(model)  # once is enough
    assert places == [weight.data_ptr() for weight in model.parameters()]
    assert all(torch.equal(before[name], weight) for name, weight in model.named_parameters())
    attention = model.model.layers[0].self_attn
    together = [getattr(attention, name).weight for name in PROJECTIONS]
    assert len({weight.untyped_storage().data_ptr() for weight in together}) == 1
    assert together[0].untyped_storage().nbytes() == sum(w.numel() * w.element_size() for w in together)


def test_weights_that_lie_apart_are_left_alone(model):
    ids, found = torch.arange(6)[None], []
    with torch.inference_mode():
        before = model(input_ids=ids, use_cache=False).logits
        assert torch.equal(compiled(model, joining(found))(ids), before)
    assert found == [0]


def test_siblings_with_bias_are_left_alone():
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=64, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=2, attention_bias=True,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    lay_together(model)
    layer = model.model.layers[0]
    q, gate = layer.self_attn.q_proj.weight, layer.mlp.gate_proj.weight
    assert q.untyped_storage().nbytes() == q.numel() * q.element_size()
    assert gate.untyped_storage().nbytes() == 2 * gate.numel() * gate.element_size()


def test_what_many_layers_use_is_stored_once():
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=64, intermediate_size=96, num_hidden_layers=9, num_attention_heads=4,
        num_key_value_heads=2,
    )  # fmt: skip
    model, ids, found = transformers.LlamaForCausalLM(config).eval(), torch.arange(6)[None], []

    def backend(graph, inputs):
        found.append(keep_shared(graph))
        return graph.forward

    with torch.inference_mode():
        before = model(input_ids=ids, use_cache=False).logits
        assert torch.equal(compiled(model, backend)(ids), before)
    assert found == [2]  # cosines and sines

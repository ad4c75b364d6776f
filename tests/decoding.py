"""Tiny random Llamas, and what a plain sequential forward says: the independent reference of the decodes."""

from copy import deepcopy
from functools import cache

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from deft_lab.decode.hf import TreeModel
from deft_lab.decode.session import Session

VOCABULARY = 40
BOS, EOS = 1, 2
# query heads, KV heads, head_dim: GQA, MHA, and one KV head for all with a head that is no power of two
GEOMETRIES = {"gqa": (4, 2, 16), "mha": (2, 2, 32), "mqa": (4, 1, 24)}
LLAMA31_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
TOLERANCE = 1e-4


@cache
def tiny_model(geometry="gqa", scaled_rope=False, spread=0.2):
    """A random Llama of two layers; `spread` makes its laws peaked enough to tell tokens apart."""
    q_heads, kv_heads, dim = GEOMETRIES[geometry]
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=q_heads,
        num_key_value_heads=kv_heads,
        head_dim=dim,
        max_position_embeddings=512,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=0,
        initializer_range=spread,
        **({"rope_parameters": LLAMA31_ROPE} if scaled_rope else {}),
    )
    torch.manual_seed(0)
    model = TreeModel(LlamaForCausalLM(config), name=f"tiny {geometry}")
    model.twin = deepcopy(model.model)
    model.twin.set_attn_implementation("sdpa")
    return model


def make_session(model=None, prompt=(5, 6, 7), **options):
    """A prefilled session."""
    session = Session(model or tiny_model(), **{"n_slots": 4096, "page_size": 1, **options})
    session.prefill(list(prompt))
    return session


def sequential_logits(model, tokens):
    """[vocabulary] what the model alone, without any tree, says after these tokens."""
    with torch.inference_mode():
        return model.twin(torch.tensor([tokens])).logits[0, -1]


def worst_difference(session):
    """The largest difference between a branch's logits and the sequential ones, over all branches."""
    return max(
        (sequential_logits(session.model, session.path_tokens(leaf)) - session.logits_of(leaf))
        .abs()
        .max()
        .item()
        for leaf in session.branches
    )

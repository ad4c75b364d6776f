"""The model that is timed: a Llama of a known geometry with random weights, made where it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import chain
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from ...decode.hf import TreeModel
from ...errors import DeftLabError, check_choice

SEED = 0  # of the weights, the prompt and the draws
# config.json of meta-llama/Meta-Llama-3-8B; and one for tests, with heads that every kernel takes
GEOMETRIES: dict[str, dict[str, Any]] = {
    "llama3_8b": {
        "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8,
    },
    "tiny": {
        "vocab_size": 512, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2,
    },
}  # fmt: skip


def build_model(geometry: str, device: torch.device, dtype: torch.dtype) -> TreeModel:
    """A Llama with random weights; nothing of it is ever on another device.

    Raises:
        DeftLabError: the geometry is unknown.
    """
    check_choice(DeftLabError, GEOMETRIES, geometry=geometry)
    config = LlamaConfig(
        **GEOMETRIES[geometry],
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": 5e5},
        tie_word_embeddings=False,
        attn_implementation="sdpa",
    )
    torch.manual_seed(SEED)
    with _default_dtype(dtype), device:
        model = LlamaForCausalLM(config)
    return TreeModel(model.requires_grad_(False), name=f"{geometry}, random weights")


def twin_of(model: TreeModel) -> PreTrainedModel:
    """The same weights, not copied, in a model of its own with transformers' attention."""
    whole = model.model
    shared = {id(tensor): tensor for tensor in chain(whole.parameters(), whole.buffers())}
    twin = deepcopy(whole, shared)
    twin.set_attn_implementation("sdpa")
    return twin


def weight_bytes(model: TreeModel) -> int:
    """Bytes of the weights that a step reads: all but the embedding, of which it reads a few rows."""
    of_all = sum(x.numel() * x.element_size() for x in model.model.parameters())
    embedding = model.model.get_input_embeddings().weight
    tied = embedding is model.model.get_output_embeddings().weight
    return of_all - (0 if tied else embedding.numel() * embedding.element_size())


def random_prompt(model: TreeModel, length: int) -> list[int]:
    """Token ids, drawn uniformly."""
    generator = torch.Generator().manual_seed(SEED)
    return torch.randint(0, model.vocab_size, (length,), generator=generator).tolist()


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)

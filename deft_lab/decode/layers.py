"""Which models a tree can be carried through: their layers must attend to a whole path, and to nothing else.

What transformers would hand to attention besides queries, keys and values (a soft cap, sinks) has no place in
a plan. Without a refusal it would be left out, and the answers would be wrong without a word.
"""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from ..errors import AttentionError, DecodeError, ModelError
from ..geometry import Geometry
from ..tree import Tree

WHOLE, WINDOWED = "full_attention", ("sliding_attention", "chunked_attention")
EXTRAS = ("softcap", "s_aux", "position_bias")  # keywords of attention functions that change its law
LEARNED = ("wpe", "embed_positions", "position_embeddings")  # tables with a row for each position
FOLLOWING = ("dynamic", "longrope")  # kinds of rotary angles that depend on the length of the longest text
TAKEN = "take a Llama, Mistral, Qwen, Gemma, Phi-3, or another whose layers attend to the whole text"


def check_layers(model: Any) -> None:
    """Refuse a model whose layers do something else than attend to all tokens of a path.

    Raises:
        ModelError: its layers are recurrent, look ahead, cap their scores, have sinks, keep keys and values
            as one vector, or do not take their attention by name.
    """
    name, config = type(model).__name__, _text_config(model)
    kinds = set(getattr(config, "layer_types", None) or ()) - {WHOLE, *WINDOWED}
    cap = getattr(config, "attn_logit_softcapping", None)
    reasons = {
        f"has layers of another kind ({', '.join(sorted(kinds))})": kinds,
        "does not take its attention from transformers' AttentionInterface": not getattr(
            model, "_supports_attention_backend", True
        ),
        f"caps its scores (attn_logit_softcapping={cap})": cap,
        "has attention sinks": any(hasattr(module, "sinks") for module in _attentions(model)),
        "keeps keys and values as one latent vector": getattr(config, "kv_lora_rank", None),
        "looks ahead in the text (its attention is not causal)": any(
            getattr(module, "is_causal", True) is False for module in _attentions(model)
        ),
    }
    for reason, holds in reasons.items():
        if holds:
            raise ModelError(f"{name} cannot carry a tree: it {reason}; {TAKEN}")


def reach(model: Any) -> int | None:
    """Tokens of the longest path that is decoded exactly; None: any.

    A window ends it, or learned positions, or rotary angles that follow the longest text of a call: the
    branches of a tree are decoded in one call, and a short one must not feel the length of another.
    """
    config = _text_config(model)
    kinds = getattr(config, "layer_types", None) or WINDOWED[:1]
    windows = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}
    if getattr(config, "use_sliding_window", True) is False:
        del windows["sliding_attention"]
    found = [getattr(config, field, None) for kind, field in windows.items() if kind in kinds]
    if any(path.endswith(LEARNED) and isinstance(part, nn.Embedding) for path, part in model.named_modules()):
        found.append(getattr(config, "max_position_embeddings", None))
    for rope in _ropes(config):
        if rope.get("rope_type", rope.get("type")) in FOLLOWING:
            limits = ("original_max_position_embeddings", "max_position_embeddings")
            found += [rope.get(limits[0]), *(getattr(config, limit, None) for limit in limits)]
    return min((int(tokens) for tokens in found if tokens), default=None)


def check_reach(model: Any, tree: Tree, leaf: int | None = None, more: int = 0) -> None:
    """Refuse a path longer than the model's `reach`; `more` tokens are to come below `leaf`, or below any.

    Raises:
        DecodeError: a path is longer.
    """
    if model.reach is None:
        return
    if leaf is None:
        longest = int(tree.n_path_tokens_of_query.max()) + more
    else:
        longest = int(tree.length[list(tree.path(tree.index(leaf)))].sum()) + more
    if longest > model.reach:
        raise DecodeError(
            f"a path would have {longest:,} tokens; {model.name} is decoded exactly up to {model.reach:,} "
            "(its sliding window, its last position, or where its rotary angles begin to follow the longest "
            "branch): end the decode sooner, or shorten the prompt"
        )


def check_heads(module: Any, key: Tensor, value: Tensor, geometry: Geometry, given: dict[str, Any]) -> None:
    """Refuse keys and values that are not of the pool's shape, or attention with more than that.

    Raises:
        AttentionError: they are not, or it has.
    """
    expected = (geometry.n_kv_heads, geometry.head_dim)
    if (key.shape[1], key.shape[3]) != expected or value.shape != key.shape:
        shapes = " and ".join(f"{x.shape[1]} heads of {x.shape[3]}" for x in (key, value))
        raise AttentionError(
            f"{type(module).__name__} gives keys and values of {shapes}, its config says {expected[0]} of "
            f"{expected[1]}; {TAKEN}"
        )
    for extra in EXTRAS:
        if given.get(extra) is not None:
            raise AttentionError(
                f"{type(module).__name__} asks for {extra}, which tree attention does not give; {TAKEN}"
            )


def _text_config(model: Any) -> Any:
    find = getattr(model.config, "get_text_config", None)
    return find() if find else model.config


def _ropes(config: Any) -> list[dict[str, Any]]:
    """Settings of rotary angles: of the model, or of each kind of its layers."""
    found = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    nested = [part for part in found.values() if isinstance(part, dict)]
    return nested or [found]


def _attentions(model: Any) -> Iterator[Any]:
    return (module for module in model.modules() if hasattr(module, "layer_idx"))

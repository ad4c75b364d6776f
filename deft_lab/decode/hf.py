"""The model door: carries a tree through an unmodified Hugging Face Llama. Only this file knows transformers.

Attention is registered by name with `AttentionInterface`; what it needs of a step reaches it as a keyword of
`model(...)`. A small object stands where the model expects its cache: it writes new keys and values into the
pool. Both see local heads only, so tensor parallelism (`tp_plan="auto"`) works unchanged.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import Any

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch
from torch import Tensor
from transformers import AttentionInterface, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from ..data import data_path
from ..errors import AttentionError, DecodeError, ModelError
from ..geometry import Geometry
from .joined import compile_joined, lay_together
from .layers import check_heads, check_layers, reach
from .preflight import preflight, read_files
from .visit import FIXED, Visit, attend, visit_op, write

NAME = "deft_lab"  # of our attention, in transformers' registry
BUNDLED = ("target", "draft")  # models in data/models/
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")  # a folder with a tokenizer has one of them
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class _PoolCache:
    """Stands where the model expects its cache; the attention writes into the pool."""

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0  # positions are always given

    def update(self, k: Tensor, v: Tensor, layer_idx: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        return k, v


def _attention(  # noqa: PLR0913  (the signature is transformers')
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    visit: Visit | Any = None,
    **given: Any,
) -> tuple[Tensor, None]:
    """query [1, q_head, token, dim] -> [1, token, q_head, dim]; keys of earlier tokens are in the pool."""
    if visit is None:
        raise AttentionError(
            "this model's attention decodes trees through deft_lab; for a plain forward use "
            "`with tree_model.plain(): ...`"
        )
    layer = int(module.layer_idx)
    q, k, v = (x[0].transpose(0, 1).contiguous() for x in (query, key, value))
    if visit is FIXED:
        scale = q.shape[-1] ** -0.5 if scaling is None else scaling
        return visit_op(q, k, v, layer, scale)[None], None
    check_heads(module, key, value, visit.pool.geometry, given)
    write(visit, k, v, layer)
    return attend(q, visit, layer, scaling)[None], None


AttentionInterface.register(NAME, _attention)


@dataclass(eq=False)
class TreeModel:
    """An unmodified Hugging Face causal language model whose keys and values live in a pool.

    Args:
        model: a Llama, or another model that takes its attention from `AttentionInterface`. On a GPU its
            weights may move: those that share their input lie together from then on.
        tokenizer: its tokenizer; None where only token ids are used.
        name: what the model is called in traces and reports.

    Raises:
        ModelError: its layers do something else than attend to all tokens of a path.
    """

    model: PreTrainedModel
    tokenizer: Any = None
    name: str = "model"
    revision: str | None = None
    _own: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_layers(self.model)
        self._own = self.model.config._attn_implementation
        self.model.eval()
        self.model.set_attn_implementation(NAME)
        if self.device.type == "cuda" and self.n_ways == 1:
            lay_together(self.model)  # now: a CUDA graph, once captured, reads the weights where they were

    @property
    def device(self) -> torch.device:
        return self.model.get_input_embeddings().weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.model.dtype

    @cached_property  # a config takes microseconds to answer, and drafts ask for each of their tokens
    def vocab_size(self) -> int:
        return int(self.model.config.vocab_size)

    @cached_property
    def reach(self) -> int | None:
        """Tokens of the longest path that it decodes exactly, such as its sliding window; None: any."""
        return reach(self.model)

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def geometry(self) -> Geometry:
        """Of the heads that this process holds."""
        whole = Geometry.from_config(self.model.config, torch.finfo(self.dtype).bits // 8)
        ways = self.n_ways
        return replace(whole, n_q_heads=whole.n_q_heads // ways, n_kv_heads=whole.n_kv_heads // ways)

    @property
    def n_ways(self) -> int:
        """Processes that the heads are shared out to: tensor parallelism."""
        return max(1, int(getattr(self.model, "_tp_size", None) or 1))

    @property
    def eos(self) -> frozenset[int]:
        """Tokens that end a branch."""
        found = self.model.generation_config.eos_token_id if self.model.generation_config else None
        found = self.model.config.eos_token_id if found is None else found
        return frozenset([] if found is None else [found] if isinstance(found, int) else found)

    def check_tokens(self, tokens: Iterable[int]) -> None:
        """Refuse ids that the model does not know.

        Raises:
            DecodeError: one is outside the vocabulary.
        """
        size = self.vocab_size
        for token in tokens:
            # the plain type first: asking an abstract one takes longer than all the rest
            if not (type(token) is int or isinstance(token, Integral)) or not 0 <= token < size:
                raise DecodeError(f"token {token!r} is outside the vocabulary of {self.name}, 0..{size - 1}")

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, with what the tokenizer puts before it.

        Raises:
            ModelError: the model came without a tokenizer.
        """
        if self.tokenizer is None:
            raise ModelError(f"{self.name} has no tokenizer; pass token ids, or a folder that holds one")
        return list(self.tokenizer(text)["input_ids"])

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids; the ids themselves where there is no tokenizer."""
        if self.tokenizer is None:
            return " ".join(map(str, tokens))
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def piece(self, token: int) -> str:
        """The text of one token, as it stands within a text: blanks are kept."""
        text = self.tokenizer.decode([token], skip_special_tokens=False)
        spelled = self.tokenizer.convert_ids_to_tokens(token)
        begins_word = spelled is not None and spelled.startswith("\u2581")  # SentencePiece's blank
        return f" {text}" if begins_word and not text.startswith(" ") else str(text)

    @torch.inference_mode()
    def forward(self, tokens: Tensor, positions: Tensor, visit: Visit, keep: int = 0) -> Tensor:
        """Run tokens through the model; their keys and values go into the visit's pool.

        Args:
            tokens: [token] int64 ids.
            positions: [token] int64 places on their own paths, from 0.
            visit: what the attention needs.
            keep: logits of the last so many tokens alone; 0: of all.

        Returns:
            [token or keep, vocabulary] logits in the model's dtype.
        """
        return self._forward(tokens, positions, visit, keep)

    def _forward(self, tokens: Tensor, positions: Tensor, visit: Any, keep: int) -> Tensor:
        return self.model(
            input_ids=tokens[None],
            position_ids=positions[None],
            past_key_values=_PoolCache(),
            use_cache=True,
            logits_to_keep=keep,
            visit=visit,
        ).logits[0]

    def fixed_forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """[token, vocabulary] logits; attention is that of the visit which FIXED stands for."""
        return self._forward(tokens, positions, FIXED, 0)

    @cached_property
    def compiled_forward(self) -> Callable[[Tensor, Tensor], Tensor]:
        """`fixed_forward`, compiled once for all numbers of tokens: some 20 s for 32 layers."""
        return torch.compile(self.fixed_forward, fullgraph=True, dynamic=True, backend=compile_joined)

    @contextmanager
    def plain(self) -> Iterator[PreTrainedModel]:
        """The model with its own attention, for comparison: `generate`, or a forward of a sequence."""
        self.model.set_attn_implementation(self._own)
        try:
            yield self.model
        finally:
            self.model.set_attn_implementation(NAME)


def _tensor_parallel() -> dict[str, Any]:
    """How this version of transformers is asked for tensor parallelism.

    Raises:
        ModelError: this process is not one of torchrun's.
    """
    if "WORLD_SIZE" not in os.environ:
        raise ModelError("tensor parallelism needs torchrun: torchrun --nproc-per-node 2 -m deft_lab ...")
    try:
        from transformers.distributed import DistributedConfig

        return {"distributed_config": DistributedConfig(tp_plan="auto")}
    except (ImportError, TypeError):  # 5.17
        return {"tp_plan": "auto"}


def find_device(device: str | torch.device | None = None) -> torch.device:
    """The device of that name; default: a GPU if there is one.

    Raises:
        ModelError: there is none.
    """
    try:
        where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as bad:
        raise ModelError(f"no device {device!r}; choose cpu, cuda, or one of several: cuda:1") from bad
    n = torch.cuda.device_count()
    if where.type == "cuda" and (where.index or 0) >= n:
        raise ModelError(
            f"device={str(where)!r}; torch sees {n} NVIDIA GPUs here: choose cpu, or leave it out"
        )
    return where


def load_model(
    name: str | Path = "target",
    *,
    dtype: str | None = None,
    device: str | torch.device | None = None,
    revision: str | None = None,
    tp: bool = False,
) -> TreeModel:
    """Load a model: one of ours, a local folder, or a model of the Hugging Face hub.

    Args:
        name: "target" or "draft" (bundled, no download), a folder, or a name such as
            "meta-llama/Meta-Llama-3-8B".
        dtype: "float32", "bfloat16" or "float16"; default: float32 on a CPU, bfloat16 on a GPU.
        device: default: a GPU if there is one.
        revision: of a hub model.
        tp: tensor parallelism over the processes of torchrun.

    Raises:
        ModelError: the folder holds no model, or the hub's cannot be had here: no token, no licence, offline,
            or too little memory; said before anything is downloaded.
    """
    if dtype is not None and dtype not in DTYPES:
        raise ModelError(f"dtype={dtype!r}; choose one of {', '.join(DTYPES)}")
    if not isinstance(name, str | Path):
        raise ModelError(f"no model {name!r}; name a folder, a hub model, or one of ours: 'target', 'draft'")
    where = find_device(device)
    kind = DTYPES[dtype] if dtype else torch.bfloat16 if where.type == "cuda" else torch.float32
    source = data_path("models", str(name)) if name in BUNDLED else Path(name)
    local = source.is_dir()
    found = str(source) if local else str(name)
    preflight(found, kind.itemsize, where, revision=revision)
    options: dict[str, Any] = {"dtype": kind, "revision": revision}
    if tp:
        options |= _tensor_parallel()
    logging.disable_progress_bar()
    model = read_files(AutoModelForCausalLM.from_pretrained, found, options)
    if not tp:
        model = model.to(where)
    tokenizer = None
    if not local or any((source / file).exists() for file in TOKENIZERS):
        tokenizer = read_files(AutoTokenizer.from_pretrained, found, {"revision": revision})
    return TreeModel(model, tokenizer, source.name if local else str(name), revision)

"""The bundled models as files: a Llama and its tokenizer in one folder, as `from_pretrained` reads them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from deft_lab import workbook
from deft_lab.workbook import BOS, EOS, PAD, UNK

LONGEST_CONTEXT = 2048


@dataclass(frozen=True, slots=True)
class Size:
    """Shape of one model and the highest learning rate it takes."""

    hidden: int
    n_q_heads: int
    n_kv_heads: int
    n_layers: int
    feed_forward: int
    rate: float


def make_model(size: Size, seed: int, attention: str) -> LlamaForCausalLM:
    """A Llama of this size with random weights; `attention` names one of transformers' functions."""
    config = LlamaConfig(
        vocab_size=len(workbook.VOCABULARY),
        hidden_size=size.hidden,
        intermediate_size=size.feed_forward,
        num_hidden_layers=size.n_layers,
        num_attention_heads=size.n_q_heads,
        num_key_value_heads=size.n_kv_heads,
        head_dim=32 if size.hidden >= 128 else size.hidden // size.n_q_heads,
        max_position_embeddings=LONGEST_CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.04,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=PAD,
    )
    torch.manual_seed(seed)
    return LlamaForCausalLM._from_config(config, attn_implementation=attention)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, with the space before it; a begin is put before every text."""
    ids = {text: token for token, text in enumerate(workbook.VOCABULARY)}
    inner = Tokenizer(WordLevel(ids, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(workbook.PIECE), behavior="isolated")
    inner.decoder = decoders.Fuse()
    inner.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", BOS)])
    names = ("pad_token", "bos_token", "eos_token", "unk_token")
    specials = {
        name: workbook.SPECIALS[token] for name, token in zip(names, (PAD, BOS, EOS, UNK), strict=True)
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        clean_up_tokenization_spaces=False,
        model_max_length=LONGEST_CONTEXT,
        padding_side="left",
        **specials,
    )


def save(models: dict[str, LlamaForCausalLM], output: Path) -> None:
    """A folder a model, in 16 bits, with everything that `from_pretrained` reads."""
    for name, model in models.items():
        model.half().save_pretrained(output / name)
        make_tokenizer().save_pretrained(output / name)


def load(folder: Path, device: str) -> LlamaForCausalLM:
    """A bundled model, in 16 bits on a GPU and in 32 on a CPU."""
    dtype = torch.float16 if device == "cuda" else torch.float32
    return LlamaForCausalLM.from_pretrained(folder, dtype=dtype).to(device).eval()

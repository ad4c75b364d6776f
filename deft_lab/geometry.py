"""The shape of a model's attention layers, and the bytes that follow from it.

q_head: a head of the queries. kv_head: a head of the keys and values; `q_per_kv` query heads read
each of them (grouped-query attention, GQA).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from .errors import DeftLabError, check_counts, check_kind


@dataclass(frozen=True, slots=True)
class Geometry:
    """Head counts, head size, layers and element size.

    Args:
        n_q_heads: query heads of a layer.
        n_kv_heads: KV heads of a layer; divides `n_q_heads`.
        head_dim: elements of a head.
        n_layers: layers that a decode step runs through.
        dtype_bytes: bytes of one element of Q, K, V and O (2: bfloat16 or float16).

    Raises:
        DeftLabError: a count is below 1, or the heads do not divide.
    """

    n_q_heads: int
    n_kv_heads: int
    head_dim: int
    n_layers: int = 1
    dtype_bytes: int = 2

    def __post_init__(self) -> None:
        check_counts(DeftLabError, 1, **{field.name: getattr(self, field.name) for field in fields(self)})
        if self.n_q_heads % self.n_kv_heads:
            raise DeftLabError(
                f"n_q_heads={self.n_q_heads} is not a multiple of n_kv_heads={self.n_kv_heads}; "
                "every KV head must serve the same number of query heads"
            )

    @property
    def q_per_kv(self) -> int:
        """Query heads that read one KV head (1 is MHA, more is GQA, n_q_heads is MQA)."""
        return self.n_q_heads // self.n_kv_heads

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of K and V together, for one token in one layer."""
        return 2 * self.n_kv_heads * self.head_dim * self.dtype_bytes

    @property
    def layer(self) -> "Geometry":
        """The same geometry with a single layer."""
        return replace(self, n_layers=1)

    @classmethod
    def from_config(cls, config: Any, dtype_bytes: int = 2) -> "Geometry":
        """Read the geometry of a Hugging Face config, or of the same fields in a mapping.

        Raises:
            DeftLabError: a needed field is missing.
        """

        def field(name: str) -> Any:
            return config.get(name) if isinstance(config, Mapping) else getattr(config, name, None)

        n_q_heads, n_layers = field("num_attention_heads"), field("num_hidden_layers")
        head_dim = field("head_dim") or (
            n_q_heads and field("hidden_size") and field("hidden_size") // n_q_heads
        )
        needed = {
            "num_attention_heads": n_q_heads,
            "num_hidden_layers": n_layers,
            "head_dim (or hidden_size)": head_dim,
        }
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise DeftLabError(
                f"the config has no {', '.join(missing)}; pass the config of a Llama-like model"
            )
        n_kv_heads = field("num_key_value_heads") or n_q_heads
        return cls(n_q_heads, n_kv_heads, head_dim, n_layers, dtype_bytes)


def need_geometry(geometry: object) -> None:
    """Refuse what is no geometry.

    Raises:
        DeftLabError: it is none.
    """
    check_kind(DeftLabError, Geometry, "Geometry(...) or LLAMA3_8B is one", geometry=geometry)


# config.json of meta-llama/Meta-Llama-3-8B (Llama 3.1 8B has the same attention shape)
LLAMA3_8B = Geometry(n_q_heads=32, n_kv_heads=8, head_dim=128, n_layers=32)
# config.json of meta-llama/Llama-2-7b-hf: multi-head attention, no GQA
LLAMA2_7B = Geometry(n_q_heads=32, n_kv_heads=32, head_dim=128, n_layers=32)

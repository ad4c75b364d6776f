"""Q, K and V that a recording keeps beside its events, read without torch.

The files are safetensors: 8 bytes with the length of a JSON header, the header, then the numbers.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import TraceError

DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "F64": np.float64}  # BF16: its bits


class Sample(NamedTuple):
    """What one attention layer saw at one decode, in float64."""

    q: NDArray[np.float64]  # [query, q_head, dim], in the caller's query order
    k: NDArray[np.float64]  # [token, kv_head, dim], of the depth-first flattened tree
    v: NDArray[np.float64]
    layer: int
    dtype_bytes: int  # of an element as it was stored while the model ran


def read_sample(path: str | Path, layer: int | None = None) -> Sample:
    """Read one layer of a file of `Recording.samples`; default: the last layer in it.

    Raises:
        TraceError: the file is no such file, or has no such layer.
    """
    path = Path(path)
    header, numbers = _split(path)
    layers = sorted(int(name[5:-2]) for name in header if name.startswith("layer") and name.endswith(".q"))
    chosen = layers[-1] if layer is None and layers else layer
    if chosen not in layers:
        raise TraceError(f"{path.name} has no layer {chosen}; it has {', '.join(map(str, layers)) or 'none'}")
    q, k, v = (_array(header[f"layer{chosen}.{name}"], numbers, path) for name in "qkv")
    stored = np.dtype(DTYPES[header[f"layer{chosen}.k"]["dtype"]]).itemsize
    return Sample(q, k, v, chosen, stored)


def _split(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        content = path.read_bytes()
        length = int.from_bytes(content[:8], "little")
        return json.loads(content[8 : 8 + length]), content[8 + length :]
    except (OSError, ValueError) as bad:
        raise TraceError(f"cannot read {path} as safetensors ({bad}); record the decode again") from bad


def _array(entry: dict[str, Any], numbers: bytes, path: Path) -> NDArray[np.float64]:
    if entry["dtype"] not in DTYPES:
        raise TraceError(f"{path.name} holds {entry['dtype']}; readable are {', '.join(DTYPES)}")
    first, stop = entry["data_offsets"]
    found = np.frombuffer(numbers[first:stop], DTYPES[entry["dtype"]])
    if entry["dtype"] == "BF16":
        found = (found.astype(np.uint32) << 16).view(np.float32)
    return found.astype(np.float64).reshape(entry["shape"])

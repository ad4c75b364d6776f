"""Before a model is loaded or downloaded: can it be had here, and does it fit?

Every refusal names one cause and one way out: no such folder or model, no token, no licence, offline, too
little memory.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError

WEIGHTS = (".safetensors", ".bin")
ROOM = 1.15  # weights, and a little for what surrounds them


def preflight(name: str, dtype_bytes: int, device: torch.device, revision: str | None = None) -> None:
    """Refuse what cannot work, before a byte of weights is read or downloaded.

    Args:
        name: a folder, or a model of the Hugging Face hub.
        dtype_bytes: of one weight, as it will be held.
        device: where it will be held.
        revision: of a hub model.

    Raises:
        ModelError: it cannot be had, or does not fit.
    """
    folder = Path(name)
    if folder.is_dir():
        _check_folder(folder, dtype_bytes, device)
    elif folder.is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
        raise ModelError(
            f"no folder {name!r}; name one that holds config.json and weights, a hub model such as "
            "'meta-llama/Meta-Llama-3-8B', or one of ours: 'target', 'draft'"
        )
    else:
        _check_hub(name, dtype_bytes, device, revision)


def read_files(read: Callable[..., Any], name: str, options: dict[str, Any]) -> Any:
    """What transformers makes of a model's files.

    Raises:
        ModelError: it cannot read them.
    """
    try:
        return read(name, **options)
    except Exception as bad:  # strangers wrote the files, and each format has errors of its own
        said = str(bad).strip().partition("\n")[0]
        raise ModelError(
            f"transformers cannot read the files of {name} ({type(bad).__name__}: {said:.200}); fetch them "
            "again, or name another model"
        ) from bad


def _check_folder(folder: Path, dtype_bytes: int, device: torch.device) -> None:
    config = folder / "config.json"
    if not config.is_file():
        raise ModelError(f"{folder} holds no config.json; name the folder that `save_pretrained` wrote")
    try:
        stored = json.loads(config.read_text())
    except json.JSONDecodeError as bad:
        raise ModelError(f"{config} is not valid JSON at character {bad.pos}; fetch it again") from bad
    files = [file for file in folder.iterdir() if file.suffix in WEIGHTS]
    if not files:
        raise ModelError(f"{folder} holds no weights ({' or '.join(WEIGHTS)}); fetch them, or retrain")
    bits = 4 if stored.get("dtype", stored.get("torch_dtype")) == "float32" else 2
    _check_memory(str(folder), sum(file.stat().st_size for file in files) // bits * dtype_bytes, device)


def _check_hub(name: str, dtype_bytes: int, device: torch.device, revision: str | None) -> None:
    from huggingface_hub import HfApi, get_token, try_to_load_from_cache
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    cached = isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str)
    if cached:
        return
    if os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0"):
        raise ModelError(f"{name} is not in the cache, and HF_HUB_OFFLINE is set; unset it, or name a folder")
    token = get_token()
    try:
        info = HfApi().model_info(name, revision=revision, files_metadata=True)
        HfApi().auth_check(name)
    except GatedRepoError as bad:
        if token is None:
            raise ModelError(
                f"{name} is gated, and this machine has no token; accept its licence on "
                f"https://huggingface.co/{name}, then run `hf auth login`"
            ) from bad
        raise ModelError(
            f"{name} is gated, and your token's owner has not accepted its licence; do so on "
            f"https://huggingface.co/{name}"
        ) from bad
    except RevisionNotFoundError as bad:
        raise ModelError(f"{name} has no revision {revision!r}") from bad
    except RepositoryNotFoundError as bad:
        hint = "" if token else ", or it is private and this machine has no token: run `hf auth login`"
        raise ModelError(f"the hub has no model {name!r}{hint}") from bad
    except Exception as bad:
        # the hub's library has changed its HTTP client before, and each has errors of its own
        known = isinstance(bad, OfflineModeIsEnabled | OSError | HfHubHTTPError)
        if not known and type(bad).__module__.partition(".")[0] not in ("httpx", "httpx2", "requests"):
            raise
        raise ModelError(
            f"the hub cannot be reached ({type(bad).__name__}), and {name} is not in the cache; "
            "connect, or name a folder"
        ) from bad
    _check_disk(name, info)
    parameters = info.safetensors.total if info.safetensors else None
    if parameters:
        _check_memory(name, parameters * dtype_bytes, device)


def _check_disk(name: str, info: Any) -> None:
    from huggingface_hub.constants import HF_HUB_CACHE

    need = sum(file.size or 0 for file in info.siblings or () if Path(file.rfilename).suffix in WEIGHTS)
    folder = Path(HF_HUB_CACHE)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if need > free:
        raise ModelError(
            f"{name} needs {need / 1e9:.1f} GB on the disk of {HF_HUB_CACHE}, {free / 1e9:.1f} GB are free; "
            "set HF_HOME to a larger disk"
        )


def _check_memory(name: str, weight_bytes: int, device: torch.device) -> None:
    free = free_memory(device)
    need = int(ROOM * weight_bytes)
    if need > free:
        raise ModelError(
            f"{name} needs about {need / 1e9:.1f} GB of memory on {device}, {free / 1e9:.1f} GB are free; "
            "take a smaller model, a 16-bit dtype, or a larger device"
        )


def free_memory(device: torch.device) -> int:
    """Bytes that are free on a device; of the host where it is a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    meminfo = Path("/proc/meminfo")
    if not meminfo.is_file():  # macOS, Windows: cannot be asked for without another package
        return 2**63
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return 1024 * int(fields["MemAvailable"].split()[0])

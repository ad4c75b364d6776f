"""A run of the cascade as a file: the keys of the published `main.py`, and its published settings."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...errors import DraftError, check_kind, check_names, place_to_read
from .costs import find_costs

DATASETS = ("mmlu", "sampled_mmlu", "gsm8k")
K = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Config:
    """What to run.

    Args:
        draft_names: best first; "draft" (bundled), a folder, or a hub name.
        target_name: as well.
        is_decoder_only: False: encoder-decoders, such as FLAN-T5.
        use_mag: put Max-Gram behind the drafts.
        k_matrix: [draft, draft], Max-Gram included.
        lenience: of the reviews below the target.
        dataset: mmlu, sampled_mmlu, gsm8k, or a JSONL file.
        counter_version: of COSTS.
        sample: draw tokens instead of taking the likeliest.
        usable_devices: indices of GPUs, a process for each; empty: this process, a GPU if there is one.

    Raises:
        DraftError: no drafts at all, a value of another kind, or a counter_version that is not there.
    """

    draft_names: tuple[str, ...] = ()
    target_name: str = "target"
    is_decoder_only: bool = True
    use_mag: bool = True
    k_matrix: K = ((10,),)
    lenience: float = 1
    dataset: str = ""
    counter_version: str = "model_parameters"
    sample: bool = False
    usable_devices: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        lists = {"draft_names": self.draft_names, "usable_devices": self.usable_devices}
        check_names(DraftError, **lists)
        check_kind(DraftError, Iterable, "list them", **lists)
        if not all(isinstance(name, str) for name in (*self.draft_names, self.target_name)):
            models = [*self.draft_names, self.target_name]
            raise DraftError(f"models={models!r:.60}; name each: 'draft' (bundled), a folder, or a hub model")
        rows = self.k_matrix
        if not isinstance(rows, Iterable) or not all(isinstance(row, Iterable) for row in rows):
            raise DraftError(f"k_matrix={rows!r:.60}; it must be a list of rows, such as [[5, 10], [0, 10]]")
        object.__setattr__(self, "draft_names", tuple(self.draft_names))
        object.__setattr__(self, "k_matrix", tuple(tuple(row) for row in self.k_matrix))
        object.__setattr__(self, "usable_devices", tuple(self.usable_devices))
        if not self.draft_names and not self.use_mag:
            raise DraftError("draft_names is empty and use_mag is false; a cascade needs a draft")
        find_costs(self.counter_version)


_LISTS = ("draft_names", "k_matrix", "usable_devices")


def config_from(given: Mapping[str, Any]) -> Config:
    """A config from the keys of its JSON object.

    Raises:
        DraftError: an unknown key, or a value of the wrong type.
    """
    check_kind(DraftError, Mapping, "it has the keys of a config's JSON object", given=given)
    types = {field.name: type(field.default) for field in fields(Config)}
    unknown = sorted(set(given) - set(types))
    if unknown:
        raise DraftError(f"no config key {unknown[0]!r}; there are {', '.join(types)}")
    for name, value in given.items():
        wanted: tuple[type, ...] = (list, tuple) if name in _LISTS else (types[name],)
        if name == "lenience":
            wanted = (int, float)
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise DraftError(f"config key {name}={value!r}; it must be a {wanted[0].__name__}")
    return Config(**given)


def read_config(path: str | Path) -> Config:
    """A config from a JSON object.

    Raises:
        DraftError: the file cannot be read, or a key does not fit.
    """
    place = place_to_read(DraftError, path)
    try:
        given = json.loads(place.read_text())
    except (OSError, ValueError) as bad:
        raise DraftError(f"cannot read a config from {path}: {bad}") from bad
    if not isinstance(given, dict):
        raise DraftError(f"{path} holds a {type(given).__name__}; a config is a JSON object")
    return config_from(given)


# published settings (CS Drafting); to run one on the bundled models, replace draft_names and target_name
_T5 = {
    "draft_names": ("google/flan-t5-base", "google/flan-t5-small"),
    "target_name": "google/flan-t5-xxl",
    "is_decoder_only": False,
}
FLAN_T5_SIZE = Config(**_T5, k_matrix=((5, 14, 10), (0, 1, 10), (0, 0, 10)), lenience=2, dataset="mmlu")  # type: ignore[arg-type]
FLAN_T5_PREVIOUS_WORK = Config(
    **_T5,  # type: ignore[arg-type]
    k_matrix=((5, 8, 10), (0, 1, 10), (0, 0, 10)),
    lenience=5,
    dataset="sampled_mmlu",
    counter_version="previous_work",
)
LLAMA_7B = Config(
    draft_names=("JackFram/llama-160m",),
    target_name="meta-llama/Llama-2-7b-hf",
    k_matrix=((13, 10), (0, 10)),
    lenience=3,
    dataset="mmlu",
)
EXAMPLE = Config(  # example.py, whose text says nothing of a lenience
    draft_names=("JackFram/llama-160m",),
    target_name="meta-llama/Llama-2-7b-hf",
    k_matrix=((5, 10), (0, 10)),
)

"""Writes a decode down while it runs, so that a kill at any moment leaves a readable recording."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import DecodeError, check_counts, place_to_write
from ..geometry import Geometry
from ..provenance import card
from ..trace.recording import SCHEMA, SUFFIX, line_of
from .changes import Step
from .session import ROOT, Session


@dataclass(frozen=True)
class Samples:
    """Which queries, keys and values are written down beside the events.

    Args:
        layers: of these layers.
        kv_heads: of these KV heads, with the query heads that read them; None: of all.
        every: at each so-many-th decode.
    """

    layers: tuple[int, ...] = ()
    kv_heads: tuple[int, ...] | None = None
    every: int = 1

    def __post_init__(self) -> None:
        check_counts(DecodeError, 1, every=self.every)

    def layers_at(self, step: int) -> tuple[int, ...]:
        """The layers that are sampled at a decode."""
        return self.layers if step % self.every == 0 else ()

    def check(self, geometry: Geometry) -> None:
        """Refuse layers and heads that a model has not.

        Raises:
            DecodeError: it has fewer, or `every` is below 1.
        """
        check_counts(DecodeError, 1, every=self.every)
        for what, chosen, n in (
            ("layer", self.layers, geometry.n_layers),
            ("KV head", self.kv_heads or (), geometry.n_kv_heads),
        ):
            for number in chosen:
                if not 0 <= number < n:
                    raise DecodeError(f"no {what} {number} to sample; the model has {n}, from 0")


class Recorder:
    """Listens to a session and writes a line a decode; use it as a context manager.

    Args:
        session: prefilled, before its first step.
        path: of the recording; its name ends with ".trace.jsonl".
        task: what is decoded, for the header.
        samples: which Q, K and V are written down, too.
        label: what a reader must know first, such as "random weights".

    Raises:
        DecodeError: the session has stepped, the name ends otherwise or lies in no folder, or there is no
            such layer or head.
    """

    def __init__(
        self,
        session: Session,
        path: str | Path,
        *,
        task: Any = None,
        samples: Samples = Samples(),
        label: str = "",
    ) -> None:
        self.path = place_to_write(DecodeError, path)
        if not self.path.name.endswith(SUFFIX):
            raise DecodeError(f"a recording's name ends with {SUFFIX}, {self.path.name!r} does not")
        if session.tree is None or session.n_steps:
            raise DecodeError("record a session between its prefill and its first step")
        samples.check(session.model.geometry)
        self._session, self._kv_heads = session, samples.kv_heads
        self._known: set[int] = set()
        self._before: dict[str, float] = {}
        self._folder = self.path.parent / self.path.name.replace(SUFFIX, ".samples")
        self._file = self.path.open("w", encoding="utf-8")
        self._write(self._header(task, label))
        session.listeners.append(self._listen)
        session.sampled = samples.layers_at

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()
        self._session.listeners.remove(self._listen)

    def close(self) -> None:
        """Write that the run came to its end."""
        self._write({"step": self._session.n_steps, "end": True, "events": [], "pieces": {}})
        self._file.close()

    def _header(self, task: Any, label: str) -> dict[str, Any]:
        session, model = self._session, self._session.model
        prompt = session.tokens[ROOT]
        assert session.tree is not None
        return {
            "schema": SCHEMA,
            "header": {
                "model": model.name,
                "revision": model.revision,
                "parameters": model.n_parameters,
                "dtype": str(model.dtype).removeprefix("torch."),
                "geometry": _fields(model.geometry),
                "task": task,
                "method": session.method,
                "page_size": session.page_size,
                **({"label": label} if label else {}),
                **card(device=str(model.device)),
            },
            "start": json.loads(session.tree.to_json()),
            "prompt": prompt,
            "pieces": self._pieces(prompt),
        }

    def _listen(self, step: Step) -> None:
        tokens = [token for event in step.events for token in event.tokens]
        if step.visit.table is None:  # an extension: its event comes with the next decode
            return
        line = {
            "step": step.number,
            "events": [line_of(event) for event in step.events],
            "pieces": self._pieces(tokens),
            "seconds": self._seconds(),
        }
        queries = {layer: q for layer, q in step.visit.queries.items() if q is not None}
        if queries:
            line["sample"] = self._sample(step, queries)
        self._write(line)

    def _seconds(self) -> dict[str, float]:
        """Of this decode alone."""
        now = self._session.watch.read()
        spent = {name: round(now[name] - self._before.get(name, 0.0), 7) for name in now}
        self._before = now
        return spent

    def _pieces(self, tokens: Sequence[int]) -> dict[int, str]:
        new = sorted(set(tokens) - self._known)
        self._known.update(new)
        model = self._session.model
        return {token: model.piece(token) for token in new} if model.tokenizer is not None else {}

    def _sample(self, step: Step, queries: dict[int, Tensor]) -> str:
        """Write Q, K and V of a decode, K and V in the order of the flattened tree; the file's name."""
        from safetensors.torch import save_file

        pool = self._session.pool
        slots = pool.slots(step.tree)
        ratio = pool.geometry.q_per_kv
        heads = list(range(pool.geometry.n_kv_heads) if self._kv_heads is None else self._kv_heads)
        q_heads = [head * ratio + i for head in heads for i in range(ratio)]
        tensors = {}
        for layer, q in queries.items():
            tensors[f"layer{layer}.q"] = q[:, q_heads].contiguous().cpu()
            for name, kv in (("k", pool.k), ("v", pool.v)):
                tensors[f"layer{layer}.{name}"] = kv[layer][slots][:, heads].contiguous().cpu()
        self._folder.mkdir(exist_ok=True)
        file = self._folder / f"step_{step.number:06d}.safetensors"
        part = file.with_suffix(".part")
        about = {"step": str(step.number), "kv_heads": json.dumps(heads), "queries": "in the caller's order"}
        save_file(tensors, part, metadata=about)
        os.replace(part, file)
        return f"{self._folder.name}/{file.name}"

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def _fields(geometry: Any) -> dict[str, int]:
    return {name: getattr(geometry, name) for name in geometry.__dataclass_fields__}

"""A recording: a trace as it is written while a decode runs, a line a step, readable however it ends.

line 1: the header (schema, tree after prefill, prompt, what made it). Each further line: one decode, with the
events before it, the texts of tokens that are new to the file, and seconds. A last line that was cut off is
left out; whether the run came to its end is said by its last line alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..data import data_path
from ..errors import TraceError, TreeError
from ..tree import Tree
from ..tree.views import count
from .core import Trace
from .events import Event

SCHEMA = "deft_lab.recording/1"
SUFFIX = ".trace.jsonl"


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Args:
        trace: the growth; its header says what made it.
        prompt: token ids of the root at the start.
        pieces: token id -> text, of every token in the trace.
        seconds: [decode] part -> seconds of it.
        is_complete: whether the run came to its end.
        samples: decode -> file with Q, K and V of chosen layers (safetensors).
    """

    trace: Trace
    prompt: tuple[int, ...]
    pieces: Mapping[int, str]
    seconds: tuple[Mapping[str, float], ...]
    is_complete: bool
    samples: Mapping[int, Path] = field(default_factory=dict)

    def __repr__(self) -> str:
        how = "whole" if self.is_complete else "cut off"
        return f"Recording({count(len(self.prompt), 'token')} of prompt, {how}, of {self.trace!r})"

    def text(self, tokens: Sequence[int]) -> str:
        """The text of token ids, piece by piece."""
        return "".join(self.pieces.get(token, f"<{token}>") for token in tokens)

    def tokens_at(self, step: int) -> dict[int, list[int]]:
        """Label -> token ids of each node that lives at a step.

        Raises:
            TraceError: the step is outside the trace.
        """
        tree = self.trace.tree_at(step)
        said: dict[int, list[int]] = {int(self.trace.start.label[0]): list(self.prompt)}
        for event in self.trace.events:
            if event.kind in ("fork", "sprout"):
                share = len(event.tokens) // len(event.children)
                for i, child in enumerate(event.children):
                    said[child] = list(event.tokens[i * share : (i + 1) * share])
            elif event.tokens:
                gained = min(len(event.tokens), (step - event.step + 1) * event.count)
                said[event.node].extend(event.tokens[: max(0, gained)])
        return {label: said.get(label, []) for label in tree.label.tolist()}


def line_of(event: Event) -> list[Any]:
    """An event as a list, without its step, which the line states."""
    return [event.kind, event.node, event.count, list(event.children), list(event.tokens)]


def read_recording(path: str | Path) -> Recording:
    """Read a recording, whole or cut off.

    Raises:
        TraceError: it cannot be read, its first line is not whole, or its events contradict each other.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as bad:
        raise TraceError(f"cannot read {path}: {bad.strerror}") from bad
    head = _object(lines[0])
    if head is None or head.get("schema") != SCHEMA:
        raise TraceError(f"{path} does not begin with a header of schema {SCHEMA!r}; record it again")
    try:
        start = Tree.from_json(json.dumps(head["start"]))
        steps = list(_whole(lines[1:], path))
        events = [_event(step["step"], fields) for step in steps for fields in step["events"]]
        pieces = {int(i): text for part in (head, *steps) for i, text in part["pieces"].items()}
        decodes = [step for step in steps if "end" not in step]
        trace = Trace(start, tuple(_merged(events)), len(decodes), head["header"])
    except (KeyError, TypeError, ValueError, TreeError) as bad:
        if isinstance(bad, TraceError):
            raise
        raise TraceError(f"{path}: a line lacks what a recording has ({bad!r})") from bad
    files = {step["step"]: path.parent / step["sample"] for step in decodes if step.get("sample")}
    return Recording(
        trace,
        tuple(head["prompt"]),
        pieces,
        tuple(step["seconds"] for step in decodes),
        bool(steps) and "end" in steps[-1],
        {step: file for step, file in files.items() if file.is_file()},
    )


def load_recording(name: str) -> Recording:
    """A bundled recording of our own small model; `bundled_recordings()` lists them.

    Raises:
        DeftLabError: there is none of that name.
    """
    return read_recording(data_path("traces", f"{name}{SUFFIX}"))


def bundled_recordings() -> tuple[str, ...]:
    """Names that `load_recording` takes."""
    return tuple(sorted(p.name.removesuffix(SUFFIX) for p in data_path("traces").glob(f"*{SUFFIX}")))


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _whole(lines: Sequence[str], path: Path) -> Iterator[dict[str, Any]]:
    """The lines up to the first that is cut off; only the last may be."""
    for i, line in enumerate(lines):
        step = _object(line)
        if step is None:
            if any(rest.strip() for rest in lines[i + 1 :]):
                raise TraceError(f"{path}: line {i + 2} is no JSON object, and others follow it")
            return
        yield step


def _event(step: int, fields: Sequence[Any]) -> Event:
    kind, node, count, children, tokens = fields
    return Event(step, kind, node, count, 1, tuple(children), tuple(tokens))


def _merged(events: Sequence[Event]) -> list[Event]:
    """Tokens that a leaf gains step after step, as one event."""
    out: list[Event] = []
    open_: dict[int, int] = {}  # node -> place of its run in `out`
    for event in events:
        if event.kind == "append" and event.node in open_:
            run = out[open_[event.node]]
            if run.step + run.n_steps == event.step:
                out[open_[event.node]] = replace(
                    run, n_steps=run.n_steps + 1, tokens=(*run.tokens, *event.tokens)
                )
                continue
        if event.kind == "append":
            open_[event.node] = len(out)
        elif event.kind in ("extend", "accept"):
            open_.pop(event.node, None)
        out.append(event)
    return out

"""Live decodes: the tree that was drawn drives a model, and its tokens appear as they come.

decoder: what the notebook hands in, called with a tree: an iterator of `deft_lab.trace`'s Opening, Told and
Compared, or None where there is nothing to show yet. The widget knows no model. It asks for one item at a
time and lets the kernel breathe in between, so that Stop is heard.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import traitlets

from ...errors import DeftLabError
from ...geometry import LLAMA3_8B
from ...methods import find_method
from ...trace import Compared, Opening, Recording, Told, Trace
from ...tree import Tree
from ...viz.words import count, listed
from .film import Film, Priced
from .player import DecodePlayer

Item = Opening | Told | Compared | None
PAUSE = 0.15  # seconds between two pictures at least


class LiveDecode(DecodePlayer):
    """A decode player whose film is made while one looks. `run()` decodes at once, without a page.

    Args:
        source: a tree, or a widget with a trait `tree`, such as a TreeEditor; read at the start.
        decoder: see this module, and `deft_lab.decode.LiveDecoder`.
        method: whose bytes are counted; default: the decoder's.
        baseline: that they are set beside.

    Raises:
        DeftLabError: the tree is none that the decoder takes.
    """

    def __init__(
        self,
        source: Any,
        decoder: Callable[[Tree], Iterator[Item]],
        *,
        method: str | None = None,
        baseline: str = "flash_decoding",
        **traits: Any,
    ) -> None:
        self.source, self.decoder = source, decoder
        found = find_method(method or getattr(decoder, "method", "deft_flatten")).name
        self._priced = Priced(getattr(decoder, "geometry", LLAMA3_8B), found, find_method(baseline).name)
        self.compared: list[Compared] = []
        self._stopped, self._task, self._shown = False, None, 0.0
        self._open(next(iter(self._items())))
        super().__init__(self._film(), live=self._ready(), **traits)
        if isinstance(source, traitlets.HasTraits):
            source.observe(self._redrawn, "tree")
        self.on_msg(self._asked)

    @property
    def drawn(self) -> Tree:
        """The tree that the next decode follows."""
        return self.source if isinstance(self.source, Tree) else self.source.tree

    @property
    def trace(self) -> Trace:
        """What has been decoded so far."""
        return self.reel.trace

    def run(self) -> "LiveDecode":
        """Decode now, to the end; the cell waits."""
        for _ in self._play():
            pass
        return self

    def stop(self) -> None:
        """End the decode after the step that runs."""
        self._stopped = True

    def _asked(self, _widget: object, content: Any, _buffers: object) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "stop":
            self.stop()
        elif kind == "decode" and self.live.get("state") not in ("running", "checking"):
            try:
                self._task = asyncio.get_running_loop().create_task(self._breathe())
            except RuntimeError:  # no event loop: nobody could press Stop anyhow
                self.run()

    async def _breathe(self) -> None:
        for _ in self._play():
            await asyncio.sleep(0.001)

    def _play(self) -> Iterator[None]:
        """Decode and compare, item by item; what goes wrong is said on the page."""
        self._stopped, self.compared = False, []
        try:
            items = self._items()
            self._open(next(items))
            self._show("running", "Decoding ...")
            for item in items:
                if self._stopped:
                    break
                self._take(item)
                yield
        except DeftLabError as bad:
            self.live = {"state": "failed", "words": str(bad), "checks": []}
            return
        self._show("stopped" if self._stopped else "done", self._conclusion())

    def _items(self) -> Iterator[Item]:
        items = iter(self.decoder(self.drawn))
        first = next(items)
        if not isinstance(first, Opening):
            raise DeftLabError(f"a decoder begins with an Opening, this one with {first!r}")
        return _chained(first, items)

    def _open(self, opening: Item) -> None:
        assert isinstance(opening, Opening)
        self._opening, self._events, self._n_steps = opening, [], 0
        self._known: dict[str, list[int]] = {}  # bytes of the steps so far
        self._pieces = dict(opening.pieces)

    def _take(self, item: Item) -> None:
        if isinstance(item, Told):
            self._n_steps = item.step
            self._events += item.events
            self._pieces |= item.pieces
            if time.monotonic() - self._shown > PAUSE:
                self._show("running", f"Decoding: step {item.step}")
        elif isinstance(item, Compared):
            self.compared.append(item)
            n = len(self.compared)
            self._show(
                "checking", f"Checking against the sequential run: {count(n, 'branch', 'branches')} done"
            )

    def _film(self) -> Film:
        trace = Trace(self._opening.start, tuple(self._events), self._n_steps)
        recording = Recording(trace, self._opening.prompt, self._pieces, (), True)
        return Film(recording, self._priced, title="A tree that decodes", page_size=16, known=self._known)

    def _show(self, state: str, words: str) -> None:
        with self.hold_sync():
            if len(self.reel.trace.events) != len(self._events) or not self._events:
                self.reel = self._film()
                self.film = self.reel.packed()
                self.step = self._n_steps
            self.live = {"state": state, "words": words, "checks": [_row(c) for c in self.compared]}
        self._shown = time.monotonic()

    def _ready(self) -> dict[str, Any]:
        tree = self.drawn
        tokens = count(int(tree.length[1:].sum()), "token")
        branches = count(len(tree.leaves), "branch", "branches")
        return {"state": "ready", "words": f"Ready to decode {tokens} in {branches}.", "checks": []}

    def _redrawn(self, _change: object) -> None:
        """The tree was edited: the next decode follows it; a finished one stays to look at."""
        if self.live.get("state") in ("ready", "failed"):
            self.live = self._ready()
        elif self.live.get("state") in ("done", "stopped"):
            self.live = self.live | {"words": f"{self._conclusion()} The tree has been edited since."}

    def _conclusion(self) -> str:
        done = self.compared
        if self._stopped:
            return f"Stopped after step {self._n_steps}; {count(len(done), 'branch', 'branches')} compared."
        if not done:
            return "Decoded; the decoder compares nothing."
        wrong = [f"n{c.leaf}" for c in done if not c.equal]
        tokens, worst = sum(c.n_tokens for c in done), max(c.difference for c in done)
        if wrong:
            return (
                f"{listed(wrong)} of {count(len(done), 'branch', 'branches')} differ from the sequential run."
            )
        return (
            f"All {count(len(done), 'branch', 'branches')} equal the sequential run: "
            f"{count(tokens, 'token')} the same, logits within {worst:.0e} "
            f"(rounding allows {max(c.tolerance for c in done):.0e})."
        )

    @property
    def alt(self) -> str:
        """The step on the screen and what came of the comparison, in words."""
        return f"{super().alt} {self.live.get('words', '')}"


def live(source: Any, decoder: Callable[[Tree], Iterator[Item]], **options: Any) -> LiveDecode:
    """Let a drawn tree drive a model: press Decode, and tokens appear in its nodes as they come.

        editor = edit("few_shot")
        live(editor, LiveDecoder(load_model("target"), "sort 3 1 2 by 1"))

    Args:
        source: a tree, or a widget with a trait `tree`, such as a TreeEditor.
        decoder: called with the tree, such as a `deft_lab.decode.LiveDecoder`.
        options: of `LiveDecode`: `method`, `baseline`, `account`, `theme`.

    Raises:
        DeftLabError: the tree is none that the decoder takes.
    """
    if not callable(decoder):
        raise DeftLabError(
            f"decoder is a {type(decoder).__name__}, not callable; pass a deft_lab.decode.LiveDecoder"
        )
    return LiveDecode(source, decoder, **options)


def _chained(first: Opening, rest: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from rest


def _row(compared: Compared) -> dict[str, Any]:
    return {
        "leaf": compared.leaf,
        "tokens": compared.n_tokens,
        "same": compared.n_same,
        "difference": compared.difference,
        "equal": compared.equal,
    }

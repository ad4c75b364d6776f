"""The decode player: a widget that plays a recorded decode, token by token, forth and back."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...errors import DeftLabError
from ...geometry import LLAMA3_8B, Geometry
from ...methods import find_method
from ...trace import Recording, Trace, bundled_recordings, load_recording, read_recording
from ...viz import Figure, Table
from ..look import LOOK, STATIC, THEMES
from .film import FILM_ACCOUNTS, Film, Priced, geometry_of
from .picture import draw_film


class DecodePlayer(anywidget.AnyWidget):
    """Plays a film. `player.step = 14` shows that step, here and on the page; it moves both ways.

    On the page: Space and Shift-Space, arrows, Home and End, 1 to 9 for forks and prunes, P to play, a bar to
    scrub with, and the speed. Without a page: `picture()`, `alt`, `table()`.
    """

    _esm = STATIC / "decode.js"
    _css = LOOK
    step = traitlets.Int(0).tag(sync=True)
    film = traitlets.Dict().tag(sync=True)
    account = traitlets.Enum(FILM_ACCOUNTS, FILM_ACCOUNTS[0]).tag(sync=True)
    theme = traitlets.Enum(THEMES, "auto").tag(sync=True)
    live = traitlets.Dict().tag(sync=True)  # empty: the film is a recording

    def __init__(self, film: Film, **traits: Any) -> None:
        self.reel = film
        super().__init__(film=film.packed(), **traits)

    @traitlets.validate("step")
    def _known(self, proposal: Any) -> int:
        last, step = self.reel.trace.n_steps, proposal["value"]
        if not -last - 1 <= step <= last:
            raise DeftLabError(f"no step {step}; the decode has steps 0 to {last}")
        return step % (last + 1)

    @property
    def alt(self) -> str:
        """The step on the screen, in words."""
        return f"Step {self.step} of {self.reel.trace.n_steps}: {self.reel.sentences[self.step]}"

    def table(self) -> Table:
        """A row for each step: what happened, what is stored, and the bytes so far."""
        return self.picture().table()

    def picture(self) -> Figure:
        """Start, middle and end, for readers where no widget runs."""
        last = self.reel.trace.n_steps
        return draw_film(self.reel, sorted({0, last // 2, last}), self.account)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        figure = self.picture()
        return data | {"image/svg+xml": figure.svg, "text/plain": figure.alt}, metadata


def play_decode(  # noqa: PLR0913  (what is played, and how it is priced)
    source: str | Path | Recording | Trace,
    *,
    method: str = "deft_flatten",
    baseline: str = "flash_decoding",
    account: str = "requested",
    geometry: Geometry | None = None,
    page_size: int = 16,
    title: str | None = None,
) -> DecodePlayer:
    """Play a recorded decode token by token: the tree with its texts, the KV pool, and the bytes.

    Args:
        source: the name of a bundled recording, a path, a Recording, or a Trace (without texts).
        method: whose bytes are counted, a name of METHODS.
        baseline: that they are set beside: by default, each branch attends to a copy of its own path.
        account: who counts the bytes: "requested", "paper" or "unique"; the page can change it.
        geometry: of the model; default: as the recording says, or one of Llama-3-8B.
        page_size: tokens of a page of the pool.
        title: default: the recording's name.

    Raises:
        DeftLabError: there is no such recording, method or account, or it has more steps than can be shown.
    """
    if account not in FILM_ACCOUNTS:
        raise DeftLabError(f"no account {account!r} here; choose one of {', '.join(FILM_ACCOUNTS)}")
    name = "A recorded decode"
    if isinstance(source, (str, Path)):
        name, source = _read(source)
    header = source.trace.header if isinstance(source, Recording) else source.header
    priced = Priced(
        geometry or geometry_of(header) or LLAMA3_8B, find_method(method).name, find_method(baseline).name
    )
    return DecodePlayer(Film(source, priced, title=title or name, page_size=page_size), account=account)


def _read(source: str | Path) -> tuple[str, Recording]:
    """(title, recording) of a bundled recording or a file."""
    if isinstance(source, str) and source in bundled_recordings():
        return f"Decode {source!r}", load_recording(source)
    if Path(source).is_file():
        return f"Decode {Path(source).name.split('.')[0]!r}", read_recording(source)
    known = ", ".join(bundled_recordings())
    raise DeftLabError(f"no recording {str(source)!r}: neither a file nor a bundled one, which are {known}")

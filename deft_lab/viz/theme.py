"""One visual language for every figure: colours, type sizes, and the style sheet that each SVG carries.

Colours are the Okabe-Ito palette, told apart by people with any colour vision, and never the only sign:
hatching, labels or position say the same. A figure paints its own background, so its text is readable
whatever surrounds it. In JupyterLab and VS Code it follows the theme of the notebook, elsewhere the
system's.
"""

from dataclasses import dataclass
from functools import cache

WIDTH = 800  # of every figure, in px at its natural size
MARGIN = 14
TITLE, TEXT, SMALL = 14, 12, 11  # font sizes, px
CHAR = 0.62  # width of a character in font sizes; DejaVu Sans, the widest of the stack, needs it
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"

PALETTE = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442")
HATCHES = ("", "M-1,5L5,-1M3,9L9,3", "M-1,3L5,9M3,-1L9,5")  # tiles of 8 px: plain, rising, falling
CHANGED = "#D55E00"  # the frame around what has just changed; 3:1 on both backgrounds
BLACK, WHITE = "#111111", "#FFFFFF"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours that change between light and dark.

    Args:
        background: behind everything; JupyterLab's own in its two standard themes.
        ink: text.
        muted: less important text.
        line: links, axes, outlines that carry meaning.
        faint: tracks and grids that carry none.
    """

    background: str
    ink: str
    muted: str
    line: str
    faint: str


LIGHT = Theme(background="#FFFFFF", ink="#1B1B1B", muted="#595959", line="#767676", faint="#E7E7E7")
DARK = Theme(background="#111111", ink="#ECECEC", muted="#B0B0B0", line="#8C8C8C", faint="#2B2B2B")


def luminance(color: str) -> float:
    """Relative luminance of #RRGGBB, as WCAG 2.2 defines it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two #RRGGBB colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def edge(color: str, theme: Theme) -> str:
    """`color`, mixed with black or white as little as gives it 3:1 against background and tracks."""
    toward = BLACK if luminance(theme.background) > 0.5 else WHITE
    for share in range(0, 101, 4):
        mixed = "#" + "".join(
            f"{(int(color[i : i + 2], 16) * (100 - share) + int(toward[i : i + 2], 16) * share) // 100:02X}"
            for i in (1, 3, 5)
        )
        if min(contrast(mixed, theme.background), contrast(mixed, theme.faint)) >= 3:
            return mixed
    return toward


def text_on(color: str) -> str:
    """Black or white, whichever reads better on `color`."""
    return max((BLACK, WHITE), key=lambda text: contrast(text, color))


def _values(theme: Theme) -> str:
    edges = "".join(f"--deft-e{i}:{edge(color, theme)};" for i, color in enumerate(PALETTE))
    return (
        f"--deft-bg:var(--jp-layout-color0,var(--vscode-editor-background,{theme.background}));"
        f"--deft-ink:var(--jp-content-font-color0,var(--vscode-editor-foreground,{theme.ink}));"
        f"--deft-muted:{theme.muted};--deft-line:{theme.line};--deft-faint:{theme.faint};{edges}"
    )


@cache
def style() -> str:
    """The style sheet. Every rule is below `.deft-fig`: inside a page, an SVG's style is the page's."""
    light, dark = _values(LIGHT), _values(DARK)
    rules = [
        f".deft-fig{{{light}font:{TEXT}px {FONT};font-variant-numeric:tabular-nums}}",
        f"@media (prefers-color-scheme:dark){{.deft-fig{{{dark}}}}}",
        # the notebook's theme wins over the system's
        f"[data-jp-theme-light=true] .deft-fig,.vscode-light .deft-fig{{{light}}}",
        f"[data-jp-theme-light=false] .deft-fig,.vscode-dark .deft-fig{{{dark}}}",
        # and a widget's own wish over both
        f".deft[data-theme=light] .deft-fig{{{light}}}.deft[data-theme=dark] .deft-fig{{{dark}}}",
        ".deft-fig .bg{fill:var(--deft-bg)}",
        ".deft-fig text{fill:var(--deft-ink)}",
        f".deft-fig .title{{font-size:{TITLE}px;font-weight:600}}",
        ".deft-fig .muted{fill:var(--deft-muted)}",
        f".deft-fig .small{{font-size:{SMALL}px}}.deft-fig .tiny{{font-size:{SMALL - 1}px}}",
        ".deft-fig .strong{font-weight:600}",
        ".deft-fig .mono{font-family:ui-monospace,'DejaVu Sans Mono',monospace}",
        # a rim of background keeps a label readable where a link passes below it
        ".deft-fig .rim{paint-order:stroke;stroke:var(--deft-bg);stroke-width:3px;stroke-linejoin:round}",
        ".deft-fig .link{fill:none;stroke:var(--deft-line)}",
        ".deft-fig .tick{fill:none;stroke:var(--deft-line);stroke-width:1}",
        ".deft-fig .track{fill:var(--deft-faint)}",
        ".deft-fig .paper{fill:none;stroke:var(--deft-faint)}",
        ".deft-fig .waste{fill:var(--deft-faint);stroke:var(--deft-line);stroke-dasharray:2 2}",
        ".deft-fig .cut{fill:none;stroke:var(--deft-ink);stroke-width:1;stroke-opacity:.55}",
        ".deft-fig .gap{fill:none;stroke:var(--deft-bg)}",
        ".deft-fig .seat{fill:var(--deft-ink)}",
        ".deft-fig .queries{fill:var(--deft-muted)}",
        ".deft-fig .hatch{fill:none;stroke-width:1.1;stroke-opacity:.5}",
        # cells of numbers: what has just changed is framed and bold, what takes part is shaded
        ".deft-fig .cell{fill:var(--deft-bg);stroke:var(--deft-faint)}",
        ".deft-fig .cell.lit{fill:var(--deft-faint);stroke:var(--deft-line)}",
        ".deft-fig .cell.off{fill:none}",
        f".deft-fig .cell.changed{{stroke:{CHANGED};stroke-width:2}}",
        f".deft-fig .frame{{fill:none;stroke:{CHANGED};stroke-width:2.5}}",
        ".deft-fig rect[data-mark=lit]{stroke:var(--deft-ink);stroke-width:2.5}",
        ".deft-fig .mono{font-family:ui-monospace,'DejaVu Sans Mono',monospace}",
        # text on a colour of the palette, which is the same in both themes
        f".deft-fig .dark{{fill:{BLACK}}}.deft-fig .light{{fill:{WHITE}}}",
    ]
    for i, color in enumerate(PALETTE):
        rules.append(f".deft-fig .c{i}{{fill:{color};stroke:var(--deft-e{i})}}")
        rules.append(f".deft-fig .c{i}.thin{{fill:var(--deft-e{i});stroke:none}}")
    # the node under the mouse, in every picture of it
    rules.append(".deft-fig rect[data-node].lit{stroke:var(--deft-ink);stroke-width:2.5}")
    return "".join(rules)

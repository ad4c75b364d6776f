"""How fast the tree editor is in JupyterLab in Chromium; prints a table. Timing decides no test.

    python tools/widget_speed.py [N_NODES ...]      default: 300 and 1,000

first paint: from the call of `render` to the frame that shows it, all linked views included.
own views: from a key to the frame that shows what follows from the tree alone.
all views: from a key to the last change on the page, after Python's plans came.
on screen: from a key to the end of the frame that shows that last change.
frames: a second, while a subtree is dragged.

Of edits the median and the quartiles of 20 are printed, without the first five, in which the page warms up.
The machine should do nothing else meanwhile: kernel, server and browser need both of two cores.
"""

import gzip
import sys
import tempfile
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

from conftest import CHROMIUM  # noqa: E402
from lab import serve  # noqa: E402

STATIC = ROOT / "deft_lab" / "widgets" / "static"
SETUP = """\
from deft_lab import build_tree
from deft_lab.widgets import edit

editor = edit(build_tree("random", n_nodes={n}, prompt=2000, seed=1))
editor.selection = [1]
editor"""
# installed before the notebook runs: from the call of `render` to the frame that shows what it drew
FIRST_PAINT = """() => {
  const observer = new MutationObserver(() => {
    if (!document.querySelector(".deft-canvas")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => {
      window.firstPaint = performance.now() - performance.getEntriesByName("deft-editor").at(-1).startTime;
    }));
  });
  observer.observe(document.body, { subtree: true, childList: true });
}"""
# an edit is over when no view waits for Python and nothing has changed for `quiet` ms
AFTER_KEY = """([key, quiet]) => new Promise((done) => {
  const root = document.querySelector(".deft-editor");
  const canvas = root.querySelector(".deft-canvas");
  const began = performance.now();
  let [last, painted, shown] = [began, 0, 0];
  const observer = new MutationObserver(() => {
    last = performance.now();
    requestAnimationFrame(() => setTimeout(() => { shown = performance.now() - began; }));
  });
  observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => { painted = performance.now() - began; }));
  const look = setInterval(() => {
    if (performance.now() - last < quiet || root.querySelector(".deft-stale")) return;
    clearInterval(look);
    observer.disconnect();
    done([painted, last - began, shown]);
  }, 50);
})"""
KEYS = ("Enter", "g", "Delete", "g", "Enter")
ROUNDS = 4
COUNT_FRAMES = """() => {
  window.frames_ = [];
  const count = (time) => { window.frames_.push(time); window.counting = requestAnimationFrame(count); };
  window.counting = requestAnimationFrame(count);
}"""
FRAMES = """() => {
  cancelAnimationFrame(window.counting);
  const gaps = window.frames_.slice(1).map((time, i) => time - window.frames_[i]).sort((a, b) => a - b);
  const seconds = (window.frames_.at(-1) - window.frames_[0]) / 1000;
  return [gaps.length / seconds, gaps[Math.floor(gaps.length * 0.95)]];
}"""


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Median, lower and upper quartile."""
    ordered = sorted(values)
    return tuple(ordered[round(part * (len(ordered) - 1))] for part in (0.5, 0.25, 0.75))


def measure(lab, folder: Path, n_nodes: int) -> dict[str, tuple[float, ...]]:
    """One editor with all its linked views, in a notebook of its own."""
    path = folder / f"speed_{n_nodes}.ipynb"
    cells = [nbformat.v4.new_code_cell(SETUP.format(n=n_nodes))]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=1400) as opened:
        page = opened.page
        page.evaluate(FIRST_PAINT)
        opened.run_all()
        page.locator(".deft-canvas").wait_for()
        page.wait_for_timeout(1500)
        page.locator(".deft-canvas").focus()
        edits = [page.evaluate(AFTER_KEY, [key, 700]) for key in KEYS * (1 + ROUNDS)][len(KEYS) :]
        own, last, shown = map(list, zip(*edits, strict=True))
        frames, worst = drag_frames(page)
        return {
            "first paint": (page.evaluate("window.firstPaint"),),
            "own views": quartiles(own),
            "all views": quartiles(last),
            "on screen": quartiles(shown),
            "frames": (frames,),
            "worst frame (95 %)": (worst,),
        }


def drag_frames(page) -> list[float]:
    """Frames a second while a large subtree is dragged over the others."""
    bar = page.locator('.deft-canvas [data-node="1"] .bar')
    bar.evaluate("bar => bar.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(500)
    box = bar.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8)
    assert page.locator(".deft-canvas .ghost [data-node]").count() > 20, "no large subtree is in the hand"
    page.evaluate(COUNT_FRAMES)
    for i in range(120):
        page.mouse.move(x + (i * 7) % 300, y + (i * 5) % 200)
    found = page.evaluate(FRAMES)
    page.mouse.up()
    return found


def main() -> None:
    """Measure and print."""
    sizes = [int(n) for n in sys.argv[1:]] or [300, 1000]
    if CHROMIUM is None:
        raise SystemExit("no Chromium: apt-get install chromium fonts-dejavu-core")
    for path in sorted(STATIC.glob("*.js")):
        print(f"{path.name:12} {len(gzip.compress(path.read_bytes(), 9)) / 1000:6.1f} kB gzipped")
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), CHROMIUM) as lab:
        for n in sizes:
            for name, (value, *spread) in measure(lab, Path(folder), n).items():
                unit = "a second" if name == "frames" else "ms"
                half = "({:.1f} to {:.1f})".format(*spread) if spread else ""
                print(f"{n:5} nodes  {name:20} {value:7.1f} {unit} {half}")


if __name__ == "__main__":
    main()

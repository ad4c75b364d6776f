# How nbconvert exports these notebooks: each figure, and each widget, as the picture that is stored beside
# it, inline and with its words; nothing is asked of the network.
#
#     jupyter nbconvert --to html --config notebooks/offline_html.py notebooks/01_tree_split.ipynb

from nbconvert.preprocessors import Preprocessor
from nbformat.v4 import new_markdown_cell

from deft_lab.viz.theme import LIGHT, PALETTE, edge

COLOURS = {name: getattr(LIGHT, name) for name in ("ink", "muted", "line", "faint")} | {
    "bg": LIGHT.background
}
COLOURS |= {f"e{i}": edge(color, LIGHT) for i, color in enumerate(PALETTE)}
# nbconvert gives the source that an output quotes the letters of prose, and wraps its lines
CODE_IN_OUTPUTS = """
.jp-OutputArea-output .highlight pre {
  font-family: var(--jp-code-font-family, monospace); font-size: 13px; line-height: 1.4;
  white-space: pre; overflow-x: auto;
}
"""
PAPER = """
@media print {
  @page { margin: 14mm 12mm; }
  :root, body { color-scheme: light !important; background: #fff !important; }
  body, .deft-fig {
    --jp-layout-color0: #fff !important; --jp-layout-color1: #fff !important;
    --jp-layout-color2: #eee !important;
    --jp-content-font-color0: #1b1b1b !important; --jp-content-font-color1: #1b1b1b !important;
    --jp-content-font-color2: #444 !important; --jp-content-font-color3: #595959 !important;
    --jp-ui-font-color0: #1b1b1b !important; --jp-ui-font-color1: #1b1b1b !important;
    --jp-cell-editor-background: #f5f5f5 !important; --jp-rendermime-table-row-background: #f5f5f5 !important;
  }
  .deft-fig { COLOURS }
  body.jp-Notebook { padding: 0; }
  body[data-jp-theme-light="false"] :is(.highlight *, a) { color: #1b1b1b !important; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  /* long lines go on below, nothing is cut off */
  .jp-InputArea, .jp-InputArea-editor, .jp-OutputArea, .jp-OutputArea-child, .jp-OutputArea-output {
    overflow: visible !important;
  }
  .jp-Notebook pre { white-space: pre-wrap !important; overflow-wrap: anywhere; }
  .deft-fig { max-width: 100%; height: auto; }
  /* a figure, a short cell, a row of a table stay whole, a heading stays with what follows */
  svg, img, tr, pre, .jp-Cell-inputWrapper { break-inside: avoid; }
  h1, h2, h3, h4, summary, .jp-Cell-inputWrapper { break-after: avoid; }
  /* what is folded is not printed, hints and solutions neither; unfold them first, and they are */
  details:not([open]) { display: none; }
  summary { list-style: none; }
}
""".replace("COLOURS", "".join(f"--deft-{name}: {colour} !important; " for name, colour in COLOURS.items()))

c = get_config()  # noqa: F821  (nbconvert puts it here)


class PicturesInline(Preprocessor):
    """Outputs that have a picture become that picture; nbconvert's own ways lose its words or escape it."""

    def preprocess(self, nb, resources):
        nb.metadata.pop("widgets", None)  # their state is of no use without scripts of others
        for cell in nb.cells:
            for output in cell.get("outputs", ()):
                if "image/svg+xml" in output.get("data", {}):
                    output.data = {"text/html": "".join(output.data["image/svg+xml"])}
        sheet = f"<style>{CODE_IN_OUTPUTS}{PAPER}</style>"  # nbconvert has no option for a sheet
        nb.cells.append(new_markdown_cell(sheet))
        return nb, resources


c.HTMLExporter.preprocessors = [PicturesInline]
# no scripts from elsewhere; these notebooks hold no formulas that need one
for address in ("require_js_url", "jquery_url", "mathjax_url"):
    setattr(c.HTMLExporter, address, "")

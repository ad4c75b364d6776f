# How nbconvert exports these notebooks: each figure, and each widget, as the picture that is stored beside
# it, inline and with its words; nothing is asked of the network.
#
#     jupyter nbconvert --to html --config notebooks/offline_html.py notebooks/01_tree_split.ipynb

from nbconvert.preprocessors import Preprocessor

c = get_config()  # noqa: F821  (nbconvert puts it here)


class PicturesInline(Preprocessor):
    """Outputs that have a picture become that picture; nbconvert's own ways lose its words or escape it."""

    def preprocess(self, nb, resources):
        nb.metadata.pop("widgets", None)  # their state is of no use without scripts of others
        for cell in nb.cells:
            for output in cell.get("outputs", ()):
                if "image/svg+xml" in output.get("data", {}):
                    output.data = {"text/html": "".join(output.data["image/svg+xml"])}
        return nb, resources


c.HTMLExporter.preprocessors = [PicturesInline]
# no scripts from elsewhere; these notebooks hold no formulas that need one
for address in ("require_js_url", "jquery_url", "mathjax_url"):
    setattr(c.HTMLExporter, address, "")

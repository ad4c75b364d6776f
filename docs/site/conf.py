"""How Sphinx builds the site; `make docs` (tools/build_docs.py) puts its pages together first."""

import os
import sys
from pathlib import Path

ROOT = Path(os.environ["DEFT_LAB_ROOT"])
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "site")]

project = "deft-lab"
author = "deft-lab contributors"
copyright = "deft-lab contributors; code MIT, text and figures CC BY 4.0"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
    "site_extension",
]
myst_enable_extensions = ["dollarmath", "deflist", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are executed by `make notebooks`, their outputs are stored
nb_merge_streams = True
nb_mime_priority_overrides = [
    ("html", "image/svg+xml", 0),
    ("html", "text/html", 10),
    ("html", "text/markdown", 20),
]
html_theme = "furo"
html_title = "deft-lab"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring, napoleon_numpy_docstring = True, False
# names such as `bytes` in signatures are those of Python, and of several classes here
suppress_warnings = ["mystnb.unknown_mime_type", "ref.python"]
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

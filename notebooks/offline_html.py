# How nbconvert exports these notebooks: each figure, and each widget, as the picture that is stored beside
# it, inline and with its words; nothing is asked of the network.
#
#     jupyter nbconvert --to html --config notebooks/offline_html.py notebooks/01_tree_split.ipynb

c = get_config()  # noqa: F821  (nbconvert puts it here)

# the picture before the widget, which needs a kernel and scripts of others
c.NbConvertBase.display_data_priority = [
    "image/svg+xml",
    "text/html",
    "text/markdown",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
# inline, or its title, description and roles are lost in an <img>
c.HTMLExporter.skip_svg_encoding = True
# no scripts from elsewhere; these notebooks hold no formulas that need one
for address in (
    "require_js_url",
    "jquery_url",
    "mathjax_url",
    "jupyter_widgets_base_url",
    "widget_renderer_url",
):
    setattr(c.HTMLExporter, address, "")

"""How Sphinx builds these pages: `make docs`."""

from whence import __version__

project = "whence"
copyright = "the whence developers"  # noqa: A001
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
templates_path = ["_templates"]
default_role = "py:obj"  # `Name` in a docstring leads to what is called so, if anything is

autodoc_typehints = "none"  # docstrings tell the types, in words
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"whence {release}"
html_show_sphinx = False

"""How Sphinx builds these pages: `make docs`."""

from whence import __version__

project = "whence"
copyright = "the whence developers"  # noqa: A001
version = release = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"whence {release}"
html_show_sphinx = False

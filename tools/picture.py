"""Take a picture of a page in a real browser, for the documentation.

    python tools/picture.py PAGE PNG [WIDTH HEIGHT]

For example, in a copy of examples/square_root, after `python search.py`:

    python tools/picture.py lineage.html docs/picture/lineage.png

and of examples/one_code, after `python pi.py`, with docs/picture/one_code.png 1440 300.
"""

import sys
from pathlib import Path

from whence.testing.browser import NoBrowserError, chromium


def main(page: str, png: str, width: str = "1440", height: str = "400") -> None:
    """Write the picture, at a resolution fit for print."""
    size = {"width": int(width), "height": int(height)}
    try:
        with chromium() as browser:
            view = browser.new_page(viewport=size, device_scale_factor=1.5)
            view.goto(Path(page).resolve().as_uri())
            view.screenshot(path=png)
    except NoBrowserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""A real browser: Debian's Chromium, driven by Playwright, that talks to nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INSTALL = "apt-get install -y chromium && pip install 'whence[test]'"
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """There is none; the message says what to install."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed at the end.

    Raises
    ------
    NoBrowserError
        If Chromium or Playwright is not installed.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoBrowserError(f"needs Playwright: {INSTALL}") from error
    if program is None:
        raise NoBrowserError(f"needs Chromium: {INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()

import pytest

from whence.testing.browser import NoBrowserError, chromium


@pytest.fixture(scope="session")
def browser():
    """A real browser, one for all tests of a process: Playwright can be started once at a time."""
    try:
        with chromium() as found:
            yield found
    except NoBrowserError as error:
        pytest.skip(str(error))

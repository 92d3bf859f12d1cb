import signal

import pytest
from hypothesis import HealthCheck, settings

from whence.store import Store
from whence.testing.browser import NoBrowserError, chromium


def pytest_configure():
    """Bear with busy machines, and let programs hear Ctrl-C also if this runs in the background."""
    # A busy machine is slow, which is no failure of what is tested.
    settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("calm")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def browser():
    """A real browser, one for all tests of a process: Playwright can be started once at a time."""
    try:
        with chromium() as found:
            yield found
    except NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory, monkeypatch):
    """No test sees the indexes of others, a run that the tests are part of, or its user's taste."""
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    for name in ("ENVIRONMENT", "GIT", "SYSTEM"):
        monkeypatch.delenv(f"SIMVUE_DISABLE_{name}_METRICS", raising=False)
    for name in ("STORE", "RUN", "RUN_STORE", "STARTED", "REPEATS"):
        monkeypatch.delenv(f"WHENCE_{name}", raising=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of its own, which is the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def store(project):
    """An empty store in the project."""
    return Store.create(project)

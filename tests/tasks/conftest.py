import pytest

from whence.store import Store


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("WHENCE_RUN", raising=False)
    monkeypatch.delenv("WHENCE_STORE", raising=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def store(project):
    return Store.create(project)

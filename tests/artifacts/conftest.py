from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from whence.app.client import Client
from whence.runs import Run
from whence.store import Store


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHENCE_CACHE", str(tmp_path_factory.mktemp("cache")))
    for name in ("WHENCE_STORE", "WHENCE_RUN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def store(project: Path) -> Iterator[Store]:
    store = Store.create(project)
    yield store
    store.writer().close()


@pytest.fixture
def run(store: Store) -> Iterator[Run]:
    with Run(store).init("run1") as run:
        yield run


@pytest.fixture
def client(store: Store) -> Client:
    return Client(store)

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from whence.app.client import Client
from whence.runs import Run
from whence.store import Store


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

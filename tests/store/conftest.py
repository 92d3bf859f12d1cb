from __future__ import annotations

from pathlib import Path

import pytest

from whence.store import Store
from whence.testing.fault import FaultyFiles


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path)


@pytest.fixture
def faulty(tmp_path: Path) -> tuple[Store, FaultyFiles]:
    Store.create(tmp_path)
    files = FaultyFiles()
    return Store.open(tmp_path, files=lambda shared: files), files

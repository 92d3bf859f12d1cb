"""Samples in shards: written, read in other orders and by several threads."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from whence.base.error import UserError
from whence.formats import driver
from whence.formats.shard import StoreDriver

SHARDS = {f"s{number}": [{"x": 3 * number + i} for i in range(3)] for number in range(4)}


@pytest.fixture
def shards(tmp_path: Path) -> StoreDriver:
    found: StoreDriver = driver("store_driver")(str(tmp_path / "shards"), serializer="jsonl")
    for key, samples in SHARDS.items():
        assert found.store.set(samples, key) == key
    return found


def numbers(samples: Iterable[Any]) -> list[int]:
    return [sample["x"] for sample in samples]


def test_what_is_put_is_found(shards: StoreDriver, tmp_path: Path) -> None:
    assert list(shards.keys()) == list(shards.store.keys()) == list(SHARDS)
    assert list(shards.get("s1")) == list(shards.store.get("s1")) == SHARDS["s1"]
    assert iter(shards.get("s1")) is not shards.get("s1")
    assert shards.get_iter(flatten=False).collect() == list(SHARDS.values())
    assert numbers(shards.get_iter()) == list(range(12))
    assert gzip.decompress((tmp_path / "shards/s0.gz").read_bytes()).startswith(b'{"x":0}\n')
    assert list(driver("jsonl")(str(tmp_path / "shards")).keys()) == list(SHARDS)
    shards.store.set([], "s0")
    assert list(shards.get("s0")) == []
    assert len(shards.store.set([{"x": 1}])) == 16


def test_messagepack_is_what_it_is_if_nothing_is_said() -> None:
    pytest.importorskip("msgpack", reason="pip install 'whence[msgpack]'")
    found = driver("store_driver")("memory://whence-shards")
    found.store.set([{"a": b"1", 2: None}], "one")
    assert found.get_iter().collect() == [{"a": b"1", 2: None}]
    assert driver("messagepack")("memory://whence-shards").get_iter().collect() == [
        {"a": b"1", 2: None}
    ]


def test_orders(shards: StoreDriver) -> None:
    assert numbers(shards.get_iter(["s2", "s0"])) == [6, 7, 8, 0, 1, 2]
    mixed = shards.get_iter(shuffle_key_buffer=4, key_shuffle_kwargs={"seed": 1}, flatten=False)
    assert mixed.collect() == mixed.collect() != list(SHARDS.values())
    assert sorted(numbers(mixed.flatten())) == list(range(12))
    drawn = shards.get_iter(shuffle_item_buffer=5, item_shuffle_kwargs={"seed": 3})
    assert sorted(numbers(drawn)) == list(range(12)) != numbers(drawn)
    hooks = [lambda keys: keys.filter(lambda key: key > "s1"), lambda keys: reversed(list(keys))]
    assert numbers(shards.get_iter(key_hooks=hooks)) == [9, 10, 11, 6, 7, 8]


@pytest.mark.parametrize("workers", [2, None])
def test_threads_read(shards: StoreDriver, workers: int | None) -> None:
    seen = set()
    read = shards.read

    def noted(file: Any) -> Any:
        seen.add(threading.get_ident())
        return read(file)

    shards.read = noted  # type: ignore[method-assign]
    assert numbers(shards.get_iter(max_workers=workers, prefetch_buffer=2)) == list(range(12))
    assert threading.get_ident() not in seen


def test_what_cannot_be_is_told(shards: StoreDriver, tmp_path: Path) -> None:
    before = sorted(path.name for path in (tmp_path / "shards").iterdir())
    for key, samples in (("../x", []), (".x", []), ("", []), ("a", [object()]), ("a", [{1: 2}])):
        with pytest.raises(UserError):
            shards.store.set(samples, key)
    with pytest.raises(UserError, match="Did you mean 'max_workers'"):
        shards.get_iter(max_worker=3)
    with pytest.raises(UserError, match="reads no samples"):
        driver("store_driver")("x", serializer="csv")
    with pytest.raises(UserError, match="unknown driver 'nothing'"):
        driver("store_driver")("x", serializer="nothing")
    one = driver("jsonl")(str(tmp_path / "shards/s0.gz"))
    with pytest.raises(UserError, match="it is one file"):
        one.store.set([], "a")
    assert sorted(path.name for path in (tmp_path / "shards").iterdir()) == before

"""What is promised of the disk: together, soon, and with errors told."""

from __future__ import annotations

import errno
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from whence.base.error import StoreError
from whence.store import Store, layout
from whence.store.flusher import WITHIN, Flusher
from whence.testing.fault import FaultyFiles
from whence.testing.wait import until

Faulty = tuple[Store, FaultyFiles]


class Counting(FaultyFiles):
    """Counts how often files are brought to the disk, and how much of them."""

    def __init__(self, shared: bool = False) -> None:
        super().__init__(shared)
        self.synced: dict[int, int] = {}
        self.calls = 0

    def sync(self, fd: int) -> None:
        super().sync(fd)
        status = os.fstat(fd)
        self.calls += 1
        self.synced[status.st_ino] = status.st_size


@pytest.fixture
def counting(tmp_path: Path) -> tuple[Store, Counting]:
    files = Counting()
    Store.create(tmp_path)
    return Store.open(tmp_path, files=lambda shared: files), files


def _all_synced(store: Store, files: Counting) -> bool:
    paths = [*store.root.glob("journals/*/*"), *store.root.glob("packs/*/*")]
    return all(files.synced.get(p.stat().st_ino) == p.stat().st_size for p in paths)


class Stuck(FaultyFiles):
    """Takes its time over one object, until told to go on."""

    def __init__(self, shared: bool = False) -> None:
        super().__init__(shared)
        self.begun, self.go_on, self.synced = threading.Event(), threading.Event(), 0

    def sync(self, fd: int) -> None:
        if os.fstat(fd).st_size >= layout.SMALL:
            self.begun.set()
            self.go_on.wait(60)
            self.synced += 1
        super().sync(fd)


def test_who_asks_waits_for_what_another_thread_is_at(tmp_path: Path) -> None:
    files = Stuck()
    Store.create(tmp_path)
    writer = Store.open(tmp_path, files=lambda shared: files).writer()
    writer.put(os.urandom(layout.SMALL))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.sync)
        files.begun.wait(60)
        second = pool.submit(lambda: (writer.sync(), files.synced)[1])
        assert not wait([second], timeout=0.2).done
        files.go_on.set()
        assert second.result() == 1
        first.result()
    writer.close()


def test_the_first_of_a_burst_is_synced_at_once_and_the_rest_soon(
    counting: tuple[Store, Counting],
) -> None:
    store, files = counting
    writer = store.writer()
    writer.put(b"x")
    writer.append("set", "r", {"f": {}}, sync=True)
    assert _all_synced(store, files)
    before = files.calls
    for number in range(200):
        writer.append("set", "r", {"f": {"a": number}}, sync=True)
    assert files.calls - before < 20
    until(lambda: _all_synced(store, files))
    writer.close()


@pytest.mark.parametrize("how", ["sync", "beat", "close"])
def test_what_syncs_returns_when_all_is_on_the_disk(
    counting: tuple[Store, Counting], how: str
) -> None:
    store, files = counting
    writer = store.writer()
    for number in range(5):
        writer.append("set", "r", {"f": {"a": number}}, sync=True)
        writer.metrics("r", number, 0.0, 0.0, {"y": 1.0})
        writer.put(b"%d" % number)
    getattr(writer, how)()
    assert _all_synced(store, files)
    writer.close()


def test_an_error_in_the_background_is_raised_by_the_next_call(faulty: Faulty) -> None:
    store, files = faulty
    writer = store.writer()
    writer.append("set", "r", {"f": {"a": 1}}, sync=True)
    files.failing["sync"] = errno.EIO
    writer.append("set", "r", {"f": {"a": 2}}, sync=True)  # promised
    with pytest.raises(StoreError, match="bring to the disk"):
        until(lambda: writer.append("set", "r", {"f": {"a": 3}}))
    writer.append("set", "r", {"f": {"a": 4}})  # said once
    with pytest.raises(StoreError, match="bring to the disk"):
        writer.close()
    files.failing.clear()
    assert store.index().state("r")["a"] == 4
    writer.append("set", "r", {"f": {"a": 5}}, sync=True)
    writer.close()
    assert store.index().state("r")["a"] == 5


def test_a_file_whose_sync_failed_is_written_anew(faulty: Faulty) -> None:
    """A second fsync that succeeds says nothing of pages that the first one dropped."""
    store, files = faulty
    writer = store.writer()
    writer.append("set", "r", {"f": {"a": 1}})
    (path,) = store.root.glob("journals/*/*")
    inode = path.stat().st_ino
    files.failing["sync"] = errno.EIO
    with pytest.raises(StoreError):
        writer.sync()
    with pytest.raises(StoreError):
        writer.sync()
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    files.failing.clear()
    writer.append("set", "r", {"f": {"b": 1}})
    writer.sync()
    assert path.stat().st_ino != inode
    writer.append("set", "r", {"f": {"c": 1}})
    writer.close()
    state = store.index().state("r")
    assert (state["a"], state["b"], state["c"]) == (1, 1, 1)
    assert store.verify().corrupt == []


def test_a_child_of_a_fork_promises_for_itself(counting: tuple[Store, Counting]) -> None:
    store, files = counting
    writer = store.writer()
    for _ in range(2):
        writer.append("set", "r", {"f": {"a": 1}}, sync=True)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for _ in range(2):
                writer.append("set", "r", {"f": {"b": 2}}, sync=True)
            time.sleep(3 * WITHIN)
            code = 0 if _all_synced(store, files) or files.calls else 2
            writer.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    writer.close()
    assert store.verify().sound


def test_stopping_leaves_no_thread_and_keeps_no_promise_waiting() -> None:
    calls: list[float] = []
    flusher = Flusher(lambda: calls.append(time.monotonic()))
    for _ in range(3):
        flusher.ask()
    assert len(calls) == 1
    flusher.stop()
    time.sleep(2 * WITHIN)
    assert len(calls) == 1

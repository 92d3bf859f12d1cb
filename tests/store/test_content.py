from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError
from whence.store import Content, Files, Store
from whence.store.layout import SMALL, object_path
from whence.testing.fault import FaultyFiles, is_read_only

LARGE = os.urandom(SMALL)


@pytest.mark.parametrize(
    ("data", "kept"), [(b"", "pack"), (b"x", "pack"), (LARGE[1:], "pack"), (LARGE, "object")]
)
def test_content_comes_back(store: Store, data: bytes, kept: str) -> None:
    content = store.writer().put(data)
    assert (content.digest, content.size, content.kept) == (digest_bytes(data), len(data), kept)
    assert store.get(content.digest) == data
    assert Store.open(store.root).get(content.digest) == data
    assert store.has(content.digest)


def test_objects_are_read_only(store: Store) -> None:
    path = object_path(store.root, store.writer().put(LARGE).digest)
    assert is_read_only(path)
    assert path.relative_to(store.root).parts[0] == "objects"


def test_the_same_is_stored_once(store: Store) -> None:
    for writer in (store.writer(), store.writer()):
        for data in (b"small", LARGE):
            writer.put(data)
    assert (sum(p.stat().st_size for p in (store.root / "packs").glob("*/*"))) == 5
    assert len(list((store.root / "objects").glob("*/*"))) == 1
    assert list((store.root / "objects").glob("new-*")) == []


def test_an_index_at_hand_saves_storing_small_content_again(store: Store) -> None:
    store.writer().put(b"small")
    other = Store.open(store.root)
    other.index()
    other.writer().put(b"small")
    assert len(list((store.root / "packs").glob("*/*"))) == 1
    assert other.get(digest_bytes(b"small")) == b"small"


def test_a_damaged_object_is_stored_again(store: Store) -> None:
    path = object_path(store.root, store.writer().put(LARGE).digest)
    path.chmod(0o644)
    path.write_bytes(LARGE[:-1])
    assert store.get(store.writer().put(LARGE).digest) == LARGE


def test_missing_and_altered_content_is_said(store: Store) -> None:
    with pytest.raises(StoreError, match="no content 000"):
        store.get("0" * 64)
    assert not store.has("0" * 64)
    for data, pattern in ((LARGE, "objects/*/*"), (b"small", "packs/*/*")):
        digest = store.writer().put(data).digest
        (path,) = store.root.glob(pattern)
        path.chmod(0o644)
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        with pytest.raises(StoreError, match="was altered"):
            store.get(digest)


@pytest.mark.parametrize(
    ("mode", "can_clone", "size", "kept"),
    [
        ("auto", False, 5, "pack"),
        ("auto", False, SMALL, "reference"),
        ("auto", True, SMALL, "object"),
        ("copy", False, 5, "pack"),
        ("copy", False, SMALL, "object"),
        ("copy", True, SMALL, "object"),
        ("reference", True, 5, "reference"),
        ("reference", True, SMALL, "reference"),
    ],
)
def test_files_by_mode(
    faulty: tuple[Store, FaultyFiles], mode: Any, can_clone: bool, size: int, kept: str
) -> None:
    store, files = faulty
    files.can_clone = can_clone
    path = store.project / "data"
    path.write_bytes(LARGE[:size])
    content = store.writer().put_file(path, mode)
    assert (content.kept, content.size) == (kept, size)
    assert content.digest == digest_bytes(LARGE[:size])
    assert store.has(content.digest) is (kept != "reference")
    if kept != "reference":
        assert store.get(content.digest) == LARGE[:size]
    assert list(store.root.glob("objects/new-*")) == []
    store.writer().close()


def test_what_is_no_file_is_refused(store: Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    writer = store.writer()
    for name, words in (("none", "no file"), ("pipe", "not a regular"), (".", "a folder")):
        for mode in ("auto", "copy", "reference"):
            with pytest.raises(UserError, match=words):
                writer.put_file(tmp_path / name, mode)
    with pytest.raises(StoreError, match="symbolic links"):
        writer.put_file(tmp_path / "loop")


@pytest.mark.parametrize("mode", ["auto", "copy", "reference"])
@pytest.mark.parametrize("size", [5, SMALL])
def test_a_file_that_never_holds_still_is_refused(
    faulty: tuple[Store, FaultyFiles], mode: Any, size: int
) -> None:
    store, files = faulty
    path = store.project / "growing"
    path.write_bytes(LARGE[:size])

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"x")

    files.before_read = grow
    with pytest.raises(UserError, match="changed each of the 3 times"):
        store.writer().put_file(path, mode)
    files.before_read = None
    assert [name for _, _, names in os.walk(store.root) for name in names if "new" in name] == []


def test_a_file_that_holds_still_in_the_end_is_kept(faulty: tuple[Store, FaultyFiles]) -> None:
    store, files = faulty
    path = store.project / "data"
    path.write_bytes(b"one")

    def change() -> None:
        path.write_bytes(b"another")
        files.before_read = None

    files.before_read = change
    content = store.writer().put_file(path)
    assert store.get(content.digest) == b"another"
    store.writer().close()


def test_digest_of_reads_a_settled_file_once(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    os.utime(path, (1e9, 1e9))
    later = Store.open(store.root, clock=lambda: path.stat().st_ctime + 10)
    assert later.digest_of(path) == digest_bytes(b"one")
    path.chmod(0o000)
    if os.getuid():
        path.chmod(0o400)
    status = path.stat()
    # Same size, and times set back: only the change time tells.
    path.chmod(0o600)
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert later.digest_of(path) == digest_bytes(b"two")


def test_digest_of_uses_what_it_remembers(store: Store, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "data"
    path.write_bytes(b"one")
    later = Store.open(store.root, clock=lambda: path.stat().st_ctime + 10)
    later.digest_of(path)
    (cache,) = Path(os.environ["WHENCE_CACHE"]).glob("*/signatures.sqlite")
    db = sqlite3.connect(cache)
    with db:
        db.execute("UPDATE signature SET digest = 'remembered'")
    db.close()
    assert later.digest_of(path) == "remembered"
    cache.write_bytes(b"garbage" * 1000)
    assert later.digest_of(path) == digest_bytes(b"one")
    assert later.digest_of(path) == digest_bytes(b"one")


def test_digest_of_does_not_trust_the_young(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "data"
    for data in (b"one", b"two"):
        path.write_bytes(data)
        assert store.digest_of(path) == digest_bytes(data)


@pytest.mark.parametrize("can_clone", [False, True])
def test_a_settled_file_that_is_stored_already_costs_no_write(
    faulty: tuple[Store, FaultyFiles], can_clone: bool
) -> None:
    store, files = faulty
    path = store.project / "data"
    path.write_bytes(LARGE)
    os.utime(path, (1, 1))
    files.can_clone = can_clone
    assert store.writer().put_file(path, "copy").kept == "object"
    again = Store.open(store.root, files=lambda shared: files, clock=lambda: time.time() + 60)
    files.room = 0
    with pytest.raises(StoreError, match="space"):
        again.writer().put(LARGE + b"new")
    assert again.writer().put_file(path, "copy").digest == digest_bytes(LARGE)
    assert list(store.root.glob("objects/new-*")) == []
    files.room = None


@pytest.mark.parametrize(("age", "can_clone"), [(0, False), (60, False), (60, True)])
def test_a_file_that_changes_between_hash_and_copy_is_read_again(
    faulty: tuple[Store, FaultyFiles], age: float, can_clone: bool
) -> None:
    store, files = faulty
    store = Store.open(store.root, files=lambda shared: files, clock=lambda: time.time() + age)
    path = store.project / "data"
    path.write_bytes(LARGE)
    files.can_clone = can_clone
    reads = itertools.count()

    def change() -> None:
        if next(reads) == (1 if can_clone else 2):  # hashed, and being copied
            path.write_bytes(LARGE[::-1])

    files.before_read = change
    content = store.writer().put_file(path, "copy")
    files.before_read = None
    assert store.get(content.digest) == path.read_bytes()
    assert list(store.root.glob("objects/new-*")) == []


@pytest.mark.parametrize("copied", [0, 1000, 1 << 30])
def test_what_the_system_does_not_copy_by_itself_is_written(store: Store, copied: int) -> None:
    class Some(Files):
        def clone(self, source: int, target: int) -> bool:
            return False

        def copy(self, source: int, target: int, size: int, offset: int) -> int:
            return super().copy(source, target, min(size, copied - offset), offset)

    old = Store.open(store.root, files=Some, clock=lambda: time.time() + 60)
    path = store.project / "data"
    path.write_bytes(LARGE)
    content = old.writer().put_file(path, "copy")
    assert content.kept == "object"
    assert old.get(content.digest) == LARGE
    old.writer().close()


def test_many_files_go_into_few(store: Store, tmp_path: Path) -> None:
    datas = [b"%d" % (i // 2) for i in range(2500)] + [LARGE]
    paths = []
    for number, data in enumerate(datas):
        paths.append(str(tmp_path / f"f{number}"))
        Path(paths[-1]).write_bytes(data)
    paths.insert(7, str(tmp_path / "missing"))
    seen: list[int] = []
    found = list(store.writer().put_files(paths, "copy", seen.append))
    assert isinstance(found.pop(7), UserError)
    assert sum(seen) == sum(map(len, datas))
    for data, content in zip(datas, found, strict=True):
        assert isinstance(content, Content)
        assert content.digest == digest_bytes(data)
    other = Store.open(store.root)
    assert other.get(found[2499].digest) == datas[2499]
    assert set(other.places(item.digest for item in found)) == {item.digest for item in found[:-1]}
    assert len(list((store.root / "packs").glob("*/*"))) == 1
    assert store.verify().corrupt == []


def test_a_disk_that_fills_up_amid_many_lines_keeps_the_whole_ones(
    faulty: tuple[Store, FaultyFiles],
) -> None:
    store, files = faulty
    writer = store.writer()
    writer.append("set", "run", {"f": {"name": "a"}})
    files.room = 1000
    with pytest.raises(StoreError, match="space"):
        writer.append_many("event", "run", [{"message": str(i)} for i in range(100)])
    files.room = None
    writer.append_many("event", "run", [{"message": "last"}, {"message": "end"}])
    writer.close()
    told = [line["message"] for line in store.lines("run", ("event",))]
    assert told[-2:] == ["last", "end"]
    assert told[:-2] == [str(i) for i in range(len(told) - 2)]
    assert len(told) > 4


def test_what_a_pack_lacks_is_packed_again(store: Store) -> None:
    """An index at hand knows the line of a copied store, whose pack has not arrived whole."""
    store.writer().put(b"before")
    digest = store.writer().put(b"small").digest
    store.writer().close()
    (pack,) = store.root.glob("packs/*/*")
    pack.write_bytes(pack.read_bytes()[:-1])
    other = Store.open(store.root)
    other.index()
    assert not other.has(digest)
    other.writer().put(b"small")
    assert other.has(digest)
    assert Store.open(store.root).get(digest) == b"small"


HUGE = 17 << 20  # read by a thread of its own
ENDING = """
import atexit, pathlib, sys
from whence.store import Store

store = Store.open(pathlib.Path(sys.argv[1]))
atexit.register(lambda: print(store.writer().put_file(pathlib.Path(sys.argv[2])).digest))
"""


def test_a_large_file_is_read_while_it_is_hashed(store: Store, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) * 17 + b"end"
    path = tmp_path / "large.bin"
    path.write_bytes(data)
    threads = set()

    class Noting(Files):
        def read(self, fd: int, size: int, offset: int) -> bytes:
            threads.add(threading.current_thread().name)
            return super().read(fd, size, offset)

    noting = Store.open(store.root, files=Noting)
    for mode in ("copy", "reference"):
        threads.clear()
        assert noting.writer().put_file(path, mode=mode).digest == digest_bytes(data)
        assert "whence-read" in threads
    assert store.get(digest_bytes(data)) == data


def test_a_large_file_can_be_saved_while_python_ends(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(HUGE))
    command = [sys.executable, "-c", ENDING, str(store.project), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest_bytes(bytes(HUGE)), done.stderr


def test_a_large_file_that_cannot_be_read_to_its_end_leaves_nothing(
    store: Store, tmp_path: Path
) -> None:
    class Failing(Files):
        def read(self, fd: int, size: int, offset: int) -> bytes:
            if offset >= HUGE // 2:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().read(fd, size, offset)

    path, before = tmp_path / "large.bin", threading.active_count()
    path.write_bytes(bytes(HUGE))
    broken = Store.open(store.root, files=Failing)
    with pytest.raises(StoreError, match="Input/output error"):
        broken.writer().put_file(path)
    assert not [name for name in os.listdir(store.root / "objects") if name.startswith("new-")]
    assert threading.active_count() == before

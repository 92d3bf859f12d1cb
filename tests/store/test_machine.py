"""What only a real machine shows: a full file system, and two users of one store."""

from __future__ import annotations

import contextlib
import grp  # noqa: F401  the other users may not be able to import what lies in a home folder
import os
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whence.base.digest import digest_bytes
from whence.base.error import StoreError
from whence.store import Store, collect, examine
from whence.testing.point import points

_root = pytest.mark.skipif(
    os.getuid() != 0, reason="run the tests as root to mount and change user"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@_root
def test_a_full_file_system_loses_nothing_and_goes_on_with_room(small_disk: Path) -> None:
    store = Store.create(small_disk)
    writer = store.writer()
    said: dict[str, str] = {}
    tags: list[str] = []
    steps: list[int] = []
    contents: list[str] = []
    number = 0

    def done(act: Callable[[], object]) -> bool:
        try:
            act()
        except StoreError as error:
            said.update((problem.code, str(problem.mend)) for problem in error.problems)
            return False
        return True

    def record() -> bool:
        nonlocal number
        number += 1
        data = b"%d " % number * 400
        good = [
            done(lambda: writer.append("tags", "r", {"add": [f"t{number}"]}, sync=True)),
            done(lambda: writer.metrics("r", number, 0.0, 0.0, {"y": 1.0})),
            done(lambda: writer.put(data)),
        ]
        tags.extend([f"t{number}"] * good[0])
        steps.extend([number] * good[1])
        contents.extend([digest_bytes(data)] * good[2])
        return all(good)

    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    while record():
        assert number < 10_000
    for _ in range(5):
        record()
    with contextlib.suppress(StoreError):
        writer.close()
    assert said.keys() == {"no-space"}
    assert said["no-space"].startswith("Free some space")
    ballast.unlink()
    for _ in range(5):
        assert record()
    writer.close()
    assert set(tags) <= set(store.index().state("r")["tags"])
    assert set(steps) <= {point.step for point in points(store, "r")}
    for digest in contents:
        assert digest_bytes(store.get(digest)) == digest
    assert examine(store).well


@_root
def test_a_store_that_can_only_be_read_is_read(small_disk: Path) -> None:
    store = Store.create(small_disk)
    store.writer().append("tags", "r", {"add": ["x"]})
    store.writer().metrics("r", 1, 0.0, 0.0, {"y": 1.0})
    digest = store.writer().put(b"small").digest
    store.writer().close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    there = Store.open(small_disk)
    assert there.index().state("r")["tags"] == ["x"]
    assert [point.step for point in points(there, "r")] == [1]
    assert there.get(digest) == b"small"
    assert there.verify().sound
    assert collect(there, act=True).plan.idle
    assert not examine(there).well
    writer = there.writer()
    for act in (
        lambda: writer.append("tags", "r", {"add": ["y"]}),
        lambda: writer.metrics("r", 2, 0.0, 0.0, {"y": 1.0}),
        lambda: writer.put(b"other"),
        lambda: writer.put(b"large" * 100_000),
        lambda: there.ask_to_end("r", {}),
    ):
        with pytest.raises(StoreError) as caught:
            act()
        (problem,) = caught.value.problems
        assert (problem.code, "another store" in str(problem.mend)) == ("read-only", True)
    writer.close()


def _as_user(uid: int, gid: int, act: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([gid])
            os.setgid(gid)
            os.setuid(uid)
            os.umask(0o077)
            act()
            code = 0
        except StoreError as error:
            code = 3 if error.problems[0].code == "not-permitted" else 4
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@_root
@pytest.mark.parametrize("shared", [True, False])
def test_two_users_record_in_one_store(shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))  # pytest's folders are closed to others
    group = 4321
    os.chown(folder, 1001, group)
    folder.chmod(0o2770)

    def record(user: str) -> None:
        os.environ["WHENCE_CACHE"] = str(folder / f"cache-{user}")
        store = Store.open(folder)
        writer = store.writer()
        writer.append("set", user, {"f": {"name": user}})
        writer.append("tags", "both", {"add": [user]})
        for data in (user.encode(), b"the same", user.encode() * 70_000, b"the same" * 10_000):
            content = writer.put(data)
            assert store.get(content.digest) == data
        assert user in store.index().ids()
        writer.close()
        assert store.verify().sound
        assert not shared or examine(store).well

    try:
        assert _as_user(1001, group, lambda: Store.create(folder, shared) and None) == 0
        assert _as_user(1001, group, lambda: record("one")) == 0
        assert _as_user(1002, group, lambda: record("two")) == (0 if shared else 3)
        assert _as_user(1001, group, lambda: record("three")) == 0
        if shared:
            monkeypatch.setenv("WHENCE_CACHE", str(folder / "cache"))
            store = Store.open(folder)
            assert store.index().state("both")["tags"] == ["one", "three", "two"]
            store.index().close()
    finally:
        shutil.rmtree(folder)

"""A file system that fails on demand, to put under a store."""

from __future__ import annotations

import errno
import os
import stat as modes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whence.store.files import Files

_TIMES = ("st_atime_ns", "st_mtime_ns", "st_ctime_ns")


class FaultyFiles(Files):
    """The real file system, with faults that a test turns on and off.

    Attributes
    ----------
    room : int or None
        Bytes that may still be written before the disk is full; None for as many as one likes.
    piece : int or None
        The most bytes one call writes.
    failing : dict of str to int
        The error number that every call of that name fails with: ``"sync"``, ``"close"``,
        ``"write"``, ``"read"``, ``"create"`` (opening a new file), ``"rename"``, ``"remove"``,
        ``"list"``.
    stale_handles : int
        How many of the next reads fail because the server has forgotten the file.
    coarse : float
        Seconds to which the times of files are cut.
    delay : float
        For so many seconds of `clock`, listings of folders and attributes of names are answered
        from memory, as network file systems do. Opening a file asks the server.
    can_clone : bool or None
        Whether blocks can be shared (then they are copied); None for what the disk can.
    before_read : callable or None
        What happens before each read.
    clock : callable or None
        The time that what is written or touched is stamped with, as are folders when a change of
        them is first seen; None for the real one.
    """

    def __init__(self, shared: bool = False) -> None:
        super().__init__(shared)
        self.room: int | None = None
        self.piece: int | None = None
        self.failing: dict[str, int] = {}
        self.stale_handles = 0
        self.coarse = self.delay = 0.0
        self.can_clone: bool | None = None
        self.before_read: Callable[[], object] | None = None
        self.clock: Callable[[], float] | None = None
        self._remembered: dict[tuple[str, Path], tuple[float, Any]] = {}
        self._written: set[int] = set()
        self._stamps: dict[tuple[int, int], tuple[int, float]] = {}

    @classmethod
    def network(cls, shared: bool = False) -> FaultyFiles:
        """A file system at its worst that still keeps what it acknowledges."""
        files = cls(shared)
        files.piece, files.coarse, files.delay, files.can_clone = 97, 2.0, 30.0, False
        return files

    def write(self, fd: int, data: bytes | memoryview) -> int:  # type: ignore[override]
        """Write as much as faults let through."""
        self._fail("write")
        size = len(data)
        if self.room is not None:
            if self.room <= 0 < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            size = min(size, self.room)
        if self.piece is not None:
            size = min(size, self.piece)
        written = os.write(fd, memoryview(data)[:size])
        if self.room is not None:
            self.room -= written
        return written

    def open(self, path: Path | str, flags: int) -> int:
        """Open; creating may fail. What was remembered of the name is asked for again."""
        if flags & os.O_CREAT:
            self._fail("create")
        self._remembered.pop(("stat", Path(path)), None)
        fd = super().open(path, flags)
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._written.add(fd)
        return fd

    def read(self, fd: int, size: int, offset: int) -> bytes:
        """Read, after what is to happen before."""
        if self.before_read is not None:
            self.before_read()
        self._fail("read")
        if self.stale_handles:
            self.stale_handles -= 1
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return super().read(fd, size, offset)

    def sync(self, fd: int) -> None:
        """Promise nothing if told so."""
        self._fail("sync")
        super().sync(fd)

    def close(self, fd: int) -> None:
        """Close, and complain if told so."""
        if fd in self._written:
            self._written.discard(fd)
            if self.clock is not None:
                os.utime(fd, (self.clock(), self.clock()))
        super().close(fd)
        self._fail("close")

    def touch(self, path: Path) -> None:
        """Set a file's times to now, by the clock of the test if there is one."""
        if self.clock is None:
            super().touch(path)
        else:
            os.utime(path, (self.clock(), self.clock()))

    def rename(self, before: Path, after: Path) -> None:
        """Rename, unless told otherwise."""
        self._fail("rename")
        super().rename(before, after)

    def remove(self, path: Path) -> None:
        """Remove, unless told otherwise."""
        self._fail("remove")
        super().remove(path)

    def stat(self, target: Path | str | int) -> os.stat_result:
        """The status, as old and with times as coarse as told."""
        if isinstance(target, int):
            status = self._stamped(super().stat(target))
        else:
            status = self._recall("stat", Path(target), lambda path: self._stamped(os.stat(path)))
        return coarse(status, self.coarse) if self.coarse else status

    def list(self, folder: Path | str) -> list[str]:
        """The names in a folder, as they were a while ago if told so."""
        self._fail("list")
        return list(self._recall("list", Path(folder), super().list))

    def inodes(self, folder: Path | str) -> dict[str, int]:
        """The names in a folder with their inodes, as they were a while ago if told so."""
        self._fail("list")
        return dict(self._recall("inodes", Path(folder), super().inodes))

    def clone(self, source: int, target: int) -> bool:
        """Share blocks, or say that it cannot be done, as told."""
        if self.can_clone is None:
            return super().clone(source, target)
        if self.can_clone:
            offset = 0
            while piece := os.pread(source, 1 << 20, offset):
                os.pwrite(target, piece, offset)
                offset += len(piece)
        return self.can_clone

    def copy(self, source: int, target: int, size: int, offset: int) -> int:
        """Read and write, with the faults of both."""
        return self.write(target, self.read(source, size, offset))

    def _recall(self, what: str, path: Path, ask: Callable[[Path], Any]) -> Any:
        now = (self.clock or time.time)()
        then, answer = self._remembered.get((what, path), (-self.delay, None))
        if now - then < self.delay:
            return answer
        answer = ask(path)
        if self.delay:
            self._remembered[what, path] = now, answer
        return answer

    def _stamped(self, status: os.stat_result) -> os.stat_result:
        """A folder's status with times by the clock of the test, which stay until it changes."""
        if self.clock is None or not modes.S_ISDIR(status.st_mode):
            return status
        key = status.st_dev, status.st_ino
        real, stamp = self._stamps.get(key, (0, 0.0))
        if real != status.st_ctime_ns:
            stamp = self.clock()
            self._stamps[key] = status.st_ctime_ns, stamp
        return _at(status, stamp)

    def _fail(self, call: str) -> None:
        number = self.failing.get(call)
        if number is not None:
            raise OSError(number, os.strerror(number))


def coarse(status: os.stat_result, seconds: float) -> os.stat_result:
    """A status whose times are multiples of `seconds`."""
    step = int(seconds * 1e9)
    return _timed(status, [getattr(status, name) // step * step for name in _TIMES])


def _at(status: os.stat_result, stamp: float) -> os.stat_result:
    """A status whose times are all the same."""
    return _timed(status, [int(stamp * 1e9)] * len(_TIMES))


def _timed(status: os.stat_result, times: list[int]) -> os.stat_result:
    named: dict[str, float] = dict(zip(_TIMES, times, strict=True))
    named |= {
        name.removesuffix("_ns"): time / 1e9 for name, time in zip(_TIMES, times, strict=True)
    }
    return os.stat_result([*status[:7], *(time // 10**9 for time in times)], named)


def is_read_only(path: Path) -> bool:
    """Whether nobody may write to the file."""
    return not modes.S_IMODE(os.stat(path).st_mode) & 0o222

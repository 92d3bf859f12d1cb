"""A file system that fails on demand, to put under a store."""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Callable
from pathlib import Path

from whence.store.files import Files


class FaultyFiles(Files):
    """The real file system, with faults that a test turns on and off.

    Attributes
    ----------
    room : int or None
        Bytes that may still be written before the disk is full; None for as many as one likes.
    piece : int or None
        The most bytes one call writes.
    failing_sync, failing_close : int or None
        The error number that every ``fsync`` or ``close`` fails with.
    failing_open : int or None
        The error number that every creation of a file fails with.
    coarse : float
        Seconds to which the times of files are cut.
    can_clone : bool or None
        Whether blocks can be shared (then they are copied); None for what the disk can.
    before_read : callable or None
        What happens before each read.
    """

    def __init__(self, shared: bool = False) -> None:
        super().__init__(shared)
        self.room: int | None = None
        self.piece: int | None = None
        self.failing_sync: int | None = None
        self.failing_close: int | None = None
        self.failing_open: int | None = None
        self.coarse = 0.0
        self.can_clone: bool | None = None
        self.before_read: Callable[[], object] | None = None

    def write(self, fd: int, data: bytes | memoryview) -> int:  # type: ignore[override]
        """Write as much as faults let through."""
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
        """Open, unless files cannot be made."""
        if flags & os.O_CREAT:
            _fail(self.failing_open)
        return super().open(path, flags)

    def read(self, fd: int, size: int, offset: int) -> bytes:
        """Read, after what is to happen before."""
        if self.before_read is not None:
            self.before_read()
        return super().read(fd, size, offset)

    def sync(self, fd: int) -> None:
        """Promise nothing if told so."""
        _fail(self.failing_sync)
        super().sync(fd)

    def close(self, fd: int) -> None:
        """Close, and complain if told so."""
        super().close(fd)
        _fail(self.failing_close)

    def stat(self, target: Path | str | int) -> os.stat_result:
        """The status with times as coarse as told."""
        status = super().stat(target)
        if not self.coarse:
            return status
        return coarse(status, self.coarse)

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


def coarse(status: os.stat_result, seconds: float) -> os.stat_result:
    """A status whose times are multiples of `seconds`."""
    step = int(seconds * 1e9)
    named = {}
    for name in ("st_atime", "st_mtime", "st_ctime"):
        cut = getattr(status, name + "_ns") // step * step
        named[name + "_ns"] = cut
        named[name] = cut / 1e9
    whole = [int(named[name]) for name in ("st_atime", "st_mtime", "st_ctime")]
    return os.stat_result([*status[:7], *whole], named)


def is_read_only(path: Path) -> bool:
    """Whether nobody may write to the file."""
    return not modes.S_IMODE(os.stat(path).st_mode) & 0o222


def _fail(number: int | None) -> None:
    if number is not None:
        raise OSError(number, os.strerror(number))

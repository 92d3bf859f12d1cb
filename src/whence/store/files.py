"""Every touch of the file system by a store, so that a test can put faults in between."""

from __future__ import annotations

import errno
import fcntl
import os
import stat as modes
from collections.abc import Iterator
from pathlib import Path

from whence.base.error import StoreError

_FICLONE = 0x40049409  # <linux/fs.h>; Python has no name for it
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM}


class Files:
    """What a store asks of the operating system. Safe to use from any thread.

    Every method raises `OSError` as the system gives it; the callers say what it means.

    Parameters
    ----------
    shared : bool
        Make what is created writable (folders, journals) or readable (objects) for the group,
        whatever the umask.
    """

    write = staticmethod(os.write)

    def __init__(self, shared: bool = False) -> None:
        self.shared = shared

    def open(self, path: Path | str, flags: int) -> int:
        """A descriptor of the file; it is not passed on to child programs."""
        fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        if self.shared and flags & os.O_CREAT:
            self._grant(fd, modes.S_IRGRP | modes.S_IWGRP)
        return fd

    def read(self, fd: int, size: int, offset: int) -> bytes:
        """Up to `size` bytes from `offset` on; empty at the end."""
        return os.pread(fd, size, offset)

    def sync(self, fd: int) -> None:
        """Have what was written survive the death of the host."""
        os.fsync(fd)

    def sync_all(self) -> None:
        """Have all that was written to any file survive the death of the host."""
        os.sync()

    def close(self, fd: int) -> None:
        """Give the descriptor back."""
        os.close(fd)

    def stat(self, target: Path | str | int) -> os.stat_result:
        """What the system knows of a file or a descriptor."""
        return os.stat(target)

    def has(self, path: Path | str) -> bool:
        """Whether there is something of that name."""
        try:
            self.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def list(self, folder: Path | str) -> list[str]:
        """The names in a folder, in no order."""
        return os.listdir(folder)

    def inodes(self, folder: Path | str) -> dict[str, int]:
        """The inode of each name in a folder; some file systems tell another one than `stat`."""
        with os.scandir(folder) as entries:
            return {entry.name: entry.inode() for entry in entries}

    def make(self, folder: Path) -> None:
        """Make a folder and what is missing above it; one that is there is fine."""
        if self.has(folder):
            return
        self.make(folder.parent)
        try:
            os.mkdir(folder)
        except FileExistsError:
            return
        if self.shared:
            self._grant(folder, modes.S_IRWXG | modes.S_ISGID)

    def rename(self, before: Path, after: Path) -> None:
        """Give a file another name, in one step; a file that has it loses it."""
        os.replace(before, after)

    def publish(self, temporary: Path, final: Path) -> None:
        """Give a finished file its name, readable and never to be written again."""
        mode = modes.S_IMODE(os.stat(temporary).st_mode) & 0o444
        os.chmod(temporary, mode | (modes.S_IRGRP if self.shared else 0))
        self.rename(temporary, final)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def remove_folder(self, folder: Path) -> None:
        """Remove an empty folder."""
        os.rmdir(folder)

    def touch(self, path: Path) -> None:
        """Set a file's times to now."""
        os.utime(path)

    def clone(self, source: int, target: int) -> bool:
        """Whether the file system let `target` share the blocks of `source`."""
        try:
            fcntl.ioctl(target, _FICLONE, source)
        except OSError:
            return False
        return True

    def copy(self, source: int, target: int, size: int, offset: int) -> int:
        """How many bytes from there on the system appended by itself; 0 where it cannot."""
        if not hasattr(os, "copy_file_range"):
            return 0
        try:
            return os.copy_file_range(source, target, size, offset)
        except OSError:  # to read and write says what is wrong, if it is not only this call
            return 0

    def _grant(self, target: Path | int, bits: int) -> None:
        try:
            os.chmod(target, modes.S_IMODE(os.stat(target).st_mode) | bits)
        except PermissionError:  # another member of the group owns it, and has granted it
            return


def write_all(files: Files, fd: int, data: bytes | memoryview) -> None:
    """Write everything, going on after short writes."""
    rest = memoryview(data)
    while rest:
        rest = rest[files.write(fd, rest) :]


def pieces(
    files: Files, fd: int, start: int = 0, stop: int | None = None, most: int = 1 << 20
) -> Iterator[bytes]:
    """What an open file holds from `start` up to `stop` or its end, `most` bytes at a time."""
    while piece := files.read(fd, most if stop is None else min(most, stop - start), start):
        yield piece
        start += len(piece)


def read_all(files: Files, path: Path) -> bytes:
    """The whole content of a file."""
    fd = files.open(path, os.O_RDONLY)
    try:
        return b"".join(pieces(files, fd))
    finally:
        files.close(fd)


def failed(error: OSError, doing: str, path: Path | None) -> StoreError:
    """The error of the store for one of the system, which says how to mend it."""
    reason = error.strerror or str(error)
    named = f" {str(path)!r}" if path else ""
    if error.errno in _FULL:
        code, mend = (
            "no-space",
            "Free some space or raise the quota; what was recorded before stands, and recording "
            "goes on by itself once there is room.",
        )
    elif error.errno == errno.EROFS:
        code, mend = (
            "read-only",
            "Its file system can only be read from here: `whence list` and `whence show` do that; "
            "to record, name another store with `--store PATH` or WHENCE_STORE.",
        )
    elif error.errno in _DENIED:
        code, mend = (
            "not-permitted",
            "Ask the owner of the store for access, or make it with `whence init --shared`.",
        )
    else:
        code, mend = "input-output", "`whence doctor` looks at the file system of the store."
    return StoreError.of(code, f"cannot {doing}{named}: {reason}", mend=mend)

"""A file that one process appends to, and nobody else."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from whence.store.files import Files, pieces, write_all

_CREATE = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_RDWR  # read back when it is ended


class Appended:
    """A new file, kept open. One thread at a time may write; `sync` and `close` may come from any.

    Every method raises `OSError`; what the file holds stays as it was.

    A write can reach the file and still not return: Ctrl-C is raised as soon as the system is
    done. What is known of the file is then behind it, until `settle` reads it back.

    Attributes
    ----------
    path : Path
        Its name.
    size : int
        Bytes written so far.
    doubtful : bool
        Whether a failed ``fsync`` left it open what is on the disk: a second one that succeeds
        says nothing of the first one's bytes. `restore` mends it.
    unsettled : bool
        Whether a write was cut short, by an error or an interrupt. `settle` comes before the next.
    """

    __slots__ = (
        "_closing",
        "_fd",
        "_files",
        "_synced",
        "_write",
        "doubtful",
        "path",
        "size",
        "unsettled",
    )

    def __init__(self, files: Files, path: Path) -> None:
        self._files, self._write, self.path = files, files.write, path
        self.size = 0
        self.doubtful = self.unsettled = False
        self._synced = -1
        self._closing = threading.Lock()  # a descriptor being synced must not be closed
        files.make(path.parent)
        self._fd = files.open(path, _CREATE)

    def write(self, data: bytes) -> None:
        """Append everything, going on after short writes."""
        rest = memoryview(data)
        try:
            while rest:
                written = self._write(self._fd, rest)
                self.size += written
                rest = rest[written:]
        except BaseException:
            self.unsettled = True
            raise

    def settle(self) -> None:
        """Learn what a write that was cut short has left behind."""
        self.size = self._files.stat(self._fd).st_size
        self.unsettled = False

    def sync(self) -> None:
        """Have what was written survive the death of the host."""
        with self._closing:
            size = self.size
            if self._fd < 0 or self._synced == size:
                return
            try:
                self._files.sync(self._fd)
            except OSError:
                self.doubtful = True
                raise
            if self._synced < 0:
                sync_folder(self._files, self.path.parent)
            self._synced = size

    def restore(self) -> bool:
        """Write the file back whole if its name has gone to another one; tells whether it had.

        A plain ``rsync -a`` of an older copy of the store renames that copy over the file. What
        was written is then in a file without a name, as long as this process has it open.
        """
        if not self.doubtful and self._in_place():
            return False
        temporary = self.path.with_name(f"{self.path.name}.{os.urandom(4).hex()}")
        fd = self._files.open(temporary, _CREATE)
        try:
            for piece in pieces(self._files, self._fd):
                write_all(self._files, fd, piece)
            self._files.sync(fd)
            self._files.rename(temporary, self.path)
        except OSError:
            self._files.close(fd)
            self._files.remove(temporary)
            raise
        with self._closing:
            before, self._fd = self._fd, fd
        self._files.close(before)
        self.doubtful = False
        self._synced = self.size
        sync_folder(self._files, self.path.parent)
        return True

    def close(self) -> None:
        """Give the file back to the system, which may tell only now that it could not write."""
        with self._closing:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            self._files.close(fd)

    def abandon(self) -> None:
        """Give it back in the child of a fork, where a lock may be held by nobody."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            self._files.close(fd)

    def _in_place(self) -> bool:
        own = self._files.stat(self._fd)
        try:
            fd = self._files.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            there = self._files.stat(fd)
        finally:
            self._files.close(fd)
        return own.st_nlink > 0 and (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino)


def sync_folder(files: Files, folder: Path) -> None:
    """Have the names in a folder survive the death of the host."""
    fd = files.open(folder, os.O_RDONLY)
    try:
        files.sync(fd)
    finally:
        files.close(fd)

"""One file of a journal, while its writer has it open."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from zlib import crc32

from whence.store.files import Files, failed

_CREATE = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_RDWR  # read back when it is ended


class Part:
    """A file that lines are appended to. The journal takes care that one thread does at a time.

    Attributes
    ----------
    n : int
        The number of the next line.
    count : int
        Whole lines in the file so far.
    size : int
        Bytes in the file so far, those of lines cut short too.
    """

    __slots__ = ("_check", "_fd", "_files", "_synced", "_torn", "_write", "count", "n", "path",
                 "size")  # fmt: skip

    def __init__(self, files: Files, path: Path, n: int) -> None:
        self._files, self._write, self.path = files, files.write, path
        self.n = n
        self.count = self.size = self._check = 0
        self._torn = False
        self._synced = -1
        try:
            files.make(path.parent)
            self._fd = files.open(path, _CREATE)
        except OSError as error:
            raise failed(error, "begin the file", path) from error

    def put(self, body: bytes) -> None:
        """Write one line, given without its closing brace; on return the system has it.

        Raises
        ------
        StoreError
            If it could not be written whole: then it does not count.
        """
        check = crc32(body, self._check)
        line = b'%b,"crc":"%08x"}\n' % (body, check)
        if self._torn:
            line = b"\n" + line
        written = 0
        try:
            written = self._write(self._fd, line)
            while written < len(line):
                written += self._write(self._fd, line[written:])
        except OSError as error:
            self._stopped(line, check, written)
            raise failed(error, "write to", self.path) from error
        self._torn = False
        self._check = check
        self.size += written
        self.n += 1
        self.count += 1

    def _stopped(self, line: bytes, check: int, written: int) -> None:
        """A line was cut short: the next one starts anew, chained with the last whole one."""
        self.size += written
        if written == len(line) - 1:  # it lacks only its newline, which the next one brings
            self._torn = True
            self._check = check
            self.n += 1
            self.count += 1
        elif written:
            self._torn = line[:written] != b"\n"

    def sync(self) -> None:
        """Have what was written survive the death of the host.

        Raises
        ------
        StoreError
            If the file system could not promise it.
        """
        if self._synced == self.size:
            return
        try:
            self._files.sync(self._fd)
            if self._synced < 0:
                sync_folder(self._files, self.path.parent)
        except OSError as error:
            raise failed(error, "bring to the disk", self.path) from error
        self._synced = self.size

    def digest(self) -> str:
        """The SHA-256 of all bytes before the line that is put next."""
        sha = hashlib.sha256()
        offset = 0
        try:
            while piece := self._files.read(self._fd, 1 << 20, offset):
                sha.update(piece)
                offset += len(piece)
        except OSError as error:
            raise failed(error, "read back", self.path) from error
        if self._torn:
            sha.update(b"\n")
        return sha.hexdigest()

    def close(self) -> None:
        """Give the file back to the system, which may tell only now that it could not write."""
        try:
            self._files.close(self._fd)
        except OSError as error:
            raise failed(error, "close", self.path) from error

    def discard(self) -> None:
        """Remove a file that nothing was acknowledged in."""
        self.close()
        self._files.remove(self.path)


def sync_folder(files: Files, folder: Path) -> None:
    """Have the names in a folder survive the death of the host."""
    fd = files.open(folder, os.O_RDONLY)
    try:
        files.sync(fd)
    finally:
        files.close(fd)

"""One file of a journal, while its writer has it open."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from whence.base.error import StoreError
from whence.store.appended import Appended
from whence.store.files import Files, failed, pieces
from whence.store.line import Chain


class Part(Appended):
    """A file that lines are appended to. The journal takes care that one thread does at a time.

    Attributes
    ----------
    n : int
        The number of the next line.
    count : int
        Whole lines in the file so far.
    """

    __slots__ = ("_check", "_torn", "count", "n")

    def __init__(self, files: Files, path: Path, n: int) -> None:
        try:
            super().__init__(files, path)
        except OSError as error:
            raise failed(error, "begin the file", path) from error
        self.n = n
        self.count = self._check = 0
        self._torn = False

    def put(self, body: bytes) -> None:
        """Write one line, given without its closing brace; on return the system has it.

        Raises
        ------
        StoreError
            If it could not be written whole; `settle` tells what there is of it.
        """
        check = crc32(body, self._check)
        line = b'%b,"crc":"%08x"}\n' % (body, check)
        if self._torn:
            line = b"\n" + line
        try:
            written = self._write(self._fd, line)
            while written < len(line):
                written += self._write(self._fd, line[written:])
            # No call from here on: no signal comes in between.
            self._torn = False
            self._check = check
            self.size += written
            self.n += 1
            self.count += 1
        except BaseException as error:
            self.unsettled = True
            if isinstance(error, OSError):
                raise failed(error, "write to", self.path) from error
            raise

    def put_many(self, bodies: Sequence[bytes]) -> None:
        """Write lines one after the other in as few calls as the system allows.

        Raises
        ------
        StoreError
            If not all could be written whole; `settle` tells what there is of them.
        """
        lines, check = [], self._check
        for body in bodies:
            check = crc32(body, check)
            lines.append(b'%b,"crc":"%08x"}\n' % (body, check))
        if self._torn:
            lines[0] = b"\n" + lines[0]
        many = len(lines)
        data = memoryview(b"".join(lines))
        size = len(data)
        written = 0
        try:
            while written < size:
                written += self._write(self._fd, data[written:])
            # No call from here on: no signal comes in between.
            self._torn = False
            self._check = check
            self.size += written
            self.n += many
            self.count += many
        except BaseException as error:
            self.unsettled = True
            if isinstance(error, OSError):
                raise failed(error, "write to", self.path) from error
            raise

    def settle(self) -> None:
        """Count the whole lines that a write cut short has left behind.

        Raises
        ------
        StoreError
            If they could not be read back.
        """
        if not self.unsettled:
            return
        try:
            data = b"".join(pieces(self._files, self._fd, self.size))
        except OSError as error:
            raise failed(error, "read back", self.path) from error
        chain = Chain(self._check)
        whole = sum(1 for _ in chain.lines(data + b"\n"))  # one may lack only its newline
        torn = self._torn if not data else not data.endswith(b"\n")
        size = self.size + len(data)
        # No call from here on: no signal comes in between.
        self._torn, self._check, self.size = torn, chain.good, size
        self.n += whole
        self.count += whole
        self.unsettled = False

    def sync(self) -> None:
        """Have what was written survive the death of the host.

        Raises
        ------
        StoreError
            If the file system could not promise it.
        """
        try:
            super().sync()
        except OSError as error:
            raise failed(error, "bring to the disk", self.path) from error

    def restore(self) -> bool:
        """Write the file back whole if its name has gone to another one; tells whether it had.

        Raises
        ------
        StoreError
            If that could not be done.
        """
        try:
            return super().restore()
        except OSError as error:
            raise failed(error, "bring to the disk", self.path) from error

    def digest(self) -> str:
        """The SHA-256 of all bytes before the line that is put next."""
        sha = hashlib.sha256()
        try:
            for piece in pieces(self._files, self._fd):
                sha.update(piece)
        except OSError as error:
            raise failed(error, "read back", self.path) from error
        if self._torn:
            sha.update(b"\n")
        return sha.hexdigest()

    def close(self) -> None:
        """Give the file back to the system.

        Raises
        ------
        StoreError
            If the system tells only now that it could not write.
        """
        try:
            super().close()
        except OSError as error:
            raise failed(error, "close", self.path) from error

    def discard(self) -> None:
        """Remove a file that nothing was acknowledged in; one that stays does no harm."""
        with contextlib.suppress(OSError, StoreError):
            self.close()
        with contextlib.suppress(OSError):
            self._files.remove(self.path)

"""Small files, read and hashed one after the other, to be packed together."""

from __future__ import annotations

import os
import stat as modes

from whence.base.digest import digest_bytes
from whence.base.error import UserError
from whence.store import layout
from whence.store.content import Content, times
from whence.store.files import Files

_WEIGHT = 1 << 18  # bytes; larger writes cost ext4 twice as much each byte
_COUNT = 1000


class Gathering:
    """What was found of some files, in order, with the bytes of the small ones.

    Parameters
    ----------
    files : Files
        The way to the file system.

    Attributes
    ----------
    found : list of Content or UserError
        One for each file so far.
    small : dict of str to bytes
        Their bytes by digest, each once.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._begin()

    def _begin(self) -> None:
        self.found: list[Content | UserError] = []
        self.small: dict[str, bytes] = {}
        self._weight = 0

    @property
    def full(self) -> bool:
        """Whether it is time to pack."""
        return self._weight >= _WEIGHT or len(self.found) >= _COUNT

    def read(self, path: str) -> bytes | None:
        """The bytes of a small file at rest; None for any other, which takes more care."""
        try:
            fd = self._files.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            before = self._files.stat(fd)
            if before.st_size >= layout.SMALL or not modes.S_ISREG(before.st_mode):
                return None
            data = self._files.read(fd, before.st_size + 1, 0)
            if len(data) != before.st_size or times(self._files.stat(fd)) != times(before):
                return None
        except OSError:
            return None
        finally:
            self._files.close(fd)
        return data

    def add(self, data: bytes) -> None:
        """Take the bytes of the next file."""
        digest = digest_bytes(data)
        self.small[digest] = data
        self._weight += len(data)
        self.found.append(Content(digest, len(data), "pack"))

    def take(self) -> list[Content | UserError]:
        """What was found, to begin anew."""
        found = self.found
        self._begin()
        return found

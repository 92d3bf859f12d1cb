"""SHA-256 digests of bytes, files and values, as lower-case hexadecimal."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.base.error import WhenceError
from whence.base.escape import canonical


def digest_bytes(data: bytes | bytearray | memoryview) -> str:
    """The digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: str | os.PathLike[str]) -> str:
    """The digest of a file's content, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the system tells of a file's content without reading it.

    Attributes
    ----------
    place, size, modified, changed
        Device and inode, bytes, and times in nanoseconds. Another one: perhaps other content.
    young : bool
        Whether the file changed so shortly before that a further change may not show.
    """

    place: tuple[int, int]
    size: int
    modified: int
    changed: int
    young: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Stamp | None:
        """The stamp of a file now; None if it cannot be had."""
        try:
            told = os.stat(path)
        except (OSError, ValueError):
            return None
        last = max(told.st_mtime_ns, told.st_ctime_ns)
        return cls(
            (told.st_dev, told.st_ino),
            told.st_size,
            told.st_mtime_ns,
            told.st_ctime_ns,
            time.time_ns() - last < _YOUNG,
        )


_YOUNG = 2_000_000_000  # the coarsest times of file systems are two seconds apart
_SMALL = 1 << 20  # bytes; so much is read once more to know the file by more than its stamp
_LARGE = 4 << 30  # bytes; so much at most, which takes seconds, even of a young file


@dataclass(slots=True)
class Seen:
    """A file as it was when it was looked at, which tells later whether it is still that.

    The stamp tells where it is the same and was not young; else the content does.

    Attributes
    ----------
    path : Path
        The file.
    stamp : Stamp or None
        What it was like; None if it could not be had.
    digest : str or None
        Of its content; None if it was not read for it.
    """

    path: Path
    stamp: Stamp | None
    digest: str | None = None

    @classmethod
    def of(cls, path: Path, *, small: int = _SMALL) -> Seen:
        """The file now, before it is read: a change meanwhile shows.

        Parameters
        ----------
        path : Path
            The file.
        small : int
            The size up to which the digest is taken of a file that is not young.
        """
        stamp = Stamp.of(path)
        digest = None
        if stamp is not None and stamp.size <= (_LARGE if stamp.young else small):
            with contextlib.suppress(OSError):  # what reads it will say so
                digest = digest_file(path)
        return cls(path, stamp, digest)

    @classmethod
    def read(cls, path: Path, digest_of: Callable[[Path], str]) -> Seen:
        """The file now, with the digest of its content."""
        stamp = Stamp.of(path)
        return cls(path, stamp, digest_of(path))

    def learn(self, digest: str) -> None:
        """Take this for the digest, which was just taken, if the file is beyond doubt the same."""
        stamp = self.stamp
        if stamp is not None and not stamp.young and Stamp.of(self.path) == stamp:
            self.digest = digest

    def is_other(self, digest_of: Callable[[Path], str] = digest_file) -> bool:
        """Whether the content is another by now, may be, or is gone."""
        now, then = Stamp.of(self.path), self.stamp
        if now is None:
            return True
        if now == then and not then.young:
            return False
        if self.digest is None or (then is not None and now.size != then.size):
            return True
        try:
            same = digest_of(self.path) == self.digest
        except (OSError, WhenceError):  # it was removed meanwhile, or may not be read any more
            return True
        if same:
            self.stamp = now
        return not same

    def is_written(self) -> bool:
        """Whether it was written since, be it with the same content."""
        now, then = Stamp.of(self.path), self.stamp
        if now != then or then is None or not then.young:
            return now != then
        return self.is_other()


def digest_value(value: Any) -> str:
    """The digest of a value: equal for equal values, whatever the order of their keys.

    Raises
    ------
    UserError
        If the value holds something that has no escape encoding (see `whence.base.escape`).

    Examples
    --------
    >>> digest_value({"a": 1, "b": (2, 3)}) == digest_value({"b": (2, 3), "a": 1})
    True
    >>> digest_value([1]) == digest_value((1,))
    False
    """
    return digest_bytes(canonical(value))

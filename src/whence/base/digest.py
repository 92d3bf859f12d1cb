"""SHA-256 digests of bytes, files and values, as lower-case hexadecimal."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from typing import Any

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

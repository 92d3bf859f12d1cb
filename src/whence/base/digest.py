"""SHA-256 digests of bytes, files and values, as lower-case hexadecimal."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from whence.base.escape import canonical


def digest_bytes(data: bytes | bytearray | memoryview) -> str:
    """The digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: str | os.PathLike[str]) -> str:
    """The digest of a file's content, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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

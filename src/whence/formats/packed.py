"""How many bytes packed data becomes, found without unpacking what would be too much."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_BLOCK = 1 << 17  # no block of zstd becomes more
_STREAMS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"\x78", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", lzma.LZMADecompressor),
)


def unpacked_size(data: bytes, limit: int) -> int:
    """How many bytes the data becomes when it is unpacked; its own size if it is not packed.

    It is looked at for what Zarr packs chunks with: zstd and Blosc tell the size themselves, gzip,
    zlib, bzip2 and xz are unpacked as far as `limit`. The answer may be too large, never too small,
    and is not exact above `limit`.

    Examples
    --------
    >>> unpacked_size(zlib.compress(bytes(5000)), limit=100)
    101
    """
    if data[:4] == _ZSTD:
        return _zstd_size(data)
    if len(data) >= 16 and int.from_bytes(data[12:16], "little") == len(data):
        return int.from_bytes(data[4:8], "little")  # the header of Blosc tells both sizes
    for magic, unpacker in _STREAMS:
        if data.startswith(magic):
            try:
                return len(unpacker().decompress(data, limit + 1))
            except (zlib.error, OSError, EOFError, lzma.LZMAError):
                break  # it only begins like that
    return len(data)


def _zstd_size(data: bytes) -> int:
    """The size that a frame of zstd tells, or else the most that its blocks can become."""
    told = data[4]
    single = told >> 5 & 1
    at = 5 + (1 - single) + (0, 1, 2, 4)[told & 3]
    width = (single, 2, 4, 8)[told >> 6]
    if width:
        return int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0)
    size, last = 0, False
    while not last and at + 3 <= len(data):
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        size += length if kind < 2 else _ZSTD_BLOCK
        at += 3 + (1 if kind == 1 else length)
    return size

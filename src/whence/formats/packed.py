"""How many bytes packed data becomes, found without unpacking what would be too much."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any

_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = b"\x2a\x4d\x18"  # after a byte from 0x50 to 0x5f
_ZSTD_BLOCK = 1 << 17  # no block of zstd becomes more
_PIECE = 1 << 20

Packed = bytes | memoryview


def unpacked_size(codec: str, data: Packed, limit: int) -> int:
    """How many bytes the data becomes when a codec unpacks it.

    LZ4, Blosc and zstd tell the size themselves; gzip, zlib, bzip2 and xz are unpacked piece by
    piece as far as `limit`, through all members that follow each other. The answer may be too
    large, never too small, and is not exact above `limit`.

    Parameters
    ----------
    codec : str
        One of `UNPACKERS`.
    data : bytes or memoryview
        Damaged data becomes at most what is told, too.
    limit : int
        From where on it does not matter how much it is.

    Examples
    --------
    >>> unpacked_size("zlib", zlib.compress(bytes(5000)), limit=9000)
    5000
    """
    return UNPACKERS[codec](data, limit)


def _read_through(file: Any, limit: int) -> int:
    """How much a file gives until it ends, is damaged, or is beyond the limit."""
    size = 0
    try:
        while size <= limit and (piece := file.read(_PIECE)):
            size += len(piece)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        pass  # who decodes it comes as far as this
    return size


def _gzip(data: Packed, limit: int) -> int:
    return _read_through(gzip.GzipFile(fileobj=io.BytesIO(data)), limit)


def _bz2(data: Packed, limit: int) -> int:
    return _read_through(bz2.BZ2File(io.BytesIO(data)), limit)


def _lzma(data: Packed, limit: int) -> int:
    return _read_through(lzma.LZMAFile(io.BytesIO(data)), limit)


def _zlib(data: Packed, limit: int) -> int:
    unpacker, size = zlib.decompressobj(), 0
    with contextlib.suppress(zlib.error):  # who decodes it comes no further either
        for at in range(0, len(data), _PIECE):
            rest: Packed = data[at : at + _PIECE]
            while len(rest) and size <= limit:
                size += len(unpacker.decompress(rest, _PIECE))
                rest = unpacker.unconsumed_tail
        size += 0 if size > limit else len(unpacker.flush())
    return size


def _lz4(data: Packed, limit: int) -> int:
    return int.from_bytes(data[:4], "little")


def _blosc(data: Packed, limit: int) -> int:
    return int.from_bytes(data[4:8], "little")


def _packbits(data: Packed, limit: int) -> int:
    return 8 * len(data)


def _zstd(data: Packed, limit: int) -> int:
    """The sizes that the frames tell, or else the most that their blocks can become."""
    size = at = 0
    while at + 5 <= len(data) and size <= limit:
        magic = bytes(data[at : at + 4])
        if magic == _ZSTD:
            more, at = _zstd_frame(data, at + 4)
            size += more
        elif magic[1:] == _ZSTD_SKIPPED and magic[0] >> 4 == 5:
            at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        else:
            break
    return size


def _zstd_frame(data: Packed, at: int) -> tuple[int, int]:
    """The size of the frame with that header, and where what follows it begins."""
    told = data[at]
    single = told >> 5 & 1
    at += 1 + (1 - single) + (0, 1, 2, 4)[told & 3]
    width = (single, 2, 4, 8)[told >> 6]
    size = int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0)
    at += width
    blocks, last = 0, False
    while not last and at + 3 <= len(data):
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        blocks += length if kind < 2 else _ZSTD_BLOCK
        at += 3 + (1 if kind == 1 else length)
    return (size if width else blocks), at + 4 * (told >> 2 & 1)


UNPACKERS: dict[str, Callable[[Packed, int], int]] = {
    "blosc": _blosc,
    "bz2": _bz2,
    "gzip": _gzip,
    "lz4": _lz4,
    "lzma": _lzma,
    "packbits": _packbits,
    "zlib": _zlib,
    "zstd": _zstd,
}
"""The codecs of Zarr that make more of less."""

"""The one registry of media types: object to bytes, bytes to object, file to content."""

from whence.formats.difference import (
    ArrayDifference,
    FileDifference,
    array_difference,
    file_difference,
)
from whence.formats.figure import converted, is_matplotlib, picture
from whence.formats.format import (
    Format,
    format_for,
    format_named,
    format_of,
    formats,
    media_type_of,
)
from whence.formats.serializer import Dumped, dump, load
from whence.formats.stored import Stored, is_stored

__all__ = [
    "ArrayDifference",
    "Dumped",
    "FileDifference",
    "Format",
    "Stored",
    "array_difference",
    "converted",
    "file_difference",
    "dump",
    "format_for",
    "format_named",
    "format_of",
    "formats",
    "is_matplotlib",
    "is_stored",
    "load",
    "media_type_of",
    "picture",
]
